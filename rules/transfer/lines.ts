import type { FileHandle } from "node:fs/promises";
import { TransferRefused } from "./refusals.ts";

/** No record is near as long. */
const LINE_BYTES_MAX = 1_048_576;
const READ_BYTES = 1_048_576;

export interface RawLine {
  readonly number: number;
  /** Without its end; good until the next line is asked for. */
  readonly bytes: Buffer;
}

/** The lines of an open file from its start, a piece of it in memory at a time. Throws TransferRefused. */
export async function* rawLines(file: FileHandle): AsyncGenerator<RawLine[]> {
  let rest: Buffer = Buffer.alloc(0);
  let number = 0;
  for (let position = 0; ; ) {
    const piece = Buffer.allocUnsafe(READ_BYTES);
    const { bytesRead } = await file.read(piece, 0, READ_BYTES, position);
    if (bytesRead === 0) break;
    position += bytesRead;
    const all = Buffer.concat([rest, piece.subarray(0, bytesRead)]);
    const lines: RawLine[] = [];
    let from = 0;
    for (let end = all.indexOf(10); end >= 0; end = all.indexOf(10, from)) {
      lines.push({ number: ++number, bytes: all.subarray(from, end) });
      from = end + 1;
    }
    rest = all.subarray(from);
    if (rest.length > LINE_BYTES_MAX) throw new TransferRefused(number + 1, "it is too long for a record");
    yield lines;
  }
  if (rest.length > 0) yield [{ number: number + 1, bytes: rest }];
}
