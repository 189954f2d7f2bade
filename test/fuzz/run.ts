import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { GROUPS } from "../spellings/groups.ts";
import { Random } from "../spellings/random.ts";
import { encode } from "../spellings/request.ts";
import { judge } from "./judge.ts";
import { Mutator } from "./mutate.ts";
import { type Outcome, Target } from "./target.ts";
import { Watchdog } from "./watchdog.ts";

/** The leaked tokens of the corpus. */
export const TOKENS = ["made-up-fuzz-token-0001", "bWFkZS11cA/fuzz+b2tlbg=="] as const;

const NOT_LEAKED = "made-up-fuzz-token-0002";
/** Longer ones take long to send, and hold nothing that shorter ones do not. */
const SEED_BYTES_MAX = 4096;

/** Connections at once, each to a gateway of its own: one that waits does not hold up the others. */
const LANES = 4;
/** Inputs of the corpus and those that led to something new, at most. */
const CORPUS_MAX = 5_000;

export interface FuzzOptions {
  /** Folder of seed files, each the raw bytes of a connection. */
  readonly corpus: string;
  readonly seconds: number;
  readonly seed: number;
  /** Whether inputs that show a fault are written into the corpus folder. */
  readonly isSaving: boolean;
  log(line: string): void;
}

export interface Finding {
  readonly fault: string;
  readonly input: Buffer;
  count: number;
}

export interface FuzzReport {
  readonly inputs: number;
  /** How often each status was answered. */
  readonly statuses: Readonly<Record<number, number>>;
  readonly findings: readonly Finding[];
}

/** Sends mutated requests through gateways for some seconds, and reports what must not be. */
export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const corpus = [...readCorpus(options.corpus), ...tabled()];
  const campaign = new Campaign(options, corpus);
  const watchdog = new Watchdog();
  const targets = await Promise.all(Array.from({ length: LANES }, () => Target.start(TOKENS)));
  await Promise.all(targets.map((target, lane) => campaign.run(target, lane, watchdog)));
  await Promise.all(targets.map((target) => target.close()));
  await watchdog.stop();
  return campaign;
}

function readCorpus(folder: string): Buffer[] {
  mkdirSync(folder, { recursive: true });
  const names = readdirSync(folder).sort();
  return names.map((name) => readFileSync(join(folder, name)));
}

/** The table of spellings, around a leaked token and around one that is not. */
function tabled(): Buffer[] {
  const cases = Object.values(GROUPS).flat();
  const requests = [TOKENS[0], NOT_LEAKED].flatMap((token) =>
    cases.map(({ spell }) => encode(spell(token), "1")),
  );
  return requests.filter((request) => request.length <= SEED_BYTES_MAX);
}

class Campaign implements FuzzReport {
  inputs = 0;
  readonly statuses: Record<number, number> = {};
  private readonly found = new Map<string, Finding>();
  private readonly behaviours = new Set<string>();
  private readonly options: FuzzOptions;
  private readonly corpus: Buffer[];
  private readonly seeds: number;
  private readonly until: number;

  constructor(options: FuzzOptions, corpus: Buffer[]) {
    this.options = options;
    this.corpus = corpus;
    this.seeds = corpus.length;
    this.until = performance.now() + options.seconds * 1000;
  }

  get findings(): readonly Finding[] {
    return [...this.found.values()];
  }

  /** One lane: first the corpus as it is, then what comes of it. */
  async run(target: Target, lane: number, watchdog: Watchdog): Promise<void> {
    const random = new Random(this.options.seed + lane);
    const mutator = new Mutator(TOKENS, random);
    while (this.inputs < this.seeds || performance.now() < this.until) {
      const turn = this.inputs++;
      const input = turn < this.seeds ? this.corpus[turn]! : mutator.next(this.corpus);
      watchdog.beat(input);
      const outcome = await target.send(cut(input, random), random.chance(0.2) ? 5 : 0);
      const { statuses, faults } = judge(input, outcome, target.oracle);
      for (const status of statuses) this.statuses[status] = (this.statuses[status] ?? 0) + 1;
      for (const fault of faults) this.note(fault, input);
      if (turn >= this.seeds) this.learn(input, `${statuses.join()} ${shapeOf(outcome)}`);
    }
  }

  private note(fault: string, input: Buffer): void {
    const known = this.found.get(fault);
    if (known !== undefined) {
      known.count++;
      return;
    }
    this.found.set(fault, { fault, input, count: 1 });
    this.options.log(`fault: ${fault}`);
    if (this.options.isSaving) save(this.options.corpus, fault, input);
  }

  /** What behaves as nothing before is worth changing further. */
  private learn(input: Buffer, behaviour: string): void {
    if (this.behaviours.has(behaviour) || this.corpus.length >= CORPUS_MAX) return;
    this.behaviours.add(behaviour);
    this.corpus.push(input);
  }
}

const shapeOf = ({ complete }: Outcome) =>
  complete.map(({ method, fields, trailers }) => `${method} ${fields.length} ${trailers.length}`).join();

/** A connection's bytes come in one piece mostly, in a few sometimes. */
function cut(input: Buffer, random: Random): Buffer[] {
  const pieces: Buffer[] = [];
  let from = 0;
  for (let left = random.chance(0.3) ? random.below(4) : 0; left > 0; left--) {
    const to = from + random.below(input.length - from + 1);
    pieces.push(input.subarray(from, to));
    from = to;
  }
  return [...pieces, input.subarray(from)];
}

function save(folder: string, fault: string, input: Buffer): void {
  const digest = createHash("sha256").update(input).digest("hex").slice(0, 12);
  const name = fault
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, 60);
  writeFileSync(join(folder, `fault-${name}-${digest}.http`), input);
}
