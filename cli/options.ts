import { type Command, InvalidArgumentError } from "commander";
import { defaultTenant } from "../rules/tenants.ts";

/** What every command that reads the configuration takes. */
export function configOptions(command: Command): Command {
  return command
    .option("--data <dir>", "folder of the pepper, rules and events (default: ./data)")
    .option("--config <file>", "configuration file (default: ./leakgate.yaml, where there is one)")
    .option("--verbose", "log at level debug, and show where an error comes from");
}

/** Which tenant a command works on. */
export interface TenantFlags {
  readonly tenant: string;
}

/** What every command takes that works on one tenant's data. */
export function tenantOptions(command: Command): Command {
  return configOptions(command).option("--tenant <name>", "whose data", defaultTenant);
}

/** What the commands take that keep running. */
export function runOptions(command: Command): Command {
  return configOptions(command).option(
    "--log-level <level>",
    "trace, debug, info, warn, error, fatal or silent",
  );
}

/** What the commands take that forward requests. */
export function proxyOptions(command: Command): Command {
  return runOptions(command)
    .option("--upstream <url>", "the API behind the gateway: http://HOST[:PORT] or https://HOST[:PORT]")
    .option("--upstream-host <name>", "the Host header that the API wants, instead of the client's")
    .option("--listen <host:port>", "where clients connect (default: 127.0.0.1:8080)")
    .option("--workers <n>", "proxy processes (default: auto, one per core)");
}

/** The address of the admin, for the commands that start it. */
export function adminOptions(command: Command): Command {
  return command.option("--admin <host:port>", "where the admin API listens (default: 127.0.0.1:8081)");
}

/** An argument parser for commander: decimal digits only. */
export function wholeNumber(text: string): number {
  if (!/^[0-9]{1,9}$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
}
