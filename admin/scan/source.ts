import type { SightingInput } from "../../rules/sighting.ts";

/** Where a text stands: all of a sighting but the line. Holds no token that anybody knows of yet. */
export type Place = Omit<SightingInput, "line" | "foundAt">;

/** JSON that a reader gives out and is given back: up to where it has read. A mark never holds a secret. */
export type Mark = { readonly [name: string]: MarkValue };
export type MarkValue = string | number | boolean | null | readonly MarkValue[] | Mark;

/** Why something was not looked at. */
export type SkipReason =
  | "too_large"
  | "too_deep"
  | "too_many"
  | "ratio"
  | "outside"
  | "unreadable"
  | "unsupported"
  | "refused_address"
  | "time";

/** What a reader gives, piece by piece. */
export type Piece =
  /** A text to look at, whole or as it comes; who takes it reads it before asking for the next piece. */
  | {
      readonly kind: "text";
      /** As allow-lists and people know it: `src/app.ts`, `layer.tar!/etc/app.env`. */
      readonly path: string;
      readonly place: Place;
      readonly bytes: Buffer | AsyncIterable<Buffer>;
    }
  /** Something that was left out, and is counted. */
  | { readonly kind: "skipped"; readonly path: string; readonly why: SkipReason }
  /** Whatever came before is done: whoever goes on from here misses nothing. */
  | { readonly kind: "mark"; readonly mark: Mark }
  /** How far it is, where the reader can tell. */
  | { readonly kind: "progress"; readonly done: number; readonly of: number | null; readonly what: string };

/** Bounds of one look at a source; each one that is reached is a `skipped` piece, never an error. */
export interface ScanLimits {
  /** Of one text. */
  readonly textBytesMax: number;
  /** Of everything that one look reads. */
  readonly bytesMax: number;
  readonly entriesMax: number;
  /** Archives within archives. */
  readonly depthMax: number;
  /** Bytes that come out of a byte of an archive. */
  readonly ratioMax: number;
  readonly timeMs: number;
}

export const defaultLimits: ScanLimits = {
  textBytesMax: 64 * 1024 * 1024,
  bytesMax: 64 * 1024 * 1024 * 1024,
  entriesMax: 5_000_000,
  depthMax: 4,
  ratioMax: 200,
  timeMs: 6 * 3_600_000,
};

export interface ReadOptions {
  /** Where the look before this one ended; null at the first. */
  readonly mark: Mark | null;
  readonly limits: ScanLimits;
  /** Ends the look: the reader stops what it started and returns. */
  readonly signal: AbortSignal;
}

/** Reads one source. */
export interface Reader {
  /** As sightings name it: `git`, `folder`, `npm`, `github`, ... */
  readonly source: string;
  /** For people and log lines: the address without what opens it. */
  readonly label: string;
  /**
   * All texts of the source that have come since the mark. Rejects with SourceFailed when it cannot be read at all; what
   * was given before the last mark stays done.
   */
  read(options: ReadOptions): AsyncGenerator<Piece>;
}

/** A source that cannot be read, and whether it is worth trying again. */
export class SourceFailed extends Error {
  /** In milliseconds, where the source said when to come again. */
  readonly retryAfterMs: number | null;
  readonly isLasting: boolean;

  /** `message` is for people, and holds neither a token nor what opens the source. */
  constructor(
    message: string,
    options: { isLasting?: boolean; retryAfterMs?: number | null; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = "SourceFailed";
    this.isLasting = options.isLasting ?? false;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}
