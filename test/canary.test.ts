import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EventLog } from "../rules/events.ts";
import { exchange, RawClient, RawUpstream, temporaryFolder, until } from "./support.ts";

const MAIN = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));

/** Letters of both cases and digits, unlike anything else: what holds these bytes holds the token. */
function canary(bytes: number): string {
  return `Cn${randomBytes(bytes)
    .toString("hex")
    .replaceAll(/[a-c]/g, (letter) => letter.toUpperCase())}`;
}

/** The forms in which the bytes of a token may stand somewhere: plain, hex, percent-encoded, base64 at each alignment. */
function formsOf(token: string): [string, Buffer][] {
  const hex = Buffer.from(token).toString("hex");
  const percent = hex.replaceAll(/../g, "%$&");
  const forms: [string, string][] = [
    ["plain", token],
    ["in small letters", token.toLowerCase()],
    ["backwards", [...token].reverse().join("")],
    ["UTF-16", [...token].join("\0")],
    ["hex", hex],
    ["hex in capitals", hex.toUpperCase()],
    ["percent", percent],
    ["percent in capitals", percent.toUpperCase()],
  ];
  for (const shift of [0, 1, 2]) {
    const shifted = Buffer.concat([Buffer.alloc(shift), Buffer.from(token)]);
    for (const encoding of ["base64", "base64url"] as const) {
      // The first and last letters depend on the neighbours: those in between are the token's own.
      const start = shift === 0 ? 0 : 4;
      const end = Math.floor(shifted.length / 3) * 4;
      forms.push([`${encoding} after ${shift}`, shifted.toString(encoding).slice(start, end)]);
    }
  }
  return forms.map(([name, text]) => [name, Buffer.from(text, "latin1")]);
}

/** Where the token shows: a long one also where only a piece of it (of 40 bytes) does. */
function findings(token: string, places: ReadonlyMap<string, Buffer>): string[] {
  const pieces = token.length <= 48 ? [token] : [token.slice(0, 40), token.slice(-40), token];
  const found: string[] = [];
  for (const [place, bytes] of places) {
    for (const piece of pieces) {
      for (const [form, needle] of formsOf(piece))
        if (bytes.includes(needle)) found.push(`${place}: ${form}`);
    }
  }
  return found;
}

function filesUnder(folder: string): Map<string, Buffer> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const files = names.filter((name) => statSync(join(folder, name)).isFile());
  return new Map(files.map((name) => [`file ${name}`, readFileSync(join(folder, name))]));
}

/** An upstream that says nothing of what it was sent, and answers a slow path only when told to. */
class QuietUpstream {
  readonly raw: RawUpstream;
  private constructor(raw: RawUpstream) {
    this.raw = raw;
  }

  static async start(): Promise<QuietUpstream> {
    const raw = await RawUpstream.start((connection) => {
      if (!connection.text.includes("\r\n\r\n") || connection.text.startsWith("GET /slow")) return;
      connection.socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
    });
    return new QuietUpstream(raw);
  }

  answerSlow(): void {
    for (const { socket, text } of this.raw.seen) {
      if (text.startsWith("GET /slow"))
        socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
    }
  }
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly json: Record<string, unknown>;
}

/** `leakgate serve` with one worker, and everything it ever said. */
class Serving {
  readonly folder = temporaryFolder();
  readonly data = join(this.folder.path, "data");
  /** Standard output and error. */
  out = "";
  err = "";
  /** Every byte that the proxy or the admin answered. */
  readonly answers: string[] = [];
  proxyPort = 0;
  private adminPort = 0;
  private key = "";
  private readonly child: ChildProcess;
  private exited = false;

