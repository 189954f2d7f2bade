import type { z } from "zod";
import type { ConfigPath } from "./document.ts";

type Issue = z.core.$ZodIssue;
type Schema = z.core.$ZodType;

/** One thing that is wrong with a value; `key` is the last step of the path where a key is unknown. */
export interface Problem {
  readonly path: ConfigPath;
  readonly text: string;
  readonly isUnknownKey: boolean;
}

/** Says each issue in words, without the value: a secret may have been put in the wrong place. */
export function problemsOf(issues: readonly Issue[], schema: Schema): Problem[] {
  return issues.flatMap((issue): Problem[] => {
    if (issue.code !== "unrecognized_keys")
      return [{ path: issue.path, text: wordsOf(issue), isUnknownKey: false }];
    return issue.keys.map((key) => ({
      path: [...issue.path, key],
      text: `unknown key "${key.slice(0, 60)}"${suggestion(schema, issue.path, key)}`,
      isUnknownKey: true,
    }));
  });
}

const TYPES: Record<string, string> = {
  int: "must be a whole number",
  number: "must be a whole number",
  string: 'must be text (in "quotes" where YAML reads something else)',
  array: "must be a list",
  object: "must be a group of settings (key: value)",
  boolean: "must be true or false",
};

function wordsOf(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      if (issue.message.endsWith("received undefined")) return "is missing";
      return TYPES[issue.expected] ?? issue.message;
    case "too_small":
      return `must be at least ${issue.minimum}${issue.origin === "string" ? " characters long" : ""}`;
    case "too_big":
      return `must be at most ${issue.maximum}${issue.origin === "string" ? " characters long" : ""}`;
    case "invalid_value":
      return `must be one of ${issue.values.map((value) => JSON.stringify(value)).join(", ")}`;
    default:
      return issue.message;
  }
}

/** ` (did you mean "x"?)`: a neighbour spelled alike, or a key of that very name in another group. */
function suggestion(schema: Schema, path: ConfigPath, key: string): string {
  const siblings = Object.keys(shapeOf(schemaAt(schema, path)) ?? {});
  const near = siblings
    .map((name) => ({ name, distance: editDistance(name.toLowerCase(), key.toLowerCase()) }))
    .filter(({ name, distance }) => distance <= Math.max(1, Math.floor(name.length / 3)))
    .sort((a, b) => a.distance - b.distance)[0];
  const elsewhere =
    near === undefined ? pathsOf(schema).find((name) => name.split(".").at(-1) === key) : null;
  const found = near?.name ?? elsewhere;
  return found ? ` (did you mean "${found}"?)` : "";
}

/** The fields of an object schema, seen through defaults and optionals. */
function shapeOf(schema: Schema | undefined): Record<string, Schema> | null {
  const inner = schema?._zod.def as
    | { type: string; shape?: Record<string, Schema>; innerType?: Schema }
    | undefined;
  if (inner?.shape !== undefined) return inner.shape;
  return inner?.innerType === undefined ? null : shapeOf(inner.innerType);
}

function schemaAt(schema: Schema, path: ConfigPath): Schema | undefined {
  return path.reduce<Schema | undefined>((at, step) => shapeOf(at)?.[String(step)], schema);
}

/** All keys, those of groups as `group.key`. */
export function pathsOf(schema: Schema, prefix = ""): string[] {
  return Object.entries(shapeOf(schema) ?? {}).flatMap(([key, inner]) => [
    prefix + key,
    ...pathsOf(inner, `${prefix}${key}.`),
  ]);
}

/** Insertions, deletions, replacements and swaps of neighbours between two short words (Damerau, restricted). */
function editDistance(a: string, b: string): number {
  // Keys come from a file of any size; no key of ours is that long.
  if (b.length > 40) return b.length;
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(previous[j]! + 1, row[j - 1]! + 1, previous[j - 1]! + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, before[j - 2]! + 1);
      row.push(least);
    }
    before = previous;
    previous = row;
  }
  return previous[b.length]!;
}
