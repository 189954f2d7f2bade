import type { Command } from "commander";
import { type Flags, loadConfig, withUpstream } from "./config.ts";
import { proxyOptions } from "./options.ts";
import { run } from "./serve.ts";

/** Adds `leakgate proxy`: the workers alone, beside an admin that runs elsewhere on the same data folder. */
export function registerProxy(program: Command): void {
  const command = program
    .command("proxy")
    .description("run the proxy workers alone, beside `leakgate admin`; the data folder must exist");
  proxyOptions(command).action(async (flags: Flags) =>
    run(withUpstream(loadConfig(flags)), { withAdmin: false, isSample: false }),
  );
}
