import type { Logger } from "pino";
import type { ScanOutcome } from "../rules/matcher.ts";
import type { Counters } from "./counters.ts";
import { type Hit, RequestInspection } from "./inspect.ts";
import type { RequestHead } from "./normalize.ts";

/** How long a slice may keep the worker from its requests. */
const SLICE_MS = 1;
/** A connection without anything open costs some nanoseconds: so many are passed between two looks at the clock. */
const PASSED_MAX = 64;

/** What was let through after its head was inspected: an exchange under way, or an open tunnel's handshake. */
export interface Opened {
  /** Other tokens are enforced than when its head was last inspected. */
  readonly isStale: boolean;
  /** Inspects the head again; answers whether what it opened lives on. */
  reinspect(): boolean;
}

/**
 * What is already open when tokens become enforced is inspected again, head by head, in slices between the worker's
 * requests. It walks the connections that there are, so that an ordinary request pays for none of it.
 */
export class Reinspection {
  private readonly connections: Iterable<{ readonly opened: Opened | null }>;
  private readonly counters: Counters;
  private readonly headBytesMax: number;
  private readonly logger: Logger;
  private isRunning = false;
  private wakes = 0;

  constructor(
    connections: Iterable<{ readonly opened: Opened | null }>,
    counters: Counters,
    headBytesMax: number,
    logger: Logger,
  ) {
    this.connections = connections;
    this.counters = counters;
    this.headBytesMax = headBytesMax;
    this.logger = logger;
  }

  /** What is enforced has changed. Returns at once; however many changes come during a pass, one more follows it. */
  wake(): void {
    this.wakes++;
    if (this.isRunning) return;
    this.isRunning = true;
    setImmediate(() => this.pass());
  }

  /** Whether there is room for the head of a tunnel that opens; where not, that is counted. What is kept is released. */
  keep(head: Uint8Array): boolean {
    const { counters } = this;
    if (counters.openHeadBytes + head.length > this.headBytesMax) {
      counters.openHeadsNotKept++;
      return false;
    }
    counters.openHeadBytes += head.length;
    return true;
  }

  release(head: Uint8Array): void {
    this.counters.openHeadBytes -= head.length;
  }

  private pass(): void {
    const { wakes } = this;
    const began = performance.now();
    // A set's iterator stays good while connections come and go; those that come are not stale.
    const left = this.connections[Symbol.iterator]();
    let inspected = 0;
    let closed = 0;
    const slice = (): void => {
      const until = performance.now() + SLICE_MS;
      let passed = 0;
      for (let next = left.next(); next.done !== true; next = left.next()) {
        const { opened } = next.value;
        const isStale = opened?.isStale === true;
        if (isStale) {
          inspected++;
          if (!opened.reinspect()) closed++;
        }
        if (!isStale && ++passed < PASSED_MAX) continue;
        passed = 0;
        if (performance.now() < until) continue;
        setImmediate(slice);
        return;
      }
      if (closed > 0) {
        const passMs = Math.round(performance.now() - began);
        this.logger.info({ closed, inspected, passMs }, "closed what a token opened that is enforced now");
      }
      this.isRunning = false;
      if (this.wakes !== wakes) this.wake();
    };
    slice();
  }
}

/**
 * inspect, once more: the head under a budget of its own, against the rules of this moment. Adds what was not met
 * before; a rule that went from `monitor` to `block` is met anew.
 */
export function inspectHeadAgain(
  inspection: RequestInspection,
  bytes: Buffer,
  head: RequestHead,
): ScanOutcome {
  const { policy, config, outgoingHost } = inspection;
  const again = new RequestInspection(policy, config, head, outgoingHost);
  const outcome = again.head(bytes, bytes.latin1Slice(0, bytes.length), head);
  inspection.costliestSlot = again.costliestSlot;
  for (const hit of again.hits ?? []) {
    if (inspection.hits?.some((known) => isSameRule(known, hit))) continue;
    inspection.hits ??= [];
    inspection.hits.push(hit);
  }
  inspection.blocking ??= again.blocking;
  return outcome;
}

/** A rule is another object once its scope has changed. */
function isSameRule(known: Hit, hit: Hit): boolean {
  const { leak, rule, mode } = known.rule;
  return leak === hit.rule.leak && rule === hit.rule.rule && mode === hit.rule.mode;
}
