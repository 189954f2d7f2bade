import type { Key } from "lmdb";
import type { Actor, Facts, Json } from "../journal.ts";
import { InputRefused, SourceUnknown } from "../refusal.ts";
import {
  checkSource,
  type Source,
  type SourceCredential,
  type SourceId,
  type SourceInput,
  type SourceRecord,
  sourceLimits,
} from "../source.ts";
import { type By, changedFacts, checkActor, commit, journal } from "./changes.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { checkLimit } from "./listing.ts";
import { freshState, placeState, type SourceState, SourceStates } from "./sourcestates.ts";
import { numberOf, readHead, type Tables, takeId } from "./tables.ts";

/*
 * The rows of `sources`: ["source", number] -> SourceRecord; ["there", number] -> 0 for those that were not taken away; and
 * the rows of sourcestates.ts.
 */

export interface SourceChanged {
  readonly source: Source;
  readonly revision: number;
}

/** A secret, encrypted for the id that the source will have; or the name of one in the configuration. */
export type GivenCredential =
  | { readonly kind: "sealed"; readonly seal: (id: SourceId) => string }
  | { readonly kind: "named"; readonly name: string };

export interface SourceQuery {
  /** 1 to 1000, default 50. */
  readonly limit?: number | undefined;
  readonly after?: string | undefined;
}

export interface SourceList {
  readonly sources: Source[];
  readonly next: string | null;
}

/** Fields to change; a kind stays what it is. `credential` null takes it away. */
export type SourcePatch = Partial<Omit<SourceInput, "kind">> & {
  readonly credential?: GivenCredential | null | undefined;
};

/** Watched sources and their changes, each with its journal entry; what is sealed stays out of that. */
export class Sources {
  /** What became of the looks at them: no changes, so not in the journal. */
  readonly states: SourceStates;
  readonly #look: () => Tables;
  readonly #change: () => Tables;
  readonly #by: (actor: Actor) => By;

  constructor(look: () => Tables, change: () => Tables, by: (actor: Actor) => By) {
    this.states = new SourceStates(look, change);
    this.#look = look;
    this.#change = change;
    this.#by = by;
  }

  /** In the order of their making, without those taken away. Throws CursorInvalid, InputRefused (limit). */
  list(query: SourceQuery = {}): SourceList {
    const tables = this.#look();
    const limit = checkLimit(query.limit);
    const from = query.after === undefined ? 0 : decodeCursor("sources", query.after).seq;
    const range = { start: ["there", from + 1], end: ["there", Number.MAX_SAFE_INTEGER], limit: limit + 1 };
    const numbers = [...tables.sources.getKeys(range)].map((key) => (key as [string, number])[1]);
    const page = numbers.slice(0, limit);
    const last = page.at(-1);
    const isEnd = numbers.length <= limit || last === undefined;
    return {
      sources: page.map((number) => shownOf(readRecord(tables, number)!)),
      next: isEnd ? null : encodeCursor("sources", { value: 0, seq: last }),
    };
  }

