import { createHash } from "node:crypto";
import { Agent } from "node:http";
import { request } from "../load.ts";
import { bearer, unlistedToken } from "../tokens.ts";
import { type Answer, type Asked, ask, toldIn } from "./ask.ts";
import { burst } from "./burst.ts";
import { LARGE_BYTES, LARGE_PATH, largeBody } from "./told.ts";

/** What each check is called in the table. */
export type CheckName = keyof typeof checks;

/** Connections of the largest workload. */
const CONNECTIONS = 1_024;
const KIB = 1_024;
const IN_TURN = 20;

/** What must go through every contender whole. Each answers null where it does, or what came instead. */
export const checks = {
  "target unchanged": async (port) => {
    const { path, headers } = request(unlistedToken(0));
    const asked = { method: "GET", target: path, fields: Object.entries(headers), pieces: [] };
    const answer = await ask(port, asked);
    const target = toldIn(answer)?.target;
    return target === path ? null : (target ?? cameOf(answer));
  },
  "POST 1 KiB": (port) => isWhole(port, [jsonOf(KIB)]),
  "POST 64 KiB": (port) => isWhole(port, [jsonOf(64 * KIB)]),
  "chunked upload": (port) => isWhole(port, piecesOf(jsonOf(64 * KIB), 4)),
  "64 KiB answer": async (port) => {
    const { status, body, length } = await ask(port, { ...get(LARGE_PATH) });
    return status === 200 && body.equals(largeBody()) ? null : `status ${status}, ${length} bytes`;
  },
  HEAD: async (port) => {
    const answer = await ask(port, { ...get(LARGE_PATH), method: "HEAD" });
    const { status, length, declaredLength } = answer;
    if (status !== 200) return cameOf(answer);
    if (length > 0) return `${length} bytes`;
    return declaredLength === LARGE_BYTES ? null : `Content-Length ${declaredLength}`;
  },
  "1,024 connections": async (port) => {
    const answered = await burst(port, CONNECTIONS);
    return answered === CONNECTIONS ? null : `${answered} answered`;
  },
} satisfies Record<string, (port: number) => Promise<string | null>>;

/** How many connections to the upstream are opened for 20 requests that come in turn on one of a client's, after a first. */
export async function upstreamConnections(port: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const openedByNow = async () => {
    const told = toldIn(await ask(port, get("/"), agent));
    if (told === null) throw new Error(`port ${port}: no answer of the upstream`);
    return told.connections;
  };
  try {
    const before = await openedByNow();
    let after = before;
    for (let each = 0; each < IN_TURN; each++) after = await openedByNow();
    return after - before;
  } finally {
    agent.destroy();
  }
}

function get(target: string): Asked {
  return { method: "GET", target, fields: [["Authorization", bearer(unlistedToken(0))]], pieces: [] };
}

/** An answer that is not the upstream's. */
function cameOf({ status }: Answer): string {
  return status === 0 ? "no answer" : `status ${status}`;
}

async function isWhole(port: number, pieces: readonly Buffer[]): Promise<string | null> {
  const whole = Buffer.concat(pieces);
  const asked = get("/api/v1/orders");
  const fields = [...asked.fields, ["Content-Type", "application/json"] as const];
  const answer = await ask(port, { ...asked, method: "POST", fields, pieces });
  const told = toldIn(answer);
  if (told === null) return cameOf(answer);
  if (told.method !== "POST") return told.method;
  if (told.length !== whole.length) return `${told.length} of ${whole.length} bytes`;
  return told.sha256 === createHash("sha256").update(whole).digest("hex") ? null : "other bytes";
}

/** JSON of exactly so many bytes, in which no two stretches are alike. */
export function jsonOf(bytes: number): Buffer {
  let notes = "";
  for (let each = 0; notes.length < bytes; each++) notes += `made-up note ${each}; `;
  const frame = JSON.stringify({ note: "" });
  return Buffer.from(JSON.stringify({ note: notes.slice(0, bytes - frame.length) }));
}

function piecesOf(whole: Buffer, count: number): Buffer[] {
  const size = Math.ceil(whole.length / count);
  return Array.from({ length: count }, (_, index) => whole.subarray(index * size, (index + 1) * size));
}
