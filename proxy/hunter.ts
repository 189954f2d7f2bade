import type { Logger } from "pino";
import {
  type HuntAnswer,
  type HuntRequest,
  huntLimits,
  type Wanted,
  wantedAt,
  wantedCount,
} from "../rules/hunt.ts";
import type { Matcher } from "../rules/matcher.ts";
import { inScope } from "../rules/rule.ts";
import type { Runtime } from "../rules/runtime.ts";
import type { RulesStore } from "../rules/store.ts";
import { holdsToken } from "./inspect.ts";
import type { SeenPlace, SeenValues } from "./seen.ts";

/** How often a worker looks whether it is asked something. */
const POLL_MS = 50;
/** How long a slice may keep the worker from its requests. */
const SLICE_MS = 1.5;
const SLICE_TOKENS = 64;
const MASK = "***";
const OTHER = "other";

/** What of a tenant is looked into. */
export interface HuntingGround {
  readonly tenant: string;
  readonly store: RulesStore;
  readonly seen: SeenValues | null;
  /** Knows the tokens that a host's name may hold. */
  readonly matcher: Matcher;
}

/**
 * Answers, one at a time, what the runtime asks of the credential values this worker has seen. 100,000 tokens are some 30
 * to 90 ms of work, by how many of them came, in slices between the worker's requests.
 */
export class Hunter {
  private readonly runtime: Runtime;
  private readonly worker: number;
  private readonly grounds: readonly HuntingGround[];
  private readonly logger: Logger;
  private answered = new Set<string>();
  private timer: NodeJS.Timeout | null = null;
  private isHunting = false;

  constructor(runtime: Runtime, worker: number, grounds: readonly HuntingGround[], logger: Logger) {
    this.runtime = runtime;
    this.worker = worker;
    this.grounds = grounds;
    this.logger = logger;
  }

  start(): void {
    this.timer = setInterval(() => void this.look(), POLL_MS);
    this.timer.unref();
  }

  /** What is under way ends with its slice, unanswered. */
  close(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
  }

  private async look(): Promise<void> {
    if (this.isHunting) return;
    this.isHunting = true;
    try {
      const open = this.runtime.hunts();
      // What nobody asks any more need not be remembered.
      this.answered = new Set(open.map(({ id }) => id).filter((id) => this.answered.has(id)));
      for (const request of open) {
        if (this.answered.has(request.id)) continue;
        this.answered.add(request.id);
        await this.hunt(request);
      }
    } catch (error) {
      this.logger.warn({ reason: (error as Error).message }, "could not look for what is asked");
    } finally {
      this.isHunting = false;
    }
  }

  private async hunt(request: HuntRequest): Promise<void> {
    const ground = this.grounds.find(({ tenant }) => tenant === request.tenant);
    if (ground === undefined) return;
    const tally = new Tally(request.hosts);
    let kind: HuntAnswer["kind"] = ground.seen === null ? "off" : "looked";
    try {
      if (ground.seen !== null) await this.count(request, ground, ground.seen, tally);
    } catch (error) {
      kind = "failed";
      this.logger.warn({ reason: (error as Error).message }, "could not look for a leak's tokens");
    }
    if (this.timer === null) return;
    const { since, forgotten } = ground.seen ?? { since: Date.now(), forgotten: 0 };
    const clean = (host: string) => (holdsToken(ground.matcher, host) ? MASK : host);
    const { worker } = this;
    const facts = { hunt: request.id, worker, answeredAt: Date.now(), kind, since, forgotten };
    await this.runtime.answer({ ...facts, ...tally.figures(clean) });
  }

