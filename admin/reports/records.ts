import { type Bytes, entryBytesMax, ReportBroken } from "./report.ts";

export interface RecordText {
  /** Without its end; null where it is larger than `entryBytesMax`. */
  readonly text: string | null;
  /** From 1, blank ones too. */
  readonly number: number;
}

const [LF, CR, QUOTE] = [0x0a, 0x0d, 0x22];
const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * The records of a text that comes in pieces, those that are not blank: its lines, ended by LF or CRLF; or, where `isCsv`,
 * those of comma-separated values, in which a line may end within quotes (RFC 4180 section 2.6). Throws ReportBroken for
 * one that is not UTF-8, by its number.
 */
export async function* recordsOf(bytes: Bytes, isCsv = false): AsyncGenerator<RecordText> {
  let pieces: Uint8Array[] = [];
  let size = 0;
  let number = 0;
  let isQuoted = false;

  const keep = (piece: Uint8Array) => {
    size += piece.length;
    // A copy (the slice of a Buffer is none): who gave the piece overwrites it.
    if (size <= entryBytesMax) pieces.push(new Uint8Array(piece));
    else pieces = [];
  };
  const taken = (): RecordText => {
    number++;
    const text = size > entryBytesMax ? null : decoded(pieces, number);
    pieces = [];
    size = 0;
    return { text, number };
  };

  for await (const chunk of bytes) {
    let from = 0;
    for (let at = from; at < chunk.length; at++) {
      const byte = chunk[at]!;
      if (isCsv && byte === QUOTE) isQuoted = !isQuoted;
      if (byte !== LF || isQuoted) continue;
      keep(chunk.subarray(from, at));
      from = at + 1;
      const record = taken();
      if (record.text === null || record.text.trim() !== "") yield record;
    }
    if (from < chunk.length) keep(chunk.subarray(from));
  }
  if (size === 0) return;
  if (isQuoted) throw new ReportBroken(`record ${number + 1} ends within quotes`);
  const last = taken();
  if (last.text === null || last.text.trim() !== "") yield last;
}

function decoded(pieces: readonly Uint8Array[], number: number): string {
  const whole = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  try {
    return utf8.decode(whole.at(-1) === CR ? whole.subarray(0, -1) : whole);
  } catch {
    throw new ReportBroken(`record ${number} is not UTF-8: convert the report first`);
  }
}
