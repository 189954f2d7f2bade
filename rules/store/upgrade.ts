import type { Leak } from "../leak.ts";
import { hold } from "./duplicates.ts";
import { TokenPage } from "./pages.ts";
import type { Tables } from "./tables.ts";
import { noteHashes } from "./tokenchanges.ts";

/** The layout written by this version; a folder with a higher number is refused. */
export const schemaKnown = 3;

/** Step n makes schema n + 1 of schema n; what a step does is never changed once a version with it is out. */
const steps: Readonly<Record<number, (tables: Tables) => void>> = { 1: toSchema2, 2: toSchema3 };

/** Brings an older store up to the layout of this version, all of it or nothing; only inside a write transaction. */
export function upgrade(tables: Tables): void {
  const found = tables.meta.get("schema");
  if (typeof found !== "number" || found >= schemaKnown) return;
  for (let schema = found; schema < schemaKnown; schema++) steps[schema]!(tables);
  tables.meta.put("schema", schemaKnown);
}

/** What a leak gained with schema 2. */
const leakOfSchema2 = {
  sourceUrl: null,
  sourceAuthor: null,
  sourceAt: null,
  target: null,
  assignee: null,
  notApplicable: null,
  tokensClosed: 0,
  tokensFalse: 0,
  warnings: {},
  regressionOf: [],
} as const;
const byStatus = {
  opened: {},
  patched: { timeBox: null },
  closed: { timeBox: null, watch: null },
  marked_false: { timeBox: null, watch: null },
} as const;

/** Leaks and access keys gained fields, and tokens are found by their digest. */
function toSchema2(tables: Tables): void {
  for (const { key, value } of [...tables.leaks.getRange({})]) {
    const leak = { ...leakOfSchema2, ...byStatus[value.leak.status], ...value.leak } as Leak;
    tables.leaks.put(key as number, { ...value, leak });
    hold(tables, leak.seq, liveTokens(tables, leak.seq));
  }
  for (const { key, value } of [...tables.keys.getRange({})]) {
    const upgraded = { ...value, expiresAt: null, disabledAt: null, graceUntil: null, previous: null };
    tables.keys.put(key as number, upgraded);
  }
}

/**
 * Leaks are listed by their remediation too: the row's value is none 0, applied 1, not applicable 2. Sightings came, whose
 * database is there and empty; and whether there are tokens of which only a hash is known.
 */
function toSchema3(tables: Tables): void {
  const statuses = ["opened", "patched", "closed", "marked_false"];
  for (const { value } of [...tables.leaks.getRange({})]) {
    const { status, notApplicable, seq, risk, source } = value.leak;
    const remediation = status === "patched" ? 1 : notApplicable === null ? 0 : 2;
    tables.index.put(["m", statuses.indexOf(status), remediation, seq], `${risk} ${source}`);
  }
  for (const { key, value } of tables.tokens.getRange({})) {
    const page = new TokenPage(value, (key as [number, number])[1], []);
    for (let i = 0; i < page.count; i++) {
      if (page.hashAt(i) === null) continue;
      noteHashes(tables);
      return;
    }
  }
}

function* liveTokens(tables: Tables, seq: number): Generator<{ digest: Uint8Array; number: number }> {
  for (const { key, value } of [...tables.tokens.getRange({ start: [seq], end: [seq + 1] })]) {
    const page = new TokenPage(value, (key as [number, number])[1], []);
    for (let i = 0; i < page.count; i++)
      if (!page.removedAt(i)) yield { digest: page.digestAt(i), number: page.numberAt(i) };
  }
}
