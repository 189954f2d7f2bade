import { type Matcher, Scan, type ScanOutcome, Sign, StreamView, worse } from "../rules/matcher.ts";
import type { RequestInspection } from "./inspect.ts";
import { leastLetters, meetInRun } from "./points/base64.ts";
import { hasBinary, looksBinary } from "./points/binary.ts";
import { encodedParts } from "./points/multipart.ts";
import { collectTexts, type Texts } from "./points/texts.ts";
import { Language, languagesOf } from "./points/unspell.ts";
import { narrow, WIDTHS } from "./points/wide.ts";
import { type Looking, lookInside, lookIntoRun, scanView } from "./views.ts";

const EMPTY = Buffer.alloc(0);
/** Bytes that one byte of a token may take: `&#x0067;` in UTF-32, `\\\\u0067` in UTF-16, `%255Cu0067`. */
const SPELLED_BYTES = 32;
const TAIL_MAX = 64 * 1024;
/** A run of base64 letters so long never lacks its sign within the bytes of one scan (see meetInRun for two). */
const SEEN_LETTERS = 46;
const DASH = 0x2d;
const BLANK = 0x20;
const MULTIPART = /^multipart\//i;
/** What is read within one piece alone, grown to the largest: nothing is held between calls. */
let narrowed = Buffer.alloc(0);
let joined = Buffer.alloc(0);
let collected = Buffer.alloc(0);
const texts: Texts = { length: 0, isOpen: false };

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
  private tailSigns = 0;
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
    const { tail } = this;
    if (bytes.length === 0 && tail.length === 0) return outcome;
    const signs = this.signsOf(bytes);
    this.learn(bytes);
    const isTailWithin = bytes.length >= this.tailBytes || tail.length === 0;
    if (signs === 0 && !this.isBinary && !this.isMultipart && (isLast || isTailWithin)) {
      if (!isLast) this.keepTail(bytes);
      return outcome;
    }
    const piece = tail.length === 0 ? bytes : joinedWith(tail, bytes);
    const viewed = this.look(piece, signs, bytes.length / piece.length, isLast);
    if (!isLast) this.keepTail(piece);
    return worse(outcome, viewed);
  }

  /** The signs of what was just scanned, of the tail before it, and of where the two meet. */
  private signsOf(bytes: Buffer): number {
    const { matcher, tail } = this;
    let signs = bytes.length === 0 ? 0 : matcher.signs;
    const least = leastLetters(matcher.shortest);
    if (least < SEEN_LETTERS || meetInRun(tail, bytes, least)) signs |= Sign.letters;
    const both = tail.length === 0 ? signs : signs | this.tailSigns;
    this.tailSigns = bytes.length >= this.tailBytes ? signs : both;
    return both;
  }

  /** The first bytes tell of what kind the body is. */
  private learn(bytes: Buffer): void {
    if (this.isBinary !== null) return;
    this.isBinary = looksBinary(this.inspection.contentType, bytes);
    // The first boundary says so as well, whatever the content type.
    this.isMultipart ||= bytes[0] === DASH && bytes[1] === DASH;
  }

  /** Looks into a piece, of which the part `share` is new, for the spellings whose signs it shows. */
  private look(piece: Buffer, signs: number, share: number, isLast: boolean): ScanOutcome {
    const { inspection } = this;
    if (this.isMultipart && (piece.includes("uoted-p") || piece.includes("UOTED-P")))
      this.quoted = Language.quoted;
    const languages = Language.percent | Language.escape | Language.markup | this.quoted;
    const looking = inspection.looking(languages, share, true);
    const marked = languagesOf(signs) | this.quoted;
    const { decodeDepth } = inspection.config;
    let outcome =
      this.isBinary || hasBinary(piece)
        ? this.lookIntoTexts(looking, piece, isLast, marked)
        : lookInside(looking, piece, decodeDepth, isLast, marked);
    if (outcome < Scan.stopped && (signs & Sign.nul) !== 0)
      outcome = worse(outcome, this.lookWide(looking, piece, isLast));
    if (outcome < Scan.stopped && this.isMultipart)
      outcome = worse(outcome, lookIntoParts(looking, piece, decodeDepth, isLast));
    return outcome;
  }

  /** Noise has marks of all spellings, and undoing them cost 90 ns a byte: looks into the texts alone. */
  private lookIntoTexts(looking: Looking, piece: Buffer, isLast: boolean, marked: number): ScanOutcome {
    const { decodeDepth } = this.inspection.config;
    let bytes = piece;
    let endsHere = isLast;
    // A comment goes on through whatever it holds, and what is around it is one text.
    if (!piece.includes("<!--")) {
      if (collected.length < piece.length) collected = Buffer.allocUnsafeSlow(piece.length * 2);
      collectTexts(piece, piece.length, collected, this.matcher.shortest, texts);
      bytes = collected.subarray(0, texts.length);
      endsHere ||= !texts.isOpen;
    }
    if (bytes.length === 0) return Scan.clear;
    const outcome = lookInside(looking, bytes, decodeDepth, endsHere, marked);
    return outcome >= Scan.stopped || !this.isBinary
      ? outcome
      : worse(outcome, this.inspection.embedded(bytes));
  }

  /** Text of two or four bytes a character, which always has NULs in it where it is ASCII. */
  private lookWide(looking: Looking, piece: Buffer, isLast: boolean): ScanOutcome {
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

  /** Of what came, so much is looked at again with the next bytes. */
  private get tailBytes(): number {
    return Math.min(TAIL_MAX, SPELLED_BYTES * (this.matcher.longest + 2));
  }

  private keepTail(piece: Buffer): void {
    // A copy: the piece is the socket's or the decoder's, and large.
    this.tail = Buffer.from(piece.subarray(Math.max(0, piece.length - this.tailBytes)));
  }
}

/** In a buffer of all bodies, until the next call. */
function joinedWith(tail: Buffer, bytes: Buffer): Buffer {
  const length = tail.length + bytes.length;
  if (joined.length < length) joined = Buffer.allocUnsafeSlow(length * 2);
  joined.set(tail);
  joined.set(bytes, tail.length);
  return joined.subarray(0, length);
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
