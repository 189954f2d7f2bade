import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import type { Logger } from "pino";
import { EventLog } from "../rules/events.ts";
import { Pepper } from "../rules/pepper.ts";
import { Runtime } from "../rules/runtime.ts";
import { RulesStore } from "../rules/store.ts";
import { adminApp } from "./app.ts";
import type { AdminConfig } from "./config.ts";

export interface AdminOptions {
  /** The data folder; made where it is absent. */
  readonly data: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly config: AdminConfig;
  readonly logger: Logger;
  readonly version: string;
}

export interface RunningAdmin {
  readonly address: AddressInfo;
  /** Stops accepting, finishes what is in flight within two seconds, and closes the store. */
  close(): Promise<void>;
}

const RETENTION_MS = 60_000;
const CLOSE_MS = 2_000;
const DAY_MS = 24 * 3_600_000;

/** Starts the control plane; rejects with the refusals of the store, or with EADDRINUSE and the like. */
export async function startAdmin({
  data,
  listen,
  config,
  logger,
  version,
}: AdminOptions): Promise<RunningAdmin> {
  const pepper = Pepper.loadOrCreate(data);
  const store = RulesStore.open(data, pepper.id);
  const events = EventLog.open(data);
  const runtime = Runtime.open(data);
  const app = adminApp({ store, events, runtime, pepper, logger, config, version, startedAt: Date.now() });
  const server = serve({
    fetch: app.fetch,
    hostname: listen.host,
    port: listen.port,
    serverOptions: { headersTimeout: 10_000, requestTimeout: 120_000 },
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.once("listening", () => {
      server.off("error", reject);
      resolve();
    });
  });
  const retention = setInterval(() => void retain(events, config, logger), RETENTION_MS);
  retention.unref();
  return {
    address: server.address() as AddressInfo,
    close: async () => {
      clearInterval(retention);
      const closed = new Promise((resolve) => server.close(resolve));
      const cut = setTimeout(() => "closeAllConnections" in server && server.closeAllConnections(), CLOSE_MS);
      if ("closeIdleConnections" in server) server.closeIdleConnections();
      await closed;
      clearTimeout(cut);
      await Promise.all([events.close(), runtime.close(), store.close()]);
    },
  };
}

/** Drops events by age and by size; a failure is told and tried again a minute later. */
async function retain(events: EventLog, { retention }: AdminConfig, logger: Logger): Promise<void> {
  try {
    const dropped =
      (await events.dropOlderThan(Date.now() - retention.days * DAY_MS)) +
      (await events.keepBytes(retention.bytes));
    if (dropped > 0) logger.info({ partitions: dropped }, "dropped old events");
  } catch (error) {
    logger.error({ reason: (error as Error).message }, "could not drop old events");
  }
}