  private async count(
    request: HuntRequest,
    { store }: HuntingGround,
    seen: SeenValues,
    tally: Tally,
  ): Promise<void> {
    const tokens = request.leak === null ? inList(request.wanted) : ofLeak(store, request.leak);
    let until = performance.now() + SLICE_MS;
    let left = SLICE_TOKENS;
    for (const [number, { anchor, fingerprint, length }] of tokens) {
      if (length === 0) tally.unknown++;
      else tally.take(number, seen.of(anchor, fingerprint, length));
      if (--left > 0) continue;
      left = SLICE_TOKENS;
      if (performance.now() < until) continue;
      await new Promise((resolve) => setImmediate(resolve));
      if (this.timer === null) return;
      until = performance.now() + SLICE_MS;
    }
  }
}

/** The tokens that the leak's patch would enforce, by number; a length of 0 is a hash alone. */
function* ofLeak(store: RulesStore, leak: string): Generator<readonly [number, Wanted]> {
  for (let number = 0; number < store.tokenPageCount(leak); number++) {
    const page = store.tokenPage(leak, number);
    for (let at = 0; at < page.count; at++) {
      if (!page.countsAt(at)) continue;
      const length = page.hashAt(at) === null ? page.lengthAt(at) : 0;
      yield [page.numberAt(at), { anchor: page.anchorAt(at), fingerprint: page.fingerprintAt(at), length }];
    }
  }
}

function* inList(wanted: Uint8Array): Generator<readonly [number, Wanted]> {
  for (let at = 0; at < wantedCount(wanted); at++) yield [at + 1, wantedAt(wanted, at)];
}

/** Adds up what is kept of one token after the other. */
class Tally {
  unknown = 0;
  private readonly scope: { readonly hosts: readonly string[] };
  private tokens = 0;
  private requests = 0;
  private first: number | null = null;
  private last: number | null = null;
  private addresses = 0;
  private readonly met: number[] = [];
  private readonly points = new Map<string, number>();
  private readonly hosts = new Map<string, number>();
  /** Who came no more often than this does not get among them any more. */
  private leastOfMost = 0;
  private most: { token: number; requests: number; addresses: number }[] = [];

  constructor(hosts: readonly string[]) {
    this.scope = { hosts };
  }

  take(token: number, places: readonly SeenPlace[] | null): void {
    this.tokens++;
    if (places === null) return;
    let [requests, addresses] = [0, 0];
    for (const place of places) {
      if (!inScope(this.scope, "", place.host)) continue;
      requests += place.requests;
      addresses |= place.addresses;
      this.first = Math.min(this.first ?? place.first, place.first);
      this.last = Math.max(this.last ?? place.last, place.last);
      add(this.points, place.point, place.requests);
      add(this.hosts, place.host, place.requests);
    }
    if (requests === 0) return;
    this.requests += requests;
    this.addresses |= addresses;
    this.met.push(token);
    if (requests <= this.leastOfMost) return;
    this.most.push({ token, requests, addresses });
    if (this.most.length >= huntLimits.most * 2) this.cutMost();
  }

  figures(clean: (host: string) => string) {
    this.cutMost();
    const met = Buffer.alloc(this.met.length * 4);
    for (const [index, token] of this.met.entries()) met.writeUInt32LE(token, index * 4);
    const hosts = new Map<string, number>();
    for (const [index, [host, requests]] of sorted(this.hosts).entries())
      add(hosts, index < huntLimits.hosts ? clean(host) : OTHER, requests);
    const { unknown, tokens, requests, first, last, addresses, most } = this;
    const [byPoint, byHost] = [Object.fromEntries(this.points), Object.fromEntries(hosts)];
    return { unknown, tokens, requests, first, last, addresses, met, most, points: byPoint, hosts: byHost };
  }

  private cutMost(): void {
    this.most = this.most.sort((a, b) => b.requests - a.requests).slice(0, huntLimits.most);
    if (this.most.length === huntLimits.most) this.leastOfMost = this.most.at(-1)!.requests;
  }
}

function add(counts: Map<string, number>, name: string, requests: number): void {
  counts.set(name, (counts.get(name) ?? 0) + requests);
}

function sorted(counts: ReadonlyMap<string, number>): (readonly [string, number])[] {
  return [...counts].sort((a, b) => b[1] - a[1]);
}
