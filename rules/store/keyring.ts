import { type AccessKey, type AccessKeyRecord, publicView } from "../access.ts";
import { numberOf, type Tables } from "./tables.ts";

export const byPart = "part";

/** All keys ever made, the revoked ones with their mark, oldest first. */
export function listKeys(tables: Tables): AccessKey[] {
  return [...tables.keys.getRange({}).map(({ value }) => publicView(value))];
}

export function readKey(tables: Tables, id: string): AccessKeyRecord | null {
  const number = numberOf("key", id);
  return number === null ? null : (tables.keys.get(number) ?? null);
}

/** The record with this public part, if any, revoked ones included: the caller compares and decides. */
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
  tables.keys.put(number, record);
  tables.index.put([byPart, record.publicPart], String(number));
}
