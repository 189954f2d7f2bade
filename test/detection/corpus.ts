import { digestToken, type TokenDigest } from "../../rules/digest.ts";
import type { Pepper } from "../../rules/pepper.ts";
import { Token } from "../../rules/token.ts";
import { Random } from "../spellings/random.ts";
import { decoy } from "./decoys.ts";
import { type FileKind, fileKinds, fillerOf, lineOf } from "./files.ts";
import { madeUp, randomText, SAMPLES } from "./samples.ts";

export const classes = ["checksum", "prefix", "declared", "gitleaks", "inventory"] as const;
export type Class = (typeof classes)[number];

/** A token that was put into a file: bytes `[start, end)`. */
export interface Label {
  readonly class: Class;
  readonly rule: string;
  readonly start: number;
  readonly end: number;
}

/** Text that is no token, put there to be taken for one. */
export interface Bait {
  readonly kind: string;
  readonly start: number;
  readonly end: number;
}

export interface CorpusFile {
  readonly path: string;
  readonly commit: string;
  readonly blob: Buffer;
  readonly labels: readonly Label[];
  readonly baits: readonly Bait[];
}

export interface Corpus {
  readonly files: readonly CorpusFile[];
  /** The tokens that the team knows to be live, by their digests. */
  readonly listed: readonly TokenDigest[];
}

/** The operator's formats that the corpus holds tokens of. */
export const DECLARED = [
  { name: "acme-session", prefix: "acme_live_", pattern: "[0-9a-z]{32}", risk: 9 },
  { name: "acme-robot", pattern: "rbt[0-9]{2}\\.[0-9A-Za-z]{24}", risk: 5 },
];

/** Rules as rules files have them: by a name beside the secret, by a prefix, with entropy and an allow-list. */
export const GITLEAKS = `
[[rules]]
id = "initech-key"
regex = '''(?i)[\\w.-]{0,50}?(?:initech)(?:[ \\t\\w.-]{0,20})[\\s'"]{0,3}(?:=|>|:{1,3}=|\\|\\||:|=>|\\?=|,)[\\x60'"\\s=]{0,5}([a-z0-9]{30})(?:[\\x60'"\\s;]|\\\\[nr]|$)'''
entropy = 3
keywords = ["initech"]

[[rules]]
id = "umbrella-token"
regex = '''\\bumb-([a-f0-9]{12}-[A-Za-z0-9_-]{40})(?:[^A-Za-z0-9_-]|$)'''
secretGroup = 1
keywords = ["umb-"]
[[rules.allowlists]]
stopwords = ["0000"]
`;

/** What these rules mean: the same in JavaScript's own expressions, run over a whole file without any gate. */
const MEANINGS: Readonly<Record<string, RegExp>> = {
  "initech-key":
    /[\w.-]{0,50}?(?:initech)(?:[ \t\w.-]{0,20})[\s'"]{0,3}(?:=|>|:{1,3}=|\|\||:|=>|\?=|,)[`'"\s=]{0,5}(?<secret>[a-z0-9]{30})(?:[`'"\s;]|\\[nr]|$)/dgi,
  "umbrella-token": /\bumb-(?<secret>[a-f0-9]{12}-[A-Za-z0-9_-]{40})(?:[^A-Za-z0-9_-]|$)/dg,
};

/** Made from the seed alone: the same on every machine. `commits` hold one to four files each. */
export function corpusOf(seed: number, pepper: Pepper, commits: number, decoys: number): Corpus {
  const random = new Random(seed);
  const listed: TokenDigest[] = [];
  const files: CorpusFile[] = [];
  let sample = 0;
  let baits = 0;
  for (let commit = 0; commit < commits; commit++) {
    const sha = randomText(random, "hex", 40);
    const count = 1 + random.below(4);
    for (let index = 0; index < count; index++) {
      const draft = new Draft(random, random.pick(fileKinds));
      draft.fill();
      if (index === 0) {
        putToken(draft, random, commit, sample++, listed, pepper);
        // Spread evenly, all of them by the last commit.
        for (; baits < ((commit + 1) * decoys) / commits; baits++) draft.putDecoy(baits);
      }
      files.push(draft.done(`${commit}/${index}`, sha));
    }
  }
  return { files, listed };
}

