import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { TokenDigest } from "../rules/digest.ts";
import {
  addressesOf,
  type HuntAnswer,
  type HuntedToken,
  type HuntRequest,
  huntLimits,
  wantedOf,
} from "../rules/hunt.ts";
import type { CommonLimits } from "./config.ts";
import type { Services } from "./services.ts";

const POLL_MS = 5;
/** How long intake waits for the workers: they look every 50 ms for what is asked. */
const INTAKE_MS = 500;

/** What a hunt came to, over all workers that answered. */
export interface Hunted {
  readonly requests: number;
  readonly tokensMet: number;
  /** Tokens that were looked for, and those besides that only their hashes are known of. */
  readonly tokens: number;
  readonly unknown: number;
  /** Milliseconds since 1970; null where there was no request. */
  readonly first: number | null;
  readonly last: number | null;
  /** A map, see `addressesOf`. */
  readonly addresses: number;
  /** Since when all who answered have kept what they saw; null where none did. */
  readonly since: number | null;
  readonly forgotten: number;
  readonly points: ReadonlyMap<string, number>;
  readonly hosts: ReadonlyMap<string, number>;
  /** The tokens that came most often, by number. */
  readonly most: ReadonlyMap<number, { readonly requests: number; readonly addresses: number }>;
  /** The workers that looked, those that keep nothing, and those that did not answer in time. */
  readonly workers: readonly number[];
  readonly off: readonly number[];
  readonly missing: readonly number[];
}

/**
 * Asks all live workers of the tenant, and resolves when they have answered, after `withinMs`, or when the admin closes;
 * with null where too many hunts are open. Who did not answer is named.
 */
export async function hunt(
  { runtime, closing }: Pick<Services, "runtime" | "closing">,
  question: Pick<HuntRequest, "tenant" | "leak" | "wanted" | "hosts">,
  withinMs: number,
): Promise<Hunted | null> {
  const request = { ...question, id: randomUUID(), askedAt: Date.now() };
  const asked = runtime
    .workers(request.askedAt)
    .filter(({ alive, ready, tenants }) => alive && ready && tenants[question.tenant] !== undefined)
    .map(({ worker }) => worker);
  if (asked.length === 0) return merged([], []);
  if (!(await runtime.ask(request))) return null;
  const until = performance.now() + withinMs;
  let answers = runtime.answersTo(request.id);
  while (answers.length < asked.length && performance.now() < until && !closing.aborted) {
    await pause(POLL_MS);
    answers = runtime.answersTo(request.id);
  }
  await runtime.endHunt(request.id);
  return merged(asked, answers);
}

/** What looking for common tokens works with. */
export type Common = Pick<Services, "runtime" | "closing"> & {
  readonly config: { readonly common: CommonLimits };
};

/**
 * The tokens that are about to be registered, with the warning `common_in_traffic` on those that are common in the traffic of
 * the tenant: they may be no secrets at all, and blocking them would be felt. Looks at the first 200,000, and waits for
 * `withinMs` at most: a worker that hangs is no reason to keep a leak waiting.
 */
export async function warnOfCommon(
  services: Common,
  tenant: string,
  digests: readonly TokenDigest[],
  withinMs = INTAKE_MS,
): Promise<TokenDigest[]> {
  const wanted = wantedOf(digests.slice(0, huntLimits.wanted));
  const hunted = await hunt(services, { tenant, leak: null, wanted, hosts: [] }, withinMs);
  return digests.map((digest, index) => {
    const met = hunted?.most.get(index + 1);
    if (met === undefined || !isCommon(met, services.config.common)) return digest;
    return { ...digest, warnings: [...(digest.warnings ?? []), "common_in_traffic"] };
  });
}

/** Whether a token is common in traffic. */
export function isCommon(met: Pick<HuntedToken, "requests" | "addresses">, limits: CommonLimits): boolean {
  return met.requests >= limits.requests || addressesOf(met.addresses) >= limits.addresses;
}

function merged(asked: readonly number[], answers: readonly HuntAnswer[]): Hunted {
  const looked = answers.filter(({ kind }) => kind === "looked");
  const off = answers.filter(({ kind }) => kind === "off").map(({ worker }) => worker);
  const workers = looked.map(({ worker }) => worker);
  const met = new Set<number>();
  const points = new Map<string, number>();
  const hosts = new Map<string, number>();
  const most = new Map<number, { requests: number; addresses: number }>();
  for (const answer of looked) {
    const view = new DataView(answer.met.buffer, answer.met.byteOffset, answer.met.length);
    for (let at = 0; at + 4 <= answer.met.length; at += 4) met.add(view.getUint32(at, true));
    addAll(points, answer.points);
    addAll(hosts, answer.hosts);
    for (const { token, requests, addresses } of answer.most) {
      const known = most.get(token) ?? { requests: 0, addresses: 0 };
      most.set(token, { requests: known.requests + requests, addresses: known.addresses | addresses });
    }
  }
  const times = (of: (answer: HuntAnswer) => number | null) =>
    looked.map(of).filter((time): time is number => time !== null);
  return {
    requests: sum(looked, ({ requests }) => requests),
    tokensMet: met.size,
    tokens: Math.max(0, ...looked.map(({ tokens }) => tokens)),
    unknown: Math.max(0, ...looked.map(({ unknown }) => unknown)),
    first: earliest(times(({ first }) => first)),
    last: latest(times(({ last }) => last)),
    addresses: looked.reduce((map, answer) => map | answer.addresses, 0),
    since: latest(looked.map(({ since }) => since)),
    forgotten: sum(looked, ({ forgotten }) => forgotten),
    points,
    hosts,
    most,
    workers: workers.sort((a, b) => a - b),
    off: off.sort((a, b) => a - b),
    missing: asked.filter((worker) => !workers.includes(worker) && !off.includes(worker)),
  };
}

function addAll(counts: Map<string, number>, more: Readonly<Record<string, number>>): void {
  for (const [name, requests] of Object.entries(more)) counts.set(name, (counts.get(name) ?? 0) + requests);
}

function sum(answers: readonly HuntAnswer[], of: (answer: HuntAnswer) => number): number {
  return answers.reduce((total, answer) => total + of(answer), 0);
}

function earliest(times: readonly number[]): number | null {
  return times.length === 0 ? null : Math.min(...times);
}

function latest(times: readonly number[]): number | null {
  return times.length === 0 ? null : Math.max(...times);
}
