import type { Command } from "commander";
import { type Flags, loadConfig } from "./config.ts";
import { openToChange } from "./data.ts";
import { ExitCode } from "./exit.ts";
import { attempting } from "./failure.ts";
import { makeFirstKey } from "./keys.ts";
import { adminOptions, runOptions } from "./options.ts";

/** `leakgate admin`: the admin API alone, beside proxies that run elsewhere on the same data folder. */
export function registerAdmin(program: Command): void {
  const command = program.command("admin").description("run the admin API alone, beside `leakgate proxy`");
  adminOptions(runOptions(command)).action(attempting("run the admin", runAdmin));
}

async function runAdmin(flags: Flags): Promise<void> {
  const settings = loadConfig(flags);
  const data = await openToChange(settings.data);
  const firstKey = await makeFirstKey(data).finally(() => data.store.close());
  if (firstKey !== null) console.log(`An administrator's key, shown this once:\n\n  ${firstKey}\n`);
  // Not before: all other commands would read the modules of the admin at their start, which took half of it.
  const { startConfigured } = await import("./admin-process.ts");
  const admin = await startConfigured(settings);
  let isStopping = false;
  const stop = async () => {
    // A second signal does not wait for what is in flight.
    if (isStopping) process.exit(ExitCode.failed);
    isStopping = true;
    await admin.close();
    process.exit(ExitCode.ok);
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  // Not before: whoever reads it may send a signal at once.
  const { address, port } = admin.address;
  console.log(
    `The admin API is at http://${address.includes(":") ? `[${address}]` : address}:${port}/api/v1.`,
  );
}