/** Of ten commits six hold a token of the table, and one each of the others. */
function putToken(
  draft: Draft,
  random: Random,
  commit: number,
  index: number,
  listed: TokenDigest[],
  pepper: Pepper,
): void {
  const turn = commit % 10;
  if (turn < 6) {
    const sample = SAMPLES[index % SAMPLES.length]!;
    const { lead, token } = madeUp(sample, random);
    draft.put({ class: sample.class, rule: sample.rule }, sample.beside ?? null, token, lead);
  } else if (turn === 6) {
    const session = `acme_live_${randomText(random, "lower", 32)}`;
    const robot = `rbt${randomText(random, "digit", 2)}.${randomText(random, "base62", 24)}`;
    const isSession = random.chance(0.5);
    const rule = isSession ? "acme-session" : "acme-robot";
    draft.put({ class: "declared", rule }, null, isSession ? session : robot);
  } else if (turn === 7) {
    if (random.chance(0.5))
      draft.put({ class: "gitleaks", rule: "initech-key" }, "INITECH_KEY", randomText(random, "lower", 30));
    else {
      const secret = `${randomText(random, "hex", 12)}-${randomText(random, "base62", 40)}`;
      draft.put({ class: "gitleaks", rule: "umbrella-token" }, null, secret, "umb-");
    }
  } else if (turn === 8) {
    // Without any shape of its own, as many live tokens are.
    const token = random.pick(["hex", "base62", "url"]);
    const text = `m${randomText(random, token, 12 + random.below(40))}p`;
    listed.push(digestToken(Token.parse(text), pepper));
    draft.put({ class: "inventory", rule: "inventory" }, null, text);
  }
}

class Draft {
  private readonly random: Random;
  private readonly kind: FileKind;
  private readonly parts: string[] = [];
  private bytes = 0;
  private readonly labels: Label[] = [];
  private readonly baits: Bait[] = [];

  constructor(random: Random, kind: FileKind) {
    this.random = random;
    this.kind = kind;
  }

  fill(): void {
    for (let lines = 5 + this.random.below(70); lines > 0; lines--)
      this.add(fillerOf(this.kind, this.random));
  }

  put(label: Pick<Label, "class" | "rule">, name: string | null, token: string, lead = ""): void {
    const start = this.line(name, lead + token) + Buffer.byteLength(lead);
    this.labels.push({ ...label, start, end: start + token.length });
  }

  putDecoy(index: number): void {
    const { kind, name, value } = decoy(this.random, index);
    const start = this.line(name, value);
    this.baits.push({ kind, start, end: start + Buffer.byteLength(value) });
  }

  done(name: string, commit: string): CorpusFile {
    const { baits } = this;
    const blob = Buffer.from(this.parts.join(""));
    const labels = this.labels.filter((label) => label.class !== "gitleaks" || isMeant(label, blob));
    return { path: `made-up/${name}${this.kind}`, commit, blob, labels, baits };
  }

  /** Writes a line with the value, and some after it; answers where the value begins. */
  private line(name: string | null, value: string): number {
    const [before, after] = lineOf(this.kind, this.random, name);
    this.add(before);
    const start = this.bytes;
    this.add(value);
    this.add(after);
    for (let lines = this.random.below(20); lines > 0; lines--) this.add(fillerOf(this.kind, this.random));
    return start;
  }

  private add(text: string): void {
    this.parts.push(text);
    this.bytes += Buffer.byteLength(text);
  }
}

/** Of a rules file a token is only what its rule matches: `INITECH_KEY ?? "..."` is no assignment to it. */
function isMeant({ rule, start }: Label, blob: Buffer): boolean {
  return [...blob.toString("latin1").matchAll(MEANINGS[rule]!)].some(
    ({ indices }) => indices!.groups!.secret![0] === start,
  );
}
