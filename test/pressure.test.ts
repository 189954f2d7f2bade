import type { Socket } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Downstream } from "../proxy/downstream.ts";
import type { Outlet } from "../proxy/outlet.ts";
import { completeRequests, plainUpstream, RawClient, RawUpstream, TestGateway, until } from "./support.ts";

const TOKEN = "made-up-leaked-token-0001";
const HOST = "Host: api.example.com\r\n";
const HANDSHAKE = `GET /live HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
const SWITCHED = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
/** Much more than the socket buffers of loopback hold. */
const PIECE = Buffer.alloc(64 * 1024, "x");

let upstream: RawUpstream;
let gateway: TestGateway;
const clients: RawClient[] = [];

afterEach(async () => {
  vi.restoreAllMocks();
  for (const { socket } of clients.splice(0)) socket.destroy();
  await upstream.close();
  await gateway.close();
});

const get = (target: string, fields = ""): string => `GET ${target} HTTP/1.1\r\n${HOST}${fields}\r\n`;
const post = (target: string, length: number, body = ""): string =>
  `POST ${target} HTTP/1.1\r\n${HOST}Content-Length: ${length}\r\n\r\n${body}`;

async function start(behind: Promise<RawUpstream>, config: Record<string, unknown> = {}): Promise<void> {
  upstream = await behind;
  gateway = await TestGateway.start(upstream, config);
}

/** Answers every whole request with a body of so many bytes. */
function sized(bytes: number): Promise<RawUpstream> {
  const body = "x".repeat(bytes);
  const answered = new Map<object, number>();
  return RawUpstream.start((connection) => {
    const complete = completeRequests(connection.text);
    for (let count = answered.get(connection) ?? 0; count < complete; count++)
      connection.socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes}\r\n\r\n${body}`);
    answered.set(connection, complete);
  });
}

/** Says the same to every request once its head is there; the test goes on with the connection. */
function saying(text: string): Promise<RawUpstream> {
  const said = new Set<object>();
  return RawUpstream.start((connection) => {
    if (said.has(connection) || !connection.text.includes("\r\n\r\n")) return;
    said.add(connection);
    connection.socket.write(text);
  });
}

function client(request: string): RawClient {
  const made = new RawClient(gateway.port);
  clients.push(made);
  return made.write(request);
}

/** A client that does not read before it is told to. */
function silentClient(request: string): RawClient {
  const made = client(request);
  made.keepText = false;
  made.socket.pause();
  return made;
}

/** The gateway's connections to its clients. */
function connections(): Downstream[] {
  return [...(Reflect.get(gateway.gateway, "connections") as Set<Downstream>)];
}

/** The only one. */
async function connection(): Promise<Downstream> {
  await until("the gateway has the connection", () => connections().length === 1);
  return connections()[0]!;
}

/** Time passes for the gateway; resolves when its clock has gone over all deadlines. */
async function pass(ms: number): Promise<void> {
  const { clock } = gateway.gateway;
  clock.now += ms;
  const then = clock.now;
  await until("the gateway's clock has moved", () => clock.now > then);
}

/** Writes until bytes wait in the gateway itself, after those that the kernel took; answers how many were written. */
async function fill(socket: Socket, waiting: Outlet, atLeast = 100_000, frame = (piece: Buffer) => piece) {
  let written = 0;
  await until("bytes wait in the gateway", () => {
    if (waiting.unwritten >= atLeast) return true;
    if (socket.writableLength === 0) {
      socket.write(frame(PIECE));
      written += PIECE.length;
    }
    return false;
  });
  return written;
}

const chunked = (piece: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from("\r\n")]);

/** The client reads all there is. */
function read(reader: RawClient): void {
  reader.socket.resume();
}

