import { InputRefused } from "../../rules/refusal.ts";
import { separatorOf } from "./csv.ts";
import type { ReportFormat } from "./names.ts";
import type { Bytes } from "./report.ts";

/** What of a report is looked at to tell its format. */
const HEAD_BYTES = 65_536;

/** What a report begins with, and all of it to be read. */
export async function peek(bytes: Bytes): Promise<{ readonly head: Buffer; readonly all: Bytes }> {
  const iterator = bytes[Symbol.asyncIterator]();
  const pieces: Uint8Array[] = [];
  let size = 0;
  let isOver = false;
  while (size < HEAD_BYTES && !isOver) {
    const { value, done } = await iterator.next();
    if (done) isOver = true;
    else {
      pieces.push(Uint8Array.from(value));
      size += value.length;
    }
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    try {
      yield* pieces.splice(0);
      if (!isOver) yield* { [Symbol.asyncIterator]: () => iterator };
    } finally {
      await iterator.return?.();
    }
  }
  return { head: Buffer.concat(pieces).subarray(0, HEAD_BYTES), all: all() };
}

/** Binary formats, and texts in no UTF-8, by their first bytes. */
const STRANGE: readonly (readonly [start: string, what: string])[] = [
  ["1f8b", "is compressed: unpack it first"],
  ["504b0304", "is an archive: unpack it first"],
  ["fffe", "is a text in UTF-16: convert it to UTF-8 first"],
  ["feff", "is a text in UTF-16: convert it to UTF-8 first"],
  ["25504446", "is a PDF"],
];

/**
 * The format of a report, told from its beginning. Throws InputRefused, which says what it looks like and repeats
 * nothing of it.
 */
export function tellFormat(head: Buffer, hasColumns: boolean): ReportFormat {
  const hex = head.subarray(0, 4).toString("hex");
  const strange = STRANGE.find(([start]) => hex.startsWith(start));
  if (strange !== undefined) fail(strange[1]);
  if (head.includes(0)) fail("is binary");
  const text = head
    .toString("utf8")
    .replace(/^\ufeff/, "")
    .trimStart();
  if (text === "") fail("is empty");
  if (hasColumns) return "csv";
  if (text.startsWith("<")) fail("looks like XML or HTML, of which no format is known");
  if (text.startsWith("[")) return ofList(text);
  if (text.startsWith("{")) return ofObject(text);
  return ofText(text.slice(0, text.search(/\r?\n|$/)));
}

/** Whether a field of this name is in what was looked at. */
const has = (text: string, name: string) => new RegExp(`"${name}"\\s*:`).test(text);

function ofList(text: string): ReportFormat {
  if (has(text, "DetectorName"))
    fail("looks like findings of TruffleHog in one list: they must be a line each, as it writes them");
  if (has(text, "RuleID")) return "gitleaks";
  if (has(text, "secret_type")) return "github-alerts";
  // What gitleaks writes that found nothing.
  if (/^\[\s*\]/.test(text)) return "gitleaks";
  return fail("looks like a list in JSON, whose entries are neither those of gitleaks nor alerts of GitHub");
}

function ofObject(text: string): ReportFormat {
  if (has(text, "DetectorName") || has(text, "SourceMetadata")) return "trufflehog";
  if (has(text, "runs")) return "sarif";
  if (has(text, "plugins_used") || has(text, "hashed_secret")) return "detect-secrets";
  if (has(text, "vulnerabilities")) return "gitlab";
  if (has(text, "secret_type")) fail("looks like one alert of GitHub: they must be in a list");
  return fail("looks like an object in JSON of no known format");
}

function ofText(first: string): ReportFormat {
  const cells = first.split(separatorOf(first)).map((cell) => cell.trim().replaceAll('"', ""));
  if (cells.includes("RuleID") && cells.includes("Secret")) return "gitleaks-csv";
  const names = cells.map((cell) => cell.toLowerCase());
  if (cells.length > 1 && (names.includes("token") || names.includes("hash"))) return "csv";
  if (cells.length > 1)
    fail(
      `looks like comma-separated values in ${cells.length} columns: say in map which of them holds the token`,
    );
  if (/\S\s+\S/.test(first.trim())) fail("looks like a text, and not like a token a line");
  return "lines";
}

function fail(what: string): never {
  throw new InputRefused("format", `cannot be told: the report ${what}`);
}
