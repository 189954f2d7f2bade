import type { Hashes } from "../rules/hashes.ts";
import { signingInput } from "../rules/jwt.ts";
import { type Inspection, Scan, type ScanOutcome } from "../rules/matcher.ts";
import { TOKEN_BYTES_MIN } from "../rules/token.ts";
import { candidatesInBody, candidatesInHead, candidatesInText, valuesOfString } from "./candidates.ts";
import type { Counters } from "./counters.ts";
import type { RequestInspection } from "./inspect.ts";
import { partsOfBody } from "./points/body.ts";
import type { Part } from "./points/head.ts";
import { narrow, WIDTHS } from "./points/wide.ts";
import { WholeBody } from "./wholebody.ts";

/** So many times the candidates are taken from a request, repeated ones included: taking them costs something too. */
const TAKEN_PER_CANDIDATE = 16;
/** A text to be recorded that has more words is not looked through to its end, and not recorded. */
const WORDS_MAX = 1_024;

/**
 * inspect: one request's whole values, against the tokens of which only a hash is known. There is one only while such
 * tokens are loaded. It looks at no more than `inspect.hashCandidates` different values; of a body it needs the whole,
 * so one longer than `inspect.holdBytes` is not looked at. Both are counted, and refused where `inspect.hashOverflow`
 * says so: who pads a request on purpose would else get past.
 */
export class ValueInspection {
  private readonly inspection: RequestInspection;
  private readonly valuesMax: number;
  private readonly raw: WholeBody;
  private plain: WholeBody | null = null;
  private readonly seen = new Set<string>();
  private taken = 0;
  private hasMoreValues = false;
  /** What is to be counted and was not yet. */
  private exceeded = 0;
  private tooLong = 0;

  constructor(inspection: RequestInspection) {
    this.inspection = inspection;
    this.valuesMax = inspection.config.hashCandidates;
    this.raw = new WholeBody(inspection.config.holdBytes);
  }

  /** The serialised head, and the credentials of its Basic fields in base64. */
  head(text: string, basic: readonly string[] | null): ScanOutcome {
    return this.look(candidatesInHead(text, basic));
  }

  /** The next bytes of the body; all of them are looked at once the last are there. */
  chunk(bytes: Buffer, isLast: boolean): ScanOutcome {
    return this.body(this.raw, bytes, isLast);
  }

  /** The same once the content coding is off. */
  decoded(bytes: Buffer, isLast: boolean): ScanOutcome {
    this.plain ??= new WholeBody(this.inspection.config.holdBytes);
    return this.body(this.plain, bytes, isLast);
  }

  /** Counts, once each, what of the request was not looked at. */
  tell(counters: Counters): void {
    counters.hashCandidatesExceeded += this.exceeded;
    counters.hashBodiesTooLong += this.tooLong;
    this.exceeded = 0;
    this.tooLong = 0;
  }

  private body(body: WholeBody, bytes: Buffer, isLast: boolean): ScanOutcome {
    const wasTooLong = body.isTooLong;
    const whole = body.take(bytes, isLast);
    if (body.isTooLong && !wasTooLong) {
      this.tooLong = 1;
      if (this.inspection.refusesUnseenValues) return Scan.exhausted;
    }
    if (whole === null) return Scan.clear;
    const { contentType } = this.inspection;
    const text = textOf(whole);
    return this.look(candidatesInBody(contentType, text), (value) => pointIn(contentType, text, value));
  }

  /** `pointOf` names the point of a hit more closely, or not. */
  private look(
    candidates: Iterable<Part>,
    pointOf: (value: string) => string | null = () => null,
  ): ScanOutcome {
    const { inspection, seen, valuesMax } = this;
    if (this.hasMoreValues) return Scan.clear;
    for (const { point, text } of candidates) {
      if (++this.taken > valuesMax * TAKEN_PER_CANDIDATE || (seen.size === valuesMax && !seen.has(text))) {
        this.hasMoreValues = true;
        this.exceeded = 1;
        return inspection.refusesUnseenValues ? Scan.exhausted : Scan.clear;
      }
      if (seen.has(text)) continue;
      seen.add(text);
      const known = inspection.hits?.length ?? 0;
      const outcome = this.ask(text, point);
      for (let index = known; index < (inspection.hits?.length ?? 0); index++) {
        const hit = inspection.hits![index]!;
        hit.point = pointOf(text) ?? hit.point;
      }
      if (outcome !== Scan.clear) return outcome;
    }
    return Scan.clear;
  }

  /** A JWT also as what its signature signs, which is the form that Leakgate digests. */
  private ask(text: string, point: string): ScanOutcome {
    const outcome = this.inspection.value(Buffer.from(text, "latin1"), point);
    if (outcome !== Scan.clear || !text.startsWith("eyJ")) return outcome;
    const signed = signingInput(text);
    return signed === null ? outcome : this.inspection.value(Buffer.from(signed, "latin1"), point);
  }
}

/** Whether a text holds a loaded token of which only a hash is known, as one of its words. */
export function holdsValue(hashes: Hashes, inspection: Inspection, text: string): boolean {
  const words = new Set<string>();
  for (const word of candidatesInText(text)) {
    if (words.has(word)) continue;
    words.add(word);
    if (words.size > WORDS_MAX) return true;
    if (hashes.look(Buffer.from(word, "latin1"), inspection) !== Scan.clear) return true;
  }
  return false;
}

/** A character a byte; the ASCII of a body that has NULs between, as UTF-16 does. */
function textOf(bytes: Buffer): string {
  if (!bytes.includes(0)) return bytes.toString("latin1");
  const out = Buffer.allocUnsafe(bytes.length);
  const texts = WIDTHS.map((width) =>
    out.toString("latin1", 0, narrow(bytes, bytes.length, out, TOKEN_BYTES_MIN, width)),
  );
  return texts.join(" ").trim() === "" ? bytes.toString("latin1") : texts.join(" ");
}

/** Where in a body of JSON a string of this value stands. */
function pointIn(contentType: string, body: string, value: string): string | null {
  for (const { point, text } of partsOfBody(contentType, body)) {
    if (!point.startsWith("body json") && !point.startsWith("body graphql")) return null;
    for (const known of valuesOfString(text)) if (known === value) return point;
  }
  return null;
}
