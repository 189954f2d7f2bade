import { Decoder, hasZstd } from "./inflate/decoder.ts";

/** A content coding that can be undone here (RFC 9110 section 8.4.1; RFC 7932; RFC 8878). */
export type Coding = "gzip" | "deflate" | "br" | "zstd";

/** What decoding one body may cost. "Decoded" counts what every coding of a stack yields, not the innermost alone. */
export interface InflateLimits {
  /** Codings on top of each other, for `codingsOf`. */
  readonly depthMax: number;
  /** Decoded bytes per encoded byte, beyond the first `ratioBaseBytes`. */
  readonly ratioMax: number;
  readonly ratioBaseBytes: number;
  readonly decodedBytesMax: number;
  /** Wall time of all writes together, from `write` to `done`: what `onPiece` takes and queueing included. */
  readonly ms: number;
}

/**
 * `ok`: all that the pieces so far can yield was handed out. `stopped`: `onPiece` said so. `truncated`: the last piece
 * ended before the coding did; all was handed out. `broken`: no decoding, or two that differ; the up to 64 KiB before
 * the fault may be missing. The rest: a budget is over. All but `ok` are final.
 */
export type InflateOutcome =
  | "ok"
  | "stopped"
  | "broken"
  | "over_ratio"
  | "over_bytes"
  | "over_time"
  | "truncated";

const EMPTY = Buffer.alloc(0);

const CODINGS: ReadonlyMap<string, Coding> = new Map<string, Coding>([
  ["gzip", "gzip"],
  // RFC 9110 section 8.4.1.3: the same as gzip.
  ["x-gzip", "gzip"],
  ["deflate", "deflate"],
  ["br", "br"],
  ...(hasZstd ? [["zstd", "zstd"] as const] : []),
]);

/**
 * The codings of a Content-Encoding value in the order in which to undo them; null where there is none but `identity`.
 * Repeated fields are to be joined with commas (RFC 9110 section 5.3).
 */
export function codingsOf(
  value: string,
  depthMax: number,
): readonly Coding[] | "unknown" | "too_deep" | null {
  const codings: Coding[] = [];
  let depth = 0;
  for (let from = 0; from <= value.length; ) {
    const comma = value.indexOf(",", from);
    const to = comma < 0 ? value.length : comma;
    const name = value.slice(from, to).trim().toLowerCase();
    from = to + 1;
    if (name === "" || name === "identity") continue;
    if (++depth > depthMax) return "too_deep";
    const coding = CODINGS.get(name);
    if (coding !== undefined) codings.unshift(coding);
  }
  if (codings.length < depth) return "unknown";
  return depth === 0 ? null : codings;
}

/**
 * Decodes one body as it streams, in constant memory: a window and up to two chunks of 64 KiB for each coding. The
 * work is done in the thread pool; each chunk is handed out in a turn of its own, so that other clients are served
 * in between.
 */
export class Inflation {
  private readonly limits: InflateLimits;
  private readonly now: () => number;
  private readonly decoders: readonly Decoder[];
  private outcome: InflateOutcome = "ok";
  private onPiece: ((bytes: Buffer) => boolean) | null = null;
  private done: ((outcome: InflateOutcome) => void) | null = null;
  private isLast = false;
  private isClosed = false;
  private encodedBytes = 0;
  private decodedBytes = 0;
  private spentMs = 0;
  private began = 0;

  /** `codings` is what `codingsOf` answered: the one to undo first comes first. */
  constructor(
    codings: readonly Coding[],
    limits: InflateLimits,
    now: () => number = () => performance.now(),
  ) {
    this.limits = limits;
    this.now = now;
    this.decoders = codings.map((coding, index) => new Decoder(this, index, coding));
  }

  /** Bytes after the end of a coding, or between gzip members, were passed over: servers differ on them. */
  get trailing(): boolean {
    return this.decoders.some((decoder) => decoder.trailing);
  }

  /**
   * Decodes the next piece, which must not change until `done`, and be followed by another only then. `onPiece` gets
   * the decoded bytes in order, each valid during the call only, and answers whether to go on. `done` is called once,
   * never within `write`.
   */
  write(
    piece: Buffer,
    isLast: boolean,
    onPiece: (bytes: Buffer) => boolean,
    done: (outcome: InflateOutcome) => void,
  ): void {
    if (this.isClosed) return;
    if (this.done !== null) throw new Error("could not decode a piece: the one before is not done");
    this.onPiece = onPiece;
    this.done = done;
    this.isLast = isLast;
    this.began = this.now();
    this.encodedBytes += piece.length;
    if (this.outcome !== "ok") this.settle(this.outcome);
    else if (this.spend(0)) this.decoders[0]!.feed(piece, isLast);
  }

  /** Gives memory back; pending callbacks are not called any more. */
  close(): void {
    this.isClosed = true;
    this.onPiece = null;
    this.done = null;
    this.release();
  }

  /** For decoders: counts decoded bytes; answers whether the budgets allow them, and ends the decoding otherwise. */
  spend(bytes: number): boolean {
    const { ratioMax, ratioBaseBytes, decodedBytesMax, ms } = this.limits;
    this.decodedBytes += bytes;
    if (this.decodedBytes > decodedBytesMax) this.settle("over_bytes");
    else if (this.decodedBytes > ratioBaseBytes + ratioMax * this.encodedBytes) this.settle("over_ratio");
    else if (this.spentMs + this.now() - this.began > ms) this.settle("over_time");
    return this.outcome === "ok";
  }

  /** For decoders: a chunk goes to the next coding, or out; the decoder waits until `resume`. */
  decoded(index: number, bytes: Buffer): void {
    if (!this.spend(bytes.length)) return;
    const next = this.decoders[index + 1];
    if (next !== undefined) next.feed(bytes, false);
    // A close within the call leaves nothing to go on with.
    else if (!this.onPiece!(bytes)) this.settle("stopped");
    else this.decoders[index]!.resume();
  }

  /** For decoders: all that was fed is decoded and was taken. */
  finished(index: number, isLast: boolean): void {
    const next = this.decoders[index + 1];
    if (isLast && next !== undefined) next.feed(EMPTY, true);
    else if (isLast || index === 0) this.settle("ok");
    else this.decoders[index - 1]!.resume();
  }

  /** For decoders: the outcome of this write; the first that is not `ok` stays. */
  settle(outcome: InflateOutcome): void {
    if (this.isClosed) return;
    if (this.outcome === "ok") this.outcome = outcome;
    this.spentMs += this.now() - this.began;
    this.onPiece = null;
    if (this.outcome !== "ok" || this.isLast) this.release();
    process.nextTick(() => {
      const done = this.done;
      this.done = null;
      done?.(this.outcome);
    });
  }

  private release(): void {
    for (const decoder of this.decoders) decoder.release();
  }
}
