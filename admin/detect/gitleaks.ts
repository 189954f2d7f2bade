import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { RE2JS, RE2JSException } from "re2js";
import { parse, TomlError } from "smol-toml";
import * as z from "zod";
import { FORMATS } from "../../rules/formats.ts";
import { InputRefused } from "../../rules/refusal.ts";
import { AllowList } from "./allow.ts";
import { type Companion, PatternRule } from "./pattern.ts";

const FILE_CHARACTERS_MAX = 4 * 1024 * 1024;
/** Files that extend files that extend files; Gitleaks goes as far. */
const EXTENDS_MAX = 2;
/** In files for older versions an allow-list is one table, in newer ones a list of them. */
const texts = z.array(z.string()).default([]);

const allowSchema = z.object({
  condition: z
    .string()
    .toLowerCase()
    .transform((word) => (word === "&&" ? "and" : word === "||" ? "or" : word))
    .pipe(z.enum(["and", "or"]))
    .default("or"),
  commits: texts,
  paths: texts,
  regexes: texts,
  regexTarget: z.enum(["secret", "match", "line", ""]).default("secret"),
  stopwords: texts,
  targetRules: texts,
});

const ruleSchema = z.object({
  id: z.string().min(1),
  description: z.string().default(""),
  regex: z.string().optional(),
  secretGroup: z.int().min(0).optional(),
  entropy: z.number().min(0).optional(),
  path: z.string().optional(),
  keywords: texts,
  tags: texts,
  allowlist: allowSchema.optional(),
  allowlists: z.array(allowSchema).default([]),
  required: z
    .array(
      z.object({
        id: z.string(),
        withinLines: z.int().min(0).optional(),
        withinColumns: z.int().min(0).optional(),
      }),
    )
    .default([]),
  skipReport: z.boolean().default(false),
});
type Rule = z.infer<typeof ruleSchema>;

const fileSchema = z.object({
  title: z.string().default(""),
  extend: z
    .object({
      useDefault: z.boolean().default(false),
      path: z.string().default(""),
      url: z.string().default(""),
      disabledRules: texts,
    })
    .prefault({}),
  allowlist: allowSchema.optional(),
  allowlists: z.array(allowSchema).default([]),
  rules: z.array(ruleSchema).default([]),
});
type File = z.infer<typeof fileSchema>;

/** A rules file as it can be used. */
export interface GitleaksRules {
  readonly rules: readonly PatternRule[];
  /** Those of the whole file, which its rules ask already: what others find, the table's rows too, is asked of them by the detector. */
  readonly allowLists: readonly AllowList[];
  /** Rules that are switched off, of the file it extends or of the table. */
  readonly disabledRules: readonly string[];
  /** What was left out, rule by rule: `rule "x": ...`. Nothing of it stops the rest. */
  readonly problems: readonly string[];
}

/** Reads a rules file of Gitleaks, and what it extends. Throws InputRefused where it is no such file. */
export function readGitleaks(
  path: string,
  read: (path: string) => string = (name) => readFileSync(name, "utf8"),
): GitleaksRules {
  const problems: string[] = [];
  const file = merged(path, read, EXTENDS_MAX, problems);
  const rules: PatternRule[] = [];
  const known = new Set(file.rules.map(({ id }) => id));
  const globals: AllowList[] = [];
  const targeted = new Map<string, AllowList[]>();
  for (const raw of listsOf(file)) {
    const list = listOf(raw, "the global allow-list", problems);
    if (list === null) continue;
    if (raw.targetRules.length === 0) globals.push(list);
    for (const id of raw.targetRules) targeted.set(id, [...(targeted.get(id) ?? []), list]);
  }
  for (const rule of file.rules) {
    const made = ruleOf(rule, [...globals, ...(targeted.get(rule.id) ?? [])], known, problems);
    if (made !== null) rules.push(made);
  }
  return { rules, allowLists: globals, disabledRules: file.extend.disabledRules, problems };
}

/** The file with what it extends under it: of a rule that both have, what the upper one says counts, and lists are joined. */
function merged(path: string, read: (path: string) => string, deeper: number, problems: string[]): File {
  const file = parsed(read(path));
  const { extend } = file;
  if (extend.url !== "") problems.push("extend.url: rules are not fetched; name a file in extend.path");
  if (extend.path === "") {
    noteUnknown(extend.disabledRules, [], problems);
    return file;
  }
  if (deeper === 0) {
    problems.push(`extend.path: ${EXTENDS_MAX} files deep is as far as files are followed`);
    return file;
  }
  const below = merged(resolve(dirname(path), extend.path), read, deeper - 1, problems);
  noteUnknown(extend.disabledRules, below.rules, problems);
  const disabled = new Set(extend.disabledRules);
  const rules = new Map(below.rules.filter(({ id }) => !disabled.has(id)).map((rule) => [rule.id, rule]));
  for (const rule of file.rules) {
    const under = rules.get(rule.id);
    rules.set(rule.id, under === undefined ? rule : over(under, rule));
  }
  return {
    ...file,
    extend: {
      ...extend,
      disabledRules: below.extend.disabledRules.filter((id) => !rules.has(id)).concat(extend.disabledRules),
    },
    allowlists: [...listsOf(below), ...listsOf(file)],
    allowlist: undefined,
    rules: [...rules.values()],
  };
}

