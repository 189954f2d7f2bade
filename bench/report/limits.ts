import { find, type Proof } from "./proof.ts";

/** What a reader must not take the figures for; it depends on what was run. */
export function limits(proof: Proof): string {
  const cores = Number(proof.machine.cores ?? 0);
  const ran = (name: string) => proof.workloads.some((each) => each.name === name);
  const blind = proof.parity.filter(({ blocks }) => !blocks).map(({ name }) => name);
  const wrong = proof.workloads.flatMap(({ name, series }) =>
    series
      .filter(({ rounds }) => rounds.some((round) => round.wrong > 0))
      .map((each) => `${name}: ${each.name}`),
  );
  const points = [
    "TLS, HTTP/2, compressed bodies, real networks, several machines, hours of running. All is loopback, plain HTTP/1.1.",
    "The same work: HAProxy and nginx look at the Authorization header and nowhere else; Leakgate looks everywhere, bodies and their decoded forms too." +
      (blind.length === 0 ? "" : ` These look for nothing here: ${[...new Set(blind)].join(", ")}.`),
    `Throughput: proxy, upstream and load share ${cores} cores, so requests a second are of the machine and not of the proxy alone` +
      (ran("get-small-pinned")
        ? "; `get-small-pinned` gives the proxy one core and the others the rest. With one core to load and upstream, these may be the narrower part."
        : "."),
    `Small differences: a median of ${proof.rounds} rounds has an interval that is little narrower than their range, and clock ticks of 10 ms blur short rounds. ` +
      "Intervals say how rounds of this run differ, not how another day or machine would.",
    ran("half-load")
      ? "Latency below the generator's own: it spins to send in time, and on a shared core it is late itself (told above); what is added is the difference of two percentiles, not the percentile of a difference."
      : "Latency under an open loop, which was not run.",
    "Virtual machines: whoever shares the host takes processor time that counts as ours, and cold caches weigh more on Node.",
    ran("new-connections") && find(proof, "new-connections", ["nginx-2", "haproxy-2"]) === null
      ? "Peers with two processes: in `new-connections` they have one, Leakgate two workers."
      : "",
    wrong.length === 0
      ? ""
      : `Right answers everywhere: some were not what was asked for (${wrong.join("; ")}).`,
    proof.isQuick ? "Anything to rely on: this was a quick run." : "",
  ];
  return points
    .filter((each) => each !== "")
    .map((each) => `- ${each}`)
    .join("\n");
}
