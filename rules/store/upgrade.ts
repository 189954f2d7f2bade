import type { Tables } from "./tables.ts";

/** The layout written by this version; a folder with a higher number is refused. */
export const schemaKnown = 2;

/** Step n makes schema n + 1 of schema n; what a step does is never changed once a version with it is out. */
const steps: Readonly<Record<number, (tables: Tables) => void>> = { 1: toSchema2 };

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
} as const;

/** Leaks and access keys gained fields. */
function toSchema2(tables: Tables): void {
  for (const { key, value } of [...tables.leaks.getRange({})])
    tables.leaks.put(key as number, { ...value, leak: { ...leakOfSchema2, ...value.leak } });
  for (const { key, value } of [...tables.keys.getRange({})]) {
    const upgraded = { ...value, expiresAt: null, disabledAt: null, graceUntil: null, previous: null };
    tables.keys.put(key as number, upgraded);
  }
}
