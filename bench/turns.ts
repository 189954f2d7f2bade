const ROUNDS = 9;
const ROUND_MS = 60;

/** One thing to measure, and what was measured. */
export interface Case {
  readonly name: string;
  /** Bytes that one run looks at. */
  readonly bytes: number;
  readonly run: () => void;
  readonly times: number[];
}

/** Microseconds of processor time a run, for each case, the cases taking turns; the first round is a warm-up. */
export function measure(cases: readonly Case[]): void {
  for (let round = -1; round < ROUNDS; round++) {
    for (const each of cases) {
      let runs = 0;
      const until = performance.now() + ROUND_MS;
      const before = process.cpuUsage();
      while (performance.now() < until) {
        for (let batch = 0; batch < 16; batch++) each.run();
        runs += 16;
      }
      const used = process.cpuUsage(before);
      if (round >= 0) each.times.push((used.user + used.system) / runs);
    }
  }
}
