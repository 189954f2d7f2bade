import { CursorInvalid } from "../refusal.ts";

/** Where a page ended: the row's value and number, so that rows added or gone meanwhile move nothing. */
export interface Position {
  readonly value: number | string;
  readonly seq: number;
}

const cursorCharsMax = 1024;

/** An opaque cursor, good only for the listing that `scope` names. */
export function encodeCursor(scope: string, position: Position): string {
  return Buffer.from(JSON.stringify([scope, position.value, position.seq])).toString("base64url");
}

/** Throws CursorInvalid for anything that encodeCursor did not make for this scope. */
export function decodeCursor(scope: string, cursor: string): Position {
  const parts = parse(cursor);
  if (!Array.isArray(parts) || parts.length !== 3) throw new CursorInvalid();
  const [found, value, seq] = parts as unknown[];
  if (found !== scope || !isValue(value)) throw new CursorInvalid();
  if (typeof seq !== "number" || !Number.isSafeInteger(seq) || seq < 1) throw new CursorInvalid();
  return { value, seq };
}

function isValue(value: unknown): value is number | string {
  if (typeof value === "string") return !/[\p{Cc}\p{Cs}]/u.test(value);
  return typeof value === "number" && Number.isFinite(value);
}

function parse(cursor: string): unknown {
  if (cursor.length > cursorCharsMax || !/^[A-Za-z0-9_-]+$/.test(cursor)) throw new CursorInvalid();
  try {
    return JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
  } catch {
    throw new CursorInvalid();
  }
}
