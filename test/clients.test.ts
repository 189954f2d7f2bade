import { execFile, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { Agent, createServer, type IncomingMessage, request, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { GatewayProcess, isRefused } from "./process.ts";
import { programOf } from "./programs.ts";
import { exchange, freePort, RawClient, RawUpstream, temporaryFolder, until } from "./support.ts";
import { isThorough } from "./thorough.ts";

const TOKEN = "made-up-token-0001";
const MiB = 1_048_576;

interface LoadResult {
  readonly errors: number;
  readonly timeouts: number;
  readonly non2xx: number;
  readonly mismatches: number;
  readonly "2xx": number;
}
const autocannon = createRequire(import.meta.url)("autocannon") as (options: object) => Promise<LoadResult>;

/** A test that needs a program, and is skipped with a word where that is absent. */
function testWith(name: string, title: string, body: (program: string) => Promise<void>): void {
  const program = programOf(name);
  if (program === null) test.skip(`${title} (skipped: ${name} is absent)`, () => {});
  else test(title, () => body(program));
}

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a program to its end. */
function run(program: string, args: readonly string[], input: Buffer = Buffer.alloc(0)): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(
      program,
      args,
      { timeout: 60_000, killSignal: "SIGKILL", maxBuffer: 64 * MiB },
      (_, out, err) => resolve({ code: child.exitCode, out, err }),
    );
    child.stdin!.on("error", () => {});
    child.stdin!.end(input);
  });
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** What the echo says of a request: enough to see that it came whole. */
interface Echo {
  readonly method: string;
  readonly path: string;
  readonly version: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: number;
  readonly sha256: string;
}

/** Answers each request with what arrived. */
function echo(incoming: IncomingMessage): Promise<string> {
  const hash = createHash("sha256");
  let bytes = 0;
  return new Promise((resolve) => {
    incoming.on("data", (chunk: Buffer) => {
      hash.update(chunk);
      bytes += chunk.length;
    });
    incoming.on("end", () => {
      const { method, url, httpVersion, headers } = incoming;
      resolve(
        JSON.stringify({
          method,
          path: url,
          version: httpVersion,
          headers,
          bytes,
          sha256: hash.digest("hex"),
        }),
      );
    });
  });
}

