import type { Command } from "commander";
import { stringify } from "yaml";
import { type Flags, loadConfig, type Settings } from "./config.ts";
import { adminOptions, proxyOptions } from "./options.ts";

/** `leakgate check-config`: everything that is wrong with the configuration, without starting anything. */
export function registerCheckConfig(program: Command): void {
  adminOptions(
    proxyOptions(program.command("check-config"))
      .description("check leakgate.yaml, variables and flags; list every problem with its line")
      .option("--print", "print what is in force, defaults included, as a leakgate.yaml"),
  ).action(async (flags: Flags & { print?: boolean }) => {
    const settings = loadConfig(flags);
    console.log(flags.print ? `# ok\n${asFile(settings).trimEnd()}` : "ok");
  });
}

/** The settings as a file that parses to the same settings. */
export function asFile({ data, proxy, admin, intake, scan, workers, log }: Settings): string {
  const { listen, upstream, ...rest } = proxy;
  return stringify({
    data,
    listen: addressText(listen),
    ...(upstream === null ? {} : { upstream }),
    ...rest,
    workers,
    admin: { ...admin, listen: addressText(admin.listen) },
    intake: {
      ...intake,
      ...(intake.listen === undefined ? {} : { listen: addressText(intake.listen) }),
    },
    scan,
    log,
  });
}

function addressText({ host, port }: { readonly host: string; readonly port: number }): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
