import pino from "pino";
import { expect, test } from "vitest";
import { Counters } from "./counters.ts";
import { type Opened, Reinspection } from "./reinspect.ts";

/** Something open whose inspection takes a while of the processor's time. */
class Busy implements Opened {
  inspectedAt = 0;
  inspections = 0;
  private readonly policy: { readonly changeCount: number };
  private readonly livesOn: boolean;

  constructor(policy: { readonly changeCount: number }, livesOn = true) {
    this.policy = policy;
    this.livesOn = livesOn;
  }

  get isStale(): boolean {
    return this.inspectedAt !== this.policy.changeCount;
  }

  reinspect(): boolean {
    this.inspectedAt = this.policy.changeCount;
    this.inspections++;
    const until = performance.now() + 0.2;
    while (performance.now() < until);
    return this.livesOn;
  }
}

interface Line {
  readonly closed: number;
  readonly inspected: number;
}

function reinspectionOf(count: number, leaked = -1) {
  const policy = { changeCount: 0 };
  const all = Array.from({ length: count }, (_, number) => new Busy(policy, number !== leaked));
  const lines: Line[] = [];
  const logger = pino({ level: "info" }, { write: (line) => lines.push(JSON.parse(line) as Line) });
  const connections = new Set(all.flatMap((opened) => [{ opened }, { opened: null }]));
  const reinspection = new Reinspection(connections, new Counters(), 1_000, logger);
  const change = () => {
    policy.changeCount++;
    reinspection.wake();
  };
  /** Turns of the event loop until all are of the present count, as something else in it sees them. */
  const settled = async () => {
    for (let turns = 1; ; turns++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (!all.every((opened) => opened.inspectedAt === policy.changeCount)) continue;
      // The pass may need one more, to see that it has come to the end.
      await new Promise((resolve) => setImmediate(resolve));
      return turns;
    }
  };
  return { policy, all, lines, reinspection, change, settled };
}

test("a pass leaves the event loop its turns", async () => {
  const { change, settled } = reinspectionOf(100);
  change();
  // A slice has room for five inspections of 0.2 ms, and one that begins just before its end.
  expect(await settled()).toBeGreaterThanOrEqual(100 / 6);
});

test("a burst of changes before a pass costs one, and changes during it cost one more", async () => {
  const { all, change, settled } = reinspectionOf(50);
  for (let burst = 0; burst < 20; burst++) change();
  await new Promise((resolve) => setImmediate(resolve));
  expect(all[0]!.inspections).toBe(1);
  expect(all[49]!.inspections).toBe(0);
  for (let burst = 0; burst < 20; burst++) change();
  await settled();
  expect(all[0]!.inspections).toBe(2);
  // It was reached after the second burst, and is not looked at twice for it.
  expect(all[49]!.inspections).toBe(1);
});

test("a pass that closed something says how much, and no other pass says a word", async () => {
  const { lines, change, settled } = reinspectionOf(20, 7);
  change();
  await settled();
  expect(lines).toMatchObject([{ closed: 1, inspected: 20 }]);
  const clean = reinspectionOf(20);
  clean.change();
  await clean.settled();
  expect(clean.lines).toEqual([]);
});

test("heads are kept up to the limit, and what found no place is counted", () => {
  const { reinspection } = reinspectionOf(0);
  const head = Buffer.alloc(600);
  expect([reinspection.keep(head), reinspection.keep(head)]).toEqual([true, false]);
  reinspection.release(head);
  expect(reinspection.keep(Buffer.alloc(1_000))).toBe(true);
});