/** Answers the handshake (RFC 6455 section 4.2.2) and sends each message back; short messages only. */
function echoMessages(incoming: IncomingMessage, socket: Duplex): void {
  const key = `${incoming.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const accept = createHash("sha1").update(key).digest("base64");
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  let bytes = Buffer.alloc(0);
  socket.on("error", () => {});
  socket.on("data", (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
    while (bytes.length >= 6 && bytes.length >= 6 + (bytes[1]! & 127)) {
      const length = bytes[1]! & 127;
      const mask = bytes.subarray(2, 6);
      const message = Buffer.from(bytes.subarray(6, 6 + length).map((byte, at) => byte ^ mask[at & 3]!));
      const isClose = (bytes[0]! & 15) === 8;
      socket.write(Buffer.concat([Buffer.from([bytes[0]!, length]), message]));
      bytes = bytes.subarray(6 + length);
      if (isClose) socket.end();
    }
  });
}

function echoServer(): Server {
  const server = createServer(async (incoming, outgoing) => {
    const body = await echo(incoming);
    outgoing.setHeader("content-type", "application/json");
    outgoing.end(body);
  });
  return server.on("upgrade", echoMessages);
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

let folder: ReturnType<typeof temporaryFolder>;
beforeAll(() => {
  folder = temporaryFolder();
});
afterAll(() => folder.remove());

let folders = 0;
const started: GatewayProcess[] = [];
async function gatewayBefore(
  upstream: string,
  options: { workers?: number; args?: string[] } = {},
): Promise<GatewayProcess> {
  const data = join(folder.path, `data-${folders++}`);
  const gateway = await GatewayProcess.start({ upstream, data, ...options });
  started.push(gateway);
  return gateway;
}
async function stopAll(): Promise<void> {
  await Promise.all(started.splice(0).map((gateway) => gateway.stop()));
}

describe("clients before an echo", () => {
  let server: Server;
  let gateway: GatewayProcess;
  let url: string;
  const big = randomBytes(5 * MiB);

  beforeAll(async () => {
    server = echoServer();
    gateway = await gatewayBefore(`http://127.0.0.1:${await listening(server)}`);
    // Rules to look for, so that the whole of the inspection runs.
    await gateway.decide(await gateway.register(TOKEN, "made-up-token-0002"), "vpatch");
    url = gateway.url;
  });
  afterAll(async () => {
    await stopAll();
    await closed(server);
  });

  function curl(program: string, ...args: string[]): Promise<Ran> {
    return run(program, ["-sS", "--max-time", "30", "-w", "\n%{http_code} %{http_version}", ...args]);
  }

  /** The echo and the status line that curl was told to write after it. */
  function told({ code, out, err }: Ran): { echo: Echo; status: string } {
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const at = out.lastIndexOf("\n");
    return { echo: JSON.parse(out.slice(0, at)) as Echo, status: out.slice(at + 1) };
  }

  testWith("curl", "curl: GET and POST", async (program) => {
    const got = told(await curl(program, `${url}/orders?page=2`));
    expect(got.status).toBe("200 1.1");
    expect(got.echo).toMatchObject({ method: "GET", path: "/orders?page=2", bytes: 0 });
    const posted = told(await curl(program, `${url}/orders`, "--data", "item=tea&pieces=2"));
    expect(posted.echo).toMatchObject({
      method: "POST",
      bytes: 17,
      sha256: sha256(Buffer.from("item=tea&pieces=2")),
    });
    expect(posted.echo.headers["content-type"]).toBe("application/x-www-form-urlencoded");
  });

  testWith("curl", "curl: an upload in chunks from standard input", async (program) => {
    const args = [
      "-sS",
      "--max-time",
      "30",
      "-w",
      "\n%{http_code} %{http_version}",
      "-T",
      "-",
      `${url}/files`,
    ];
    const { echo, status } = told(await run(program, args, big));
    expect(status).toBe("200 1.1");
    expect(echo).toMatchObject({ method: "PUT", bytes: big.length, sha256: sha256(big) });
    expect(echo.headers["transfer-encoding"]).toBe("chunked");
  });

  testWith("curl", "curl: HTTP/1.0, as old load balancers speak it", async (program) => {
    const { echo, status } = told(await curl(program, "--http1.0", `${url}/health`));
    expect(status).toMatch(/^200 1\.[01]$/);
    expect(echo).toMatchObject({ method: "GET", path: "/health", version: "1.1" });
    const posted = told(await curl(program, "--http1.0", `${url}/`, "--data", "a=b"));
    expect(posted.echo).toMatchObject({ bytes: 3, sha256: sha256(Buffer.from("a=b")) });
  });

  testWith("curl", "curl: Expect: 100-continue with a big body is told to go on at once", async (program) => {
    const file = join(folder.path, "big");
    writeFileSync(file, big);
    const expecting = ["-v", "-H", "Expect: 100-continue", "--data-binary", `@${file}`, `${url}/`];
    const { code, out, err } = await curl(program, "--expect100-timeout", "30", ...expecting);
    expect(code).toBe(0);
    expect(err).toContain("HTTP/1.1 100 Continue");
    expect(JSON.parse(out.slice(0, out.lastIndexOf("\n")))).toMatchObject({
      bytes: big.length,
      sha256: sha256(big),
    });
  });

  testWith("curl", "curl: an enforced token is stopped, before its body is sent", async (program) => {
    const ran = await curl(program, `${url}/`, "-H", `Authorization: Bearer ${TOKEN}`);
    expect(ran.out).toMatch(/\n403 1\.1$/);
    const file = join(folder.path, "big");
    writeFileSync(file, big);
    const expecting = [
      "-H",
      "Expect: 100-continue",
      "--expect100-timeout",
      "30",
      "--data-binary",
      `@${file}`,
    ];
    const upload = await curl(program, ...expecting, `${url}/`, "-H", `X-Api-Key: ${TOKEN}`);
    expect(upload.code).toBe(0);
    expect(upload.out).toMatch(/\n403 1\.1$/);
  });

  test("fetch: GET, JSON, a streaming body", async () => {
    const got = await fetch(`${url}/users/1`);
    expect(got.status).toBe(200);
    expect(await got.json()).toMatchObject({ method: "GET", path: "/users/1" });

    const order = JSON.stringify({ user: 1, item: "tea" });
    const headers = { "content-type": "application/json" };
    const posted = await fetch(`${url}/orders`, { method: "POST", headers, body: order });
    expect(await posted.json()).toMatchObject({
      method: "POST",
      bytes: order.length,
      sha256: sha256(Buffer.from(order)),
    });

    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < big.length; at += 100_000) controller.enqueue(big.subarray(at, at + 100_000));
        controller.close();
      },
    });
    const streamed = await fetch(`${url}/files`, { method: "PUT", body, duplex: "half" });
    const told = (await streamed.json()) as Echo;
    expect(told).toMatchObject({ bytes: big.length, sha256: sha256(big) });
    expect(told.headers["transfer-encoding"]).toBe("chunked");
  });

  test("node:http with a keep-alive agent: 50 in turn on one connection, then 50 at once", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    const ports = new Set<number>();
    const ask = (number: number): Promise<Echo> =>
      new Promise((resolve, reject) => {
        const body = Buffer.from(`order ${number} `.repeat(number * 20));
        const options = {
          port: gateway.proxyPort,
          host: "127.0.0.1",
          path: `/orders/${number}`,
          method: "POST",
          agent,
        };
        const outgoing = request(options, (incoming) => {
          const chunks: Buffer[] = [];
          ports.add(incoming.socket.localPort!);
          incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
          incoming.on("error", reject);
          incoming.on("end", () => {
            const echo = JSON.parse(Buffer.concat(chunks).toString()) as Echo;
            if (echo.sha256 !== sha256(body)) reject(new Error(`order ${number} did not arrive whole`));
            else resolve(echo);
          });
        });
        outgoing.on("error", reject);
        outgoing.end(body);
      });
    try {
      for (let number = 1; number <= 50; number++) expect((await ask(number)).path).toBe(`/orders/${number}`);
      expect(ports.size).toBe(1);
      const numbers = Array.from({ length: 50 }, (_, index) => index + 1);
      const echoes = await Promise.all(numbers.map(ask));
      expect(echoes.map(({ path }) => path)).toEqual(numbers.map((number) => `/orders/${number}`));
      expect(ports.size).toBeLessThanOrEqual(8);
    } finally {
      agent.destroy();
    }
  });

  test.each([
    ["GET", 1],
    ["GET", 8],
    ["POST", 1],
  ] as const)("autocannon: 2,000 times %s, pipelining %i, without an error", async (method, pipelining) => {
    const body = method === "POST" ? JSON.stringify({ item: "tea".repeat(200) }) : undefined;
    const result = await autocannon({ url, method, body, connections: 20, pipelining, amount: 2_000 });
    // It stops a connection at its last answer without having counted those that came in the same piece.
    const counted = 2_000 - 20 * (pipelining - 1);
    expect(result).toMatchObject({ errors: 0, timeouts: 0, non2xx: 0, mismatches: 0, "2xx": counted });
  });

  testWith("wrk", "wrk: one second without an error", async (program) => {
    const { code, out } = await run(program, ["-t1", "-c16", "-d1s", `${url}/`]);
    expect(code).toBe(0);
    expect(out).not.toMatch(/Socket errors|Non-2xx/);
    expect(Number(/([0-9]+) requests in/.exec(out)?.[1])).toBeGreaterThan(50);
  });

  test("a WebSocket is opened, echoes, and closes; its handshake is stopped when it carries an enforced token", async () => {
    const { WebSocket } = await import("undici");
    let handshakes = 0;
    server.on("upgrade", () => handshakes++);
    const heard: string[] = [];
    const socket = new WebSocket(`${url.replace("http", "ws")}/live`);
    let code = 0;
    socket.addEventListener("message", ({ data }) => heard.push(String(data)));
    socket.addEventListener("close", (event) => {
      code = event.code;
    });
    await until("it is open", () => socket.readyState === WebSocket.OPEN);
    for (let number = 0; number < 20; number++) socket.send(`message ${number}`);
    await until("all came back", () => heard.length === 20);
    expect(heard).toEqual(Array.from({ length: 20 }, (_, number) => `message ${number}`));
    socket.close(1000);
    await until("it is closed", () => socket.readyState === WebSocket.CLOSED);
    expect(code).toBe(1000);

    expect(handshakes).toBe(1);
    const key = randomBytes(16).toString("base64");
    const handshake = (target: string, more: string) =>
      exchange(
        gateway.proxyPort,
        `GET ${target} HTTP/1.1\r\nHost: example.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
          `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n${more}\r\n`,
      );
    expect((await handshake("/live", `Authorization: Bearer ${TOKEN}\r\n`)).status).toBe(403);
    expect((await handshake("/live", `Sec-WebSocket-Protocol: chat, ${TOKEN}\r\n`)).status).toBe(403);
    expect((await handshake(`/live?access_token=${TOKEN}`, "")).status).toBe(403);
    expect(handshakes).toBe(1);
  });
});

describe("an https upstream", () => {
  afterEach(stopAll);

  testWith(
    "openssl",
    "is verified with its own CA file and named by SNI; an untrusted one gets 502",
    async (openssl) => {
      const key = join(folder.path, "key.pem");
      const ca = join(folder.path, "ca.pem");
      const made = await run(openssl, [
        ...[
          "req",
          "-x509",
          "-newkey",
          "ec",
          "-pkeyopt",
          "ec_paramgen_curve:prime256v1",
          "-nodes",
          "-days",
          "2",
        ],
        ...["-keyout", key, "-out", ca, "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
      ]);
      expect(made).toMatchObject({ code: 0 });
      const names: (string | false | null | undefined)[] = [];
      const server = createTlsServer(
        { key: readFileSync(key), cert: readFileSync(ca) },
        async (incoming, outgoing) => {
          outgoing.end(await echo(incoming));
        },
      );
      server.on("secureConnection", (socket) => names.push(socket.servername));
      try {
        const port = await listening(server as unknown as Server);
        const url = `https://localhost:${port}`;
        const config = join(folder.path, "tls.yaml");
        const upstreams = {
          trusting: { url, caFile: ca },
          strict: { url },
          // Trusted, but by another name than the certificate's.
          misnamed: { url: `https://127.0.0.1:${port}`, caFile: ca },
        };
        const routes = Object.entries(upstreams).map(([name, upstream]) => ({
          hosts: [`${name}.example`],
          upstream,
        }));
        writeFileSync(config, JSON.stringify({ routes }));
        const gateway = await gatewayBefore(url, { args: ["--config", config] });
        await gateway.decide(await gateway.register(TOKEN), "vpatch");
        const ask = (name: keyof typeof upstreams, head = "", body: Buffer | null = null) => {
          const length = body === null ? "" : `Content-Length: ${body.length}\r\n`;
          const line = body === null ? "GET / HTTP/1.1" : "POST /files HTTP/1.1";
          const text = `${line}\r\nHost: ${name}.example\r\n${head}${length}\r\n`;
          return exchange(gateway.proxyPort, text + (body?.toString("latin1") ?? ""));
        };
        const body = randomBytes(3 * MiB);
        const posted = await ask("trusting", "", body);
        expect(posted.text).toContain(`"bytes":${body.length},"sha256":"${sha256(body)}"`);
        const many = await Promise.all(Array.from({ length: 20 }, () => ask("trusting")));
        for (const { status } of many) expect(status).toBe(200);
        expect((await ask("trusting", `Authorization: Bearer ${TOKEN}\r\n`)).status).toBe(403);
        expect(new Set(names)).toEqual(new Set(["localhost"]));

        const accepted = names.length;
        const refused = await ask("strict");
        expect(refused.status).toBe(502);
        expect(refused.text).toContain('"type":"urn:leakgate:upstream-unreachable"');
        expect(names.length).toBe(accepted);
        const reasons = () => gateway.logged("could not connect to the upstream");
        await until("the log says why", () => reasons().length > 0);
        expect(reasons()[0]!.code).toBe("DEPTH_ZERO_SELF_SIGNED_CERT");
        expect((await ask("misnamed")).status).toBe(502);
      } finally {
        await stopAll();
        await closed(server as unknown as Server);
      }
    },
  );
});

