import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  statSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type Database, type Key, open, type RootDatabase, type RootDatabaseOptions } from "lmdb";
import type { AccessKeyRecord } from "../access.ts";
import { Gate } from "../gate.ts";
import type { HookRecord } from "../hook.ts";
import { emptyJournal, type JournalHead } from "../journal.ts";
import type { Leak } from "../leak.ts";
import { PepperMismatch, SchemaOutdated, SchemaTooNew, StoreAbsent, StoreFailed } from "../refusal.ts";
import type { Rule } from "../rule.ts";
import type { Session } from "../session.ts";
import type { Sighting } from "../sighting.ts";
import type { AttemptsKnown } from "./attempts.ts";
import type { KeptCall } from "./kept.ts";
import { schemaKnown, upgrade } from "./upgrade.ts";

/** A leak as it lies in the store, with what only the token pages need. */
export interface StoredLeak {
  readonly leak: Leak;
  /** Tokens ever added; the next one gets this number plus one, so that no number is used twice. */
  readonly tokensEver: number;
  /** The kinds of its tokens; records hold the place in this list. */
  readonly kinds: readonly string[];
}

/** The next number of each sort of id. */
export interface NextIds {
  readonly leak: number;
  readonly rule: number;
  readonly key: number;
  readonly session: number;
  readonly hook: number;
  readonly delivery: number;
  readonly source: number;
}

/** The databases of the one environment `<data>/rules`. */
export interface Tables {
  readonly root: RootDatabase;
  /** Commits share it, and the close has it alone. */
  readonly gate: Gate;
  /** `schema`, `pepper`, `head` (JournalHead), `next` (NextIds), `import HASH` (ImportState), `intake`, `policies`, `hashes`
   * (true once a token came of which only a hash is known). */
  readonly meta: Database<unknown, string>;
  /** revision -> canonical JSON of the entry. */
  readonly journal: Database<string, number>;
  /** [subject, revision], so that the history of one leak is a range. */
  readonly history: Database<number, Key[]>;
  readonly leaks: Database<StoredLeak, number>;
  /** [leak seq, page] -> records, see pages.ts. */
  readonly tokens: Database<Buffer, Key[]>;
  readonly rules: Database<Rule, number>;
  readonly keys: Database<AccessKeyRecord, number>;
  /** Number of a key -> when it was last used. */
  readonly lastUse: Database<number, number>;
  /** Digest of a session's secret (hex) -> the session. */
  readonly sessions: Database<Session, string>;
  /** Rows of the listings, see listing.ts, rulebook.ts and keyring.ts. */
  readonly index: Database<string, Key[]>;
  /** See counters.ts. */
  readonly counters: Database<number, string>;
  /** See kept.ts: ["call", name] -> what is kept of it, ["time", at, name] -> 0, ["count"] -> how many. */
  readonly idempotency: Database<KeptCall | number, Key[]>;
  /** Which leaks hold which tokens, see holders.ts. */
  readonly holders: Database<Buffer, Buffer>;
  /** [leak seq, other's seq] -> how many tokens both hold, see duplicates.ts. */
  readonly shared: Database<number, Key[]>;
  /** [leak seq, token number] -> when the JWT expires (ms). */
  readonly expiries: Database<number, Key[]>;
  readonly hooks: Database<HookRecord, number>;
  /** Messages to destinations, see outbox.ts. */
  readonly outbox: Database<unknown, Key[]>;
  /** What destinations were told of, see told.ts. */
  readonly told: Database<number, Key[]>;
  /** leak seq -> attempts, see attempts.ts. */
  readonly attempts: Database<AttemptsKnown, number>;
  /** See sightings.ts. */
  readonly sightings: Database<Sighting | number, Key[]>;
  /** See sources.ts and sourcestates.ts. */
  readonly sources: Database<unknown, Key[]>;
  /** See inventory.ts. */
  readonly inventory: Database<unknown, Key[]>;
}

/**
 * Opens the environment, and makes it (folders 0700, files 0600) when a writer finds none.
 * Rejects with StoreAbsent and SchemaOutdated (read-only), PepperMismatch, SchemaTooNew, StoreFailed. All handles of one process share the
 * environment of the first: where one process wants both, it must open the writer before any read-only handle.
 */
