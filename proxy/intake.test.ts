import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { until } from "../test/support.ts";
import { intake, owned, readInto } from "./intake.ts";

const opened: { destroy(): void }[] = [];

afterEach(() => {
  for (const each of opened.splice(0)) each.destroy();
});

/** A client, and the server's socket for it, of which `receive` gets the bytes. */
async function pair(receive: (bytes: Buffer, socket: Socket) => void): Promise<[Socket, Socket]> {
  const server = createServer({ allowHalfOpen: true });
  opened.push({ destroy: () => server.close() });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const accepted = once(server, "connection") as Promise<[Socket]>;
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const [socket] = await accepted;
  opened.push(client, socket);
  readInto(socket, (bytes) => receive(bytes, socket));
  return [client, socket];
}

test("this Node reads a server's sockets into the one buffer", async () => {
  let isShared = false;
  const [client] = await pair((bytes) => {
    isShared = bytes.buffer === intake.buffer;
  });
  client.write("x");
  await until("the byte is there", () => isShared);
});

test("all bytes come, in order, whatever else is read meanwhile; and so does the end", async () => {
  const seen: Buffer[][] = [[], []];
  const pairs = await Promise.all(seen.map((into) => pair((bytes) => void into.push(owned(bytes)))));
  const sent = pairs.map((_pair, index) => Buffer.alloc(300_000, index + 1));
  const ended = pairs.map(([, socket]) => once(socket, "end"));
  pairs.forEach(([client], index) => void client.end(sent[index]));
  await Promise.all(ended);
  expect(seen.map((pieces) => Buffer.concat(pieces).equals(sent[seen.indexOf(pieces)]!))).toEqual([
    true,
    true,
  ]);
});

test("nothing comes while it is paused, and all of it afterwards", async () => {
  let bytes = 0;
  const [client, socket] = await pair((piece, paused) => {
    bytes += piece.length;
    paused.pause();
  });
  client.write(Buffer.alloc(200_000));
  await until("the first piece is there", () => bytes > 0);
  const first = bytes;
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(bytes).toBe(first);
  const resuming = setInterval(() => socket.resume(), 1);
  await until("all is there", () => bytes === 200_000);
  clearInterval(resuming);
});
