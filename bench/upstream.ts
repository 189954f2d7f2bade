import { type AddressInfo, createServer } from "node:net";
import type { Listening } from "./processes.ts";

/**
 * Entry of the upstream's process: answers every request head with the same 200, about 200 bytes in all, and parses
 * nothing, so that it costs little and the same behind every contender. Requests carry no body.
 */
const HEAD_END = Buffer.from("\r\n\r\n");
const ANSWERS_MAX = 64;

/** What it answers, by which a contender is known to have passed a request on. */
const body = JSON.stringify({ id: 1, name: "made-up order", note: "x".repeat(60) });
const answer = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
/** The bytes of 0, 1, 2 ... answers, for requests that come together. */
const answers = Array.from({ length: ANSWERS_MAX + 1 }, (_, count) => Buffer.from(answer.repeat(count)));

const server = createServer({ noDelay: true }, (socket) => {
  let rest: Buffer | null = null;
  socket.on("data", (chunk: Buffer) => {
    const bytes: Buffer = rest === null ? chunk : Buffer.concat([rest, chunk]);
    let count = 0;
    let at = 0;
    for (let end = bytes.indexOf(HEAD_END); end >= 0; end = bytes.indexOf(HEAD_END, at)) {
      at = end + HEAD_END.length;
      if (++count === ANSWERS_MAX) {
        socket.write(answers[count]!);
        count = 0;
      }
    }
    rest = at === bytes.length ? null : bytes.subarray(at);
    if (count > 0) socket.write(answers[count]!);
  });
  socket.on("error", () => socket.destroy());
});

process.on("disconnect", () => process.exit());
server.listen(0, "127.0.0.1", () => {
  process.send?.({ port: (server.address() as AddressInfo).port } satisfies Listening);
});
