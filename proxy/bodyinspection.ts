import { type Matcher, Scan, type ScanOutcome, StreamView, worse } from "../rules/matcher.ts";
import type { RequestInspection } from "./inspect.ts";
import { looksBinary } from "./points/binary.ts";
import { type Charset, charsetOf, toUtf8 } from "./points/charset.ts";
import { Language } from "./points/unspell.ts";
import { lookInside } from "./views.ts";

const EMPTY = Buffer.alloc(0);
/** Bytes that one byte of a token may take: `\\\\u0067` in a string in a string, or `%255Cu0067`. */
const SPELLED_BYTES = 12;
const TAIL_MAX = 64 * 1024;
const MULTIPART = /^multipart\//i;
let units = Buffer.alloc(0);

/**
 * inspect: one stream of body bytes, as they are and in their decoded views. The raw bytes are scanned as a stream. The
 * views hold no state: each piece is decoded together with the end of what came before it, so long that a token which
 * ends in the piece stands in it whole, however it is spelled.
 */
export class BodyInspection {
  private readonly inspection: RequestInspection;
  private readonly matcher: Matcher;
  private readonly stream = new StreamView();
  private tail: Buffer = EMPTY;
  private total = 0;
  private charset: Charset | null = null;
  private isBinary: boolean | null = null;
  private quoted = 0;

  constructor(inspection: RequestInspection, matcher: Matcher) {
    this.inspection = inspection;
    this.matcher = matcher;
  }

  /** The next bytes; after the last, a token that ends with them counts. */
  take(bytes: Buffer, isLast: boolean): ScanOutcome {
    const { matcher, inspection, stream } = this;
    this.total += bytes.length;
    if (matcher.tokenCount === 0) {
      stream.length = 0;
      this.tail = EMPTY;
      return Scan.clear;
    }
    let outcome = matcher.scanChunk(bytes, 0, bytes.length, stream, inspection);
    if (isLast && outcome < Scan.stopped) outcome = matcher.finish(stream, inspection);
    if (outcome >= Scan.stopped) return outcome;
    const piece = this.tail.length === 0 ? bytes : Buffer.concat([this.tail, bytes]);
    let viewed = this.look(piece, bytes.length, isLast);
    this.isBinary ??= piece.length === 0 ? null : looksBinary(inspection.contentType, piece);
    if (this.isBinary && viewed < Scan.stopped) viewed = worse(viewed, inspection.embedded(piece));
    if (!isLast) this.keepTail(piece);
    return worse(outcome, viewed);
  }

  private look(piece: Buffer, fresh: number, isLast: boolean): ScanOutcome {
    const { contentType } = this.inspection;
    this.charset ??= piece.length < 4 && !isLast ? null : charsetOf(contentType, piece);
    if (this.quoted === 0 && MULTIPART.test(contentType) && piece.includes("uoted-"))
      this.quoted = Language.quoted;
    const languages = Language.percent | Language.escape | Language.markup | this.quoted;
    const share = piece.length === 0 ? 0 : fresh / piece.length;
    const looking = { matcher: this.matcher, inspection: this.inspection, languages, share };
    const { decodeDepth } = this.inspection.config;
    if (this.charset === null || this.charset === "bytes")
      return lookInside(looking, piece, decodeDepth, isLast);
    // The tail may begin in the middle of a unit.
    const from = (this.total - piece.length) & 1;
    if (units.length < piece.length * 2) units = Buffer.allocUnsafeSlow(piece.length * 2);
    const text = units.subarray(0, toUtf8(piece, from, piece.length, this.charset, units));
    const outcome = isLast
      ? this.matcher.scanWhole(text, 0, text.length, this.inspection)
      : this.matcher.scanChunk(text, 0, text.length, new StreamView(), this.inspection);
    if (outcome >= Scan.stopped) return outcome;
    const inner = lookInside(looking, text, decodeDepth, isLast);
    return worse(outcome, inner);
  }

  private keepTail(piece: Buffer): void {
    const length = Math.min(piece.length, TAIL_MAX, SPELLED_BYTES * (this.matcher.longest + 2));
    // A copy: the piece is the socket's or the decoder's, and large.
    this.tail = Buffer.from(piece.subarray(piece.length - length));
  }
}
