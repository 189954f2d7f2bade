import { holds, type Network } from "./address.ts";
import { type CodedField, type Columns, hash, queryNames } from "./columns.ts";
import { type EventFilter, inRanges, isPattern, type Term, type TextTest, textTest } from "./filter.ts";
import type { Pattern } from "./glob.ts";

/** Of a row: not one of those looked for; one of them; or only its record tells. As bits, so that `|` joins them. */
export const NO = 0;
export const YES = 1;
export const UNSURE = 3;

/** Rows that may be looked for, and what is known of each; `count` of them. */
export class Found {
  readonly rows: Uint32Array;
  readonly marks: Uint8Array;
  count = 0;

  constructor(most: number) {
    this.rows = new Uint32Array(most);
    this.marks = new Uint8Array(most);
  }
}

/** One condition: lessens what was found. */
interface Check {
  /** Goes on with values that came since; answers whether any row can match. */
  extend(): boolean;
  keep(found: Found): void;
}

/** A condition on a coded field: what each code means. */
class Table implements Check {
  /** By code; the code OTHER is UNSURE, whatever is asked. */
  marks = new Uint8Array([UNSURE]);
  private readonly columns: Columns;
  private readonly field: CodedField;
  private readonly markOf: (code: number) => number;

  constructor(columns: Columns, field: CodedField, markOf: (code: number) => number) {
    this.columns = columns;
    this.field = field;
    this.markOf = markOf;
  }

  get cells(): Uint8Array | Uint16Array | Uint32Array {
    return this.columns.codes[this.field].cells;
  }

  /** Which part of the values matches. */
  get share(): number {
    let ones = 0;
    for (const mark of this.marks) ones += mark & YES;
    return ones / this.marks.length;
  }

  extend(): boolean {
    const { size, isFull } = this.columns.dictionaries[this.field];
    const known = this.marks.length;
    if (known <= size) {
      const marks = new Uint8Array(size + 1);
      marks.set(this.marks);
      for (let code = known; code <= size; code++) marks[code] = this.markOf(code);
      this.marks = marks;
    }
    return isFull || this.marks.indexOf(YES, 1) > 0;
  }

  /** The first condition finds the rows; it sees most of them. */
  scan(from: number, to: number, found: Found): void {
    const { rows, marks } = found;
    const { cells, marks: table } = this;
    let count = 0;
    for (let row = from; row < to; row++) {
      const mark = table[cells[row]!]!;
      rows[count] = row;
      marks[count] = mark;
      // Not an if: the processor would guess it, and guess wrong.
      count += mark & YES;
    }
    found.count = count;
  }

  keep(found: Found): void {
    const { rows, marks } = found;
    const { cells, marks: table } = this;
    let count = 0;
    for (let i = 0; i < found.count; i++) {
      const row = rows[i]!;
      const mark = table[cells[row]!]!;
      rows[count] = row;
      marks[count] = marks[i]! | mark;
      count += mark & YES;
    }
    found.count = count;
  }
}

/** Text in one of three fields: a table each, and the most that any of them says. */
class TextCheck implements Check {
  private readonly tables: readonly [Table, Table, Table];
  private readonly not: boolean;

  constructor(columns: Columns, test: TextTest, not: boolean) {
    const table = (field: CodedField) => {
      const { texts } = columns.dictionaries[field];
      return new Table(columns, field, (code) => (test(texts[code - 1]!) ? YES : NO));
    };
    this.tables = [table("host"), table("path"), table("userAgent")];
    this.not = not;
  }

  extend(): boolean {
    let mayMatch = this.not;
    for (const table of this.tables) mayMatch = table.extend() || mayMatch;
    return mayMatch;
  }

  keep(found: Found): void {
    const [host, path, agent] = this.tables;
    const [hosts, paths, agents] = [host.cells, path.cells, agent.cells];
    keep(found, (row) => {
      const inHost = host.marks[hosts[row]!]!;
      const inPath = path.marks[paths[row]!]!;
      const inAgent = agent.marks[agents[row]!]!;
      if (inHost === YES || inPath === YES || inAgent === YES) return this.not ? NO : YES;
      if ((inHost | inPath | inAgent) === UNSURE) return UNSURE;
      return this.not ? YES : NO;
    });
  }
}