  /** How many there are. */
  count(): number {
    return countThere(this.#look());
  }

  /** Also one that was taken away. */
  get(id: string): Source | null {
    const record = this.record(id);
    return record && shownOf(record);
  }

  /** With what is sealed, for who opens it. */
  record(id: string): SourceRecord | null {
    return readRecord(this.#look(), numberOf("source", id));
  }

  /** Due at `nextRunAt` (ms) for the first time; null: never by itself. Throws InputRefused. */
  async add(
    actor: Actor,
    input: SourceInput,
    credential: GivenCredential | null,
    nextRunAt: number | null,
  ): Promise<SourceChanged> {
    const tables = this.#change();
    const by = this.#checked(actor);
    const checked = checkSource(input);
    return commit(tables, () => {
      if (countThere(tables) >= sourceLimits.sources)
        throw new InputRefused("address", `cannot be taken: there are ${sourceLimits.sources} sources`);
      const number = takeId(tables, "source");
      const id: SourceId = `source-${number}`;
      const record: SourceRecord = {
        id,
        ...checked,
        ...credentialFields(id, credential, 0),
        createdAt: by.at,
        createdBy: by.actor,
        removedAt: null,
      };
      tables.sources.put(["source", number], record);
      tables.sources.put(["there", number], 0);
      placeState(tables, number, null, { ...freshState, nextRunAt: checked.enabled ? nextRunAt : null });
      const entry = { ...by, action: "source.create" as const, subject: id, before: null };
      return { source: shownOf(record), revision: journal(tables, { ...entry, after: sourceFacts(record) }) };
    });
  }

  /**
   * Another address loses the credential, which was for that one, and its mark, where none is given with it. Whatever
   * changed, it is due at `nextRunAt`, and what failed for good is tried again. Throws SourceUnknown, InputRefused.
   */
  async update(
    actor: Actor,
    id: string,
    { credential, ...patch }: SourcePatch,
    nextRunAt: number | null,
  ): Promise<SourceChanged> {
    const tables = this.#change();
    const by = this.#checked(actor);
    return commit(tables, () => {
      const { number, record } = expectSource(tables, id);
      const { kind, address, schedule, enabled, options } = record;
      const checked = checkSource({ kind, address, schedule, enabled, options, ...patch });
      const isMoved = checked.address !== address;
      const given = credential === undefined && isMoved ? null : credential;
      const fields = given === undefined ? {} : credentialFields(record.id, given, record.secretNumber);
      const after: SourceRecord = { ...record, ...checked, ...fields };
      const facts = changedFacts(sourceFacts(record), sourceFacts(after));
      if (Object.keys(facts.after).length === 0)
        return { source: shownOf(record), revision: readHead(tables).revision };
      tables.sources.put(["source", number], after);
      const before = this.states.of(tables, number);
      const known: SourceState = isMoved ? freshState : before;
      placeState(tables, number, before, {
        ...known,
        isPaused: false,
        nextRunAt: after.enabled ? nextRunAt : null,
      });
      const revision = journal(tables, { ...by, action: "source.update", subject: record.id, ...facts });
      return { source: shownOf(after), revision };
    });
  }

  /** What it found stays. Taking away what was taken away is no change. Throws SourceUnknown. */
  async remove(actor: Actor, id: string): Promise<SourceChanged> {
    const tables = this.#change();
    const by = this.#checked(actor);
    return commit(tables, () => {
      const number = numberOf("source", id);
      const record = readRecord(tables, number);
      if (number === null || record === null) throw new SourceUnknown(id);
      if (record.removedAt !== null) return { source: shownOf(record), revision: readHead(tables).revision };
      const after: SourceRecord = { ...record, sealed: null, credential: null, removedAt: by.at };
      tables.sources.put(["source", number], after);
      tables.sources.remove(["there", number]);
      placeState(tables, number, this.states.of(tables, number), null);
      const facts = changedFacts(sourceFacts(record), sourceFacts(after));
      const revision = journal(tables, { ...by, action: "source.remove", subject: record.id, ...facts });
      return { source: shownOf(after), revision };
    });
  }

  /** Throws InputRefused. */
  #checked(actor: Actor): By {
    const by = this.#by(actor);
    checkActor(by.actor);
    return by;
  }
}

/** What the journal says of a source: nothing that is a secret. */
export function sourceFacts(source: Source): Facts {
  const { kind, address, schedule, enabled, credential, secretNumber, options, removedAt } = source;
  const said = { kind, address, schedule, enabled, credential, secretNumber, options, removedAt };
  return said as unknown as { [field: string]: Json };
}

/** All there ever were; for the audit. */
export function* everySource(tables: Tables): Generator<SourceRecord> {
  for (const { value } of tables.sources.getRange(within("source"))) yield value as SourceRecord;
}

/** All rows of a sort. Made anew each time: lmdb-js writes into what it is given. */
export function within(sort: string): { start: Key[]; end: Key[] } {
  return { start: [sort, 0], end: [sort, Number.MAX_SAFE_INTEGER] };
}

function shownOf({ sealed: _, ...source }: SourceRecord): Source {
  return source;
}

function credentialFields(
  id: SourceId,
  given: GivenCredential | null,
  secretNumber: number,
): Pick<SourceRecord, "credential" | "sealed" | "secretNumber"> {
  if (given?.kind !== "sealed") {
    const credential: SourceCredential | null = given === null ? null : { kind: "named", name: given.name };
    return { credential, sealed: null, secretNumber };
  }
  return { credential: { kind: "sealed" }, sealed: given.seal(id), secretNumber: secretNumber + 1 };
}

function readRecord(tables: Tables, number: number | null): SourceRecord | null {
  return number === null
    ? null
    : ((tables.sources.get(["source", number]) as SourceRecord | undefined) ?? null);
}

function expectSource(tables: Tables, id: string): { number: number; record: SourceRecord } {
  const number = numberOf("source", id);
  const record = readRecord(tables, number);
  if (number === null || record === null || record.removedAt !== null) throw new SourceUnknown(id);
  return { number, record };
}

function countThere(tables: Tables): number {
  return tables.sources.getKeysCount(within("there"));
}
