import type { QueryValue } from "../api.ts";

export const filterFields = ["status", "risk", "source"] as const;
export type FilterField = (typeof filterFields)[number];

/** What leaks are looked for; it is the query of the page's address. */
export interface LeakFilter {
  readonly status: readonly string[];
  readonly risk: readonly string[];
  readonly source: readonly string[];
  readonly q: string;
  /** As the API takes it: `-` before it turns it round. */
  readonly sort: string;
}

/** What is opened waits for somebody, so it stands on top. */
export const DEFAULT_SORT = "status";

export function filterOf(query: URLSearchParams): LeakFilter {
  const list = (name: string) => (query.get(name) ?? "").split(",").filter((each) => each !== "");
  return {
    status: list("status"),
    risk: list("risk"),
    source: list("source"),
    q: query.get("q") ?? "",
    sort: query.get("sort") ?? DEFAULT_SORT,
  };
}

export function isFiltered({ status, risk, source, q }: LeakFilter): boolean {
  return status.length + risk.length + source.length > 0 || q !== "";
}

/** The parameter's new text when one of its values is switched. */
export function switched(values: readonly string[], value: string): string {
  return (values.includes(value) ? values.filter((each) => each !== value) : [...values, value]).join(",");
}

/** The filter as the API takes it. */
export function parametersOf({ status, risk, source, q }: LeakFilter): Record<string, QueryValue> {
  return { status, risk, source, q };
}