/** A filter ready to be asked of one partition's columns, over which the caller holds the times. */
export class Selection {
  private readonly columns: Columns;
  private readonly tables: Table[] = [];
  private readonly checks: Check[] = [];

  constructor(columns: Columns, { terms = [] }: EventFilter) {
    this.columns = columns;
    for (const term of terms) this.add(term);
  }

  /** To be called before rows are looked for, whenever the columns may have grown; false where no row can match. */
  extend(): boolean {
    let mayMatch = true;
    for (const check of this.checks) mayMatch = check.extend() && mayMatch;
    for (const table of this.tables) mayMatch = table.extend() && mayMatch;
    // What leaves the fewest rows comes first.
    if (this.tables.length > 1) this.tables.sort((a, b) => a.share - b.share);
    return mayMatch;
  }

  /** The rows from `from` to before `to` that are one, or may be. */
  find(from: number, to: number, found: Found): void {
    const [first, ...others] = this.tables;
    if (first === undefined) {
      for (let row = from; row < to; row++) found.rows[row - from] = row;
      found.marks.fill(YES, 0, to - from);
      found.count = to - from;
    } else first.scan(from, to, found);
    for (const table of others) table.keep(found);
    for (const check of this.checks) check.keep(found);
  }

  private add(term: Term): void {
    if (term.field === "ip") {
      this.addAddress(term.any, term.not);
      return;
    }
    if (term.field === "count" || term.field === "worker") {
      const { columns } = this;
      const { field, any, not } = term;
      this.addCheck((found) => {
        const numbers = columns[field];
        keep(found, (row) => (inRanges(any, numbers[row]!) === not ? NO : YES));
      });
      return;
    }
    const { field } = term;
    const test = textTest(field, term.any);
    if (field === "requestId") this.addRequest(term.any, term.not);
    else if (field === "text") this.checks.push(new TextCheck(this.columns, test, term.not));
    else this.addCoded(field, test, term.not);
  }

  private addCheck(keep: (found: Found) => void): void {
    this.checks.push({ extend: () => true, keep });
  }

  private addTable(field: CodedField, not: boolean, isOne: (code: number) => boolean): void {
    this.tables.push(new Table(this.columns, field, (code) => (isOne(code) === not ? NO : YES)));
  }

  private addCoded(field: CodedField, test: TextTest, not: boolean): void {
    const { texts } = this.columns.dictionaries[field];
    if (field === "query") this.addTable(field, not, (code) => queryNames(texts[code - 1]!).some(test));
    else this.addTable(field, not, (code) => test(texts[code - 1]!));
  }

  private addAddress(any: readonly (Network | Pattern)[], not: boolean): void {
    const { ip: dictionary } = this.columns.dictionaries;
    const networks = any.filter((value): value is Network => !isPattern(value));
    const patterns = any.filter(isPattern);
    const test = patterns.length === 0 ? null : textTest("host", patterns);
    this.addTable("ip", not, (code) => {
      const words = dictionary.addresses!;
      const at = 4 * (code - 1);
      const a = words[at]!;
      const b = words[at + 1]!;
      const c = words[at + 2]!;
      const d = words[at + 3]!;
      if ((a | b | c | d) !== 0) for (const network of networks) if (holds(network, a, b, c, d)) return true;
      return test?.(dictionary.texts[code - 1]!) ?? false;
    });
  }

  /** The hash tells what is none of them; with a pattern, only records tell. */
  private addRequest(any: readonly Pattern[], not: boolean): void {
    const { columns } = this;
    const whole = any.every((pattern) => pattern.length === 1);
    const hashes = any.map((pattern) => hash(pattern[0]!));
    const [first] = hashes;
    const more = hashes.length > 1 ? new Set(hashes) : null;
    const otherwise = not ? YES : NO;
    this.addCheck((found) => {
      const { requests } = columns;
      keep(found, (row) => {
        const known = requests[row]!;
        return !whole || known === first || more?.has(known) === true ? UNSURE : otherwise;
      });
    });
  }
}

function keep(found: Found, markOf: (row: number) => number): void {
  const { rows, marks } = found;
  let count = 0;
  for (let i = 0; i < found.count; i++) {
    const row = rows[i]!;
    const mark = markOf(row);
    rows[count] = row;
    marks[count] = marks[i]! | mark;
    count += mark & YES;
  }
  found.count = count;
}