describe("a client that does not read", () => {
  const limits = { bufferBytes: 65_536 };

  test("is sent no more pipelined answers than the buffer holds, and all of them once it reads", async () => {
    await start(sized(50_000), { limits });
    const count = 600;
    const silent = silentClient(get("/").repeat(count));
    const { outlet } = await connection();
    let most = 0;
    await until("the gateway waits for it", () => {
      most = Math.max(most, outlet.unwritten);
      return outlet.isFull && upstream.seen[0]!.socket.writableLength === 0;
    });
    const { requests } = gateway.gateway.counters;
    expect(requests).toBeLessThan(count);
    read(silent);
    await until("it has every answer", () => {
      most = Math.max(most, outlet.unwritten);
      return silent.bytes > count * 50_000 && gateway.gateway.counters.requests === count;
    });
    expect(most).toBeLessThan(65_536 * 3);
  });

  test("is sent no more LocalReplies either", async () => {
    await start(plainUpstream(), { limits });
    await gateway.leak(TOKEN);
    const request = get(`/${TOKEN}`);
    const silent = silentClient("");
    const { outlet } = await connection();
    let asked = 0;
    await until("the gateway waits for it", () => {
      if (outlet.isFull) return true;
      if (silent.socket.writableLength === 0) {
        silent.write(request.repeat(1_000));
        asked += 1_000;
      }
      return false;
    });
    expect(outlet.unwritten).toBeLessThan(65_536 * 2);
    read(silent);
    await until("it has every reply", () => gateway.gateway.counters.blocked === asked);
    expect(upstream.seen).toEqual([]);
  });

  test("is cut after the deadline, be it between two answers", async () => {
    await start(sized(50_000), { limits: { ...limits, bodyIdleMs: 5_000, keepAliveMs: 3_600_000 } });
    silentClient(get("/").repeat(600));
    const downstream = await connection();
    await until("the gateway waits for it", () => downstream.outlet.isFull);
    await pass(5_001);
    await until("it is cut", () => connections().length === 0);
  });

  test("is cut after the deadline when it has ended its side too", async () => {
    await start(saying("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), {
      limits: { bodyIdleMs: 5_000 },
    });
    const silent = silentClient(get("/", "Connection: close\r\n"));
    silent.socket.end();
    const { outlet } = await connection();
    await until("the upstream has the request", () => upstream.text.includes("\r\n\r\n"));
    await fill(upstream.seen[0]!.socket, outlet, 10_000, chunked);
    upstream.seen[0]!.socket.write("0\r\n\r\n");
    await until("the answer is over", () => gateway.gateway.counters.inFlight === 0);
    await pass(5_001);
    await until("it is cut", () => connections().length === 0);
  });

  test("is sent no more interim answers than the buffer holds", async () => {
    const hint = `HTTP/1.1 103 Early Hints\r\nLink: ${"x".repeat(8_000)}\r\n\r\n`;
    await start(saying(hint), { limits });
    const silent = silentClient(get("/"));
    const { outlet } = await connection();
    await until("the upstream has the request", () => upstream.text.includes("\r\n\r\n"));
    const behind = upstream.seen[0]!.socket;
    let hints = 1;
    await until("the upstream has to wait", () => {
      if (behind.writableLength > 0 && outlet.isFull) return true;
      for (let more = 0; more < 8; more++, hints++) behind.write(hint);
      return false;
    });
    expect(outlet.unwritten).toBeLessThan(65_536 * 3);
    behind.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    read(silent);
    await until("all arrive", () => silent.bytes > hints * hint.length + 2);
  });
});

describe("a client that reads slowly", () => {
  test("gets the end of an answer after which the connection closes, however late", async () => {
    await start(saying("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"));
    const slow = silentClient(get("/", "Connection: close\r\n"));
    const { socket, outlet } = await connection();
    await until("the upstream has the request", () => upstream.text.includes("\r\n\r\n"));
    const written = await fill(upstream.seen[0]!.socket, outlet, 10_000, chunked);
    upstream.seen[0]!.socket.write("0\r\n\r\n");
    await until("the answer is over", () => gateway.gateway.counters.inFlight === 0);
    await pass(10_000);
    expect(socket.destroyed).toBe(false);
    read(slow);
    await until("the connection ends", () => slow.ended);
    expect(slow.bytes).toBeGreaterThan(written);
    // What it says afterwards is still read for a while, and no longer.
    await pass(3_000);
    await until("the connection is gone", () => connections().length === 0);
  });

  test("is not cut while it reads, and is once it stops", async () => {
    const limits = { bodyIdleMs: 5_000, bufferBytes: 32 * 1024 * 1024 };
    await start(saying("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"), { limits });
    const slow = silentClient(get("/"));
    const { socket, outlet } = await connection();
    await until("the upstream has the request", () => upstream.text.includes("\r\n\r\n"));
    await fill(upstream.seen[0]!.socket, outlet, limits.bufferBytes);
    await until("the gateway waits", () => outlet.isFull);
    const before = outlet.unwritten;
    read(slow);
    await until("it has read some", () => {
      if (outlet.unwritten === before) return false;
      slow.socket.pause();
      return true;
    });
    await pass(5_001);
    expect(socket.destroyed).toBe(false);
    expect(outlet.isFull).toBe(true);
    // What the kernel still took for the paused client was progress: once more for each such time.
    for (let more = 0; connections().length > 0; more++) {
      expect(more).toBeLessThan(100);
      await pass(5_001);
    }
  });
});