export async function openTables(dataDir: string, pepperId: string, readOnly: boolean): Promise<Tables> {
  const dir = join(resolve(dataDir), "rules");
  if (!isThere(dir, readOnly)) {
    if (readOnly) throw new StoreAbsent(dataDir);
    makeFolder(dir);
  }
  const gate = Gate.of(dir);
  return gate.alone(() => openInside(gate, dir, dataDir, pepperId, readOnly));
}

/** Inside the gate: another process may have made or removed the files meanwhile. */
async function openInside(
  gate: Gate,
  dir: string,
  dataDir: string,
  pepperId: string,
  readOnly: boolean,
): Promise<Tables> {
  const isNew = !isThere(dir, readOnly);
  if (isNew && readOnly) throw new StoreAbsent(dataDir);
  const root = open(environmentOptions(dir, readOnly));
  try {
    const tables = openDatabases(root, gate, dataDir, readOnly);
    if (!readOnly) tables.root.transactionSync(() => initialise(tables.meta, pepperId));
    checkOwner(tables.meta, dataDir, pepperId);
    bringUpToDate(tables, readOnly);
    // A power cut must not lose the folder of a store whose first change was acknowledged.
    if (isNew) for (const folder of [dir, dirname(dir), dirname(dirname(dir))]) syncFolder(folder);
    return tables;
  } catch (error) {
    await root.close();
    throw error;
  }
}

/**
 * Whether the files are there and can be used; throws StoreFailed when they are there and cannot. lmdb-js 3.5.6 ends
 * the whole process with a segmentation fault where LMDB refuses to open (its closeEnv uses what was just freed), so
 * the reasons to refuse are looked for first. An empty file is one that its writer is making at this moment.
 */
function isThere(dir: string, readOnly: boolean): boolean {
  try {
    const path = join(dir, "data.mdb");
    if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0) return false;
    const wish = readOnly ? constants.R_OK : constants.R_OK | constants.W_OK;
    accessSync(path, wish);
    const lock = join(dir, "lock.mdb");
    if (existsSync(lock)) accessSync(lock, constants.R_OK | constants.W_OK);
    if (!isLmdb(path)) throw new Error(`${path} is not a database of LMDB`);
    return true;
  } catch (error) {
    throw new StoreFailed("open the rules", error);
  }
}

function makeFolder(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    accessSync(dir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new StoreFailed("make the rules", error);
  }
}

/** The magic number of LMDB stands in the meta page behind the page's header, 16 or 24 bytes by data version. */
function isLmdb(path: string): boolean {
  const head = Buffer.alloc(64);
  const descriptor = openSync(path, "r");
  try {
    readSync(descriptor, head, 0, head.length, 0);
  } finally {
    closeSync(descriptor);
  }
  return head.readUInt32LE(16) === 0xbeefc0de || head.readUInt32LE(24) === 0xbeefc0de;
}

function environmentOptions(dir: string, readOnly: boolean): RootDatabaseOptions & { path: string } {
  const options: RootDatabaseOptions & { path: string; permissionsMode: number } = {
    path: dir,
    readOnly,
    maxDbs: 32,
    maxReaders: 512,
    permissionsMode: 0o600,
    // A commit then writes the pages, syncs them, and writes the meta page through a descriptor with O_DSYNC, all
    // before its promise resolves: what is acknowledged survives a power cut. With lmdb-js's default (true) commits
    // resolve before the sync, and each process guesses by itself which commit was synced last (me_synced_txn_id
    // in its mdb.c), which several writing processes cannot rely on. Many changes at once still share one sync.
    overlappingSync: false,
    // With the default (true) lmdb-js opens each batch with an instruction whose promise nobody holds: a full disk
    // would then end the process by an unhandled rejection. Transactions asked for together are batched without it.
    eventTurnBatching: false,
    // Another process's commit would not be seen.
    cache: false,
  };
  return options;
}

