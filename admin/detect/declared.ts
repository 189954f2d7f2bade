import { RE2JS, RE2JSException } from "re2js";
import * as z from "zod";
import { PatternRule } from "./pattern.ts";

const PATTERN_CHARACTERS_MAX = 1000;
const FORMATS_MAX = 200;

/**
 * A format of tokens that the operator declares. The pattern is RE2's syntax, bound to neither end: what follows the prefix,
 * or a whole token that begins with it. No letter, digit, `_` or `-` follows where a token ends.
 */
export const declaredFormatSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, "is lower case letters, digits and hyphens, at most 40"),
    prefix: z
      .string()
      .regex(/^[!-~]{2,40}$/, "is 2 to 40 printable ASCII characters without blanks")
      .optional(),
    pattern: z.string().min(1).max(PATTERN_CHARACTERS_MAX),
    checksum: z.literal("none").default("none"),
    risk: z.int().min(1).max(10).optional(),
  })
  .superRefine(({ pattern }, context) => {
    const why = refusalOf(pattern);
    if (why !== null) context.addIssue({ code: "custom", path: ["pattern"], message: why });
  });
export type DeclaredFormat = z.infer<typeof declaredFormatSchema>;

export const declaredFormatsSchema = z
  .array(declaredFormatSchema)
  .max(FORMATS_MAX)
  .refine((formats) => new Set(formats.map(({ name }) => name)).size === formats.length, "has a name twice");

export function declaredRule({ name, prefix, pattern, risk }: DeclaredFormat): PatternRule {
  return new PatternRule({
    id: name,
    source: "declared",
    kind: name,
    risk: risk ?? null,
    pattern: prefix === undefined ? pattern : withPrefix(prefix, pattern),
    secretGroup: 0,
    entropyMin: 0,
    keywords: [],
    path: null,
    allowLists: [],
    required: [],
    isSilent: false,
    isWord: true,
    isPlaceholderKept: false,
  });
}

function withPrefix(prefix: string, pattern: string): string {
  const quoted = RE2JS.quote(prefix);
  return pattern.startsWith(quoted) || pattern.startsWith(prefix) ? pattern : `${quoted}(?:${pattern})`;
}

function refusalOf(pattern: string): string | null {
  try {
    return RE2JS.compile(pattern).test("") ? "matches the empty text too" : null;
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return `is no pattern in RE2's syntax: ${error.message}`;
  }
}
