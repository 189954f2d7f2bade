import { Api } from "../activation/api.ts";
import type { Started } from "../contenders.ts";
import type { RunningGateway } from "../peers/leakgate.ts";
import { listedToken } from "../tokens.ts";

const LEAKS = 30;
/** Beyond what any contender has. */
const FIRST_TOKEN = 20_000_000;
const DECISIONS = ["vpatch", "close", "reopen"] as const;
const IN_FLIGHT_MAX = 20;

/** What was changed while a round ran. */
export interface Changed {
  readonly made: number;
  readonly refused: number;
  /** Not asked for, since so many were still under way. */
  readonly skipped: number;
}

/** Changes the rules of a gateway at a constant rate: leaks of one token are patched, closed and reopened in turn. */
export class Changes {
  private readonly api: Api;
  private readonly leaks: readonly string[];
  private turn = 0;

  private constructor(api: Api, leaks: readonly string[]) {
    this.api = api;
    this.leaks = leaks;
  }

  /** Registers the leaks. */
  static async open(gateway: RunningGateway): Promise<Changes> {
    const api = new Api(gateway);
    const leaks: string[] = [];
    for (let number = 0; number < LEAKS; number++)
      leaks.push(await api.register([listedToken(FIRST_TOKEN + number)]));
    return new Changes(api, leaks);
  }

  /** Makes so many changes a second until `work` is done. */
  async during<T>(perSecond: number, work: () => Promise<T>): Promise<readonly [T, Changed]> {
    let made = 0;
    let refused = 0;
    let skipped = 0;
    const underWay = new Set<Promise<void>>();
    const beganMs = performance.now();
    let asked = 0;
    const timer = setInterval(() => {
      for (const due = ((performance.now() - beganMs) * perSecond) / 1_000; asked < due; asked++) {
        if (underWay.size >= IN_FLIGHT_MAX) {
          skipped++;
          continue;
        }
        const change: Promise<void> = this.next()
          .then(
            () => void made++,
            () => void refused++,
          )
          .finally(() => underWay.delete(change));
        underWay.add(change);
      }
    }, 5);
    try {
      const result = await work();
      return [result, { made, refused, skipped }];
    } finally {
      clearInterval(timer);
      await Promise.all(underWay);
    }
  }

  /** All leaks take the same step before any takes the next, so that no two changes of one leak are under way. */
  private next(): Promise<void> {
    const leak = this.leaks[this.turn % this.leaks.length]!;
    const decision = DECISIONS[Math.floor(this.turn / this.leaks.length) % DECISIONS.length]!;
    this.turn++;
    return this.api.decide(leak, decision);
  }
}

/** Whether it is a Leakgate with its admin. */
export function isGateway(started: Started): started is RunningGateway {
  return "adminPort" in started && "key" in started;
}
