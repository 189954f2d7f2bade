import { InputRefused } from "../rules/refusal.ts";
import { TokenRefused } from "../rules/token.ts";

/** No token is near as long; what is, is no list of tokens. */
const LINE_BYTES_MAX = 65_536;

export interface Line {
  readonly text: string;
  /** Counted from 1, blank lines too. */
  readonly number: number;
}

/**
 * The lines of a stream of bytes that are not blank, in batches as the bytes come; ended by LF or CRLF. Throws
 * TokenRefused for a line that is far too long, InputRefused for one that is not UTF-8 (RFC 3629); both name it.
 */
export async function* linesOf(bytes: AsyncIterable<Buffer>): AsyncGenerator<Line[]> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let rest: Buffer = Buffer.alloc(0);
  let number = 0;

  function take(batch: Line[], line: Buffer): void {
    number++;
    if (line.length > LINE_BYTES_MAX) throw new TokenRefused("too_long", number);
    const text = decoded(line).trim();
    if (text !== "") batch.push({ text, number });
  }

  function decoded(line: Buffer): string {
    try {
      return decoder.decode(line);
    } catch {
      throw new InputRefused(`line ${number}:`, "the text is not UTF-8; convert the file first");
    }
  }

  for await (const chunk of bytes) {
    const batch: Line[] = [];
    const all = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let from = 0;
    for (let end = all.indexOf(10); end >= 0; end = all.indexOf(10, from)) {
      take(batch, all.subarray(from, end));
      from = end + 1;
    }
    rest = all.subarray(from);
    if (rest.length > LINE_BYTES_MAX) throw new TokenRefused("too_long", number + 1);
    yield batch;
  }
  const last: Line[] = [];
  if (rest.length > 0) take(last, rest);
  yield last;
}
