import { type AccessKey, type AccessKeyRecord, publicView } from "../access.ts";
import { numberOf, type Tables } from "./tables.ts";

export const byPart = "part";

/** A key and when it was last used, exact to a minute. */
export interface ListedKey extends AccessKey {
  readonly lastUsedAt: number | null;
}

/** All keys ever made, the revoked ones with their mark, oldest first. */
export function listKeys(tables: Tables): ListedKey[] {
  return [
    ...tables.keys.getRange({}).map(({ key, value }) => ({
      ...publicView(value),
      lastUsedAt: tables.lastUse.get(key as number) ?? null,
    })),
  ];
}

/** When a key was last used, as far as the store knows. */
export function lastUse(tables: Tables, id: string): number | null {
  const number = numberOf("key", id);
  return number === null ? null : (tables.lastUse.get(number) ?? null);
}

/** Remembers that a key was used: no change of the rules, so not in the journal. */
export async function noteUse(tables: Tables, id: string, at: number): Promise<void> {
  const number = numberOf("key", id);
  if (number !== null) await tables.gate.share(() => tables.lastUse.put(number, at));
}

export function readKey(tables: Tables, id: string): AccessKeyRecord | null {
  const number = numberOf("key", id);
  return number === null ? null : (tables.keys.get(number) ?? null);
}

/** The record that has this public part, or had it before its last rotation; revoked ones too: the caller decides. */
export function keyByPart(tables: Tables, publicPart: string): AccessKeyRecord | null {
  const number = tables.index.get([byPart, publicPart]);
  return number === undefined ? null : (tables.keys.get(Number(number)) ?? null);
}

export function hasKeys(tables: Tables): boolean {
  for (const _ of tables.keys.getKeys({ limit: 1 })) return true;
  return false;
}

/** Only inside a write transaction. */
export function writeKey(tables: Tables, record: AccessKeyRecord): void {
  const number = numberOf("key", record.id) as number;
  const before = tables.keys.get(number) ?? null;
  for (const part of partsOf(before)) tables.index.remove([byPart, part]);
  tables.keys.put(number, record);
  for (const part of partsOf(record)) tables.index.put([byPart, part], String(number));
}

/** The public parts by which a record is found. */
export function partsOf(record: AccessKeyRecord | null): string[] {
  if (record === null) return [];
  return record.previous === null ? [record.publicPart] : [record.publicPart, record.previous.publicPart];
}
