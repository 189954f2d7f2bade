import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { proxySchema } from "../proxy/config.ts";
import { Gateway } from "../proxy/gateway.ts";
import { Policy } from "../proxy/policy.ts";
import { Recorder } from "../proxy/record.ts";
import type { Plane } from "../proxy/route.ts";
import { SeenValues } from "../proxy/seen.ts";
import { digestTokens } from "../rules/digest.ts";
import { EventLog, type VpatchEvent } from "../rules/events.ts";
import { Matcher } from "../rules/matcher.ts";
import { Pepper } from "../rules/pepper.ts";
import { RulesStore } from "../rules/store.ts";
import { defaultTenant } from "../rules/tenants.ts";

/** A folder that is gone after the test. */
export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "leakgate-test-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** A port of this machine that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Resolves when `fact` holds; looks again every few milliseconds, and fails after `withinMs` with the name of the fact. */
export async function until(
  name: string,
  fact: () => boolean | Promise<boolean>,
  withinMs = 10_000,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await fact())) {
    if (performance.now() > deadline) throw new Error(`not so within ${withinMs} ms: ${name}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** One connection an upstream saw: all its bytes so far, as latin1. */
export interface Seen {
  text: string;
  bytes: number;
  ended: boolean;
  closed: boolean;
  readonly socket: Socket;
}

/** A raw upstream on loopback: `answer` is called at each piece of bytes with the connection so far. */
export class RawUpstream {
  readonly seen: Seen[] = [];
  readonly port: number;
  private readonly server: ReturnType<typeof createServer>;

  private constructor(server: ReturnType<typeof createServer>) {
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  static async start(
    answer: (connection: Seen, chunk: Buffer) => void,
    keepText = true,
  ): Promise<RawUpstream> {
    const server = createServer({ allowHalfOpen: true });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const upstream = new RawUpstream(server);
    server.on("connection", (socket) => {
      const connection: Seen = { text: "", bytes: 0, ended: false, closed: false, socket };
      upstream.seen.push(connection);
      socket.on("data", (chunk) => {
        connection.bytes += chunk.length;
        if (keepText) connection.text += chunk.toString("latin1");
        answer(connection, chunk);
      });
      socket.on("end", () => {
        connection.ended = true;
        socket.end();
      });
      socket.on("error", () => {});
      socket.on("close", () => {
        connection.closed = true;
      });
    });
    return upstream;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** All bytes of all connections. */
  get text(): string {
    return this.seen.map((connection) => connection.text).join("");
  }

  async close(): Promise<void> {
    for (const { socket } of this.seen) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** An upstream that answers 200 and `ok` to every request whose head it has read; bodies are left unread in the text. */
export function plainUpstream(): Promise<RawUpstream> {
  const answered = new WeakMap<Seen, number>();
  return RawUpstream.start((connection) => {
    const complete = completeRequests(connection.text);
    for (let count = answered.get(connection) ?? 0; count < complete; count++) {
      connection.socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    }
    answered.set(connection, complete);
  });
}

/** How many whole requests the text holds; enough of HTTP for what a gateway sends. */
export function completeRequests(text: string): number {
  let at = 0;
  for (let count = 0; ; count++) {
    const end = text.indexOf("\r\n\r\n", at);
    if (end < 0) return count;
    const head = text.slice(at, end).toLowerCase();
    const length = /\r\ncontent-length: ([0-9]+)/.exec(head);
    at = end + 4;
    if (length !== null) {
      at += Number(length[1]);
      if (at > text.length) return count;
    } else if (head.includes("\r\ntransfer-encoding: chunked")) {
      const last = /(^|\r\n)0\r\n([^\r\n]+\r\n)*\r\n/.exec(text.slice(at));
      if (last === null) return count;
      at += last.index + last[0].length;
    }
  }
}

/** What a gateway works with for one tenant. */
export function planeOf(
  policy: Policy,
  recorder: Recorder,
  tenant = defaultTenant,
  seen: SeenValues | null = null,
): Plane {
  return { tenant, policy, recorder, budgetByLeak: new Map(), seen };
}

/** A gateway in this process: real sockets, a real LMDB in a temporary folder. */
export class TestGateway {
  readonly folder: ReturnType<typeof temporaryFolder>;
  readonly pepper: Pepper;
  readonly store: RulesStore;
  readonly events: EventLog;
  readonly recorder: Recorder;
  readonly policy: Policy;
  readonly gateway: Gateway;
  readonly seen: SeenValues | null;
  port = 0;

  private constructor(
    folder: TestGateway["folder"],
    pepper: Pepper,
    store: RulesStore,
    config: Record<string, unknown>,
  ) {
    const logger = pino({ level: "silent" });
    const parsed = proxySchema.parse({ listen: "127.0.0.1:0", ...config });
    this.folder = folder;
    this.pepper = pepper;
    this.store = store;
    this.events = EventLog.open(this.folder.path);
    this.recorder = new Recorder(this.events, logger, parsed.record);
    this.policy = new Policy(this.store, new Matcher(this.pepper), logger);
    const { values } = parsed.inspect.seen;
    this.seen = values === 0 ? null : new SeenValues(pepper, values, Date.now());
    this.gateway = new Gateway({
      config: parsed,
      planes: [planeOf(this.policy, this.recorder, defaultTenant, this.seen)],
      logger,
      worker: 1,
    });
  }

  static async start(
    upstream: { readonly url: string },
    config: Record<string, unknown> = {},
  ): Promise<TestGateway> {
    const folder = temporaryFolder();
    const pepper = Pepper.loadOrCreate(folder.path);
    const store = await RulesStore.open(folder.path, pepper.id);
    const test = new TestGateway(folder, pepper, store, { upstream: { url: upstream.url }, ...config });
    await test.policy.start();
    test.port = (await test.gateway.listen()).port;
    return test;
  }

  /** Registers a leak of these tokens; answers its id. */
  async register(...tokens: string[]): Promise<string> {
    const input = {
      name: "test leak",
      description: "",
      risk: 5,
      source: "custom",
      tokens: await digestTokens(tokens, this.pepper),
    };
    return (await this.store.register("test", input)).leak.id;
  }

  /** Registers and applies; resolves when this gateway enforces it. */
  async leak(...tokens: string[]): Promise<string> {
    const id = await this.register(...tokens);
    await this.decide(id, "vpatch");
    return id;
  }

  async decide(
    leak: string,
    decision: "vpatch" | "close" | "mark_false" | "reopen",
    mode?: "block" | "monitor",
  ): Promise<void> {
    const changed = await this.store.decide("test", leak, decision, mode === undefined ? {} : { mode });
    await until("the revision is enforced", () => this.policy.enforcedRevision >= changed.revision);
  }

  /** The events so far, newest first. */
  async recorded(): Promise<VpatchEvent[]> {
    await this.recorder.flush();
    return (await this.events.query({}, 200)).events;
  }

  async close(): Promise<void> {
    await this.gateway.drain();
    this.policy.close();
    await this.recorder.close();
    await this.events.close();
    await this.store.close();
    this.folder.remove();
  }
}

/** A raw client connection: what it wrote is up to the test, what came back is kept as latin1. */
export class RawClient {
  readonly socket: Socket;
  text = "";
  bytes = 0;
  ended = false;
  closed = false;
  keepText = true;

  constructor(port: number) {
    this.socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    this.socket.on("data", (chunk) => {
      this.bytes += chunk.length;
      if (this.keepText) this.text += chunk.toString("latin1");
    });
    this.socket.on("end", () => {
      this.ended = true;
    });
    this.socket.on("error", () => {});
    this.socket.on("close", () => {
      this.closed = true;
    });
  }

  write(text: string | Buffer): this {
    this.socket.write(typeof text === "string" ? Buffer.from(text, "latin1") : text);
    return this;
  }

  /** Status codes of the answers so far, in order (interim ones included). */
  get statuses(): number[] {
    return [...this.text.matchAll(/HTTP\/1\.1 ([0-9]{3}) /g)].map((match) => Number(match[1]));
  }

  async sees(text: string, withinMs = 10_000): Promise<void> {
    await until(
      `the client sees ${JSON.stringify(text)}, has ${JSON.stringify(this.text.slice(-300))}`,
      () => this.text.includes(text),
      withinMs,
    );
  }

  async end(withinMs = 10_000): Promise<void> {
    await until("the connection ends", () => this.ended || this.closed, withinMs);
    this.socket.destroy();
  }
}

/** Sends one raw request on a connection of its own and answers all that came back until `Connection: close` took effect. */
export async function exchange(port: number, request: string): Promise<{ status: number; text: string }> {
  const client = new RawClient(port);
  client.write(request);
  await until("an answer", () => client.ended || client.closed || hasAnswer(client.text));
  client.socket.destroy();
  return { status: client.statuses[0] ?? 0, text: client.text };
}

function hasAnswer(text: string): boolean {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const length = /\r\ncontent-length: ([0-9]+)/i.exec(text.slice(0, end));
  return length !== null && text.length >= end + 4 + Number(length[1]);
}
