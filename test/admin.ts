import { join } from "node:path";
import pino from "pino";
import { allCalls } from "../admin/calls.ts";
import { adminSchema } from "../admin/config.ts";
import { problemsOf } from "../admin/openapi.ts";
import type { Services } from "../admin/services.ts";
import { type AdminOptions, type RunningAdmin, startAdmin } from "../admin/start.ts";
import { isGlobal, mintKey, type Role } from "../rules/access.ts";
import { EventLog, eventId, type VpatchEvent } from "../rules/events.ts";
import { Pepper } from "../rules/pepper.ts";
import { Runtime, type TenantReport, type WorkerReport } from "../rules/runtime.ts";
import { RulesStore } from "../rules/store.ts";
import { defaultTenant, Tenants } from "../rules/tenants.ts";
import { temporaryFolder } from "./support.ts";

/** What the admin answered; `body` is the parsed JSON, null where there is none. */
export interface AdminAnswer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: T;
}

export interface CallOptions {
  /** Sent as JSON; a string is sent as it is. */
  readonly body?: unknown;
  /** Default the administrator's; null sends none. */
  readonly key?: string | null;
  readonly headers?: Record<string, string>;
}

export type AdminSettings = Partial<Omit<AdminOptions, "data" | "config">> & {
  readonly config?: object;
  /** Tenants that are there before the admin starts. */
  readonly tenants?: readonly string[];
};

/** Any JSON object: tests say what they expect of it. */
export type Json = Record<string, unknown>;

/** The API as it is declared. */
const declared = allCalls({ version: "0.0.0-test" } as Services).map((call) => ({
  method: call.method.toUpperCase(),
  shape: new RegExp(`^/api/v1${call.path.replaceAll(/\{\w+\}/g, "[^/]+")}$`),
  answers: call.answers,
  problems: problemsOf(call),
}));

/** Headers that stand in the document with each answer that has them. */
const SAID = ["ETag", "Location"] as const;

/** Every answer a test sees is one that the document declares: no field more, none less, no header unsaid. */
function holdToDeclaration(
  method: string,
  path: string,
  { status, headers }: Response,
  body: () => unknown,
): void {
  const bare = path.split("?", 1)[0]!;
  const call = declared.find((each) => each.method === method && each.shape.test(bare));
  if (call === undefined) return;
  if (call.problems.includes(status)) return;
  const answer = call.answers[status];
  if (answer === undefined) throw new Error(`${method} ${bare}: status ${status} is not declared`);
  for (const name of SAID) {
    if (headers.has(name) !== (answer.headers ?? []).includes(name))
      throw new Error(`${method} ${bare}: ${name} is declared or answered, and not both`);
  }
  const parsed = answer.schema?.safeParse(body());
  if (parsed?.success === false)
    throw new Error(`${method} ${bare} answers what is not declared: ${parsed.error}`);
}

/** A real admin on a free port and a temporary folder, and the hands of a worker beside it. */
export class TestAdmin {
  readonly data: string;
  readonly administrator: string;
  readonly analyst: string;
  readonly runtime: Runtime;
  readonly events: EventLog;
  /** Every line of the log so far. */
  readonly log: string[];
  private admin: RunningAdmin;
  private readonly options: AdminOptions;
  private readonly folder: { remove(): void };
  private sequence = 0;

  private constructor(
    parts: Pick<TestAdmin, "data" | "administrator" | "analyst" | "log"> & {
      admin: RunningAdmin;
      options: AdminOptions;
      folder: { remove(): void };
      runtime: Runtime;
    },
  ) {
    this.data = parts.data;
    this.administrator = parts.administrator;
    this.analyst = parts.analyst;
    this.log = parts.log;
    this.admin = parts.admin;
    this.options = parts.options;
    this.folder = parts.folder;
    this.runtime = parts.runtime;
    this.events = EventLog.open(parts.data);
  }

  static async start({ tenants: names = [], ...settings }: AdminSettings = {}): Promise<TestAdmin> {
    const folder = temporaryFolder();
    const data = join(folder.path, "data");
    const administrator = await storeKey(data, "administrator", "Ann");
    const analyst = await storeKey(data, "analyst", "Bob");
    if (names.length > 0) {
      const tenants = await Tenants.open(data);
      for (const name of names) await tenants.create("system", name);
      await tenants.close();
    }
    const log: string[] = [];
    const options: AdminOptions = {
      listen: { host: "127.0.0.1", port: 0 },
      logger: pino({ level: "debug" }, { write: (line: string) => void log.push(line) }),
      version: "0.0.0-test",
      ...settings,
      data,
      // Tests send more wrong keys from one address than people do.
      config: adminSchema.parse({ failuresPerMinute: 1_000_000, ...settings.config }),
    };
    const admin = await startAdmin(options);
    return new TestAdmin({
      data,
      administrator,
      analyst,
      log,
      admin,
      options,
      folder,
      runtime: await Runtime.open(data),
    });
  }

