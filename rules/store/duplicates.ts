import type { TokenDigest, TokenWarning } from "../digest.ts";
import { type Leak, type LeakId, regressionsMax, type WarningCounts } from "../leak.ts";
import { addHolder, type Holder, holdersOf, removeHolder } from "./holders.ts";
import { pageOf, placeOf, TokenPage } from "./pages.ts";
import type { Tables } from "./tables.ts";

/** Another leak that holds some of the same tokens. */
export interface Duplicate {
  readonly leak: LeakId;
  readonly tokens: number;
}

/** A token that another leak holds already. */
export interface KnownToken {
  readonly number: number;
  readonly holders: readonly Holder[];
}

/** What new tokens of a leak have in common with other leaks. */
export interface Met {
  readonly known: readonly KnownToken[];
  /** Leaks that are closed, or whose token was closed alone, in the order of their numbers. */
  readonly regressionOf: readonly LeakId[];
}

/** Lists the tokens as held by the leak; only inside a write transaction. */
export function hold(
  tables: Tables,
  seq: number,
  tokens: Iterable<{ readonly digest: Uint8Array; readonly number: number }>,
): Met {
  const known: KnownToken[] = [];
  const inCommon = new Map<number, number>();
  const returned = new Set<number>();
  for (const { digest, number } of tokens) {
    const others = addHolder(tables, digest, { seq, number }).filter((each) => each.seq !== seq);
    if (others.length === 0) continue;
    known.push({ number, holders: others });
    for (const other of others) {
      inCommon.set(other.seq, (inCommon.get(other.seq) ?? 0) + 1);
      if (!returned.has(other.seq) && wasClosed(tables, other)) returned.add(other.seq);
    }
  }
  for (const [other, tokens] of inCommon) share(tables, seq, other, tokens);
  const regressionOf = [...returned].sort((a, b) => a - b).map((each): LeakId => `leak-${each}`);
  return { known, regressionOf };
}

/** New tokens of a leak with the numbers they get. */
export function* numbered(
  first: number,
  tokens: readonly TokenDigest[],
): Generator<{ readonly digest: Uint8Array; readonly number: number }> {
  for (const [index, { digest }] of tokens.entries()) yield { digest, number: first + index };
}

/** A token that left the leak; only inside a write transaction. */
export function letGoOf(tables: Tables, seq: number, number: number, digest: Uint8Array): void {
  for (const other of removeHolder(tables, digest, { seq, number }))
    if (other.seq !== seq) share(tables, seq, other.seq, -1);
}

/** The leaks that hold some of its tokens, in the order of their numbers. */
export function duplicatesOf(tables: Tables, seq: number): Duplicate[] {
  const range = tables.shared.getRange({ start: [seq], end: [seq + 1] });
  return [
    ...range.map(({ key, value }) => ({ leak: `leak-${(key as number[])[1]}` as LeakId, tokens: value })),
  ];
}

/** The leaks, but for this one, that hold the token. */
export function othersHolding(tables: Tables, seq: number, digest: Uint8Array): LeakId[] {
  return holdersOf(tables, digest)
    .filter((each) => each.seq !== seq)
    .map((each): LeakId => `leak-${each.seq}`);
}

/** The leak's facts with what its new tokens brought. */
export function factsWith(
  facts: Pick<Leak, "warnings" | "regressionOf">,
  tokens: readonly TokenDigest[],
  { known, regressionOf }: Met,
): { warnings: WarningCounts; regressionOf: readonly LeakId[] } {
  const counts = new Map<string, number>(Object.entries(facts.warnings));
  const count = (warning: TokenWarning, by: number) => counts.set(warning, (counts.get(warning) ?? 0) + by);
  for (const token of tokens) for (const warning of token.warnings ?? []) count(warning, 1);
  if (known.length > 0) count("already_known", known.length);
  const warnings: WarningCounts = Object.fromEntries(counts);
  const all = [...new Set([...facts.regressionOf, ...regressionOf])];
  return { warnings, regressionOf: all.slice(0, regressionsMax) };
}

function share(tables: Tables, seq: number, other: number, by: number): void {
  for (const key of [
    [seq, other],
    [other, seq],
  ]) {
    const count = (tables.shared.get(key) ?? 0) + by;
    if (count > 0) tables.shared.put(key, count);
    else tables.shared.remove(key);
  }
}

/** Whether whoever held it had let it go: the leak is closed, or the token was closed alone. */
function wasClosed(tables: Tables, { seq, number }: Holder): boolean {
  const stored = tables.leaks.get(seq);
  if (stored === undefined || stored.leak.status === "closed") return stored !== undefined;
  if (stored.leak.tokensClosed === 0) return false;
  const page = pageOf(number);
  const bytes = tables.tokens.get([seq, page]);
  return (
    bytes !== undefined && new TokenPage(bytes, page, stored.kinds).aloneAt(placeOf(number)) === "closed"
  );
}
