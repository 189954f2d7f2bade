import type { Key } from "lmdb";
import {
  type Leak,
  type LeakStatus,
  leakStatuses,
  type Remediation,
  type RiskLevel,
  remediationOf,
  remediations,
  riskLevel,
  timeBoxOf,
  watchOf,
} from "../leak.ts";
import { InputRefused } from "../refusal.ts";
import type { RiskLevels } from "../settings.ts";
import { decodeCursor, encodeCursor, type Position } from "./cursor.ts";
import { due } from "./due.ts";
import { readSettings } from "./settingschanges.ts";
import type { Tables } from "./tables.ts";

export type LeakSort =
  | "created"
  | "updated"
  | "risk"
  | "status"
  | "name"
  | "source"
  | "tokens"
  | "remediation";

export const leakSorts: readonly LeakSort[] = [
  "created",
  "updated",
  "risk",
  "status",
  "name",
  "source",
  "tokens",
  "remediation",
];
export const listLimitMax = 1000;

export interface LeakQuery {
  /** These alone; at most some hundreds. */
  readonly ids?: readonly string[] | undefined;
  /** Any of these; absent means any status. */
  readonly status?: LeakStatus | readonly LeakStatus[] | undefined;
  readonly risk?: { readonly min?: number; readonly max?: number } | readonly number[] | undefined;
  /** Any of these, as the settings draw them. */
  readonly level?: readonly RiskLevel[] | undefined;
  readonly source?: string | readonly string[] | undefined;
  /** Any of these; null is nobody, or nothing said. */
  readonly assignee?: readonly (string | null)[] | undefined;
  readonly target?: readonly (string | null)[] | undefined;
  readonly remediation?: readonly Remediation[] | undefined;
  /** Whether tokens of it came again after their leak was closed. */
  readonly regression?: boolean | undefined;
  /** Whether attempts with its tokens are watched though it is over. */
  readonly watch?: boolean | undefined;
  /** Times (ms), `from` inclusive, `to` exclusive. */
  readonly created?: TimeRange | undefined;
  readonly updated?: TimeRange | undefined;
  /** Text anywhere in what people wrote of it, upper and lower case alike. */
  readonly q?: string | undefined;
  /** Default `created`, newest first unless `descending` says otherwise. */
  readonly sort?: LeakSort | undefined;
  readonly descending?: boolean | undefined;
  /** 1 to 1000, default 50. */
  readonly limit?: number | undefined;
  /** The `next` of the page before, with the same sort and direction. */
  readonly after?: string | undefined;
}