describe("a stop of the gateway", () => {
  test("answers the request whose head has half come, and says that it closes", async () => {
    await start(plainUpstream());
    const half = client("GET / HTTP/1.1\r\nHo");
    const downstream = await connection();
    await until("the half is there", () => downstream.socket.bytesRead > 0);
    const drained = gateway.gateway.drain();
    half.write("st: api\r\n\r\n");
    await half.sees("\r\n\r\nok");
    expect(half.text).toContain("Connection: close\r\n");
    await half.end();
    await drained;
  });
});

describe("a client that has said its last byte", () => {
  test("gets the answer to what it asked in full, though what follows is cut", async () => {
    await start(plainUpstream());
    const whole = get("/whole");
    // The answer and the end of the connection come in one turn.
    for (let count = 0; count < 50; count++) {
      const one = client(whole + post("/cut", 9, "made up"));
      one.socket.end();
      await until("the connection ends", () => one.ended || one.closed);
      expect(one.statuses).toEqual([200]);
    }
  });

  test("gets every answer, behind a LocalReply too", async () => {
    await start(plainUpstream());
    await gateway.leak(TOKEN);
    const pipelined = client(get("/1") + get(`/${TOKEN}`) + get("/3") + get(`/${TOKEN}`));
    pipelined.socket.end();
    await until("the connection ends", () => pipelined.ended);
    expect(pipelined.statuses).toEqual([200, 403, 200, 403]);
  });

  test("gets none for half a request", async () => {
    await start(plainUpstream());
    const pipelined = client(`${get("/1")}GET /2 HT`);
    pipelined.socket.end();
    await until("the connection ends", () => pipelined.ended);
    expect(pipelined.statuses).toEqual([200]);
  });
});