  get port(): number {
    return this.admin.address.port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async call<T = Json>(
    method: string,
    path: string,
    { body, key = this.administrator, headers = {} }: CallOptions = {},
  ): Promise<AdminAnswer<T>> {
    const answer = await fetch(this.url + path, {
      method,
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      body: body === undefined ? null : typeof body === "string" ? body : JSON.stringify(body),
    });
    // One that never ends is not waited for.
    const isEndless = answer.headers.get("content-type") === "text/event-stream";
    if (isEndless) await answer.body?.cancel();
    const text = isEndless ? "" : await answer.text();
    const isJson = /[/+]json/.test(answer.headers.get("content-type") ?? "") && text !== "";
    const parsed: unknown = isJson ? JSON.parse(text) : null;
    holdToDeclaration(method, path, answer, () => parsed);
    return { status: answer.status, headers: answer.headers, text, body: parsed as T };
  }

  /** Works on the data folder as another process does; the folder is closed again. */
  async hands<T>(work: (tenants: Tenants) => Promise<T>): Promise<T> {
    const tenants = await Tenants.open(this.data);
    try {
      return await work(tenants);
    } finally {
      await tenants.close();
    }
  }

  /** See `makeKey`. */
  keyOf(role: string, tenant = defaultTenant): Promise<MadeKey> {
    return this.hands((tenants) => makeKey(tenants, role, tenant));
  }

  /** Registers a leak of these tokens; answers its id. */
  async register(...tokens: string[]): Promise<string> {
    const answer = await this.call<{ id: string }>("POST", "/api/v1/leaks", {
      body: { name: "a leak", risk: 5, tokens },
    });
    if (answer.status !== 201) throw new Error(`could not register: ${answer.text}`);
    return answer.body.id;
  }

  /** Reports as a worker of the default tenant does; alive for as long as the test, unless `more` says otherwise. */
  async report(
    worker: number,
    revision: number,
    { tokens = 0, budgetExhausted = {}, ...more }: Partial<WorkerReport & TenantReport> = {},
  ): Promise<void> {
    await this.runtime.publish({
      worker,
      pid: process.pid,
      startedAt: Date.now(),
      heartbeatAt: Date.now() + 3_600_000,
      ready: true,
      tenants: { default: { revision, tokens, budgetExhausted } },
      counters: {},
      ...more,
    });
  }

  /** Writes an event as a worker does. */
  async attempt(at: number, more: Partial<VpatchEvent> = {}): Promise<VpatchEvent> {
    const event: VpatchEvent = {
      type: "vpatch",
      id: eventId(at, more.worker ?? 1, this.sequence++),
      at,
      lastAt: at,
      count: 1,
      leak: "leak-1",
      rule: "rule-1",
      action: "blocked",
      point: "header authorization",
      method: "GET",
      host: "api.example.com",
      path: "/orders",
      query: ["page"],
      userAgent: "made-up/1.0",
      ip: "192.0.2.1",
      requestId: "r-1",
      worker: 1,
      ...more,
    };
    await this.events.append([event]);
    return event;
  }

  /** Stops the admin alone, as a supervisor does. */
  close(): Promise<void> {
    return this.admin.close();
  }

  /** Stops the admin and starts another on the same folder, at another port. */
  async restart(): Promise<void> {
    await this.admin.close();
    this.admin = await startAdmin(this.options);
  }

  async stop(): Promise<void> {
    await this.admin.close();
    await this.events.close();
    await this.runtime.close();
    this.folder.remove();
  }
}

export interface MadeKey {
  readonly id: string;
  readonly clear: string;
}

/** A new key of this role, known or not, in a tenant that is made where it is absent; a global one is in none. */
export async function makeKey(tenants: Tenants, role: string, tenant = defaultTenant): Promise<MadeKey> {
  const home = (await tenants.get(tenant)) ?? (await tenants.create("system", tenant));
  const [store, pepper] = isGlobal(role)
    ? [tenants.control, tenants.controlPepper]
    : [home.store, home.pepper];
  const { clear, record } = mintKey(pepper, role as Role, role);
  return { id: (await store.createKey("system", record)).key.id, clear };
}

async function storeKey(data: string, role: Role, name: string): Promise<string> {
  const pepper = Pepper.loadOrCreate(data);
  const store = await RulesStore.open(data, pepper.id);
  const { clear, record } = mintKey(pepper, role, name);
  await store.createKey("system", record);
  await store.close();
  return clear;
}