export interface TimeRange {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

export interface LeakList {
  readonly leaks: Leak[];
  readonly next: string | null;
}

/** How rows are ordered: the sort's key in the index, and what of the leak it orders by. */
const orders: Record<LeakSort, { code: string; value: (leak: Leak) => number | string }> = {
  created: { code: "c", value: (leak) => leak.createdAt },
  updated: { code: "u", value: (leak) => leak.updatedAt },
  risk: { code: "r", value: (leak) => leak.risk },
  status: { code: "s", value: (leak) => leakStatuses.indexOf(leak.status) },
  // At most 128 characters (leakLimits), in UTF-8 far below LMDB's limit of 1978 bytes for a key.
  name: { code: "n", value: (leak) => leak.name.toLowerCase() },
  source: { code: "o", value: (leak) => leak.source },
  tokens: { code: "t", value: (leak) => leak.tokenCount },
  remediation: { code: "m", value: (leak) => remediations.indexOf(remediationOf(leak)) },
};

/**
 * Brings the rows of a leak up to date; only inside a write transaction. A row is
 * [sort, status, value, seq] -> `risk source`: the status comes first so that a list of one status (the usual
 * question) reads only its own rows, and the value lets risk and source be filtered without reading the leak.
 */
export function reindex(tables: Tables, before: Leak | null, after: Leak): void {
  if (before === null) {
    for (const [key, facts] of indexRows(after)) tables.index.put(key, facts);
    return;
  }
  const old = new Map(indexRows(before).map(([key, facts]) => [nameOf(key), { key, facts }]));
  for (const [key, facts] of indexRows(after)) {
    const name = nameOf(key);
    if (old.get(name)?.facts !== facts) tables.index.put(key, facts);
    old.delete(name);
  }
  for (const { key } of old.values()) tables.index.remove(key);
}

function nameOf(key: readonly Key[]): string {
  return JSON.stringify(key);
}

/** One page of the leaks that the query asks for. Throws CursorInvalid, InputRefused (limit). */
export function listLeaks(tables: Tables, query: LeakQuery): LeakList {
  const sort = query.sort ?? "created";
  const descending = query.descending ?? query.sort === undefined;
  const limit = checkLimit(query.limit);
  const scope = `leaks.${sort}.${descending ? "down" : "up"}`;
  const start = query.after === undefined ? null : decodeCursor(scope, query.after);
  const wanted = rowFilter(query, readSettings(tables).levels);
  const leaks: Leak[] = [];
  let last: Position | null = null;
  const statuses = statusesOf(query);
  const rows =
    sort === "status"
      ? oneByOne(tables, statuses, descending, start)
      : merged(tables, sort, statuses, descending, start);
  for (const row of rows) {
    if (!wanted(row.facts)) continue;
    const leak = tables.leaks.get(row.position.seq)?.leak;
    if (leak === undefined || !isAsked(leak, query)) continue;
    if (leaks.length === limit) return { leaks, next: last && encodeCursor(scope, last) };
    leaks.push(leak);
    last = row.position;
  }
  return { leaks, next: null };
}

/** Every row that stands for a leak, with its value. */
export function indexRows(leak: Leak): [Key[], string][] {
  const rows = leakSorts.map((sort): [Key[], string] => [rowKey(sort, leak), rowFacts(leak)]);
  const box = timeBoxOf(leak);
  const watch = watchOf(leak);
  if (box !== null) rows.push([[due, box.until, leak.seq, "decision"], ""]);
  if (watch !== null && watch.until !== null) rows.push([[due, watch.until, leak.seq, "watch"], ""]);
  return rows;
}

interface Row {
  readonly position: Position;
  readonly facts: string;
}

/**
 * The rows of the statuses in the order of these. Leaks of one status are equal here, and the newest of them is what
 * people look for: each status is read from its end, whichever comes first.
 */
function* oneByOne(
  tables: Tables,
  statuses: readonly LeakStatus[],
  descending: boolean,
  start: Position | null,
): Generator<Row> {
  const begun = start === null ? -1 : Number(start.value);
  for (const status of descending ? [...statuses].reverse() : statuses) {
    const value = leakStatuses.indexOf(status);
    if (start !== null && (descending ? value > begun : value < begun)) continue;
    yield* rowsOf(tables, "status", status, true, value === begun ? start : null);
  }
}

/** The rows of several statuses as one list in order. */
function* merged(
  tables: Tables,
  sort: LeakSort,
  statuses: readonly LeakStatus[],
  descending: boolean,
  start: Position | null,
): Generator<Row> {
  const walks = statuses.map((status) => rowsOf(tables, sort, status, descending, start)[Symbol.iterator]());
  try {
    const heads = walks.map((walk) => walk.next());
    for (;;) {
      let first = -1;
      for (let i = 0; i < heads.length; i++) {
        const head = heads[i];
        if (head.done) continue;
        const leader = first < 0 ? null : heads[first].value;
        if (!leader || compare(head.value.position, leader.position) < 0 !== descending) first = i;
      }
      if (first < 0) return;
      yield heads[first].value as Row;
      heads[first] = walks[first].next();
    }
  } finally {
    // A walk left open would keep its read transaction.
    for (const walk of walks) walk.return?.();
  }
}

function rowsOf(
  tables: Tables,
  sort: LeakSort,
  status: LeakStatus,
  descending: boolean,
  start: Position | null,
): Iterable<Row> {
  const prefix: Key[] = [orders[sort].code, leakStatuses.indexOf(status)];
  const beyond: Key[] = [orders[sort].code, leakStatuses.indexOf(status) + 1];
  const from = start && [...prefix, start.value, start.seq + (descending ? -1 : 1)];
  const range = descending
    ? { start: from ?? beyond, end: prefix, reverse: true }
    : { start: from ?? prefix, end: beyond };
  return tables.index.getRange(range).map(({ key, value }) => ({
    position: { value: key[2] as number | string, seq: key[3] as number },
    facts: value,
  }));
}

function rowKey(sort: LeakSort, leak: Leak): Key[] {
  const { code, value } = orders[sort];
  return [code, leakStatuses.indexOf(leak.status), value(leak), leak.seq];
}

function rowFacts(leak: Leak): string {
  return `${leak.risk} ${leak.source}`;
}

function statusesOf(query: LeakQuery): readonly LeakStatus[] {
  if (query.status === undefined) return leakStatuses;
  const asked: readonly LeakStatus[] = typeof query.status === "string" ? [query.status] : query.status;
  return leakStatuses.filter((status) => asked.includes(status));
}

function rowFilter(query: LeakQuery, levels: RiskLevels): (facts: string) => boolean {
  const { risk, level, source } = query;
  if (risk === undefined && level === undefined && source === undefined) return () => true;
  const sources = source === undefined ? null : new Set(typeof source === "string" ? [source] : source);
  return (facts) => {
    const blank = facts.indexOf(" ");
    const found = Number(facts.slice(0, blank));
    return riskAsked(risk, level, found, levels) && (sources === null || sources.has(facts.slice(blank + 1)));
  };
}

/** Risks and levels are one question: either answers it. */
function riskAsked(
  asked: LeakQuery["risk"],
  level: LeakQuery["level"],
  risk: number,
  levels: RiskLevels,
): boolean {
  if (asked === undefined && level === undefined) return true;
  if (level?.includes(riskLevel(risk, levels))) return true;
  if (asked === undefined) return false;
  if ("length" in asked) return asked.includes(risk);
  return risk >= (asked.min ?? 1) && risk <= (asked.max ?? 10);
}

/** What the rows do not tell. */
function isAsked(leak: Leak, query: LeakQuery): boolean {
  const { ids, assignee, target, remediation, regression, watch } = query;
  return (
    (ids === undefined || ids.includes(leak.id)) &&
    (regression === undefined || regression === leak.regressionOf.length > 0) &&
    (watch === undefined || watch === (watchOf(leak) !== null)) &&
    (assignee === undefined || assignee.includes(leak.assignee)) &&
    (target === undefined || target.includes(leak.target)) &&
    (remediation === undefined || remediation.includes(remediationOf(leak))) &&
    isWithin(leak.createdAt, query.created) &&
    isWithin(leak.updatedAt, query.updated) &&
    mentions(leak, query.q)
  );
}

function isWithin(at: number, range: TimeRange | undefined): boolean {
  return range === undefined || (at >= (range.from ?? 0) && at < (range.to ?? Number.POSITIVE_INFINITY));
}

function mentions(leak: Leak, q: string | undefined): boolean {
  if (q === undefined || q === "") return true;
  const text = q.toLowerCase();
  const { name, description, sourceUrl, sourceAuthor, target, assignee, notApplicable } = leak;
  const written = [name, description, sourceUrl, sourceAuthor, target, assignee, notApplicable];
  return written.some((each) => each?.toLowerCase().includes(text) ?? false);
}

/** Text is compared as the index orders it: by its UTF-8 bytes. */
function compare(a: Position, b: Position): number {
  if (typeof a.value === "number" && typeof b.value === "number") return a.value - b.value || a.seq - b.seq;
  return Buffer.compare(Buffer.from(String(a.value)), Buffer.from(String(b.value))) || a.seq - b.seq;
}

export function checkLimit(limit: number | undefined): number {
  if (limit === undefined) return 50;
  if (!Number.isInteger(limit) || limit < 1 || limit > listLimitMax)
    throw new InputRefused("limit", `is not a whole number from 1 to ${listLimitMax}`);
  return limit;
}
