/** What can be told of all texts that a pattern matches. */
export interface Shape {
  /** Bytes of the longest; Infinity where there is none. */
  readonly max: number;
  /** Every text holds one of these, in lower case; null where none can be named. */
  readonly required: readonly string[] | null;
}

interface Node extends Shape {
  /** All texts, in lower case, where they are few; else null. */
  readonly exact: readonly string[] | null;
}

const EXACT_MAX = 40;
const EMPTY: Node = { max: 0, required: null, exact: [""] };
const ANY: Node = { max: 1, required: null, exact: null };

/**
 * Reads a pattern in RE2's syntax far enough to know what its matches must hold and how long they get, so that it need run
 * only near that. What it does not understand it takes for anything of any length, so that nothing is missed.
 */
export function shapeOf(pattern: string): Shape {
  const { max, required, exact } = new Reader(pattern).read();
  return { max, required: better(exact, required) };
}

class Reader {
  private at = 0;
  private readonly pattern: string;

  constructor(pattern: string) {
    this.pattern = pattern;
  }

  read(): Node {
    const node = this.alternatives();
    return this.at < this.pattern.length
      ? { max: Number.POSITIVE_INFINITY, required: null, exact: null }
      : node;
  }

  private alternatives(): Node {
    const branches = [this.sequence()];
    while (this.pattern[this.at] === "|") {
      this.at++;
      branches.push(this.sequence());
    }
    return branches.length === 1 ? branches[0]! : either(branches);
  }

  private sequence(): Node {
    const parts: Node[] = [];
    while (this.at < this.pattern.length && !"|)".includes(this.pattern[this.at]!)) {
      const one = this.one();
      parts.push(this.repeated(one));
    }
    return inOrder(parts);
  }

  private one(): Node {
    const { pattern } = this;
    const character = pattern[this.at++]!;
    if (character === "(") return this.group();
    if (character === "[") return this.set();
    if (character === "\\") return this.escape();
    if (character === "^" || character === "$") return EMPTY;
    if (character === ".") return ANY;
    return literal(character);
  }

  private group(): Node {
    const open = /^\?(?:P?<[^>]*>|[a-zA-Z]*(?:-[a-zA-Z]+)?(:|\)))/.exec(
      this.pattern.slice(this.at, this.at + 60),
    );
    if (open !== null) {
      this.at += open[0].length;
      // Flags for the rest of the group: cases are folded here anyway, and no other changes what is told.
      if (open[1] === ")") return EMPTY;
    }
    const node = this.alternatives();
    this.at++;
    return node;
  }

  private set(): Node {
    const start = this.at;
    if (this.pattern[this.at] === "^") this.at++;
    if (this.pattern[this.at] === "]") this.at++;
    while (this.at < this.pattern.length && this.pattern[this.at] !== "]") {
      if (this.pattern[this.at] === "\\") this.at += 2;
      else if (this.pattern.startsWith("[:", this.at)) {
        const end = this.pattern.indexOf(":]", this.at);
        this.at = end < 0 ? this.at + 1 : end + 2;
      } else this.at++;
    }
    const inner = this.pattern.slice(start, this.at++);
    if (/^[0-9A-Za-z_-]{1,4}$/.test(inner) && !inner.slice(1, -1).includes("-"))
      return { max: 1, required: null, exact: [...new Set(inner.toLowerCase())] };
    return ANY;
  }

  private escape(): Node {
    const { pattern } = this;
    const character = pattern[this.at++] ?? "";
    if ("bBAz".includes(character)) return EMPTY;
    if (character === "Q") {
      const end = pattern.indexOf("\\E", this.at);
      const text = pattern.slice(this.at, end < 0 ? pattern.length : end);
      this.at = end < 0 ? pattern.length : end + 2;
      return inOrder([...text].map(literal));
    }
    const hex = /^x(?:\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{2}))/.exec(pattern.slice(this.at - 1, this.at + 12));
    if (hex !== null) {
      this.at += hex[0].length - 1;
      return literal(String.fromCodePoint(Number.parseInt(hex[1] ?? hex[2]!, 16)));
    }
    if (character === "p" || character === "P") {
      this.at += pattern[this.at] === "{" ? pattern.indexOf("}", this.at) - this.at + 1 : 1;
      return ANY;
    }
    return /[0-9A-Za-z]/.test(character) ? ANY : literal(character);
  }

  private repeated(node: Node): Node {
    const times = /^(?:[*+?]|\{(\d+)(,(\d*))?\})\??/.exec(this.pattern.slice(this.at, this.at + 30));
    if (times === null) return node;
    this.at += times[0].length;
    const [text, least, more, most] = times;
    const from = text[0] === "+" ? 1 : Number(least ?? 0);
    const to =
      text[0] === "?"
        ? 1
        : least === undefined || most === ""
          ? Infinity
          : more === undefined
            ? from
            : Number(most);
    if (from === 1 && to === 1) return node;
    const exact = from === 0 && to === 1 && node.exact !== null ? ["", ...node.exact] : null;
    return {
      max: node.max === 0 || to === 0 ? 0 : node.max * to,
      required: from === 0 ? null : better(node.exact, node.required),
      exact,
    };
  }
}

function literal(character: string): Node {
  const code = character.codePointAt(0)!;
  // Letters beyond ASCII are several bytes, and folded by other rules: nothing is required of them.
  return code < 0x80 ? { max: 1, required: null, exact: [character.toLowerCase()] } : ANY;
}

function either(branches: readonly Node[]): Node {
  const exact = branches.every((each) => each.exact !== null)
    ? branches.flatMap((each) => each.exact!)
    : null;
  const required = branches.map((each) => better(each.exact, each.required));
  return {
    max: Math.max(...branches.map((each) => each.max)),
    required: required.every((each) => each !== null) ? (required.flat() as string[]) : null,
    exact: exact !== null && exact.length <= EXACT_MAX ? exact : null,
  };
}

/** Joins what is exact of neighbours, and keeps the best of what they require. */
function inOrder(parts: readonly Node[]): Node {
  let exact: readonly string[] | null = [""];
  let run: readonly string[] = [""];
  let required: readonly string[] | null = null;
  let max = 0;
  for (const part of parts) {
    max += part.max;
    const joined: readonly string[] | null =
      part.exact && run.flatMap((one) => part.exact!.map((other) => one + other));
    if (joined !== null && joined.length <= EXACT_MAX) {
      run = joined;
    } else {
      required = better(required, run);
      required = better(required, part.required);
      run = part.exact ?? [""];
    }
    exact = exact === null || joined === null || joined.length > EXACT_MAX ? null : joined;
  }
  return { max, required: better(required, run), exact };
}

/** Of two lists of which every match holds an entry, the one whose shortest entry is longer; two bytes at least. */
function better(one: readonly string[] | null, other: readonly string[] | null): readonly string[] | null {
  const worth = (list: readonly string[] | null) =>
    list === null || list.length > EXACT_MAX ? 0 : Math.min(...list.map((text) => text.length));
  const best = worth(one) >= worth(other) ? one : other;
  return worth(best) < 2 ? null : [...new Set(best)];
}
