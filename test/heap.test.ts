import { getHeapSnapshot } from "node:v8";
import { expect, test } from "vitest";
import { RawClient, RawUpstream, TestGateway, until } from "./support.ts";

/** Whether the text stands in anything that is still reachable on the heap of this process. */
async function isOnHeap(text: Buffer): Promise<boolean> {
  let end = Buffer.alloc(0);
  let found = false;
  for await (const chunk of getHeapSnapshot()) {
    const piece = Buffer.concat([end, chunk as Buffer]);
    found ||= piece.includes(text);
    end = Buffer.from(piece.subarray(-text.length));
  }
  return found;
}

test("no string of a worker keeps a value that has passed", async () => {
  const quiet = await RawUpstream.start((connection, chunk) => {
    if (chunk.includes("\r\n\r\n")) connection.socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  }, false);
  const gateway = await TestGateway.start(quiet);
  const client = new RawClient(gateway.port);
  try {
    // In bytes alone: a string of the test's own would be found.
    const token = Buffer.alloc(40);
    for (let at = 0; at < token.length; at++) token[at] = 97 + Math.floor(Math.random() * 26);
    const request = (value: Buffer) => {
      const [before, after] = [
        "GET / HTTP/1.1\r\nHost: api.example.com\r\nX-Api-Key: ",
        "\r\nCookie: session=",
      ];
      return Buffer.concat([Buffer.from(before), value, Buffer.from(after), value, Buffer.from("\r\n\r\n")]);
    };
    client.write(request(token));
    await client.sees("ok");
    // The next one takes the place of what belongs to the request at hand.
    client.write(request(Buffer.alloc(40, "x")));
    await until("the second answer", () => client.statuses.length === 2);
    expect(await isOnHeap(token)).toBe(false);

    const kept = { text: token.toString("latin1") };
    expect(await isOnHeap(token)).toBe(true);
    expect(kept.text).toHaveLength(40);
  } finally {
    client.socket.destroy();
    await gateway.close();
    await quiet.close();
  }
}, 120_000);
