import type { Format } from "../../rules/formats.ts";
import type { Stretch } from "./finding.ts";
import { isPlaceholder } from "./placeholder.ts";
import type { Window } from "./window.ts";

/** Bytes before and behind a token in which a word must stand that its format asks for. */
const NEAR_BYTES = 160;
/** Telegram's tokens stand in paths as `/bot<token>/`. */
const LEAD_IN = "bot";

/** A row of the table, ready to be looked for. */
export class KnownFormat {
  readonly format: Format;
  private readonly body: RegExp;
  private readonly leadOf: Uint8Array | null;

  constructor(format: Format, body: RegExp) {
    this.format = format;
    this.body = new RegExp(body.source, "y");
    const { lead } = format;
    this.leadOf =
      lead && Uint8Array.from({ length: 256 }, (_, byte) => Number(lead.of.test(String.fromCharCode(byte))));
  }

  /** The token of this format whose anchor stands at `place`, or null. */
  at(window: Window, place: number, anchor: string): Stretch | null {
    const { format, body } = this;
    const start = this.startOf(window, place, anchor);
    if (!window.holds(start)) return null;
    if (!format.isBehind && !window.mayBegin(start) && !this.isLedIn(window, start)) return null;
    const { text } = window;
    body.lastIndex = start;
    const token = body.exec(text)?.[0];
    if (token === undefined || !window.mayEnd(start + token.length)) return null;
    if (format.isSound?.(token) === false || format.isRight?.(token) === false) return null;
    if (format.near !== null && !format.near.test(around(text, start, start + token.length))) return null;
    const [canonical, secret] = partsOf(token, format, anchor);
    if (isPlaceholder(canonical, secret)) return null;
    return {
      source: "table",
      rule: format.rule,
      kind: format.kind,
      risk: null,
      name: null,
      start,
      end: start + token.length,
    };
  }

  private startOf({ bytes }: Window, place: number, anchor: string): number {
    if (this.format.isBehind) return place + anchor.length;
    const { leadOf } = this;
    if (leadOf === null) return place;
    let start = place;
    const first = Math.max(0, place - this.format.lead!.max);
    while (start > first && leadOf[bytes[start - 1]!] === 1) start--;
    return start;
  }

  private isLedIn({ bytes }: Window, start: number): boolean {
    return this.leadOf !== null && bytes.latin1Slice(Math.max(0, start - LEAD_IN.length), start) === LEAD_IN;
  }
}

/** A token as it is compared with public examples, and what is random of it. */
function partsOf(token: string, { kind, lead, isBehind }: Format, anchor: string): [string, string] {
  if (kind === "jwt") {
    const end = token.lastIndexOf(".");
    return [token.slice(0, end), token.slice(end + 1)];
  }
  return [token, lead !== null || isBehind ? token : token.slice(anchor.length)];
}

function around(text: string, start: number, end: number): string {
  return text.slice(Math.max(0, start - NEAR_BYTES), end + NEAR_BYTES);
}
