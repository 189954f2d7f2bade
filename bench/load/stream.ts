import { connect, type Socket } from "node:net";
import { drained } from "../drained.ts";
import { bearer, unlistedToken } from "../tokens.ts";
import { AnswerReader } from "./answer.ts";
import type { LoadOrder, LoadResult } from "./order.ts";
import { orders, wireOf } from "./requests.ts";

const PIECE_BYTES = 65_536;

/** One request that moves many bytes, up or down, over one connection. */
export async function runStream(order: LoadOrder): Promise<LoadResult> {
  const { direction, bytes } = order.stream!;
  const began = performance.now();
  const socket = connect({ port: order.port, host: "127.0.0.1", noDelay: true });
  try {
    const status = await new Promise<number>((resolve, reject) => {
      const reader = new AnswerReader();
      socket.once("connect", () => void send(socket, order.port, direction, bytes));
      socket.on("data", (chunk: Buffer) => {
        const known = reader.take(chunk);
        if (known !== 0) resolve(known);
      });
      socket.once("error", reject);
      socket.once("close", () => reject(new Error("closed before the end")));
      socket.setTimeout(20_000, () => reject(new Error("no byte within 20 s")));
    });
    return figures({ [status]: 1 }, 0, performance.now() - began);
  } catch {
    return figures({}, 1, performance.now() - began);
  } finally {
    socket.destroy();
  }
}

async function send(
  socket: Socket,
  port: number,
  direction: "download" | "upload",
  bytes: number,
): Promise<void> {
  const headers = { authorization: bearer(unlistedToken(0)) };
  const host = `127.0.0.1:${port}`;
  if (direction === "download") {
    socket.write(wireOf({ method: "GET", path: `/bytes/${bytes}`, headers }, host, false));
    return;
  }
  const upload = {
    ...headers,
    "content-type": "application/x-ndjson",
    "content-length": String(bytes),
  };
  socket.write(wireOf({ method: "POST", path: "/uploads", headers: upload }, host, false));
  const piece = Buffer.from(`${orders(PIECE_BYTES - 1)}\n`);
  for (let left = bytes; left > 0 && !socket.destroyed; left -= piece.length) {
    const isTaken = socket.write(left >= piece.length ? piece : piece.subarray(0, left));
    if (!isTaken) await drained(socket);
  }
}

function figures(statuses: Record<string, number>, errors: number, ms: number): LoadResult {
  const us = Math.round(ms * 1_000);
  return {
    requests: 1 - errors,
    errors,
    statuses,
    seconds: ms / 1_000,
    latencyUs: { p50: us, p99: us, p999: us },
  };
}