describe("a body of any length", () => {
  /** So much more than may stay in memory that a quarter of it would show. */
  const TOTAL = (isThorough ? 1_024 : 128) * MiB;
  const WARM_UP = 32 * MiB;
  const piece = randomBytes(MiB / 2);

  /** Reads the body of each request without keeping it, and answers how long it was; sends what `/<bytes>` asks for. */
  function sink(): Promise<RawUpstream> {
    const left = new WeakMap<object, { head: string; bytes: number; body: number }>();
    return RawUpstream.start((connection, chunk) => {
      let state = left.get(connection);
      let body = chunk.length;
      if (state === undefined || state.bytes === 0) {
        // The gateway sends a head in one piece, with or before the body's first bytes.
        const end = chunk.indexOf("\r\n\r\n") + 4;
        const head = chunk.subarray(0, end).toString("latin1");
        const bytes = Number(/^content-length: ([0-9]+)/im.exec(head)?.[1] ?? 0);
        state = { head, bytes, body: 0 };
        left.set(connection, state);
        body -= end;
      }
      state.body += body;
      if (state.body < state.bytes) return;
      const asked = Number(/^GET \/([0-9]+) /.exec(state.head)?.[1] ?? 0);
      const text = asked > 0 ? "" : `got ${state.body}.`;
      connection.socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${asked || text.length}\r\n\r\n${text}`);
      state.bytes = 0;
      if (asked > 0) void pour(connection.socket, asked);
    }, false);
  }

  /** Writes so many bytes no faster than they are taken. */
  async function pour(socket: RawClient["socket"], bytes: number): Promise<void> {
    for (let sent = 0; sent < bytes && !socket.destroyed; ) {
      const part = piece.subarray(0, Math.min(piece.length, bytes - sent));
      sent += part.length;
      if (socket.write(part)) await turn();
      else
        await new Promise<void>((resolve) => {
          const go = () => {
            socket.off("drain", go);
            socket.off("close", go);
            resolve();
          };
          socket.on("drain", go);
          socket.on("close", go);
        });
    }
  }

  async function upload(port: number, bytes: number): Promise<void> {
    const client = new RawClient(port);
    client.write(
      `POST /files HTTP/1.1\r\nHost: example.test\r\nContent-Length: ${bytes}\r\nConnection: close\r\n\r\n`,
    );
    await pour(client.socket, bytes);
    await client.sees(`got ${bytes}.`, 60_000);
    await client.end();
  }

  async function download(port: number, bytes: number): Promise<void> {
    const client = new RawClient(port);
    client.write(`GET /${bytes} HTTP/1.1\r\nHost: example.test\r\nConnection: close\r\n\r\n`);
    await client.sees(`Content-Length: ${bytes}`);
    const head = client.text.indexOf("\r\n\r\n") + 4;
    client.keepText = false;
    client.text = "";
    await until("all has arrived", () => client.ended || client.closed, 60_000);
    expect(client.bytes).toBe(head + bytes);
    client.socket.destroy();
  }

  /** Resident memory of a process, in MiB. */
  function residentMiB(pid: number): number {
    const status = readFileSync(`/proc/${pid}/status`, "latin1");
    return Number(/^VmRSS:\s+([0-9]+) kB/m.exec(status)![1]) / 1_024;
  }

  /** The highest resident memory of a process while something goes on, in MiB. */
  async function peakDuring(pid: number, work: () => Promise<void>): Promise<number> {
    let peak = residentMiB(pid);
    const sampling = setInterval(() => {
      peak = Math.max(peak, residentMiB(pid));
    }, 10);
    try {
      await work();
    } finally {
      clearInterval(sampling);
    }
    return Math.max(peak, residentMiB(pid));
  }

  const onLinux = process.platform === "linux" ? test : test.skip;
  const patience = { timeout: 240_000 };
  onLinux("goes up and comes down with less than 32 MiB more of a worker's memory", patience, async () => {
    const upstream = await sink();
    try {
      const gateway = await gatewayBefore(upstream.url, { workers: 1 });
      await gateway.decide(await gateway.register(TOKEN), "vpatch");
      const { pid } = (await gateway.workers())[0]!;
      const { proxyPort: port } = gateway;
      // From the memory of a worker at work: how much garbage waits for its collection varies from moment to moment.
      const before = await peakDuring(pid, async () => {
        await upload(port, WARM_UP);
        await download(port, WARM_UP);
      });
      expect((await peakDuring(pid, () => upload(port, TOTAL))) - before).toBeLessThan(32);
      expect((await peakDuring(pid, () => download(port, TOTAL))) - before).toBeLessThan(32);
      expect((await gateway.workers()).map((worker) => worker.pid)).toEqual([pid]);
    } finally {
      await stopAll();
      await upstream.close();
    }
  });
});

describe("nginx behind the gateway", () => {
  testWith("nginx", "serves files whole, parts of them, and what has not changed", async (nginx) => {
    const home = join(folder.path, "nginx");
    const files = join(home, "files");
    mkdirSync(files, { recursive: true });
    const page = "<p>made up</p>\n".repeat(200);
    const big = randomBytes(8 * MiB);
    writeFileSync(join(files, "page.html"), page);
    writeFileSync(join(files, "big.bin"), big);
    const port = await freePort();
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    const config = `
      daemon off; master_process off; pid ${home}/pid; error_log stderr warn;
      events { worker_connections 256; }
      http {
        access_log off;
        types { text/html html; }
        ${temporary.map((name) => `${name}_temp_path ${home}/${name};`).join("\n")}
        gzip on; gzip_types text/html; gzip_min_length 100;
        keepalive_requests 100;
        client_max_body_size 64k;
        server { listen 127.0.0.1:${port}; root ${files}; }
      }`;
    writeFileSync(join(home, "nginx.conf"), config);
    const server = spawn(nginx, ["-p", home, "-c", join(home, "nginx.conf")], { stdio: "ignore" });
    const ended = new Promise((resolve) => server.once("exit", resolve));
    try {
      await until("nginx listens", async () => server.exitCode !== null || !(await isRefused(port)));
      expect(server.exitCode).toBeNull();
      const gateway = await gatewayBefore(`http://127.0.0.1:${port}`);
      await gateway.decide(await gateway.register(TOKEN), "vpatch");

      const whole = await fetch(`${gateway.url}/big.bin`);
      expect(whole.status).toBe(200);
      expect(sha256(new Uint8Array(await whole.arrayBuffer()))).toBe(sha256(big));
      const part = await fetch(`${gateway.url}/big.bin`, { headers: { range: "bytes=1000-1999" } });
      expect(part.status).toBe(206);
      expect(Buffer.from(await part.arrayBuffer())).toEqual(big.subarray(1000, 2000));
      const head = await fetch(`${gateway.url}/big.bin`, { method: "HEAD" });
      expect(head.headers.get("content-length")).toBe(String(big.length));

      // Compressed as it goes, so in chunks.
      const text = await fetch(`${gateway.url}/page.html`, { headers: { "accept-encoding": "gzip" } });
      expect(text.headers.get("content-encoding")).toBe("gzip");
      expect(await text.text()).toBe(page);
      const etag = text.headers.get("etag")!;
      const same = await fetch(`${gateway.url}/page.html`, {
        headers: { "if-none-match": etag, "accept-encoding": "gzip" },
      });
      expect(same.status).toBe(304);
      expect((await fetch(`${gateway.url}/absent`)).status).toBe(404);
      expect((await fetch(`${gateway.url}/page.html`, { method: "POST", body: "a=b" })).status).toBe(405);
      // It answers this one from the head, and does not want the body.
      for (let time = 0; time < 10; time++) {
        const tooBig = await fetch(`${gateway.url}/page.html`, {
          method: "POST",
          body: big.subarray(0, MiB),
        });
        expect(tooBig.status).toBe(413);
        await tooBig.arrayBuffer();
      }
      expect((await gateway.get(TOKEN, "/page.html")).status).toBe(403);

      // nginx closes each connection after its hundredth request: none of that may reach a client.
      const result = await autocannon({ url: `${gateway.url}/page.html`, connections: 16, amount: 2_000 });
      expect(result).toMatchObject({ errors: 0, timeouts: 0, non2xx: 0, "2xx": 2_000 });
    } finally {
      await stopAll();
      server.kill("SIGTERM");
      await ended;
    }
  });
});
