import type { Contender } from "../contenders.ts";
import { checkParity, type Parity } from "../parity.ts";
import { type Listening, Processes } from "../processes.ts";
import { type CheckName, checks, upstreamConnections } from "./checks.ts";
import type { PlaceName } from "./places.ts";
import { type Reach, reachOf } from "./reach.ts";

/** What one contender was shown to do, before an upstream that tells what it gets. */
export interface Proof extends Parity {
  readonly tokens: number;
  /** Null where the check holds, or what came instead. */
  readonly checks: Readonly<Record<CheckName, string | null>>;
  /** Opened for 20 requests that come in turn: 0 where they are kept. */
  readonly upstreamConnections: number;
  readonly reach: Reach;
  readonly looksIn: readonly PlaceName[];
  readonly lacks: readonly string[];
  readonly breaks: readonly CheckName[];
}

/**
 * Starts each kind of contender alone and looks what it passes and blocks; `holdTo` judges it. Throws where one does not
 * even block the listed tokens of the workload's request, or passes none. Of a family with several numbers of tokens the smallest stands for all.
 */
export async function prove(
  contenders: readonly Contender[],
  say: (text: string) => void,
): Promise<readonly Proof[]> {
  const processes = new Processes();
  try {
    const echo = processes.fork(new URL("./echo.js", import.meta.url), []);
    const { port: upstreamPort } = await processes.nextMessage<Listening>(echo);
    const proofs: Proof[] = [];
    for (const contender of kindsOf(contenders)) {
      say(`proving ${contender.name}`);
      const started = await contender.start(processes, upstreamPort);
      proofs.push(await proofOf(contender, started.port));
      if (started.child !== null) await processes.stopOne(started.child);
    }
    return proofs;
  } finally {
    await processes.stop();
  }
}

/** One contender of each family with tokens, and one without. */
export function kindsOf<T extends Pick<Contender, "family" | "tokens">>(contenders: readonly T[]): T[] {
  const kinds = new Map<string, T>();
  for (const contender of contenders.toSorted((a, b) => a.tokens - b.tokens)) {
    const kind = `${contender.family} ${contender.tokens > 0}`;
    if (!kinds.has(kind)) kinds.set(kind, contender);
  }
  return contenders.filter(
    (contender) => kinds.get(`${contender.family} ${contender.tokens > 0}`) === contender,
  );
}

/** What a contender does otherwise than it should and than it is known for; empty when it may be measured. */
export function failuresOf({ name, checks, reach, looksIn, breaks }: Proof): string[] {
  const isKnown = (check: string) => breaks.some((each) => each === check);
  const changed = Object.entries(checks).filter(([check, came]) => came !== null && !isKnown(check));
  const missed = looksIn.filter((place) => reach[place] !== "blocked");
  return [
    ...changed.map(([check, came]) => `${name}: ${check}: ${came}`),
    ...missed.map((place) => `${name}: ${place}: ${reach[place]}, though it looks there`),
  ];
}

/** Throws where a contender changes what it should pass on, or does not block what it says it looks at. */
export function holdTo(proofs: readonly Proof[]): void {
  const failures = proofs.flatMap(failuresOf);
  if (failures.length > 0) throw new Error(failures.join("\n"));
}

async function proofOf(contender: Contender, port: number): Promise<Proof> {
  const parity = await checkParity(contender, { port, child: null });
  const results: Partial<Record<CheckName, string | null>> = {};
  for (const [name, check] of Object.entries(checks)) results[name as CheckName] = await check(port);
  const { tokens, looksIn, lacks, breaks = [] } = contender;
  return {
    ...parity,
    tokens,
    checks: results as Record<CheckName, string | null>,
    upstreamConnections: await upstreamConnections(port),
    reach: await reachOf(port),
    looksIn,
    lacks,
    breaks,
  };
}
