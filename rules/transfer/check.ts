import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import type { z } from "zod";
import { rawLines } from "./lines.ts";
import { type End, formatKnown, type Header, type LeakRecord, records, type TokenRecord } from "./records.ts";
import { TransferRefused } from "./refusals.ts";

/** What reading an export meets, in its order. */
export interface Reader {
  /** The first line. */
  readonly header?: (header: Header) => void | Promise<void>;
  readonly leak?: (leak: LeakRecord, line: number) => void | Promise<void>;
  /** A token of the leak before it. */
  readonly token?: (token: TokenRecord) => void | Promise<void>;
}

/**
 * Reads an export from its first line to its last, each checked before the reader is told of it; at the end, that
 * nothing is missing. Rejects with TransferRefused, which names the line and holds nothing of it.
 */
export async function readExport(file: FileHandle, reader: Reader): Promise<End> {
  const sum = createHash("sha256");
  const origins = new Set<string>();
  let leaks = 0;
  let tokens = 0;
  let last = 0;
  let end: End | null = null;
  for await (const lines of rawLines(file)) {
    for (const { number, bytes } of lines) {
      if (end !== null) throw new TransferRefused(number, "nothing may follow the end");
      last = number;
      const record = parsed(bytes, number);
      if (number === 1) await reader.header?.(checkHeader(record));
      else if ("token" in record) {
        if (leaks === 0) throw new TransferRefused(number, "a token without its leak");
        tokens++;
        const told = reader.token?.(checked(records.token, record, number).token);
        if (told !== undefined) await told;
      } else if ("leak" in record) {
        const { leak } = checked(records.leak, record, number);
        if (origins.size === origins.add(leak.origin.hash).size)
          throw new TransferRefused(number, "the same leak stands before it already");
        if ((leak.status === "patched") !== (leak.rule !== null))
          throw new TransferRefused(number, "a patched leak has a rule, and no other has one");
        if (leak.watch !== null && (leak.status === "opened" || leak.status === "patched"))
          throw new TransferRefused(number, "only a leak that is over is watched");
        leaks++;
        await reader.leak?.(leak, number);
      } else if ("history" in record) checked(records.history, record, number);
      else end = checked(records.end, record, number).end;
      if (end === null) sum.update(bytes).update("\n");
    }
  }
  if (end === null) throw new TransferRefused(last + 1, "the file ends before its last line; it was cut off");
  if (end.leaks !== leaks || end.tokens !== tokens)
    throw new TransferRefused(
      last,
      `it counts ${end.leaks} leaks and ${end.tokens} tokens, not ${leaks} and ${tokens}`,
    );
  if (end.sha256 !== sum.digest("hex"))
    throw new TransferRefused(last, "the lines before it are not those that were written");
  return end;
}

function parsed(bytes: Buffer, line: number): object {
  let record: unknown;
  try {
    record = JSON.parse(bytes.toString("utf8"));
  } catch {
    throw new TransferRefused(line, "it is no JSON");
  }
  if (typeof record !== "object" || record === null) throw new TransferRefused(line, "it is no record");
  return record;
}

function checkHeader(record: object): Header {
  const { leakgateExport: format } = record as { leakgateExport?: unknown };
  if (typeof format !== "number") throw new TransferRefused(1, "it does not begin as an export of Leakgate");
  if (format > formatKnown)
    throw new TransferRefused(1, `it has format ${format}, this Leakgate knows formats up to ${formatKnown}`);
  return checked(records.header, record, 1);
}

function checked<T>(schema: z.ZodType<T>, record: object, line: number): T {
  const result = schema.safeParse(record);
  if (result.success) return result.data;
  const { path } = result.error.issues[0]!;
  throw new TransferRefused(line, `it is no record: ${path.join(".") || "its fields"} cannot be so`);
}
