import { type Matcher, Scan, type ScanOutcome, StreamView, worse } from "../rules/matcher.ts";
import type { RequestInspection } from "./inspect.ts";
import { looksBinary } from "./points/binary.ts";
import { encodedParts } from "./points/multipart.ts";
import { Language } from "./points/unspell.ts";
import { narrow, WIDTHS } from "./points/wide.ts";
import { type Looking, lookInside, lookIntoRun, scanView } from "./views.ts";

const EMPTY = Buffer.alloc(0);
/** Bytes that one byte of a token may take: `&#x0067;` in UTF-32, `\\\\u0067` in UTF-16, `%255Cu0067`. */
const SPELLED_BYTES = 32;
const TAIL_MAX = 64 * 1024;
const DASH = 0x2d;
const BLANK = 0x20;
const MULTIPART = /^multipart\//i;
let narrowed = Buffer.alloc(0);

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
  private isBinary: boolean | null = null;
  private isMultipart: boolean;
  private quoted = 0;

  constructor(inspection: RequestInspection, matcher: Matcher) {
    this.inspection = inspection;
    this.matcher = matcher;
    this.isMultipart = MULTIPART.test(inspection.contentType);
  }

  /** The next bytes; after the last, a token that ends with them counts. */
  take(bytes: Buffer, isLast: boolean): ScanOutcome {
    const { matcher, inspection, stream } = this;
    if (matcher.tokenCount === 0) {
      stream.length = 0;
      this.tail = EMPTY;
      return Scan.clear;
    }
    let outcome = matcher.scanChunk(bytes, 0, bytes.length, stream, inspection);
    if (isLast && outcome < Scan.stopped) outcome = matcher.finish(stream, inspection);
    if (outcome >= Scan.stopped) return outcome;
    const piece = this.tail.length === 0 ? bytes : Buffer.concat([this.tail, bytes]);
    if (piece.length === 0) return outcome;
    const viewed = this.look(piece, bytes.length / piece.length, isLast);
    if (!isLast) this.keepTail(piece);
    return worse(outcome, viewed);
  }

  /** Looks into a piece, of which the part `share` is new. */
  private look(piece: Buffer, share: number, isLast: boolean): ScanOutcome {
    const { inspection } = this;
    if (this.isBinary === null) {
      this.isBinary = looksBinary(inspection.contentType, piece);
      // The first boundary says so as well, whatever the content type.
      this.isMultipart ||= piece[0] === DASH && piece[1] === DASH;
    }
    if (this.isMultipart && (piece.includes("uoted-p") || piece.includes("UOTED-P")))
      this.quoted = Language.quoted;
    const languages = Language.percent | Language.escape | Language.markup | this.quoted;
    const looking = inspection.looking(languages, share, true);
    const { decodeDepth } = inspection.config;
    let outcome = lookInside(looking, piece, decodeDepth, isLast);
    if (outcome < Scan.stopped) outcome = worse(outcome, this.lookWide(looking, piece, isLast));
    if (outcome < Scan.stopped && this.isMultipart)
      outcome = worse(outcome, lookIntoParts(looking, piece, decodeDepth, isLast));
    if (this.isBinary && outcome < Scan.stopped) outcome = worse(outcome, inspection.embedded(piece));
    return outcome;
  }

  /** Text of two or four bytes a character, which always has NULs in it where it is ASCII. */
  private lookWide(looking: Looking, piece: Buffer, isLast: boolean): ScanOutcome {
    if (!piece.includes(0)) return Scan.clear;
    if (narrowed.length <= piece.length) narrowed = Buffer.allocUnsafeSlow(piece.length * 2);
    const { decodeDepth } = this.inspection.config;
    let outcome: ScanOutcome = Scan.clear;
    for (const width of WIDTHS) {
      const written = narrow(piece, piece.length, narrowed, this.matcher.shortest, width);
      if (written === 0 || outcome >= Scan.stopped) continue;
      // What ends before the piece does goes on in no other.
      const endsHere = isLast || narrowed[written - 1] === BLANK;
      outcome = worse(outcome, scanView(looking, narrowed.subarray(0, written), decodeDepth, endsHere));
    }
    return outcome;
  }

  private keepTail(piece: Buffer): void {
    const length = Math.min(piece.length, TAIL_MAX, SPELLED_BYTES * (this.matcher.longest + 2));
    // A copy: the piece is the socket's or the decoder's, and large.
    this.tail = Buffer.from(piece.subarray(piece.length - length));
  }
}

/** Parts that say they are base64: readers of mail pass over every other byte in them (RFC 2045 section 6.8). */
function lookIntoParts(looking: Looking, piece: Buffer, depth: number, isLast: boolean): ScanOutcome {
  let outcome: ScanOutcome = Scan.clear;
  for (const { start, end } of encodedParts(piece)) {
    const found = lookIntoRun(looking, piece, start, end, depth, isLast || end < piece.length);
    if (found >= Scan.stopped) return found;
    outcome = worse(outcome, found);
  }
  return outcome;
}
