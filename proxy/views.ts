import {
  type Inspection,
  type Matcher,
  Scan,
  type ScanOutcome,
  StreamView,
  worse,
} from "../rules/matcher.ts";
import { decodeRun, leastLetters, nextRun, type Run } from "./points/base64.ts";
import { hasBinary } from "./points/binary.ts";
import { languagesIn, undone, unspell } from "./points/unspell.ts";

/** Letters that carry three bytes, and the places where a run of them may begin to. */
const ALIGNMENTS = 4;

/** Within what was undone a token stands as it is, or in base64, which takes four letters for three bytes. */
const MARGIN = 1.5;

/** Buffers of the levels, made when first used and grown to the largest piece: nothing is held between calls. */
const layers: Buffer[] = [];
const runs: Buffer[] = [];

/** What looking into views needs to know: the same for all views of one piece of a request. */
export interface Looking {
  readonly matcher: Matcher;
  readonly inspection: Inspection;
  /** Languages that may be undone at all, as bits. */
  readonly languages: number;
  /** Units of the work budget are charged for so much of what is decoded: the part that was not looked at before. */
  readonly share: number;
  /** Base64 may be wrapped into lines. */
  readonly joinsLines: boolean;
  /** Scans within the words of a binary view, where somebody can tell a text's end. */
  readonly embedded: ((view: Buffer) => ScanOutcome) | null;
}

/**
 * Looks into bytes that were scanned as they are: undoes one layer of the spellings whose marks they show, and
 * every long run of base64 letters, scans what comes out, and looks into that in turn, `depth` layers deep. `isLast`
 * is false where more bytes may follow: a token that ends with them is then `tentative`. Bytes without a mark cost
 * a look at memory speed; the marks of languages not among `marked` are known to be missing.
 */
export function lookInside(
  looking: Looking,
  bytes: Buffer,
  depth: number,
  isLast: boolean,
  marked = looking.languages,
): ScanOutcome {
  if (depth === 0 || looking.matcher.tokenCount === 0) return Scan.clear;
  let outcome: ScanOutcome = Scan.clear;
  const languages = languagesIn(bytes, looking.languages & marked);
  if (languages !== 0) {
    const out = bufferOf(layers, depth, bytes.length);
    const margin = Math.ceil(MARGIN * looking.matcher.longest);
    const written = unspell(bytes, bytes.length, out, languages, isLast, margin);
    const { languages: used, joining } = undone;
    if (written > 0) outcome = scanView(looking, out.subarray(0, written), depth, isLast);
    // Where a reader of one language sees a token end, the sequence of another may make its word go on.
    for (let one = 1; one <= used && used !== one && outcome < Scan.stopped; one <<= 1)
      if ((used & one) !== 0 && (joining & ~one) !== 0)
        outcome = worse(outcome, lookInside({ ...looking, languages: one }, bytes, depth, isLast));
    if (outcome >= Scan.stopped) return outcome;
  }
  const coded = lookIntoRuns(looking, bytes, depth, isLast);
  return worse(outcome, coded);
}

/** The same for runs of base64 letters alone. */
export function lookIntoRuns(looking: Looking, bytes: Buffer, depth: number, isLast: boolean): ScanOutcome {
  const min = leastLetters(looking.matcher.shortest);
  let outcome: ScanOutcome = Scan.clear;
  const run: Run = { start: 0, end: 0, isWrapped: false };
  const line: Run = { start: 0, end: 0, isWrapped: false };
  for (let from = 0; nextRun(bytes, from, bytes.length, min, looking.joinsLines, run); from = run.end) {
    const endsHere = isLast || run.end < bytes.length;
    const found = lookIntoRun(looking, bytes, run.start, run.end, depth, endsHere);
    if (found >= Scan.stopped) return found;
    outcome = worse(outcome, found);
    if (!run.isWrapped) continue;
    // What looks like a wrapped text may be several, one a line.
    for (let at = run.start; nextRun(bytes, at, run.end, min, false, line); at = line.end) {
      const alone = lookIntoRun(
        looking,
        bytes,
        line.start,
        line.end,
        depth,
        isLast || line.end < bytes.length,
      );
      if (alone >= Scan.stopped) return alone;
    }
  }
  return outcome;
}

/** Decodes letters of base64, passing over all other bytes, from each of the places where four of them may begin. */
export function lookIntoRun(
  looking: Looking,
  bytes: Buffer,
  start: number,
  end: number,
  depth: number,
  isLast: boolean,
): ScanOutcome {
  const out = bufferOf(runs, depth, end - start);
  let outcome: ScanOutcome = Scan.clear;
  for (let skipped = 0; skipped < ALIGNMENTS; skipped++) {
    const written = decodeRun(bytes, start, end, skipped, out, looking.matcher.shortest);
    if (written === 0) continue;
    const found = scanView(looking, out.subarray(0, written), depth, isLast);
    if (found >= Scan.stopped) return found;
    outcome = worse(outcome, found);
  }
  return outcome;
}

/** Scans a view, and within its words where it is binary; then looks into it. */
export function scanView(looking: Looking, view: Buffer, depth: number, isLast: boolean): ScanOutcome {
  const { inspection, matcher, share } = looking;
  inspection.spent += Math.ceil((view.length * share) / 4);
  if (inspection.spent > inspection.budget) return Scan.exhausted;
  let outcome = isLast
    ? matcher.scanWhole(view, 0, view.length, inspection)
    : matcher.scanChunk(view, 0, view.length, new StreamView(), inspection);
  if (outcome < Scan.stopped && looking.embedded !== null && hasBinary(view))
    outcome = worse(outcome, looking.embedded(view));
  if (outcome >= Scan.stopped) return outcome;
  return worse(outcome, lookInside(looking, view, depth - 1, isLast));
}

/** Each level has one buffer for layers and one for runs: a view is read while the next level writes its own. */
function bufferOf(buffers: Buffer[], depth: number, bytes: number): Buffer {
  let buffer = buffers[depth];
  if (buffer === undefined || buffer.length < bytes) {
    buffer = Buffer.allocUnsafeSlow(Math.max(16 * 1024, 2 ** Math.ceil(Math.log2(bytes))));
    buffers[depth] = buffer;
  }
  return buffer;
}
