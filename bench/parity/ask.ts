import { type Agent, request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import type { Told } from "./told.ts";

/** A request of the parity check. */
export interface Asked {
  readonly method: string;
  readonly target: string;
  /** Fields in their order, so that one may come twice; Host and the body's framing are added. */
  readonly fields: readonly (readonly [string, string])[];
  /** Empty: no body. One piece has a length; several go as chunks, `PIECE_MS` apart. */
  readonly pieces: readonly Buffer[];
}

export interface Answer {
  /** 0 where the connection was closed without one, or none came in time. */
  readonly status: number;
  readonly length: number;
  /** Of the field `Content-Length`; null without it. */
  readonly declaredLength: number | null;
  readonly body: Buffer;
}

const ANSWER_MS = 5_000;
const NONE: Answer = { status: 0, length: 0, declaredLength: null, body: Buffer.alloc(0) };
/** Longer than a gateway holds what may be the beginning of something. */
const PIECE_MS = 60;

/** Sends one request on a connection of its own, or of an agent; rejects where nobody listens. */
export function ask(port: number, { method, target, fields, pieces }: Asked, agent?: Agent): Promise<Answer> {
  const framing =
    pieces.length === 0
      ? []
      : pieces.length === 1
        ? ["Content-Length", String(pieces[0]!.length)]
        : ["Transfer-Encoding", "chunked"];
  const headers = ["Host", `127.0.0.1:${port}`, ...fields.flat(), ...framing];
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, method, path: target, headers, agent: agent ?? false });
    const deadline = setTimeout(() => {
      resolve(NONE);
      asked.destroy();
    }, ANSWER_MS);
    let isAnswered = false;
    asked.on("response", (answer) => {
      isAnswered = true;
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      // Cut short.
      answer.on("error", () => resolve(NONE));
      answer.on("close", () => clearTimeout(deadline));
      answer.on("end", () => {
        const body = Buffer.concat(chunks);
        const declared = answer.headers["content-length"];
        resolve({
          status: answer.statusCode ?? 0,
          length: body.length,
          declaredLength: declared === undefined ? null : Number(declared),
          body,
        });
      });
    });
    asked.on("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(deadline);
      // Who refuses before the end of the body may close while we still write; the answer counts.
      if (isAnswered) return;
      if (error.code === "ECONNRESET" || error.code === "EPIPE") resolve(NONE);
      else reject(error);
    });
    void write(pieces, (piece) => asked.write(piece)).then(() => asked.end());
  });
}

/** What the upstream told, or null where the answer is not the upstream's. */
export function toldIn({ status, body }: Answer): Told | null {
  if (status !== 200 || !body.includes("made-up order")) return null;
  return JSON.parse(body.toString()) as Told;
}

async function write(pieces: readonly Buffer[], send: (piece: Buffer) => void): Promise<void> {
  for (const [index, piece] of pieces.entries()) {
    if (index > 0) await pause(PIECE_MS);
    send(piece);
  }
}
