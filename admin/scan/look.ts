import type { Detector } from "../detect/detector.ts";
import type { Finding } from "../detect/finding.ts";
import { breather } from "../intake/takein.ts";
import { until } from "./bounds.ts";
import {
  defaultLimits,
  type Mark,
  type Piece,
  type Place,
  type Reader,
  type ScanLimits,
  type SkipReason,
  SourceFailed,
} from "./source.ts";

type Text = Extract<Piece, { kind: "text" }>;

/** What a look gives: a token in a text; or that all before is done. */
export type Seen =
  | { readonly kind: "finding"; readonly place: Place; readonly finding: Finding }
  | { readonly kind: "mark"; readonly mark: Mark };

/** `whole`: to the end of the source; `limit`: to `bytesMax` or `entriesMax`; `time`: to `timeMs`; `stopped`: by the caller. */
export type LookEnd = "whole" | "limit" | "time" | "stopped";

/** Sums so far. */
export interface LookCounts {
  readonly texts: number;
  readonly bytes: number;
  readonly findings: number;
  readonly skipped: Readonly<Partial<Record<SkipReason, number>>>;
}

export interface LookOptions {
  /** Where the look before this one ended. */
  readonly mark?: Mark | null | undefined;
  /** Those left out are `defaultLimits`. */
  readonly limits?: Partial<ScanLimits> | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called for each text, each thing left out, and whenever the reader says how far it is; where the reader knows, `of` is what it goes up to. */
  readonly onProgress?: ((progress: LookCounts & LookPlace) => void) | undefined;
  /** Something that was left out, by its path. */
  readonly onSkipped?: ((path: string, why: SkipReason) => void) | undefined;
}

export interface LookPlace {
  readonly done: number | null;
  readonly of: number | null;
  readonly what: string;
}

/** Pieces in which a text at hand goes to the detector: the event loop is free in between. */
const SLICE_BYTES = 128 * 1024;

/**
 * One look at a source: what its reader gives, given to the detector. The limits hold whatever the reader does: a text is cut
 * at `textBytesMax`, everything ends at `bytesMax`, `entriesMax` and `timeMs`, also while the reader hangs; each is counted.
 */
export class Look {
  end: LookEnd = "whole";
  private readonly reader: Reader;
  private readonly detector: Detector;
  private readonly options: LookOptions;
  private readonly limits: ScanLimits;
  private readonly timeout: AbortSignal;
  private readonly signal: AbortSignal;
  private readonly rest = breather();
  private readonly skipped: Partial<Record<SkipReason, number>> = {};
  private place: LookPlace = { done: null, of: null, what: "" };
  private texts = 0;
  private bytes = 0;
  private findings = 0;
  private entries = 0;

  constructor(reader: Reader, detector: Detector, options: LookOptions = {}) {
    this.reader = reader;
    this.detector = detector;
    this.options = options;
    this.limits = { ...defaultLimits, ...options.limits };
    this.timeout = AbortSignal.timeout(this.limits.timeMs);
    this.signal =
      options.signal === undefined ? this.timeout : AbortSignal.any([this.timeout, options.signal]);
  }

  get counts(): LookCounts {
    const { texts, bytes, findings, skipped } = this;
    return { texts, bytes, findings, skipped: { ...skipped } };
  }

  /** Rejects with SourceFailed, as the reader does. To be read once. */
  async *seen(): AsyncGenerator<Seen> {
    const { signal, limits } = this;
    const { mark = null } = this.options;
    for await (const piece of until(this.reader.read({ mark, limits, signal }), signal)) {
      if (piece.kind === "mark") yield piece;
      else if (piece.kind === "progress") this.tell({ done: piece.done, of: piece.of, what: piece.what });
      else if (this.isFull(piece.path)) return;
      else if (piece.kind === "skipped") this.skip(piece.path, piece.why);
      else {
        this.texts++;
        yield* this.text(piece);
        this.tell(this.place);
      }
      await this.rest();
    }
    if (!signal.aborted) return;
    this.end = this.timeout.aborted ? "time" : "stopped";
    if (this.end === "time") this.skip(this.reader.label, "time");
  }

  private isFull(path: string): boolean {
    if (++this.entries <= this.limits.entriesMax && this.bytes < this.limits.bytesMax) return false;
    this.end = "limit";
    this.skip(path, "too_many");
    return true;
  }

  private async *text({ path, place, bytes }: Text): AsyncGenerator<Seen> {
    const room = Math.min(this.limits.textBytesMax, this.limits.bytesMax - this.bytes);
    const commit = place.commit ?? null;
    const told = (finding: Finding): Seen => {
      this.findings++;
      return { kind: "finding", place, finding };
    };
    if (Buffer.isBuffer(bytes) && bytes.length <= Math.min(room, SLICE_BYTES)) {
      this.bytes += bytes.length;
      for (const finding of this.detector.find(bytes, path, commit)) yield told(finding);
      return;
    }
    const scanning = this.detector.open(path, commit);
    let left = room;
    try {
      for await (const slice of slices(Buffer.isBuffer(bytes) ? [bytes] : until(bytes, this.signal))) {
        const part = slice.subarray(0, left);
        left -= part.length;
        this.bytes += part.length;
        for (const finding of scanning.write(part)) yield told(finding);
        await this.rest();
        if (part.length < slice.length) {
          this.skip(path, "too_large");
          break;
        }
      }
    } catch (error) {
      // Of a stream that breaks off, what came is looked at.
      if (error instanceof SourceFailed || typeof (error as { code?: unknown }).code !== "string")
        throw error;
      this.skip(path, "unreadable");
    }
    for (const finding of scanning.end()) yield told(finding);
  }

  private skip(path: string, why: SkipReason): void {
    this.skipped[why] = (this.skipped[why] ?? 0) + 1;
    this.options.onSkipped?.(path, why);
    this.tell(this.place);
  }

  private tell(place: LookPlace): void {
    this.place = place;
    this.options.onProgress?.({ ...this.counts, ...place });
  }
}

async function* slices(bytes: AsyncIterable<Buffer> | Iterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const piece of bytes)
    for (let at = 0; at < piece.length; at += SLICE_BYTES) yield piece.subarray(at, at + SLICE_BYTES);
}
