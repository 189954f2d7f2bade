import type { Command } from "commander";
import { loadConfig, withUpstream } from "./config.ts";
import { run } from "./serve.ts";

/** Adds `leakgate proxy`: the workers alone, beside an admin that runs elsewhere on the same data folder. */
export function registerProxy(program: Command): void {
  program
    .command("proxy")
    .description("run the proxy workers alone; the data folder must exist (see: leakgate admin)")
    .option("--upstream <url>", "the API to stand in front of")
    .option("--upstream-host <name>", "Host header for the upstream instead of the client's")
    .option("--listen <host:port>", "where clients connect (default 127.0.0.1:8080)")
    .option("--data <dir>", "folder of rules, events and the pepper (default ./data)")
    .option("--workers <n>", 'proxy processes, or "auto" for one a core')
    .option("--config <file>", "configuration file (default ./leakgate.yaml where there is one)")
    .action(async (flags) => run(withUpstream(loadConfig(flags)), { withAdmin: false, isSample: false }));
}
