import type { RequestListener, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { getRequestListener, type HttpBindings } from "@hono/node-server";
import type { Hono } from "hono";
import type { Logger } from "pino";
import { Runtime } from "../rules/runtime.ts";
import { Tenants } from "../rules/tenants.ts";
import { adminApp, answerOutside, bareApp } from "./app.ts";
import { AttemptsTaker } from "./attempts.ts";
import { SignIns } from "./auth.ts";
import type { AdminConfig } from "./config.ts";
import { securityHeaders } from "./headers.ts";
import { Identity } from "./identity.ts";
import { Notifier } from "./notify/notifier.ts";
import { Oidc } from "./oidc.ts";
import { Retention } from "./retention.ts";
import { Watch } from "./scan/watch.ts";
import { serverOf } from "./server.ts";
import type { Env } from "./services.ts";
import { TimeBoxes } from "./timeboxes.ts";
import { IntakeCounts } from "./told/counts.ts";
import { readyTenants, toldRoutes } from "./told/routes.ts";

type Address = { readonly host: string; readonly port: number };

export interface AdminOptions {
  /** The data folder; made where it is absent. */
  readonly data: string;
  /** Port 0 takes a free one. */
  readonly listen: Address;
  /** Where services tell of tokens, if not there too. */
  readonly intakeListen?: Address | undefined;
  readonly config: AdminConfig;
  readonly logger: Logger;
  readonly version: string;
  /** Whether `/readyz` answers 503 while no worker has ever reported; default true. */
  readonly expectsWorkers?: boolean;
  /** How often old events are dropped; default a minute. */
  readonly retentionEveryMs?: number;
  /** How often there is a look for what destinations are to be told; null for never. Default a second. */
  readonly notifyEveryMs?: number | null;
  /** How often is looked for decisions whose time is over; default a second. */
  readonly timeBoxesEveryMs?: number;
  /** Who sends a request's head for longer is cut off, within half as long again; default 10 seconds. */
  readonly headMs?: number;
  /** How often is looked for sources that are due; null for never by itself. Default a second. */
  readonly watchEveryMs?: number | null;
}

export interface RunningAdmin {
  readonly address: AddressInfo;
  /** Of the intake, where it has one of its own. */
  readonly intakeAddress: AddressInfo | null;
  /** Stops accepting, finishes what is in flight within 4 seconds, and closes the store. May be called again. */
  close(): Promise<void>;
}

const RETENTION_EVERY_MS = 60_000;
/** Of a close: until connections are cut, and then until calls still under way are given up. */
const CUT_MS = 2_000;
const GIVE_UP_MS = 2_000;

/** Slow senders are cut off: a request's head within 10 s, all of it within 2 minutes. */
const HEAD_MS = 10_000;
const SERVER = {
  requestTimeout: 120_000,
  keepAliveTimeout: 10_000,
  maxHeaderSize: 16 * 1024,
} as const;
const CONNECTIONS_MAX = 1_024;

/** Starts the control plane; rejects with the refusals of the store, or with EADDRINUSE and the like. */
export async function startAdmin(options: AdminOptions): Promise<RunningAdmin> {
  const { data, config, logger, version } = options;
  const tenants = await Tenants.open(data);
  const runtime = await Runtime.open(data);
  const closeStores = () => Promise.all([runtime.close(), tenants.close()]);
  const closing = new AbortController();
  let notifier: Notifier | null = null;
  let watch: Watch;
  try {
    const { notify, smtp } = config;
    const everyMs = options.notifyEveryMs;
    notifier = new Notifier(tenants, {
      config: notify,
      smtp,
      logger,
      ...(everyMs === undefined ? {} : { everyMs }),
    });
    watch = new Watch(tenants, {
      config: config.scan,
      services: { runtime, closing: closing.signal, config, version },
      data,
      logger,
      ...(options.watchEveryMs === undefined ? {} : { everyMs: options.watchEveryMs }),
    });
  } catch (error) {
    await notifier?.close();
    await closeStores();
    throw error;
  }

  const calls = new Set<Promise<unknown>>();
  const servers: Server[] = [];
  const { headMs = HEAD_MS } = options;
  const times = { ...SERVER, headersTimeout: headMs, connectionsCheckingInterval: headMs / 2 };
  const serve = async (app: Hono<Env>, address: Address): Promise<AddressInfo> => {
    const fetch = (request: Request, bindings: HttpBindings): Promise<Response> => {
      const call = Promise.resolve(app.fetch(request, bindings)).finally(() => calls.delete(call));
      calls.add(call);
      return call;
    };
    const listener = getRequestListener((request, bindings) => fetch(request, bindings as HttpBindings), {
      // The default for HTTP/1.0 without a Host.
      hostname: "localhost",
      overrideGlobalObjects: false,
      errorHandler: (error) => answerOutside(error, securityHeaders(config)),
    });
    const server = serverOf(times, listener as RequestListener, logger, securityHeaders(config));
    server.maxConnections = CONNECTIONS_MAX;
    await listen(server, address);
    servers.push(server);
    return server.address() as AddressInfo;
  };
  const services = {
    tenants,
    runtime,
    notifier,
    watch,
    logger,
    config,
    identity: new Identity({ tenants, config, logger }),
    signIns: new SignIns(logger, config.failuresPerMinute),
    oidc: config.oidc && config.publicUrl ? new Oidc(config.oidc, config.publicUrl) : null,
    intakeCounts: new IntakeCounts(),
    version,
    startedAt: Date.now(),
    expectsWorkers: options.expectsWorkers ?? true,
    closing: closing.signal,
  };
  let address: AddressInfo;
  let intakeAddress: AddressInfo | null = null;
  try {
    await readyTenants(services);
    const told = toldRoutes(services);
    const { intakeListen } = options;
    if (intakeListen !== undefined) {
      intakeAddress = await serve(bareApp(services, told), intakeListen);
      const { address: host, port } = intakeAddress;
      logger.info({ host, port }, "the intake is listening");
    }
    address = await serve(adminApp(services, intakeListen === undefined ? told : undefined), options.listen);
  } catch (error) {
    closing.abort();
    await Promise.all(servers.map(stop));
    await Promise.all([notifier.close(), watch.close()]);
    await closeStores();
    throw error;
  }

  const everyMs = options.retentionEveryMs ?? RETENTION_EVERY_MS;
  const retention = new Retention(tenants, config.retention, logger, everyMs);
  const timeBoxes = new TimeBoxes(tenants, logger, options.timeBoxesEveryMs);
  const attempts = new AttemptsTaker(tenants, logger);
  const close = async (): Promise<void> => {
    closing.abort();
    const watching = watch.close();
    await Promise.all(servers.map(stop));
    // A call goes on after its connection is gone, and must not find the store closed.
    await Promise.race([Promise.allSettled(calls), pause(GIVE_UP_MS, undefined, { ref: false })]);
    await Promise.all([retention.close(), notifier.close(), timeBoxes.close(), attempts.close(), watching]);
    await closeStores();
  };
  let closed: Promise<void> | null = null;
  return {
    address,
    intakeAddress,
    close: () => {
      closed ??= close();
      return closed;
    },
  };
}

function listen(server: Server, { host, port }: AdminOptions["listen"]): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/** Resolves when no connection is left; those that do not end are cut. */
async function stop(server: Server): Promise<void> {
  const ended = new Promise((resolve) => server.close(resolve));
  const cut = setTimeout(() => server.closeAllConnections(), CUT_MS);
  server.closeIdleConnections();
  await ended;
  clearTimeout(cut);
}
