#!/usr/bin/env node
import { Command } from "commander";
import { registerAdmin } from "./admin.ts";
import { registerAudit } from "./audit.ts";
import { registerBackup } from "./backup.ts";
import { registerCheckConfig } from "./check-config.ts";
import { registerCompletion } from "./completion.ts";
import { registerEvents } from "./events.ts";
import { report } from "./failure.ts";
import { registerFindings } from "./findings.ts";
import { after } from "./help.ts";
import { registerInventory } from "./inventory.ts";
import { registerKeys } from "./keys.ts";
import { registerLeaks } from "./leaks.ts";
import { registerProxy } from "./proxy.ts";
import { registerScan } from "./scan.ts";
import { registerServe } from "./serve.ts";
import { registerSources } from "./sources.ts";
import { registerTenants } from "./tenants.ts";
import { registerTransfer } from "./transfer.ts";
import { version } from "./version.ts";

const program = new Command("leakgate")
  .description("A reverse proxy that stops every request that carries a leaked API token.")
  .version(version, "-V, --version", "print the version")
  .helpOption("-h, --help", "print help; of a command: leakgate help COMMAND")
  .configureHelp({ showGlobalOptions: false })
  .configureOutput({
    getOutHelpWidth: () => process.stdout.columns ?? 110,
    // What follows the = of an option we do not know may be a token that somebody meant to give us.
    outputError: (text, write) =>
      write(text.replace(/^error: /, "leakgate: ").replace(/(unknown option '[^=']*=)[^']*/, "$1...")),
  })
  .showHelpAfterError("(leakgate help tells what there is)")
  .exitOverride()
  .addHelpText("after", after);

program.commandsGroup("Run:");
registerServe(program);
registerProxy(program);
registerAdmin(program);
program.commandsGroup("Manage, with or without a running gateway:");
registerKeys(program);
registerLeaks(program);
registerFindings(program);
registerSources(program);
registerInventory(program);
registerTenants(program);
registerBackup(program);
registerTransfer(program);
registerScan(program);
program.commandsGroup("Look:");
registerEvents(program);
registerAudit(program);
registerCheckConfig(program);
registerCompletion(program);
program.helpCommand("help [command]", "tell more about a command");

let isVerbose = /^(?:debug|trace)$/.test(process.env.LEAKGATE_LOG_LEVEL ?? "");
program.hook("preAction", (_, command) => {
  const { verbose, logLevel } = command.opts<{ verbose?: boolean; logLevel?: string }>();
  isVerbose ||= verbose === true || logLevel === "debug" || logLevel === "trace";
});

// `leakgate keys list | head -1` closes the pipe early: that is no failure of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

try {
  await program.parseAsync();
} catch (error) {
  // Not by the exit code alone: what was started before the failure, such as the sample API, would keep us alive.
  process.exit(report(error, isVerbose));
}