function openDatabases(root: RootDatabase, gate: Gate, dataDir: string, readOnly: boolean): Tables {
  function database<V, K extends Key>(
    name: string,
    encoding: "json" | "string" | "binary",
    keyEncoding?: "binary",
  ): Database<V, K> {
    // A read-only open answers undefined for a database that its writer has not made yet.
    const opened: Database<V, K> | undefined = root.openDB<V, K>({
      name,
      encoding,
      ...(keyEncoding && { keyEncoding }),
    });
    if (opened === undefined) throw new StoreAbsent(dataDir);
    return opened;
  }
  const meta = database<unknown, string>("meta", "json");
  // An older folder lacks databases: it is outdated, not absent.
  if (readOnly) checkUpToDate(meta, dataDir);
  return {
    root,
    gate,
    meta,
    journal: database("journal", "string"),
    history: database("history", "json"),
    leaks: database("leaks", "json"),
    tokens: database("tokens", "binary"),
    rules: database("rules", "json"),
    keys: database("keys", "json"),
    lastUse: database("lastUse", "json"),
    sessions: database("sessions", "json"),
    index: database("index", "string"),
    counters: database("counters", "json"),
    idempotency: database("idempotency", "json"),
    holders: database("holders", "binary", "binary"),
    shared: database("shared", "json"),
    expiries: database("expiries", "json"),
    hooks: database("hooks", "json"),
    outbox: database("outbox", "json"),
    told: database("told", "json"),
    attempts: database("attempts", "json"),
    sightings: database("sightings", "json"),
    sources: database("sources", "json"),
    inventory: database("inventory", "json"),
  };
}

/** Sorts that a store of schema 1 does not know. */
const laterIds = { session: 1, hook: 1, delivery: 1, source: 1 } as const;

function initialise(meta: Tables["meta"], pepperId: string): void {
  if (meta.get("schema") !== undefined) return;
  const next: NextIds = { leak: 1, rule: 1, key: 1, ...laterIds };
  meta.put("head", emptyJournal);
  meta.put("next", next);
  meta.put("pepper", pepperId);
  meta.put("schema", schemaKnown);
}

function checkOwner(meta: Tables["meta"], dataDir: string, pepperId: string): void {
  const schema = meta.get("schema");
  if (typeof schema !== "number") throw new StoreAbsent(dataDir);
  if (schema > schemaKnown) throw new SchemaTooNew(dataDir, schema, schemaKnown);
  const owner = String(meta.get("pepper"));
  if (owner !== pepperId) throw new PepperMismatch(dataDir, owner, pepperId);
}

/** An older folder is upgraded by the first who opens it to write. */
function bringUpToDate(tables: Tables, readOnly: boolean): void {
  if (readOnly || tables.meta.get("schema") === schemaKnown) return;
  tables.root.transactionSync(() => upgrade(tables));
}

/** Who opens it to look changes nothing. Throws SchemaOutdated. */
function checkUpToDate(meta: Tables["meta"], dataDir: string): void {
  const found = meta.get("schema");
  if (typeof found === "number" && found < schemaKnown) throw new SchemaOutdated(dataDir, found, schemaKnown);
}

function syncFolder(folder: string): void {
  let descriptor: number;
  try {
    descriptor = openSync(folder, "r");
  } catch {
    // A parent that this process may pass through but not read was there before, and is not ours to sync.
    return;
  }
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** The newest entry's place, as the current read transaction (or write transaction) sees it. */
export function readHead(tables: Tables): JournalHead {
  return tables.meta.get("head") as JournalHead;
}

/** The numbers that the next of each sort will get. */
export function readNextIds(tables: Tables): NextIds {
  return { ...laterIds, ...(tables.meta.get("next") as NextIds) };
}

/** Takes the next number of one sort of id; only inside a write transaction. */
export function takeId(tables: Tables, sort: keyof NextIds): number {
  const next = readNextIds(tables);
  tables.meta.put("next", { ...next, [sort]: next[sort] + 1 });
  return next[sort];
}

/** The number in `leak-12`, or null when `id` is not an id of this sort. */
export function numberOf(sort: keyof NextIds, id: string): number | null {
  if (id.length > 20 || !id.startsWith(`${sort}-`)) return null;
  const digits = id.slice(sort.length + 1);
  return /^[1-9][0-9]{0,9}$/.test(digits) ? Number(digits) : null;
}
