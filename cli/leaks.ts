import type { Command } from "commander";
import { digestToken, type Judge, type TokenDigest } from "../rules/digest.ts";
import { judgeOf } from "../rules/intake.ts";
import { checkLeakInput } from "../rules/leak.ts";
import { LineRefusals } from "../rules/linerefused.ts";
import type { Pepper } from "../rules/pepper.ts";
import { screenTexts } from "../rules/screen.ts";
import type { Changed } from "../rules/store/leakchanges.ts";
import { Token } from "../rules/token.ts";
import { digestHash, parseTokenHash } from "../rules/tokenhash.ts";
import { type Flags, loadConfig, type Settings } from "./config.ts";
import { cliActor, openToChange } from "./data.ts";
import { ExitCode } from "./exit.ts";
import { attempting, CommandFailed } from "./failure.ts";
import { registerDecisions } from "./leaks/decide.ts";
import { registerLeakViews } from "./leaks/list.ts";
import { type TenantFlags, tenantOptions, wholeNumber } from "./options.ts";
import { bytesOf, digestLines, lineRefusalsMax } from "./tokenlines.ts";

interface AddFlags extends Flags, TenantFlags {
  readonly name: string;
  readonly risk: number;
  readonly description?: string;
  readonly source?: string;
  readonly tokensFile?: string;
  readonly hashesFile?: string;
  readonly apply?: boolean;
  readonly json?: boolean;
}

/** `leakgate leaks`: registers leaks from lists of tokens, or of their hashes; lists, shows and decides them. */
export function registerLeaks(program: Command): void {
  const leaks = program.command("leaks").description("register, list, show and decide leaks");
  tenantOptions(
    leaks
      .command("add")
      .description("register a leak; its tokens come from a file or standard input, one a line")
      .requiredOption("--name <name>", "what leaked where, in a few words")
      .requiredOption("--risk <1..10>", "10 is the gravest", wholeNumber)
      .option("--description <text>", "more words")
      .option("--source <word>", "who found it (default: custom)")
      .option("--tokens-file <file>", "the tokens, one a line; - is standard input")
      .option(
        "--hashes-file <file>",
        "hashes of tokens nobody has in clear: sha256:HEX or sha1:HEX, one a line",
      )
      .option("--apply", "apply the virtual patch too: block the tokens at once")
      .option("--json", "answer as JSON"),
  ).action(attempting("register the leak", addLeak));
  registerLeakViews(leaks);
  registerDecisions(leaks);
}

async function addLeak(flags: AddFlags): Promise<void> {
  const { name, risk, description = "", source = "custom" } = flags;
  const input = checkLeakInput({ name, risk, description, source });
  const settings = loadConfig(flags);
  const lists = await listsOf(flags);
  const { store, pepper, isNew } = await openToChange(settings.data, flags.tenant);
  if (isNew) console.error(`made the data folder ${settings.data}`);
  try {
    const tokens: TokenDigest[] = [];
    const judge = judgeOf(store.falsePositiveRules());
    const refusals = new LineRefusals(lineRefusalsMax);
    for (const { bytes, digestOne } of lists)
      await digestLines(bytes, (text, line) => digestOne(text, line, pepper, judge), tokens, refusals);
    refusals.end();
    if (tokens.length === 0) throw new CommandFailed("no token was given; write one a line", ExitCode.usage);
    screenTexts(store, pepper, { name: input.name, description: input.description }, tokens);
    const registered = await store.register(cliActor(), { ...input, tokens });
    const changed = flags.apply ? await store.decide(cliActor(), registered.leak.id, "vpatch") : registered;
    console.log(flags.json ? asJson(changed, tokens.length) : asText(changed, tokens.length, settings));
  } finally {
    await store.close();
  }
}

type DigestOne = (text: string, line: number, pepper: Pepper, judge: Judge | null) => TokenDigest;
const digestTokenLine: DigestOne = (text, line, pepper, judge) =>
  digestToken(Token.parse(text, line), pepper, judge);
const digestHashLine: DigestOne = (text, line, pepper) => digestHash(parseTokenHash(text, line), pepper);

interface List {
  readonly bytes: AsyncIterable<Buffer>;
  readonly digestOne: DigestOne;
}

/** Never from arguments: those stand in the process list and the shell's history. */
async function listsOf({ tokensFile, hashesFile }: AddFlags): Promise<List[]> {
  if (tokensFile === "-" && hashesFile === "-")
    throw new CommandFailed("standard input is one list: of tokens, or of hashes", ExitCode.usage);
  if (tokensFile === undefined && hashesFile === undefined && process.stdin.isTTY)
    throw new CommandFailed("name --tokens-file, or pipe the tokens in, one a line", ExitCode.usage);
  const lists: List[] = [];
  const tokens = tokensFile ?? (hashesFile === undefined ? "-" : null);
  if (tokens !== null) lists.push({ bytes: await bytesOf(tokens), digestOne: digestTokenLine });
  if (hashesFile !== undefined) lists.push({ bytes: await bytesOf(hashesFile), digestOne: digestHashLine });
  return lists;
}

function asJson({ leak, rule, revision }: Changed, given: number): string {
  return JSON.stringify({ leak, rule, revision, tokensGiven: given }, null, 2);
}

function asText({ leak, rule }: Changed, given: number, settings: Settings): string {
  const count = leak.tokenCount === 1 ? "1 token" : `${leak.tokenCount} tokens`;
  const twice = given === leak.tokenCount ? "" : ` (of ${given} lines; the same token twice is one)`;
  const { host, port } = settings.admin.listen;
  const at = `http://${host.includes(":") ? `[${host}]` : host}:${port}/api/v1`;
  const next =
    rule === null
      ? `Nothing is blocked yet. To block: curl -X POST ${at}/leaks/${leak.id}/vpatch -H "authorization: Bearer $KEY"`
      : `${rule.id} is in force: every worker on this data folder blocks them. Attempts: curl "${at}/events?leak=${leak.id}" -H "authorization: Bearer $KEY"`;
  return `${leak.id}: registered "${leak.name}" with ${count}${twice}, risk ${leak.risk}\n${next}`;
}
