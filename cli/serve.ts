import type { Command } from "commander";
import pino from "pino";
import { EventLog } from "../rules/events.ts";
import { TenantUnknown } from "../rules/refusal.ts";
import { tenantNames } from "../rules/tenants.ts";
import { type Config, type Flags, loadConfig, withUpstream } from "./config.ts";
import { openToChange, openToRead } from "./data.ts";
import { ExitCode } from "./exit.ts";
import { report } from "./failure.ts";
import { makeFirstKey } from "./keys.ts";
import { logUncaught } from "./lastresort.ts";
import { adminOptions, proxyOptions } from "./options.ts";
import { startSampleApi } from "./sample-api.ts";
import { holdFolder } from "./single.ts";
import { type Listening, Supervisor } from "./supervisor.ts";

/** Adds `leakgate serve`: the gateway, its workers and its admin, supervised. */
export function registerServe(program: Command): void {
  const command = program
    .command("serve")
    .description(
      "run the gateway: proxy workers and the admin API, supervised; a sample API where no upstream is named",
    );
  adminOptions(proxyOptions(command)).action(async (flags: Flags) => {
    const settings = loadConfig(flags);
    const { upstream, routes } = settings.proxy;
    const sample = upstream === null && routes.length === 0 ? await startSampleApi() : null;
    await run(withUpstream(settings, sample?.url ?? null), { withAdmin: true, isSample: sample !== null });
  });
}

interface Manner {
  readonly withAdmin: boolean;
  readonly isSample: boolean;
}

/** Runs until a signal; exits with a code that says how it went. */
export async function run(config: Config, manner: Manner): Promise<void> {
  const logger = pino(
    { level: config.log.level, base: { pid: process.pid } },
    pino.destination({ fd: 2, sync: true }),
  );
  logUncaught(logger);
  await prepare(config, manner.withAdmin);
  const held = manner.withAdmin ? await holdFolder(config.data) : null;
  const supervisor = await Supervisor.open(config, logger, manner.withAdmin);
  let isStopping = false;
  const stop = async (signal: string) => {
    // A second signal does not wait for what is in flight.
    if (isStopping) return process.exit(ExitCode.failed);
    isStopping = true;
    logger.info({ signal }, "draining");
    await supervisor.stop();
    held?.close();
    logger.info("stopped");
    process.exit(ExitCode.ok);
  };
  process.on("SIGTERM", () => void stop("SIGTERM"));
  process.on("SIGINT", () => void stop("SIGINT"));
  try {
    const listening = await supervisor.start();
    // Not before: a start that fails would have made a key that nobody saw.
    const firstKey = manner.withAdmin ? await firstKeyOf(config.data) : null;
    process.stdout.write(banner(config, manner, listening, firstKey));
    logger.info({ ...listening, workers: config.workers.count, upstream: upstreamsOf(config) }, "listening");
  } catch (error) {
    // A stop that was asked for meanwhile ends the process itself.
    if (isStopping) return;
    isStopping = true;
    await supervisor.stop();
    process.exit(report(error, false));
  }
}

/** Makes the pepper and all databases before any worker opens them; without an admin they must be there. */
async function prepare(config: Config, withAdmin: boolean): Promise<void> {
  const { store } = await (withAdmin ? openToChange(config.data) : openToRead(config.data));
  await store.close();
  if (withAdmin) await EventLog.open(config.data).close();
  const known = tenantNames(config.data);
  const strange = config.proxy.routes.find(({ tenant }) => !known.includes(tenant));
  if (strange !== undefined) throw new TenantUnknown(strange.tenant);
}

/** Where requests go, in words. */
function upstreamsOf({ proxy: { upstream, routes } }: Config): string {
  const more = routes.length === 0 ? null : routes.length === 1 ? "1 route" : `${routes.length} routes`;
  return [upstream?.url, more].filter((part) => part != null).join(" and ");
}

async function firstKeyOf(dataDir: string): Promise<string | null> {
  const data = await openToChange(dataDir);
  return makeFirstKey(data).finally(() => data.store.close());
}

function banner(config: Config, manner: Manner, listening: Listening, firstKey: string | null): string {
  const { listen } = config.proxy;
  const proxy = `http://${hostOf(listen.host)}:${listening.proxyPort}`;
  const lines = [
    "",
    `Leakgate stands at ${proxy} before ${manner.isSample ? "its sample API" : upstreamsOf(config)}.`,
  ];
  if (listening.adminPort !== null) {
    const admin = `http://${hostOf(config.admin.listen.host)}:${listening.adminPort}`;
    const key = firstKey ?? "lgk_...";
    lines.push(`The admin API is at ${admin}/api/v1.`, "");
    if (firstKey !== null) {
      lines.push("An administrator's key, shown this once:", "", `  ${firstKey}`, "");
    } else {
      lines.push(`Make a key with: leakgate keys create --role administrator --data ${config.data}`, "");
    }
    lines.push(
      "Try it: a made-up token passes while it is only registered ...",
      `  curl -s ${admin}/api/v1/leaks -H 'authorization: Bearer ${key}' -H 'content-type: application/json' -d '{"name":"try it","risk":5,"tokens":["made-up-token-0001"]}'`,
      `  curl -i ${proxy}/ -H 'authorization: Bearer made-up-token-0001'        # 200`,
      "... and is stopped as soon as the virtual patch is applied (take the id the first command answered):",
      `  curl -s -X POST '${admin}/api/v1/leaks/leak-1/vpatch?wait=enforced' -H 'authorization: Bearer ${key}'`,
      `  curl -i ${proxy}/ -H 'authorization: Bearer made-up-token-0001'        # 403`,
      "",
    );
  }
  return `${lines.join("\n")}\n`;
}

/** How one reaches a listener: an address that means all of them is reached on the loopback. */
function hostOf(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
}