describe("a safe retry", () => {
  /** Answers the first request of its first connection, and closes that at the second; answers /2 elsewhere. */
  function stale(): Promise<RawUpstream> {
    return RawUpstream.start((connection) => {
      if (connection.text.includes("/stay")) return;
      if (completeRequests(connection.text) > 1) connection.socket.destroy();
      else connection.socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
  }

  test("waits in the queue no longer than any request", async () => {
    upstream = await stale();
    gateway = await TestGateway.start(upstream, {
      upstream: { url: upstream.url, connectionsMax: 1 },
      limits: { queueMs: 5_000 },
    });
    const first = client(get("/1"));
    await first.sees("ok");
    first.write(get("/2"));
    const second = client(get("/stay"));
    await until("the retry waits", () => gateway.gateway.counters.retries === 1);
    await until("the other has the connection", () => upstream.text.includes("/stay"));
    await pass(5_001);
    await first.sees("urn:leakgate:queue-timeout");
    expect(first.statuses).toEqual([200, 503]);
    expect(second.statuses).toEqual([]);
  });
});

describe("a read of the store that fails", () => {
  /** Each read of a page of tokens fails as often. */
  function failing(times: number): { left: number } {
    const state = { left: times };
    const page = gateway.store.tokenPage.bind(gateway.store);
    vi.spyOn(gateway.store, "tokenPage").mockImplementation((leak, number) => {
      if (state.left-- > 0) throw new Error("made-up failure");
      return page(leak, number);
    });
    return state;
  }

  test("while tokens are loaded delays their rule, and no more", async () => {
    await start(plainUpstream());
    failing(3);
    await gateway.leak(TOKEN);
    const asking = client(get(`/${TOKEN}`));
    await asking.sees("\r\n\r\n");
    expect(asking.statuses).toEqual([403]);
  });

  test("while they are taken out delays that, and no more", async () => {
    await start(plainUpstream());
    const leak = await gateway.leak(TOKEN);
    const state = failing(3);
    await gateway.decide(leak, "close");
    await until("they are out", () => gateway.policy.leakAt(0) === null);
    expect(state.left).toBeLessThan(0);
  });
});

describe("an upstream that fails before its answer is known", () => {
  const cases: [string, string, number[]][] = [
    ["amid the head", "HTTP/1.1 200 OK\r\nConte", [502]],
    ["after an interim answer", "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n", [103, 502]],
    ["after 100", "HTTP/1.1 100 Continue\r\n\r\n", [502]],
    ["with a body that is none", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", [502]],
  ];
  test.each(cases)("by closing %s is a 502", async (_name, text, statuses) => {
    await start(
      RawUpstream.start(({ socket }) => {
        socket.end(text);
      }),
    );
    const asking = client(get("/"));
    await asking.sees("urn:leakgate:upstream-");
    expect(asking.statuses).toEqual(statuses);
  });

  test("by falling silent amid the head is a 504", async () => {
    await start(saying("HTTP/1.1 200 OK\r\nConte"));
    const asking = client(get("/"));
    await until("the upstream has the request", () => upstream.text.includes("\r\n\r\n"));
    await pass(60_001);
    await asking.sees("urn:leakgate:answer-timeout");
    expect(asking.statuses).toEqual([504]);
  });

  test("amid the body is a cut, not a second answer", async () => {
    await start(
      RawUpstream.start(({ socket }) => {
        socket.end("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome");
      }),
    );
    const asking = client(get("/"));
    await asking.end();
    expect(asking.statuses).toEqual([200]);
  });
});

describe("limits.inFlight", () => {
  const inspect = { holdMs: 10_000 };

  test("counts bodies that are being inspected; without a queue one more is a 503", async () => {
    await start(plainUpstream(), { limits: { inFlight: 1, queue: 0 }, inspect });
    const first = client(post("/1", 4, "ab"));
    await until("it is being inspected", () => gateway.gateway.counters.inFlight === 1);
    const second = client(post("/2", 4, "abcd"));
    await second.sees("urn:leakgate:queue-full");
    expect(second.text).toContain("Retry-After: 1\r\n");
    const third = client(get("/3"));
    await third.sees("urn:leakgate:queue-full");
    first.write("cd");
    await first.sees("ok");
    third.write(get("/4"));
    await third.sees("ok");
    expect(gateway.gateway.counters.inFlight).toBe(0);
  });

  test("lets others wait unread, and inspects their bodies when it is their turn", async () => {
    await start(plainUpstream(), { limits: { inFlight: 1 }, inspect });
    await gateway.leak(TOKEN);
    const first = client(post("/1", 4, "ab"));
    await until("it is being inspected", () => gateway.gateway.counters.inFlight === 1);
    const requests = [
      post("/2", 4, "abcd") + get("/5"),
      post("/3", TOKEN.length, TOKEN) + get("/6"),
      get("/4"),
    ];
    const waiting: RawClient[] = [];
    for (const request of requests) {
      waiting.push(client(request));
      await until("it waits", () => gateway.gateway.counters.queued === waiting.length);
    }
    expect(upstream.seen).toEqual([]);
    expect(gateway.gateway.counters.blocked).toBe(0);
    first.write("cd");
    await until("all are answered", () =>
      waiting.every(({ statuses }, at) => statuses.length === [2, 2, 1][at]),
    );
    expect(waiting.map(({ statuses }) => statuses)).toEqual([[200, 200], [403, 200], [200]]);
    expect(upstream.text).not.toContain(TOKEN);
    expect(gateway.gateway.counters).toMatchObject({ inFlight: 0, queued: 0 });
  });

  test("lets nobody wait for ever", async () => {
    await start(plainUpstream(), { limits: { inFlight: 1, queueMs: 5_000 }, inspect });
    client(post("/1", 4, "ab"));
    await until("it is being inspected", () => gateway.gateway.counters.inFlight === 1);
    const second = client(post("/2", 4, "ab"));
    await until("it waits", () => gateway.gateway.counters.queued === 1);
    await pass(5_001);
    await second.sees("urn:leakgate:queue-timeout");
    expect(gateway.gateway.counters).toMatchObject({ inFlight: 1, queued: 0 });
  });
});

describe("a tunnel", () => {
  const limits = { tunnelIdleMs: 5_000 };

  async function open(): Promise<[RawClient, Downstream]> {
    const one = client(HANDSHAKE);
    const downstream = await connection();
    await one.sees("\r\n\r\n");
    return [one, downstream];
  }

  test("stays open while only the upstream speaks, and closes when nobody does", async () => {
    await start(saying(SWITCHED), { limits });
    const [one, downstream] = await open();
    await pass(3_000);
    upstream.seen[0]!.socket.write("tick 1");
    await one.sees("tick 1");
    await pass(3_000);
    upstream.seen[0]!.socket.write("tick 2");
    await one.sees("tick 2");
    expect(downstream.socket.destroyed).toBe(false);
    await pass(5_001);
    await one.end();
    await until("both sides are closed", () => upstream.seen[0]!.closed);
  });

  test("hands over all that the upstream said before its end", async () => {
    await start(saying(SWITCHED));
    const [one, downstream] = await open();
    one.socket.pause();
    one.keepText = false;
    const written = await fill(upstream.seen[0]!.socket, downstream.outlet);
    upstream.seen[0]!.socket.end();
    await until("the upstream is gone", () => upstream.seen[0]!.closed);
    read(one);
    await until("it ends", () => one.ended);
    expect(one.bytes).toBe(SWITCHED.length + written);
  });

  test("hands over all that the client said before its end", async () => {
    await start(saying(SWITCHED));
    const [one] = await open();
    const { socket } = upstream.seen[0]!;
    socket.pause();
    let written = 0;
    await until("the upstream does not read", () => {
      if (one.socket.writableLength > 0) return true;
      one.write(PIECE);
      written += PIECE.length;
      return false;
    });
    one.socket.end();
    const before = upstream.seen[0]!.bytes;
    socket.resume();
    await until("the upstream sees the end", () => upstream.seen[0]!.ended);
    expect(upstream.seen[0]!.bytes - before).toBe(written);
  });
});

describe("a head in many pieces", () => {
  const head = `\r\nPOST /a HTTP/1.1\r\n${HOST}X-Long: ${"y".repeat(20_000)}\r\nContent-Length: 2\r\n\r\nab${get("/b")}`;

  test("is put together without copying what was there at each of them", async () => {
    await start(plainUpstream());
    const pieces = client("");
    const downstream = await connection();
    const receive = Reflect.get(downstream, "receive") as (chunk: Buffer) => void;
    let copied = 0;
    const copy = Buffer.prototype.copy;
    vi.spyOn(Buffer.prototype, "copy").mockImplementation(function (this: Buffer, ...given) {
      const count = copy.apply(this, given);
      copied += count;
      return count;
    });
    for (const byte of Buffer.from(head)) receive.call(downstream, Buffer.from([byte]));
    vi.restoreAllMocks();
    await until("both are answered", () => pieces.statuses.length === 2);
    expect(pieces.statuses).toEqual([200, 200]);
    expect(copied).toBeLessThan(head.length * 6);
  });

  test.each([
    ["a bare LF", "GET / HTTP/1.1\nX", 400],
    ["a control byte", "\r\n\x01", 400],
    ["a target without an end", `GET /${"a".repeat(9_000)}`, 414],
    ["a head without an end", `GET / HTTP/1.1\r\nX: ${"a".repeat(33_000)}`, 431],
  ])("is refused where %s shows", async (_name, text, status) => {
    await start(plainUpstream());
    const pieces = client("");
    const downstream = await connection();
    const receive = Reflect.get(downstream, "receive") as (chunk: Buffer) => void;
    for (const byte of Buffer.from(text, "latin1")) receive.call(downstream, Buffer.from([byte]));
    await pieces.end();
    expect(pieces.statuses).toEqual([status]);
  });
});
