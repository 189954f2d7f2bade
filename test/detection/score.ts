import type { Detector } from "../../admin/detect/detector.ts";
import type { Finding } from "../../admin/detect/finding.ts";
import { FORMATS } from "../../rules/formats.ts";
import { type Class, type Corpus, classes } from "./corpus.ts";
import { SAMPLES } from "./samples.ts";

/** What was found of a class, and what was taken for it. */
export interface Score {
  tokens: number;
  found: number;
  /** Findings that are no tokens, or not where one is. */
  wrong: number;
}

export interface Scores {
  readonly byClass: Readonly<Record<Class, Score>>;
  /** `rule: text around`, for whoever looks into a miss; only of made-up texts. */
  readonly missed: readonly string[];
  readonly wrong: readonly string[];
}

/** What a plain search goes by: the shapes of the table as they are, and what is long and hexadecimal or has no blanks. */
const SHAPES = FORMATS.flatMap(({ body }) => body ?? []);
const LONG = [/[0-9A-Fa-f]{32,}/, /[\w+/=.-]{20,}/];

/** How many decoys a plain search would take for tokens: by the table's shapes alone, or by these and length. */
export function plainlyTaken({ files }: Corpus): { readonly byShape: number; readonly byLength: number } {
  let byShape = 0;
  let byLength = 0;
  for (const { blob, baits } of files)
    for (const { start, end } of baits) {
      const text = blob.toString("latin1", start, end);
      const hasShape = SHAPES.some((shape) => shape.test(text));
      if (hasShape) byShape++;
      if (hasShape || LONG.some((shape) => shape.test(text))) byLength++;
    }
  return { byShape, byLength };
}

const SUMMED = new Set(SAMPLES.filter((each) => each.class === "checksum").map(({ rule }) => rule));

/** Holds what a detector finds in a corpus against its labels: a token counts as found when its bytes are told exactly. */
export function scoreOf(detector: Detector, { files }: Corpus): Scores {
  const byClass = Object.fromEntries(
    classes.map((each) => [each, { tokens: 0, found: 0, wrong: 0 }]),
  ) as Record<Class, Score>;
  const missed: string[] = [];
  const wrong: string[] = [];
  for (const { blob, path, commit, labels } of files) {
    const left = new Map(labels.map((label) => [`${label.start}-${label.end}`, label]));
    for (const label of labels) byClass[label.class].tokens++;
    for (const finding of detector.find(blob, path, commit)) {
      const place = `${finding.start}-${finding.end}`;
      const label = left.get(place);
      if (label !== undefined) {
        byClass[label.class].found++;
        left.delete(place);
        continue;
      }
      byClass[classOf(finding)].wrong++;
      wrong.push(`${finding.rule}: ${around(blob, finding.start, finding.end)}`);
    }
    for (const { rule, start, end } of left.values()) missed.push(`${rule}: ${around(blob, start, end)}`);
  }
  return { byClass, missed, wrong };
}

function classOf({ source, rule }: Finding): Class {
  if (source === "table" || source === "assignment") return SUMMED.has(rule) ? "checksum" : "prefix";
  return source;
}

function around(blob: Buffer, start: number, end: number): string {
  return JSON.stringify(blob.toString("utf8", Math.max(0, start - 30), end + 20));
}
