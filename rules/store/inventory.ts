import type { TokenDigest } from "../digest.ts";
import type { Actor } from "../journal.ts";
import { InputRefused, InventoryUnknown } from "../refusal.ts";
import { isConfiguredName, NAME_REFUSED } from "../source.ts";
import { type By, checkActor, commit, journal } from "./changes.ts";
import { readHead, type Tables } from "./tables.ts";

/*
 * The rows of `inventory`: ["name", name] -> InventoryEntry; ["token", name, digest] -> what is needed to look for it;
 * ["count"] -> how many tokens there are.
 */

export const inventoryMax = 1_000_000;

/** Tokens in one transaction: longer ones would keep the event loop. */
const BATCH = 1_000;

/** The live tokens under one name. Times are milliseconds since 1970. */
export interface InventoryEntry {
  /** Of an owner or a service: a-z 0-9 -. */
  readonly name: string;
  readonly tokens: number;
  readonly addedAt: number;
  readonly addedBy: string;
}

export interface InventoryAdded {
  readonly entry: InventoryEntry;
  readonly added: number;
  /** Were listed under the name already. */
  readonly known: number;
  readonly revision: number;
}

/** A listed token without what is clear of it. */
export type ListedToken = Pick<
  TokenDigest,
  "digest" | "anchor" | "fingerprint" | "mark" | "length" | "preview" | "kind"
>;
type StoredToken = Omit<ListedToken, "digest">;

/** Tokens that are live and nobody's leak yet: wherever a scan meets one, it has leaked. Only digests are kept. */
export class InventoryTokens {
  readonly #look: () => Tables;
  readonly #change: () => Tables;
  readonly #by: (actor: Actor) => By;

  constructor(look: () => Tables, change: () => Tables, by: (actor: Actor) => By) {
    this.#look = look;
    this.#change = change;
    this.#by = by;
  }

  /** By name. */
  list(): InventoryEntry[] {
    return [
      ...this.#look()
        .inventory.getRange(allNames())
        .map(({ value }) => value as InventoryEntry),
    ];
  }

  /** Whether a token is listed, under whatever name. */
  holds(digest: Buffer): boolean {
    const { inventory } = this.#look();
    const hex = digest.toString("hex");
    return this.list().some(({ name }) => inventory.get(["token", name, hex]) !== undefined);
  }

  /** Every token with the name it is listed under, read in small pieces, so it may be walked over many turns. */
  *tokens(): Generator<{ readonly name: string; readonly token: ListedToken }> {
    const start: [string, string, string] = ["token", "", ""];
    for (;;) {
      const rows = [...this.#look().inventory.getRange({ start: [...start], end: ["tokens"], limit: BATCH })];
      for (const { key, value } of rows) {
        const [, name, hex] = key as [string, string, string];
        yield { name, token: { digest: Buffer.from(hex, "hex"), ...(value as StoredToken) } };
      }
      const last = rows.at(-1);
      if (last === undefined || rows.length < BATCH) return;
      const [, name, hex] = last.key as [string, string, string];
      start[1] = name;
      // The first key behind it.
      start[2] = `${hex}0`;
    }
  }

  /**
   * Lists tokens under a name; what is listed there already is no change. Many take several transactions: after a failure
   * the same call again adds the rest. Throws InputRefused.
   */
  async add(actor: Actor, name: string, tokens: readonly TokenDigest[]): Promise<InventoryAdded> {
    const tables = this.#change();
    const by = this.#by(actor);
    checkActor(by.actor);
    if (!isConfiguredName(name)) throw new InputRefused("name", NAME_REFUSED);
    let added = 0;
    for (let at = 0; at < tokens.length; at += BATCH)
      added += await commit(tables, () => addBatch(tables, by, name, tokens.slice(at, at + BATCH)));
    const entry = readEntry(tables, name);
    if (entry === null) throw new InventoryUnknown(name);
    return { entry, added, known: tokens.length - added, revision: readHead(tables).revision };
  }

  /** Leaks that were found by them stay. Throws InventoryUnknown. */
  async remove(
    actor: Actor,
    name: string,
  ): Promise<{ readonly entry: InventoryEntry; readonly revision: number }> {
    const tables = this.#change();
    const by = this.#by(actor);
    checkActor(by.actor);
    return commit(tables, () => {
      const entry = readEntry(tables, name);
      if (entry === null) throw new InventoryUnknown(name);
      for (const key of [...tables.inventory.getKeys(tokensOf(name))]) tables.inventory.remove(key);
      tables.inventory.remove(["name", name]);
      tables.inventory.put(["count"], countOf(tables) - entry.tokens);
      const facts = { before: { tokens: entry.tokens }, after: { tokens: 0 } };
      const draft = { ...by, action: "inventory.remove" as const, subject: subjectOf(name), ...facts };
      return { entry, revision: journal(tables, draft) };
    });
  }
}

/** As the journal calls the tokens of a name. */
export function subjectOf(name: string): string {
  return `inventory ${name}`;
}

/** Rows of the tokens under a name. Made anew each time: lmdb-js writes into what it is given. */
export function tokensOf(name: string): { start: string[]; end: string[] } {
  return { start: ["token", name, ""], end: ["token", name, "~"] };
}

/** Rows of the names. */
export function allNames(): { start: string[]; end: string[] } {
  return { start: ["name", ""], end: ["name", "~"] };
}

export function countOf(tables: Tables): number {
  return (tables.inventory.get(["count"]) as number | undefined) ?? 0;
}

function addBatch(tables: Tables, by: By, name: string, tokens: readonly TokenDigest[]): number {
  const before = readEntry(tables, name);
  let added = 0;
  for (const { digest, anchor, fingerprint, mark, length, preview, kind, hash } of tokens) {
    // Of a foreign hash there is no ending to look for.
    if (hash !== undefined) throw new InputRefused("tokens", "must be in clear: a hash cannot be looked for");
    const key = ["token", name, digest.toString("hex")];
    if (tables.inventory.get(key) !== undefined) continue;
    const stored: StoredToken = { anchor, fingerprint, mark, length, preview, kind };
    tables.inventory.put(key, stored);
    added++;
  }
  if (added === 0) return 0;
  const count = countOf(tables) + added;
  if (count > inventoryMax)
    throw new InputRefused("tokens", `are more than ${inventoryMax} with those listed`);
  tables.inventory.put(["count"], count);
  const entry: InventoryEntry = {
    name,
    tokens: (before?.tokens ?? 0) + added,
    addedAt: by.at,
    addedBy: by.actor,
  };
  tables.inventory.put(["name", name], entry);
  const facts = { before: before && { tokens: before.tokens }, after: { tokens: entry.tokens } };
  journal(tables, { ...by, action: "inventory.add", subject: subjectOf(name), ...facts });
  return added;
}

function readEntry(tables: Tables, name: string): InventoryEntry | null {
  return (tables.inventory.get(["name", name]) as InventoryEntry | undefined) ?? null;
}