  private constructor(upstreamPort: number, settings: string) {
    const file = join(this.folder.path, "leakgate.yaml");
    writeFileSync(file, settings);
    const args = ["serve", "--workers", "1", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
    args.push("--data", this.data, "--config", file, "--upstream", `http://127.0.0.1:${upstreamPort}`);
    const env = Object.entries(process.env).filter(([name]) => !name.startsWith("LEAKGATE_"));
    this.child = spawn(process.execPath, [MAIN, ...args], { env: Object.fromEntries(env) });
    this.child.stdout!.on("data", (chunk: Buffer) => {
      this.out += chunk.toString("latin1");
    });
    this.child.stderr!.on("data", (chunk: Buffer) => {
      this.err += chunk.toString("latin1");
    });
    this.child.on("close", () => {
      this.exited = true;
    });
  }

  static async start(upstreamPort: number, settings: string): Promise<Serving> {
    const serving = new Serving(upstreamPort, settings);
    await until("the banner is whole", () => serving.out.includes("# 403") || serving.exited, 30_000);
    const ports = /stands at http:[^ ]*:(\d+) [\s\S]*admin API is at http:[^ ]*:(\d+)\//.exec(serving.out);
    const key = /lgk_[0-9A-Za-z_]+/.exec(serving.out);
    if (ports === null || key === null) throw new Error(`could not start: ${serving.err}`);
    [serving.proxyPort, serving.adminPort] = [Number(ports[1]), Number(ports[2])];
    serving.key = key[0];
    return serving;
  }

  /** One call of the admin API; its answer is kept, its head too. */
  async admin(method: string, path: string, body?: unknown, headers: object = {}): Promise<Answer> {
    const sent = typeof body === "string" || body === undefined ? body : JSON.stringify(body);
    const answer = await new Promise<Answer>((resolve, reject) => {
      const given = { authorization: `Bearer ${this.key}`, "content-type": "application/json", ...headers };
      const call = request({ port: this.adminPort, method, path, headers: given }, (response) => {
        let text = "";
        response.setEncoding("latin1");
        response.on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("end", () => {
          this.answers.push(`${method} ${response.statusCode} ${response.rawHeaders.join(" ")} ${text}`);
          const isJson = String(response.headers["content-type"]).includes("json");
          resolve({ status: response.statusCode!, text, json: isJson ? JSON.parse(text) : {} });
        });
      });
      call.on("error", reject);
      call.end(sent);
    });
    return answer;
  }

  /** Registers a leak of these tokens; answers its id. */
  async register(...tokens: string[]): Promise<string> {
    const answer = await this.admin("POST", "/api/v1/leaks", { name: "canary", risk: 9, tokens });
    expect(answer.status).toBe(201);
    return String(answer.json.id);
  }

  async apply(leak: string, mode: "block" | "monitor"): Promise<void> {
    const answer = await this.admin("POST", `/api/v1/leaks/${leak}/vpatch?wait=enforced`, { mode });
    expect(answer.status).toBe(200);
  }

  /** Whether the worker has so many tokens, in force or not. */
  async holds(tokens: number): Promise<boolean> {
    const { workers } = (await this.admin("GET", "/api/v1/status")).json as { workers: { tokens: number }[] };
    return workers[0]?.tokens === tokens;
  }

  /** Sends raw bytes to the proxy; answers the status. */
  async send(bytes: string): Promise<number> {
    const { status, text } = await exchange(this.proxyPort, bytes);
    this.answers.push(text);
    return status;
  }

  /** All the admin has to show, fetched as the console would. */
  async lookAtAll(): Promise<void> {
    const lists = [
      "leaks",
      "rules",
      "events?limit=200",
      "events?point=query&limit=200",
      "stats",
      "status",
      "keys",
    ];
    for (const path of lists) expect((await this.admin("GET", `/api/v1/${path}`)).status).toBe(200);
    const { leaks } = (await this.admin("GET", "/api/v1/leaks")).json as { leaks: { id: string }[] };
    for (const { id } of leaks) {
      await this.admin("GET", `/api/v1/leaks/${id}`);
      await this.admin("GET", `/api/v1/leaks/${id}/tokens`);
    }
    for (const path of ["/metrics", "/healthz", "/readyz"]) await this.admin("GET", path);
  }

  /** All attempts recorded so far, as the folder holds them. */
  async attempts(): Promise<number> {
    const log = EventLog.open(this.data);
    const { events } = await log.query({}, 1_000);
    await log.close();
    return events.reduce((sum, event) => sum + event.count, 0);
  }

  async stop(): Promise<void> {
    this.child.kill("SIGTERM");
    await until("it has stopped", () => this.exited, 30_000);
  }

  /** Everything that is left or was said. Only after `stop`. */
  async places(): Promise<Map<string, Buffer>> {
    const places = filesUnder(this.data);
    places.set("standard output", Buffer.from(this.out, "latin1"));
    places.set("standard error", Buffer.from(this.err, "latin1"));
    this.answers.forEach((answer, index) => {
      places.set(`answer ${index} (${answer.slice(0, 16)}...)`, Buffer.from(answer, "latin1"));
    });
    // As text too: the database packs short strings as they are, but that is its own affair.
    const log = EventLog.open(this.data);
    const { events } = await log.query({}, 1_000);
    await log.close();
    for (const event of events)
      places.set(`event ${event.point} ${event.id}`, Buffer.from(JSON.stringify(event), "latin1"));
    return places;
  }
}

function percentEncoded(text: string): string {
  return Buffer.from(text).toString("hex").replaceAll(/../g, "%$&");
}

const HOST = "Host: api.example\r\n";
const get = (target: string, fields = "") => `GET ${target} HTTP/1.1\r\n${HOST}${fields}\r\n`;
const field = (name: string, value: string) => get("/", `${name}: ${value}\r\n`);
const basic = (text: string) => field("Authorization", `Basic ${Buffer.from(text).toString("base64")}`);
const body = (text: string) => `POST / HTTP/1.1\r\n${HOST}Content-Length: ${text.length}\r\n\r\n${text}`;
const chunked = (...pieces: string[]) =>
  `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n` +
  pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join("");

/** A request for each place where a client may put a token. */
const ATTACKS: readonly (readonly [string, (token: string) => string])[] = [
  ["path", (t) => get(`/v1/${t}/items`)],
  ["percent-encoded path", (t) => get(`/v1/${percentEncoded(t)}/items`)],
  ["half percent-encoded path", (t) => get(`/v1/%${t.charCodeAt(0).toString(16)}${t.slice(1)}`)],
  ["path with a matrix parameter", (t) => get(`/v1;key=${t}/items`)],
  ["query value", (t) => get(`/?api_key=${t}&b=c`)],
  ["percent-encoded query value", (t) => get(`/?api_key=${percentEncoded(t)}`)],
  ["query name", (t) => get(`/?${t}=1`)],
  ["query name alone", (t) => get(`/?a&${t}`)],
  ["percent-encoded query name", (t) => get(`/?${percentEncoded(t)}=1`)],
  ["query value and name", (t) => get(`/?${t}=${t}`)],
  ["header value", (t) => field("X-Api-Key", t)],
  ["header name", (t) => field(t, "1")],
  ["header name and value", (t) => field(`X-${t}`, t)],
  [
    "several headers",
    (t) => get(`/${t}`, `A: ${t}\r\nB: ${t}\r\nUser-Agent: ${t}\r\nReferer: http://a/?k=${t}\r\n`),
  ],
  ["bearer", (t) => field("Authorization", `Bearer ${t}`)],
  ["cookie value", (t) => field("Cookie", `a=b; sid=${t}; c=d`)],
  ["cookie name", (t) => field("Cookie", `a=b; ${t}=1`)],
  ["cookie name and value", (t) => field("Cookie", `${t}=${t}`)],
  ["Basic user", (t) => basic(`${t}:`)],
  ["Basic password", (t) => basic(`me:${t}`)],
  ["body", (t) => body(`{"key":"${t}"}`)],
  ["body and path", (t) => body(`key=${t}`).replace("POST /", `POST /${t}`)],
  ["chunked body", (t) => `${chunked(`key=${t.slice(0, 7)}`, t.slice(7))}0\r\n\r\n`],
  ["chunk extension and body", (t) => `${chunked(`key=${t}`)}0;x=${t}\r\n\r\n`],
  ["trailer", (t) => `${chunked("a")}0\r\nX-Sum: ${t}\r\n\r\n`],
  ["trailer name", (t) => `${chunked("a")}0\r\n${t}: 1\r\n\r\n`],
  ["user-agent", (t) => field("User-Agent", `curl/8 ${t}`)],
  ["referer", (t) => field("Referer", `https://x.example/?k=${t}`)],
  ["Host", (t) => `GET / HTTP/1.1\r\nHost: ${t}\r\n\r\n`],
  ["Host's label", (t) => `GET / HTTP/1.1\r\nHost: ${t}.api.example:80\r\n\r\n`],
  ["X-Request-Id and header", (t) => get("/", `X-Request-Id: ${t}\r\nX-Api-Key: ${t}\r\n`)],
  ["X-Forwarded-For and header", (t) => get("/", `X-Forwarded-For: ${t}\r\nX-Api-Key: ${t}\r\n`)],
];

/** Fields that only a trusted proxy's client gets upstream: dropped or blocked. */
const DROPPED: readonly (readonly [string, (token: string) => string])[] = [
  ["X-Forwarded-Host", (t) => field("X-Forwarded-Host", t)],
  ["X-Request-Id", (t) => field("X-Request-Id", t)],
  ["X-Forwarded-For", (t) => field("X-Forwarded-For", t)],
];

/** Requests that are refused for their form, with the token in them. */
const BROKEN: readonly (readonly [string, (token: string) => string])[] = [
  ["no Host", (t) => `GET /${t} HTTP/1.1\r\n\r\n`],
  ["unknown method", (t) => `${t.replaceAll(/[._]/g, "-")} / HTTP/1.1\r\n${HOST}\r\n`],
  ["blank in the target", (t) => `GET /${t} ${t} HTTP/1.1\r\n${HOST}\r\n`],
  ["CONNECT", (t) => `CONNECT ${t}:443 HTTP/1.1\r\n${HOST}\r\n`],
  ["two lengths", (t) => get("/", `X: ${t}\r\nContent-Length: 1\r\nContent-Length: 2\r\n`)],
  ["odd expectation", (t) => get("/", `Expect: ${t}\r\n`)],
  ["odd transfer-encoding", (t) => get("/", `Transfer-Encoding: ${t}\r\n`)],
  ["NUL", (t) => get("/", `X: ${t}\0\r\n`)],
  ["long target", (t) => get(`/?k=${t}${"a".repeat(9_000)}`)],
  ["long head", (t) => get("/", `X: ${t}\r\nY: ${"a".repeat(40_000)}\r\n`)],
  ["bad chunk size", (t) => `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n${t}\r\n`],
  ["no HTTP at all", (t) => `${t}\r\n\r\n`],
];

const settings = (level: string, trust: string) => `log: { level: ${level} }\ntrust: [${trust}]\n`;
const jwt = (claim: string) => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "HS256", typ: "JWT" })}.${part({ sub: claim, for: "canary tests" })}.${"madeUpSig".repeat(5)}`;
};

describe.each([
  ["info", settings("info", "")],
  ["trace, with a trusted proxy in front", settings("trace", '"127.0.0.0/8"')],
])("no byte of a token is kept or said, log level %s", (_name, given) => {
  const short = canary(20);
  const long = canary(100);
  const web = jwt(canary(30));
  const watched = canary(20);
  const waiting = canary(20);
  const refused = [canary(10), canary(8)];
  const tokens = [short, long, web.slice(0, web.lastIndexOf(".")), watched, waiting, ...refused];
  let upstream: QuietUpstream;
  let serving: Serving;
  let places: Map<string, Buffer>;
  const statuses = new Map<string, number>();

  beforeAll(async () => {
    upstream = await QuietUpstream.start();
    serving = await Serving.start(upstream.raw.port, given);
    const leak = await serving.register(short, long, `Bearer ${web}`);
    await serving.apply(leak, "block");
    const monitored = await serving.register(watched);
    await serving.apply(monitored, "monitor");
    for (const [kind, token] of Object.entries({ short, long, web, watched })) {
      for (const [name, attack] of [...ATTACKS, ...DROPPED, ...BROKEN])
        statuses.set(`${kind} ${name}`, await serving.send(attack(token)));
    }
    await serving.register(waiting);
    await until("the worker has loaded all tokens", () => serving.holds(5), 30_000);
    const besides = `User-Agent: ${waiting}\r\nX-Api-Key: ${short}\r\n`;
    expect(await serving.send(get(`/${waiting}?${waiting}`, besides))).toBe(403);
    await misuseAdmin(serving, refused);
    await closeUnderWay(serving, upstream, monitored, watched);
    await until("the attempts are stored", async () => (await serving.attempts()) > ATTACKS.length * 3);
    await serving.lookAtAll();
    await serving.stop();
    places = await serving.places();
  });
  afterAll(async () => {
    await serving?.stop();
    await upstream?.raw.close();
    serving?.folder.remove();
  });

  test("the attacks were attacks", () => {
    for (const kind of ["short", "long", "web"]) {
      const passed = ATTACKS.map(([name]) => name).filter((name) => statuses.get(`${kind} ${name}`) !== 403);
      expect([kind, passed]).toEqual([kind, []]);
    }
    for (const [name] of ATTACKS) expect([name, statuses.get(`watched ${name}`)]).toEqual([name, 200]);
    for (const [name] of BROKEN) expect([name, statuses.get(`short ${name}`)! >= 400]).toEqual([name, true]);
  });

  test.each([
    ["short", short],
    ["long", long],
    ["JWT", web.slice(0, web.lastIndexOf("."))],
    ["monitored", watched],
    ["not yet patched", waiting],
    ["refused", refused[0]!],
    ["refused, as short as names", refused[1]!],
  ])("the %s token", (_kind, token) => {
    expect(findings(token, places)).toEqual([]);
  });

  test("the search finds what is planted, in a file and in an answer", () => {
    expect(tokens.every((token) => existsSync(serving.data) && token.length >= 16)).toBe(true);
    for (const [form, bytes] of formsOf(short)) {
      writeFileSync(
        join(serving.data, "planted"),
        Buffer.concat([Buffer.from("..."), bytes, Buffer.from("...")]),
      );
      expect(findings(short, filesUnder(serving.data))).toContain(`file planted: ${form}`);
    }
    const basicUser = new Map([["answer", Buffer.from(Buffer.from(`user:${short}:`).toString("base64"))]]);
    expect(findings(short, basicUser).length).toBeGreaterThan(0);
    expect([...places.keys()].some((place) => place.includes("events/"))).toBe(true);
    expect([...places.keys()].some((place) => place.startsWith("event query"))).toBe(true);
  });
});

/** Tokens where the admin API does not want them. */
async function misuseAdmin(serving: Serving, tokens: readonly string[]): Promise<void> {
  for (const token of tokens) {
    const leak = { name: "canary", risk: 9, tokens: [token] };
    const bodies: [number, unknown][] = [
      [400, { ...leak, tokens: [`${token} ${token}`] }],
      [400, { ...leak, tokens: [token.repeat(300)] }],
      [400, { ...leak, tokens: [`${token}\u0001`] }],
      [400, { ...leak, tokens: ["made-up-token-0001", `${token}***`] }],
      [400, { ...leak, [token]: true }],
      [400, { ...leak, risk: token }],
      [400, { ...leak, source: token }],
      [400, { ...leak, tokens: token }],
      [400, { ...leak, tokens: { [token]: token } }],
      [400, { ...leak, name: { [token]: token } }],
      [400, `{"tokens": ["${token}"], "name": ${token}}`],
      [400, `${token}`],
      [400, `"${token}"`],
    ];
    for (const [status, body] of bodies) {
      expect([body, (await serving.admin("POST", "/api/v1/leaks", body)).status]).toEqual([body, status]);
    }
    const json = JSON.stringify(leak);
    const type = { "content-type": `text/${token}` };
    expect((await serving.admin("POST", "/api/v1/leaks", json, type)).status).toBe(415);
    const calls: [string, string, unknown?, object?][] = [
      ["GET", `/${token}`],
      ["GET", `/api/v1/${token}`],
      ["GET", `/api/v1/leaks/${token}`],
      ["GET", `/api/v1/leaks/${token}?x=1`],
      ["GET", `/api/v1/leaks/${token}/tokens`],
      ["GET", `/api/v1/rules/${token}`],
      ["GET", `/api/v1/leaks?${token}=1`],
      ["GET", `/api/v1/leaks?q=${token}`],
      ["GET", `/api/v1/leaks?status=${token}`],
      ["GET", `/api/v1/leaks?sort=${token}`],
      ["GET", `/api/v1/leaks?cursor=${token}`],
      ["GET", `/api/v1/leaks?limit=${token}`],
      ["GET", `/api/v1/events?cursor=${token}`],
      ["GET", `/api/v1/events?action=${token}`],
      ["GET", `/api/v1/events?leak=${token}&from=${token}`],
      ["POST", `/api/v1/leaks/${token}/close`],
      ["POST", `/api/v1/leaks/${token}/vpatch`, { mode: token }],
      ["POST", "/api/v1/leaks/leak-1/vpatch", { scope: { hosts: [`${token} ${token}`] } }],
      ["POST", "/api/v1/leaks/leak-1/vpatch", { scope: { methods: [token] } }],
      ["POST", `/api/v1/leaks/leak-1/${token}`],
      ["POST", `/api/v1/leaks/${token}/tokens`, { tokens: [token] }],
      ["DELETE", `/api/v1/leaks/${token}`],
      ["DELETE", `/api/v1/leaks/leak-1/tokens/${token}`],
      ["DELETE", `/api/v1/keys/${token}`],
      ["PATCH", `/api/v1/leaks/${token}`, { [token]: 1 }],
      ["POST", "/api/v1/keys", { name: "x", role: token }],
      ["GET", "/api/v1/leaks", undefined, { authorization: `Bearer ${token}` }],
      ["GET", "/api/v1/leaks", undefined, { authorization: `Bearer lgk_${token}` }],
      ["GET", "/api/v1/leaks", undefined, { authorization: token }],
      ["GET", `/metrics/${token}`, undefined, { authorization: `Bearer ${token}` }],
      ["PATCH", "/api/v1/leaks/leak-1", { risk: 3 }, { "if-match": `"${token}"` }],
      [
        "GET",
        "/healthz",
        undefined,
        { "x-request-id": token, "user-agent": token, host: `${token}.example` },
      ],
    ];
    for (const [method, path, body, headers] of calls) await serving.admin(method, path, body, headers);
  }
}

/** The rule goes while a request that met it waits for its answer: what is recorded then must be masked all the same. */
async function closeUnderWay(
  serving: Serving,
  upstream: QuietUpstream,
  leak: string,
  token: string,
): Promise<void> {
  const client = new RawClient(serving.proxyPort);
  client.write(get(`/slow/${token}?${token}=1`, `User-Agent: ${token}\r\n`));
  await until("it waits", () => upstream.raw.seen.some(({ text }) => text.startsWith("GET /slow")));
  const answer = await serving.admin("POST", `/api/v1/leaks/${leak}/close?wait=enforced`, {});
  expect(answer.status).toBe(200);
  upstream.answerSlow();
  await client.sees("ok");
  client.socket.destroy();
}
