import { allButFirst, allButLast, beginsAndEndsAs, endsAs, listed, unlisted } from "./tokens.ts";

/** `many` tokens are loaded in one table, one token in each of two others. */
export type TableName = "many" | "one" | "other";

/** Tokens that are timed together, one after the other, against one table. */
export interface TimedClass {
  readonly name: string;
  readonly table: TableName;
  readonly tokens: readonly string[];
  readonly isListed: boolean;
}

/**
 * What a comparison is for. `control`: classes between which nothing differs, so what shows is the error of the test;
 * `limit`: the difference is to stay within the limit; `cost`: there is one by design, and it is measured; `leak`: a
 * leak that was built in, which the test has to detect.
 */
export type Kind = "control" | "limit" | "cost" | "leak";

/** How much longer the tokens of class `slow` take than those of `fast`. */
export interface Comparison {
  readonly name: string;
  readonly kind: Kind;
  readonly slow: string;
  readonly fast: string;
  /** The control whose error it has to exceed; null of a control. */
  readonly control: string | null;
}

export interface Plan {
  readonly classes: readonly TimedClass[];
  readonly comparisons: readonly Comparison[];
}

/** Tokens of a class: so many that none has the processor's branch predictor to itself. */
export const SET = 32;

const SETS = "two sets of unlisted tokens";
const TABLES = "two tables of 1 token";

/** Classes and comparisons for a table of so many tokens. */
export function soundPlan(seed: string, tokens: number): Plan {
  const some = spreadOver(tokens).map((number) => listed(seed, number));
  const others = range(0, SET).map((number) => unlisted(seed, number));
  const like = (name: string, make: (token: string, other: string) => string) =>
    timed(
      name,
      some.map((token, index) => make(token, others[index]!)),
    );
  const only = [listed(seed, 0)];
  return {
    classes: [
      timed("unlisted", others),
      timed("unlisted too", moreUnlisted(seed)),
      like("all but the last byte", allButLast),
      like("all but the first byte", allButFirst),
      like("last six bytes", endsAs),
      like("first two and last six", beginsAndEndsAs),
      timed("listed", some, true),
      ...firstAndLast(seed, tokens),
      timed("the first entry alone", only, true),
      timed("unlisted, 1 token", others, false, "one"),
      timed("listed, 1 token", only, true, "one"),
      timed("unlisted, 1 other token", others, false, "other"),
    ],
    comparisons: [
      compared(SETS, "control", "unlisted too", "unlisted", null),
      compared(TABLES, "control", "unlisted, 1 other token", "unlisted, 1 token", null),
      compared("all but the last byte - none", "limit", "all but the last byte", "unlisted"),
      compared("last entry - first entry", "limit", "last entry", "first entry"),
      compared("many - 1 token, unlisted", "limit", "unlisted", "unlisted, 1 token", TABLES),
      compared("many - 1 token, listed", "limit", "the first entry alone", "listed, 1 token", TABLES),
      compared("last six bytes - none (anchor)", "cost", "last six bytes", "unlisted"),
      compared("all but the first byte - none (anchor)", "cost", "all but the first byte", "unlisted"),
      compared("first two, last six - none (fingerprint)", "cost", "first two and last six", "unlisted"),
      compared("listed - no byte shared", "cost", "listed", "unlisted"),
      compared("listed - all but the last byte", "cost", "listed", "all but the last byte"),
      compared("listed - all but the first byte", "cost", "listed", "all but the first byte"),
      compared("listed - last six bytes", "cost", "listed", "last six bytes"),
    ],
  };
}

/** For a build whose table is searched from its first entry to the one that fits. */
export function searchedPlan(seed: string, tokens: number): Plan {
  return {
    classes: [
      timed(
        "unlisted",
        range(0, SET).map((number) => unlisted(seed, number)),
      ),
      timed("unlisted too", moreUnlisted(seed)),
      ...firstAndLast(seed, tokens),
    ],
    comparisons: [
      compared(SETS, "control", "unlisted too", "unlisted", null),
      compared("last entry - first entry", "leak", "last entry", "first entry"),
    ],
  };
}

/** For a comparison of bytes that stops at the first that differs; each token is compared with its listed one. */
export function comparedPlan(seed: string): Plan {
  const others = range(0, SET).map((number) => unlisted(seed, number));
  const near = range(0, SET).map((number) => allButLast(listed(seed, number)));
  const far = range(0, SET).map((number) => allButFirst(listed(seed, number)));
  return {
    classes: [
      timed("unlisted", others),
      timed("unlisted too", moreUnlisted(seed)),
      timed("all but the last byte", near),
      timed("all but the first byte", far),
    ],
    comparisons: [
      compared(SETS, "control", "unlisted too", "unlisted", null),
      compared("all but the last byte - none", "leak", "all but the last byte", "unlisted"),
      compared("last byte - first byte differs", "leak", "all but the last byte", "all but the first byte"),
    ],
  };
}

/** Unlisted tokens of which nothing is timed: one goes before each timed request, the same for all classes. */
export function untimed(seed: string): string[] {
  return range(2 * SET, 3 * SET).map((number) => unlisted(seed, number));
}

function firstAndLast(seed: string, tokens: number): TimedClass[] {
  const of = (from: number) => range(from, from + SET).map((number) => listed(seed, number));
  return [timed("first entry", of(0), true), timed("last entry", of(tokens - SET), true)];
}

function moreUnlisted(seed: string): string[] {
  return range(SET, 2 * SET).map((number) => unlisted(seed, number));
}

function timed(
  name: string,
  tokens: readonly string[],
  isListed = false,
  table: TableName = "many",
): TimedClass {
  return { name, table, tokens, isListed };
}

function compared(
  name: string,
  kind: Kind,
  slow: string,
  fast: string,
  control: string | null = SETS,
): Comparison {
  return { name, kind, slow, fast, control };
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

/** So many entries of a table, at equal distances. */
function spreadOver(tokens: number): number[] {
  return range(0, SET).map((index) => Math.floor(((index + 0.5) * tokens) / SET));
}
