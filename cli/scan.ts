import { type Command, Option } from "commander";
import { attempting } from "./failure.ts";
import { tenantOptions, wholeNumber } from "./options.ts";
import { formats, type ScanFlags, targetKinds } from "./scan/flags.ts";

const EXAMPLES = `
Examples:
  $ leakgate scan .                                           # the history of a repository, or the files of a folder
  $ leakgate scan https://github.com/acme/app.git --data ./data    # a copy is kept; the next look fetches what is new
  $ leakgate scan dist.tar.gz npm:left-pad@1.3.0 --dry-run --fail  # exit code 1 where there is a token
  $ docker save acme/app -o app.tar && leakgate scan app.tar
  $ leakgate scan --rules gitleaks.toml --format json src | jq .finding.path
  $ leakgate scan --kind sitemap https://docs.example         # also url, feed; github, gitlab and gitea: issues, comments, ...
  $ leakgate scan -- -odd-name                                # what begins with a hyphen comes behind --

Where there is no data folder (--data, LEAKGATE_DATA, ./data), a scan is a dry run. Tokens are never printed.
`;

/** `leakgate scan`: looks for tokens in repositories, folders, archives, images, packages and on the web, and registers them. */
export function registerScan(program: Command): void {
  const collected = (file: string, files: readonly string[]) => [...files, file];
  tenantOptions(
    program
      .command("scan")
      .description(
        "look for tokens in repositories, folders, archives, images, packages, pages and feeds; register them as leaks",
      )
      .argument(
        "<target...>",
        "a path, the URL of a git repository, npm:NAME@VERSION, or an address with its --kind",
      )
      .addOption(
        new Option("--kind <kind>", "what the targets are, whatever they look like").choices(targetKinds),
      )
      .option("--rules <file>", "a rules file of Gitleaks; may be given several times", collected, [])
      .option("--assignments", "values of names that sound secret, too; many are none")
      .option("--dry-run", "print what is found, and register nothing")
      .option("--full", "all of it again: nothing is presumed of an earlier scan")
      .option("--fail", "end with 1 where something is found")
      .addOption(new Option("--format <format>", "json is a line each").choices(formats).default("text"))
      .option("--token-file <file>", "what opens the API of github, gitlab and gitea; sent there alone")
      .option("--registry <url>", "the npm registry (default: the public one)")
      .option("--text-mib <n>", "pass over texts that are larger (default: 64)", wholeNumber)
      .addHelpText("after", EXAMPLES),
  ).action(attempting("scan", scanLater));
}

/** What it works with is loaded by who scans: other commands start sooner without. */
async function scanLater(targets: readonly string[], flags: ScanFlags): Promise<void> {
  const { scanTargets } = await import("./scan/run.ts");
  await scanTargets(targets, flags);
}
