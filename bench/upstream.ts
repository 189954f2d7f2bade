import { type AddressInfo, createServer, type Socket } from "node:net";
import { drained } from "./drained.ts";
import type { Listening } from "./processes.ts";
import { type Ask, Requests } from "./upstream/requests.ts";

/**
 * Entry of the upstream's process: answers every request with the same 200, about 200 bytes in all, or with so many
 * bytes where the path is `/bytes/<n>`, and parses next to nothing, so that it costs little and the same behind every
 * contender. Bodies of requests are read to their end and dropped.
 */
const ANSWERS_MAX = 64;
const PIECE_BYTES = 65_536;

/** What it answers, by which a contender is known to have passed a request on. */
const body = JSON.stringify({ id: 1, name: "made-up order", note: "x".repeat(60) });
const answer = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
/** The bytes of 0, 1, 2 ... answers, for requests that come together. */
const answers = Array.from({ length: ANSWERS_MAX + 1 }, (_, count) => Buffer.from(answer.repeat(count)));
const piece = Buffer.alloc(PIECE_BYTES, '{"id":1,"name":"made-up order","paid":true},\n');
const wholePiece = Buffer.concat([Buffer.from(headOf(PIECE_BYTES)), piece]);

const server = createServer({ noDelay: true }, (socket) => {
  const requests = new Requests();
  socket.on("data", (chunk: Buffer) => {
    const asks = asksOf(requests, chunk, socket);
    if (asks.every(({ bytes }) => bytes === null)) {
      for (let left = asks.length; left > 0; left -= ANSWERS_MAX)
        socket.write(answers[Math.min(left, ANSWERS_MAX)]!);
      return;
    }
    // Answers keep their order: nothing is read while one streams.
    socket.pause();
    void sendAll(socket, asks);
  });
  socket.on("error", () => socket.destroy());
});

/** What the bytes ask for; a connection that cannot be framed is cut, which its contender shows as an error. */
function asksOf(requests: Requests, chunk: Buffer, socket: Socket): Ask[] {
  try {
    return requests.take(chunk);
  } catch {
    socket.destroy();
    return [];
  }
}

async function sendAll(socket: Socket, asks: readonly Ask[]): Promise<void> {
  for (const ask of asks) await send(socket, ask);
  socket.resume();
}

/** Writes one answer no faster than it is read. */
async function send(socket: Socket, { bytes }: Ask): Promise<void> {
  if (bytes === null || bytes === PIECE_BYTES) {
    socket.write(bytes === null ? answers[1]! : wholePiece);
    return;
  }
  socket.write(headOf(bytes));
  for (let left = bytes; left > 0 && !socket.destroyed; left -= PIECE_BYTES) {
    if (!socket.write(left >= PIECE_BYTES ? piece : piece.subarray(0, left))) await drained(socket);
  }
}

function headOf(bytes: number): string {
  return `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${bytes}\r\n\r\n`;
}

process.on("disconnect", () => process.exit());
server.listen(0, "127.0.0.1", () => {
  process.send?.({ port: (server.address() as AddressInfo).port } satisfies Listening);
});
