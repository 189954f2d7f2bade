import { type AccessKey, type AccessKeyRecord, type MintedKey, publicView } from "../access.ts";
import { InputRefused, KeyUnknown } from "../refusal.ts";
import { checkActor, commit, journal } from "./changes.ts";
import { hasKeys, keyByPart, readKey, writeKey } from "./keyring.ts";
import type { By } from "./leakchanges.ts";
import { readHead, type Tables, takeId } from "./tables.ts";

export interface KeyChanged {
  readonly key: AccessKey;
  readonly revision: number;
}

/** Stores a minted key; with `onlyFirst` it answers null, and stores nothing, when any key exists already. */
export async function createKey(
  tables: Tables,
  by: By,
  minted: MintedKey,
  onlyFirst: boolean,
): Promise<KeyChanged | null> {
  checkActor(by.actor);
  return commit(tables, () => {
    if (onlyFirst && hasKeys(tables)) return null;
    if (keyByPart(tables, minted.publicPart) !== null) throw new InputRefused("publicPart", "is taken");
    const { name, role, publicPart, digest } = minted;
    const record: AccessKeyRecord = {
      id: `key-${takeId(tables, "key")}`,
      name,
      role,
      publicPart,
      digest,
      createdAt: by.at,
      createdBy: by.actor,
      revokedAt: null,
    };
    writeKey(tables, record);
    const after = { name, role, publicPart };
    const revision = journal(tables, {
      ...by,
      action: "key.create",
      subject: record.id,
      before: null,
      after,
    });
    return { key: publicView(record), revision };
  });
}

/** Revoking a revoked key changes nothing. Throws KeyUnknown. */
export async function revokeKey(tables: Tables, by: By, id: string): Promise<KeyChanged> {
  checkActor(by.actor);
  return commit(tables, () => {
    const record = readKey(tables, id);
    if (record === null) throw new KeyUnknown(id);
    if (record.revokedAt !== null) return { key: publicView(record), revision: readHead(tables).revision };
    const revoked = { ...record, revokedAt: by.at };
    writeKey(tables, revoked);
    const facts = { before: { revokedAt: null }, after: { revokedAt: by.at } };
    const revision = journal(tables, { ...by, action: "key.revoke", subject: record.id, ...facts });
    return { key: publicView(revoked), revision };
  });
}
