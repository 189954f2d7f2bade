import type { QueryValue } from "../api.ts";
import { levelWord, remediationWord, sourceWord, statusWord } from "../words.ts";

/** What leaks are filtered by, a list of values each: how a chip names it. */
export const filterFields = {
  status: ["Status", statusWord],
  risk: ["Risk", levelWord],
  source: ["Source", sourceWord],
  remediation: ["Remediation", remediationWord],
  assignee: ["Assignee", (value) => (value === "none" ? "Nobody" : value)],
  regression: ["Came again", (value) => (value === "true" ? "Yes" : "No")],
  watch: ["Watched", (value) => (value === "true" ? "Yes" : "No")],
} as const satisfies Record<string, readonly [string, (value: string) => string]>;
export type FilterField = keyof typeof filterFields;
const fields = Object.keys(filterFields) as FilterField[];

/** What leaks are looked for; it is the query of the page's address. */
export interface LeakFilter extends Readonly<Record<FilterField, readonly string[]>> {
  readonly q: string;
  /** As the API takes it: `-` before it turns it round. */
  readonly sort: string;
}

/** What is opened waits for somebody, so it stands on top. */
export const DEFAULT_SORT = "status";
const STATUSES = ["opened", "patched", "closed", "marked_false"];

export function filterOf(query: URLSearchParams): LeakFilter {
  const list = (name: string) => (query.get(name) ?? "").split(",").filter((each) => each !== "");
  const lists = Object.fromEntries(fields.map((field) => [field, list(field)])) as Record<
    FilterField,
    string[]
  >;
  return { ...lists, q: query.get("q") ?? "", sort: query.get("sort") ?? DEFAULT_SORT };
}

export function isFiltered(filter: LeakFilter): boolean {
  return fields.some((field) => filter[field].length > 0) || filter.q !== "";
}

/** The parameters that take every filter away. */
export const noFilter: Readonly<Record<string, null>> = Object.fromEntries(
  [...fields, "q"].map((name) => [name, null]),
);

/** The parameter's new text when one of its values is switched. */
export function switched(values: readonly string[], value: string): string {
  return (values.includes(value) ? values.filter((each) => each !== value) : [...values, value]).join(",");
}

/** The filter as the list's call takes it. */
export function parametersOf({ sort: _, ...filter }: LeakFilter): Record<string, QueryValue> {
  return filter;
}

/** The filter as a decision about all its leaks takes it; `among` are the statuses that the decision allows. */
export function bodyOf(filter: LeakFilter, among: readonly string[]): object {
  const status = (filter.status.length === 0 ? STATUSES : filter.status).filter((each) =>
    among.includes(each),
  );
  const { source, remediation, assignee, regression, watch, q } = filter;
  const levels = filter.risk.filter((each) => /^[a-z]+$/.test(each));
  const risks = filter.risk.filter((each) => /^[0-9]/.test(each)).flatMap(risksOf);
  const some = (name: string, values: readonly unknown[]) => (values.length === 0 ? {} : { [name]: values });
  const flag = (name: string, [value]: readonly string[]) =>
    value === undefined ? {} : { [name]: value === "true" };
  return {
    status,
    ...some("level", levels),
    ...some("risk", risks),
    ...some("source", source),
    ...some("remediation", remediation),
    ...some(
      "assignee",
      assignee.map((each) => (each === "none" ? null : each)),
    ),
    ...flag("regression", regression),
    ...flag("watch", watch),
    ...(q === "" ? {} : { q }),
  };
}

/** `8-10`, `7`. */
function risksOf(text: string): number[] {
  const [low = 0, high = low] = text.split("-").map(Number);
  return Array.from({ length: Math.max(0, high - low + 1) }, (_, at) => low + at);
}
