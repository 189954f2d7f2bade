import type { FalsePositiveRule } from "../../shapes.ts";

/** What a rule of the intake does with what it catches. */
export const intakeActions = {
  mark_false: "Mark it false",
  refuse: "Refuse it",
};
export const intakeActionWord = (action: string) => (action === "refuse" ? "Refused" : "Marked false");

/** A rule as people write it; what is empty is no criterion. */
export type RuleDraft = Readonly<
  Record<"value" | "kind" | "prefix" | "glob" | "lengthMin" | "lengthMax" | "entropyBelow", string>
> & { readonly action: string; readonly reason: string };

export const emptyDraft: RuleDraft = {
  value: "",
  kind: "",
  prefix: "",
  glob: "",
  lengthMin: "",
  lengthMax: "",
  entropyBelow: "",
  action: "mark_false",
  reason: "test_value",
};

const NUMBERS: ReadonlySet<string> = new Set(["lengthMin", "lengthMax", "entropyBelow"]);

/** The draft as the API takes it. */
export function bodyOf(draft: RuleDraft): Record<string, unknown> {
  const given = Object.entries(draft).filter(([, text]) => text !== "");
  return Object.fromEntries(given.map(([name, text]) => [name, NUMBERS.has(name) ? Number(text) : text]));
}

/** What a token must be for the rule to catch it. */
export function criteriaWords(rule: FalsePositiveRule): string {
  const { exact, kind, prefix, glob, lengthMin, lengthMax, entropyBelow } = rule;
  return [
    exact && "one very token",
    kind !== null && `of the type ${kind}`,
    prefix !== null && `begins with ${prefix}`,
    glob !== null && `like ${glob}`,
    lengthMin !== null && `${lengthMin} bytes or more`,
    lengthMax !== null && `${lengthMax} bytes or less`,
    entropyBelow !== null && `under ${entropyBelow} bits a character`,
  ]
    .filter((word) => word !== false)
    .join(", ");
}
