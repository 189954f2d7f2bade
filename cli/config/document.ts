import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";

/** Where a value stands in the configuration: keys and places in lists, outermost first. */
export type ConfigPath = readonly PropertyKey[];

/** A configuration file as it was read; `path` is only for messages. */
export interface ConfigFileText {
  readonly path: string;
  readonly text: string;
}

/** `leakgate.yaml`, read: its values, what is wrong with it as YAML, and the line each value stands in. */
export class ConfigDocument {
  readonly path: string;
  /** Plain values; an empty file is `{}`. Meaningless while there are problems. */
  readonly values: unknown;
  /** One line each, `path:line: what`. */
  readonly problems: readonly string[];
  readonly #document: Document;
  readonly #lines = new LineCounter();

  constructor(file: ConfigFileText) {
    this.path = file.path;
    const document = parseDocument(file.text, { lineCounter: this.#lines, prettyErrors: false });
    this.#document = document;
    // A warning is an unknown tag: a value that would not be what the writer meant.
    const problems = [...document.errors, ...document.warnings].map(
      (error) => `${file.path}:${this.#lines.linePos(error.pos[0]).line}: ${firstLine(error.message)}`,
    );
    if (problems.length > 0) {
      this.values = {};
      this.problems = problems;
      return;
    }
    try {
      this.values = document.toJS() ?? {};
    } catch (error) {
      // More aliases than anybody writes by hand, or an alias within its own anchor.
      problems.push(`${file.path}: ${firstLine((error as Error).message)}`);
      this.values = {};
    }
    this.problems = problems;
  }

  /** The line (from 1) of the key or list item at `path`, or of the nearest one around it that is there. */
  lineOf(path: ConfigPath): number {
    let node: unknown = this.#document.contents;
    let line = 1;
    for (const step of path) {
      if (isAlias(node)) node = node.resolve(this.#document);
      const next = child(node, step);
      if (next === null) break;
      line = this.#lineOfNode(next.named) ?? line;
      node = next.value;
    }
    return line;
  }

  #lineOfNode(node: unknown): number | null {
    const range = (node as Node | null)?.range;
    return range ? this.#lines.linePos(range[0]).line : null;
  }
}

function child(node: unknown, step: PropertyKey): { named: unknown; value: unknown } | null {
  if (isMap(node)) {
    const pair = node.items.find(({ key }) => String(isScalar(key) ? key.value : key) === String(step));
    return pair === undefined ? null : { named: pair.key, value: pair.value };
  }
  if (!isSeq(node) || typeof step !== "number" || node.items[step] === undefined) return null;
  return { named: node.items[step], value: node.items[step] };
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0]!;
}