/** Whoever switches a rule off by a name that it does not have believes that it is off. */
function noteUnknown(ids: readonly string[], below: readonly Rule[], problems: string[]): void {
  const known = new Set([...below.map(({ id }) => id), ...FORMATS.map(({ rule }) => rule)]);
  for (const id of ids)
    if (!known.has(id)) problems.push(`extend.disabledRules: there is no rule ${JSON.stringify(id)}`);
}

function over(under: Rule, rule: Rule): Rule {
  return {
    ...under,
    ...Object.fromEntries(Object.entries(rule).filter(([, value]) => value !== undefined && value !== "")),
    id: rule.id,
    keywords: [...under.keywords, ...rule.keywords],
    tags: [...under.tags, ...rule.tags],
    allowlist: undefined,
    allowlists: [...listsOf(under), ...listsOf(rule)],
    required: [...under.required, ...rule.required],
  };
}

function parsed(text: string): File {
  if (text.length > FILE_CHARACTERS_MAX) throw new InputRefused("the rules file", "is larger than 4 MiB");
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    throw new InputRefused("the rules file", `is no TOML: line ${error.line}, column ${error.column}`);
  }
  const result = fileSchema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new InputRefused(
    "the rules file",
    `has no meaning at ${issue!.path.join(".") || "its start"}: ${issue!.message}`,
  );
}

type RawList = z.infer<typeof allowSchema>;

function listsOf({
  allowlist,
  allowlists,
}: {
  allowlist?: RawList | undefined;
  allowlists: RawList[];
}): RawList[] {
  return allowlist === undefined ? allowlists : [allowlist, ...allowlists];
}

function ruleOf(
  rule: Rule,
  lists: AllowList[],
  known: ReadonlySet<string>,
  problems: string[],
): PatternRule | null {
  const name = `rule ${JSON.stringify(rule.id)}`;
  if (rule.regex === undefined || rule.regex === "") {
    problems.push(`${name}: it tells of files, not of tokens`);
    return null;
  }
  const path =
    rule.path === undefined || rule.path === "" ? null : compiled(rule.path, `${name}: path`, problems);
  if (path === null && rule.path) return null;
  for (const raw of listsOf(rule)) {
    const list = listOf(raw, `${name}: an allow-list`, problems);
    if (list !== null) lists.push(list);
  }
  const missing = rule.required.find(({ id }) => !known.has(id));
  if (missing !== undefined) {
    problems.push(`${name}: it requires the rule ${JSON.stringify(missing.id)}, which is not there`);
    return null;
  }
  try {
    return new PatternRule({
      id: rule.id,
      source: "gitleaks",
      kind: null,
      risk: null,
      pattern: rule.regex,
      secretGroup: rule.secretGroup ?? 0,
      entropyMin: rule.entropy ?? 0,
      keywords: rule.keywords,
      path,
      allowLists: lists,
      required: rule.required.map(companion),
      isSilent: rule.skipReport,
      isWord: false,
      isPlaceholderKept: true,
    });
  } catch (error) {
    if (!(error instanceof RE2JSException || error instanceof RangeError)) throw error;
    problems.push(`${name}: ${error.message}`);
    return null;
  }
}

function companion({ id, withinLines, withinColumns }: Rule["required"][number]): Companion {
  return { id, lines: withinLines ?? null, columns: withinColumns ?? null };
}

/** Null where one of its patterns is none: half an allow-list that asks for all of them would allow more. */
function listOf(raw: RawList, name: string, problems: string[]): AllowList | null {
  const paths = raw.paths.map((text) => compiled(text, `${name}: paths`, problems));
  const regexes = raw.regexes.map((text) => compiled(text, `${name}: regexes`, problems));
  if (raw.condition === "and" && [...paths, ...regexes].includes(null)) return null;
  return new AllowList({
    condition: raw.condition,
    commits: raw.commits,
    paths: paths.filter((each) => each !== null),
    regexes: regexes.filter((each) => each !== null),
    regexTarget: raw.regexTarget === "" ? "secret" : raw.regexTarget,
    stopwords: raw.stopwords,
  });
}

function compiled(text: string, name: string, problems: string[]): RE2JS | null {
  try {
    return RE2JS.compile(text);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    problems.push(`${name}: ${error.message}`);
    return null;
  }
}
