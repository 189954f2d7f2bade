import { type Command, Option } from "commander";
import { awaitEnforced } from "../../admin/enforced.ts";
import { leakView } from "../../admin/views.ts";
import { reasonsOf } from "../../rules/decision.ts";
import type { Decision } from "../../rules/leak.ts";
import { LeakUnknown, Refusal } from "../../rules/refusal.ts";
import { type RuleMode, ruleModes } from "../../rules/rule.ts";
import { Runtime } from "../../rules/runtime.ts";
import { screenTexts } from "../../rules/screen.ts";
import type { Changed, DecideOptions } from "../../rules/store/leakchanges.ts";
import type { RulesStore } from "../../rules/store.ts";
import { type Flags, loadConfig } from "../config.ts";
import { cliActor, openExisting } from "../data.ts";
import { ExitCode } from "../exit.ts";
import { attempting, CommandFailed } from "../failure.ts";
import { type TenantFlags, tenantOptions, wholeNumber } from "../options.ts";
import { timeToCome } from "../times.ts";

interface DecideFlags extends Flags, TenantFlags {
  readonly mode?: RuleMode;
  readonly hosts?: string[];
  readonly methods?: string[];
  readonly comment?: string;
  readonly reason?: string;
  readonly until?: number;
  readonly wait?: boolean;
  readonly within: number;
  readonly json?: boolean;
}

interface Verb {
  readonly command: string;
  readonly decision: Decision;
  readonly description: string;
  /** What a leak then is. */
  readonly done: string;
}

const VERBS: readonly Verb[] = [
  {
    command: "apply",
    decision: "vpatch",
    description: "apply the virtual patch: requests with a token of the leak are stopped",
    done: "patched",
  },
  {
    command: "close",
    decision: "close",
    description: "close a leak: its tokens pass again, so revoke them first",
    done: "closed",
  },
  { command: "reopen", decision: "reopen", description: "open it again, without its rule", done: "opened" },
  {
    command: "mark-false",
    decision: "mark_false",
    description: "mark a leak as false: its tokens are none, and pass",
    done: "marked false",
  },
];

/** `leakgate leaks apply | close | reopen | mark-false`, of one leak or several. */
export function registerDecisions(leaks: Command): void {
  for (const verb of VERBS) {
    const command = leaks
      .command(verb.command)
      .description(verb.description)
      .argument("<id...>", "such as leak-7; several are decided one after the other");
    if (verb.decision === "vpatch") ruleOptions(command);
    const reasons = reasonsOf[verb.decision];
    if (reasons.length > 0)
      command.addOption(new Option("--reason <word>", "why, in a word").choices(reasons));
    if (verb.decision !== "reopen")
      command.option(
        "--until <time>",
        "when it ends and the leak is opened again, as 7d for in 7 days",
        timeToCome,
      );
    command
      .option("--comment <text>", "why, in your own words; it stands in the history")
      .option("--wait", "until every live worker enforces it")
      .option("--within <seconds>", "how long to wait", wholeNumber, 10)
      .option("--json", "answer as JSON");
    tenantOptions(command).action(
      attempting(`${verb.command} the leaks`, (ids: string[], flags: DecideFlags) =>
        decideAll(verb, ids, flags),
      ),
    );
  }
}

function ruleOptions(command: Command): Command {
  return command
    .addOption(new Option("--mode <mode>", "monitor records and lets pass").choices(ruleModes))
    .option("--hosts <list>", "only for these, with commas: api.example.com,*.example.com", commas)
    .option("--methods <list>", "only for these, with commas: POST,PUT", commas);
}

/**
 * Each id is decided for itself, in the order given. An unknown one stops everything before the first decision; a
 * decision that the lifecycle refuses is said, and the rest goes on.
 */
async function decideAll(verb: Verb, ids: readonly string[], flags: DecideFlags): Promise<void> {
  const settings = loadConfig(flags);
  const { store, pepper } = await openExisting(settings.data, flags.tenant);
  let changes: Changed[] = [];
  const refused: Refusal[] = [];
  try {
    const unknown = ids.find((id) => store.leak(id) === null);
    if (unknown !== undefined) throw new LeakUnknown(unknown);
    screenTexts(store, pepper, { comment: flags.comment });
    changes = await decideEach(store, verb.decision, ids, optionsOf(flags), refused);
  } finally {
    await store.close();
  }
  const lagging = flags.wait
    ? await waited(settings.data, flags.tenant, changes, flags.within * 1_000)
    : null;
  if (flags.json) {
    console.log(
      JSON.stringify(
        changes.map(({ leak, rule, revision }) => ({ ...leakView(leak, rule), revision })),
        null,
        2,
      ),
    );
  } else {
    for (const { leak, rule } of changes)
      console.log(
        `${leak.id}: ${verb.done}${rule === null ? "" : `, ${rule.id} is in force (${rule.mode})`}`,
      );
  }
  for (const { message } of refused) console.error(`leakgate: ${message}`);
  if (refused.length > 0)
    throw new CommandFailed(`${refused.length} of ${ids.length} refused it`, ExitCode.failed);
  if (lagging !== null) throw new CommandFailed(`it is stored, but ${lagging}`, ExitCode.failed);
}

async function decideEach(
  store: RulesStore,
  decision: Decision,
  ids: readonly string[],
  options: DecideOptions,
  refused: Refusal[],
): Promise<Changed[]> {
  const changes: Changed[] = [];
  for (const id of ids) {
    try {
      changes.push(await store.decide(cliActor(), id, decision, options));
    } catch (error) {
      // Input that is wrong for one leak is wrong for all.
      if (!(error instanceof Refusal) || error.code !== "DecisionRefused") throw error;
      refused.push(error);
    }
  }
  return changes;
}

function commas(text: string): string[] {
  return text.split(",").filter((part) => part !== "");
}

function optionsOf({ mode, hosts, methods, comment, reason, until }: DecideFlags): DecideOptions {
  const isScoped = hosts !== undefined || methods !== undefined;
  return {
    mode,
    comment,
    reason,
    until,
    ...(isScoped ? { scope: { hosts: hosts ?? [], methods: methods ?? [] } } : {}),
  };
}

/** Null where every live worker enforces the changes; else what is not so yet after `withinMs`. */
async function waited(
  dataDir: string,
  tenant: string,
  changes: readonly Changed[],
  withinMs: number,
): Promise<string | null> {
  if (changes.length === 0) return null;
  const revision = Math.max(...changes.map((change) => change.revision));
  const runtime = await Runtime.open(dataDir);
  try {
    const { lagging } = await awaitEnforced(
      runtime,
      tenant,
      revision,
      withinMs,
      new AbortController().signal,
    );
    return lagging.length === 0 ? null : `not enforced yet by worker ${lagging.join(", ")}`;
  } finally {
    await runtime.close();
  }
}
