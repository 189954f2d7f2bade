import { localOf } from "../decide/until.tsx";
import type { Leak } from "../shapes.ts";

/** The facts of a leak that people write, as they stand in a form: what is not said is empty. */
export interface Facts {
  readonly name: string;
  readonly description: string;
  readonly risk: number;
  readonly source: string;
  readonly sourceUrl: string;
  readonly sourceAuthor: string;
  /** In the clock of who writes. */
  readonly sourceAt: string;
  readonly target: string;
  readonly assignee: string;
}

export const noFacts: Facts = {
  name: "",
  description: "",
  risk: 5,
  source: "custom",
  sourceUrl: "",
  sourceAuthor: "",
  sourceAt: "",
  target: "",
  assignee: "",
};

/** The facts of a leak that is there. */
export function factsOf(leak: Leak): Facts {
  const { name, description, risk, source, sourceUrl, sourceAuthor, sourceAt, target, assignee } = leak;
  return {
    name,
    description,
    risk,
    source,
    sourceUrl: sourceUrl ?? "",
    sourceAuthor: sourceAuthor ?? "",
    sourceAt: sourceAt === null ? "" : localOf(sourceAt),
    target: target ?? "",
    assignee: assignee ?? "",
  };
}

/** A description is one line. Lines are joined when it is left: text that changes under the hand moves the caret. */
export function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, " ").trim();
}

/** A source as it is kept: `My Tool` is `my-tool`. */
export function sourceName(text: string): string {
  return text.trim().toLowerCase().replaceAll(/\s+/g, "-");
}

/** The facts as the API takes them. */
export function bodyOf({ name, description, risk, source, sourceAt, ...said }: Facts): object {
  const texts = Object.entries(said).map(([field, text]) => [field, text.trim() === "" ? null : text.trim()]);
  return {
    name: name.trim(),
    description: oneLine(description),
    risk,
    source: sourceName(source),
    sourceAt: sourceAt === "" ? null : new Date(sourceAt).toISOString(),
    ...Object.fromEntries(texts),
  };
}
