import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Outlet } from "./outlet.ts";

let server: Server;
let near: Socket;
let far: Socket;
let drains: number;
let outlet: Outlet;

beforeEach(async () => {
  server = createServer({ highWaterMark: 64 * 1024 }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const accepted = once(server, "connection") as Promise<[Socket]>;
  far = connect((server.address() as AddressInfo).port, "127.0.0.1");
  [near] = await accepted;
  near.on("error", () => near.destroy());
  drains = 0;
  outlet = new Outlet(near, () => drains++);
});

afterEach(() => {
  far.destroy();
  near.destroy();
  server.close();
});

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** All that arrives until the other side ends. */
async function readAll(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of far) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Names and counts of what the handle is asked to write, from here on. */
function callsOf(socket: Socket): string[] {
  const calls: string[] = [];
  const handle = Reflect.get(socket, "_handle") as Record<string, (...given: unknown[]) => unknown>;
  for (const name of ["writeBuffer", "writev", "writeLatin1String"]) {
    const original = handle[name]!;
    handle[name] = (...given) => {
      calls.push(name);
      return original.apply(handle, given);
    };
  }
  return calls;
}

describe("an outlet", () => {
  test("hands over the pieces of a turn together", async () => {
    outlet.write(Buffer.from("first, which shows how to write; "));
    await turn();
    const calls = callsOf(near);
    outlet.write(Buffer.from("a"));
    outlet.writeAround("b", Buffer.from("c"), "d");
    outlet.write(Buffer.from("e"));
    expect(calls).toEqual([]);
    await turn();
    expect(calls).toEqual(["writeBuffer"]);
    expect(outlet.isFull).toBe(false);
    outlet.end();
    expect((await readAll()).toString()).toBe("first, which shows how to write; abcde");
  });

  test("copies what may be read over, however large", async () => {
    const shared = Buffer.alloc(64 * 1024);
    const sent: Buffer[] = [];
    for (const length of [10, 16 * 1024, 20_000, 64 * 1024]) {
      shared.fill(String(length % 7));
      const piece = shared.subarray(0, length);
      sent.push(Buffer.from("<"), Buffer.from(piece), Buffer.from(">"));
      outlet.writeAround("<", piece, ">");
    }
    shared.fill("-");
    outlet.end();
    expect((await readAll()).equals(Buffer.concat(sent))).toBe(true);
  });

  test("keeps the order of all pieces while the other side stalls, and tells when it goes on", async () => {
    far.pause();
    const sent: Buffer[] = [];
    let wantsMore = true;
    while (wantsMore) {
      const bytes = randomBytes(1 + (sent.length % 3) * 20_000);
      sent.push(bytes);
      if (sent.length % 2 === 0) wantsMore = outlet.write(bytes);
      else wantsMore = outlet.writeAround("", bytes, "");
      await turn();
    }
    expect(outlet.isFull).toBe(true);
    expect(outlet.unwritten).toBeGreaterThanOrEqual(64 * 1024);
    expect(drains).toBe(0);
    // What is written all the same waits behind the rest.
    const late = Buffer.from("late");
    sent.push(late);
    outlet.write(late);
    const received = readAll();
    while (outlet.isFull) await turn();
    expect(drains).toBe(1);
    expect(outlet.unwritten).toBe(0);
    outlet.end();
    expect((await received).equals(Buffer.concat(sent))).toBe(true);
  });

  test("ends after what waits behind a stalled write", async () => {
    far.pause();
    const sent: Buffer[] = [];
    for (let wantsMore = true; wantsMore; ) {
      sent.push(randomBytes(50_000));
      wantsMore = outlet.write(sent.at(-1)!);
      await turn();
    }
    sent.push(Buffer.from("the last"));
    outlet.write(sent.at(-1)!);
    outlet.end();
    expect((await readAll()).equals(Buffer.concat(sent))).toBe(true);
  });

  test("does not let a turn's pieces grow without bound", () => {
    far.pause();
    let wantsMore = true;
    let written = 0;
    while (wantsMore) {
      wantsMore = outlet.write(Buffer.alloc(400));
      written += 400;
      expect(written).toBeLessThan(64 * 1024 * 1024);
    }
    expect(outlet.unwritten).toBeLessThan(512 * 1024);
  });

  test("destroys the socket that takes no more", async () => {
    const errors: NodeJS.ErrnoException[] = [];
    near.on("error", (error) => errors.push(error));
    const closed = new Promise<void>((resolve) => near.once("close", () => resolve()));
    far.resetAndDestroy();
    const writing = setInterval(() => outlet.write(Buffer.from("x")), 1);
    await closed;
    clearInterval(writing);
    expect(errors[0]?.code).toMatch(/^(?:EPIPE|ECONNRESET)$/);
    outlet.write(Buffer.from("to nobody"));
    await turn();
  });
});
