import type { Contender } from "../contenders.ts";
import { placeNames } from "../parity/places.ts";
import { startLeakgate } from "../peers/leakgate.ts";

/** Leakgate with two workers, by who hands out the connections; for the workload in which that is most of the work. */
export function leakgatePairs(tokens: number): Contender[] {
  return (["shared", "balanced"] as const).map((accept) => {
    const name = `leakgate-2-${accept}`;
    return {
      name,
      family: "leakgate",
      tokens,
      looksIn: placeNames,
      lacks: [],
      start: (processes, upstreamPort) =>
        startLeakgate(processes, upstreamPort, { name, tokens, workers: 2, accept }),
    };
  });
}
