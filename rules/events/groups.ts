import { type CodedField, type Columns, codedFields, codedText, queryNames } from "./columns.ts";
import { OTHER } from "./dictionary.ts";
import type { VpatchEvent } from "./event.ts";
import type { Fold, RowFold } from "./scan.ts";

/** What events can be grouped by. */
export const groupFields = [...codedFields, "worker"] as const;
export type GroupField = (typeof groupFields)[number];

/** How much of something there is. `at` of the first of them, `lastAt` of the last, in milliseconds. */
export interface Sums {
  readonly events: number;
  readonly attempts: number;
  readonly firstAt: number;
  readonly lastAt: number;
}

/** What has one value of a field; null where events have none. */
export interface Group extends Sums {
  readonly value: string | null;
}

class Sum implements Sums {
  events = 0;
  attempts = 0;
  firstAt = Number.POSITIVE_INFINITY;
  lastAt = 0;

  add(at: number, lastAt: number, count: number): void {
    this.events++;
    this.attempts += count;
    if (at < this.firstAt) this.firstAt = at;
    if (lastAt > this.lastAt) this.lastAt = lastAt;
  }

  join(other: Sum): void {
    this.events += other.events;
    this.attempts += other.attempts;
    this.firstAt = Math.min(this.firstAt, other.firstAt);
    this.lastAt = Math.max(this.lastAt, other.lastAt);
  }
}

/** Records and attempts, exactly. */
export class Count implements Fold {
  readonly sum = new Sum();

  begin(columns: Columns): RowFold {
    const { sum } = this;
    return {
      row: (row) => {
        const at = columns.at[row]!;
        sum.add(at, at + columns.lasted[row]!, columns.count[row]!);
        return true;
      },
      end: () => {},
    };
  }

  event({ at, lastAt, count }: VpatchEvent): void {
    this.sum.add(at, lastAt, count);
  }
}

/** Sums by the values of a field; an event with several query parameters counts for each. */
export class Groups implements Fold {
  readonly total = new Sum();
  private readonly field: GroupField;
  private readonly byValue = new Map<string | null, Sum>();

  constructor(field: GroupField) {
    this.field = field;
  }

  begin(columns: Columns): RowFold {
    const { field } = this;
    const byCode: (Sum | undefined)[] = [];
    const codeAt =
      field === "worker"
        ? (row: number) => columns.worker[row]! + 1
        : (row: number) => columns.codes[field].cells[row]!;
    const textOf =
      field === "worker"
        ? (code: number) => String(code - 1)
        : (code: number) => columns.dictionaries[field].texts[code - 1]!;
    return {
      row: (row) => {
        const code = codeAt(row);
        if (code === OTHER) return false;
        let sum = byCode[code];
        if (sum === undefined) {
          sum = new Sum();
          byCode[code] = sum;
        }
        const at = columns.at[row]!;
        sum.add(at, at + columns.lasted[row]!, columns.count[row]!);
        return true;
      },
      end: () => {
        for (const [code, sum] of byCode.entries()) if (sum !== undefined) this.join(textOf(code), sum);
      },
    };
  }

  event(event: VpatchEvent): void {
    const sum = new Sum();
    sum.add(event.at, event.lastAt, event.count);
    this.join(
      this.field === "worker" ? String(event.worker) : codedText(event, this.field as CodedField),
      sum,
    );
  }

  /** How many values there are. */
  get size(): number {
    return this.byValue.size;
  }

  /** Those with the most attempts, at most so many. */
  top(limit: number): Group[] {
    const all = [...this.byValue].map(([value, sum]) => ({ value, ...sum }));
    all.sort(
      (a, b) =>
        b.attempts - a.attempts || b.events - a.events || ((a.value ?? "") < (b.value ?? "") ? -1 : 1),
    );
    return all.slice(0, limit);
  }

  private join(text: string | null, sum: Sum): void {
    this.total.join(sum);
    const values = this.field === "query" ? queryNames(text) : [text];
    for (const value of values) {
      const known = this.byValue.get(value) ?? new Sum();
      known.join(sum);
      this.byValue.set(value, known);
    }
  }
}

/** Sums in equal stretches of `[from, to)`, of each action apart. */
export class Histogram implements Fold {
  readonly byAction = new Map<string, { readonly events: number[]; readonly attempts: number[] }>();
  private readonly from: number;
  private readonly width: number;
  private readonly buckets: number;

  constructor(from: number, to: number, buckets: number) {
    this.from = from;
    this.width = (to - from) / buckets;
    this.buckets = buckets;
  }

  begin(columns: Columns): RowFold {
    const { texts } = columns.dictionaries.action;
    return {
      row: (row) => {
        const code = columns.codes.action.cells[row]!;
        if (code === OTHER) return false;
        this.add(texts[code - 1]!, columns.at[row]!, columns.count[row]!);
        return true;
      },
      end: () => {},
    };
  }

  event({ action, at, count }: VpatchEvent): void {
    this.add(action, at, count);
  }

  private add(action: string, at: number, count: number): void {
    let sums = this.byAction.get(action);
    if (sums === undefined) {
      const zeros = () => new Array<number>(this.buckets).fill(0);
      sums = { events: zeros(), attempts: zeros() };
      this.byAction.set(action, sums);
    }
    const bucket = Math.min(this.buckets - 1, Math.floor((at - this.from) / this.width));
    sums.events[bucket]! += 1;
    sums.attempts[bucket]! += count;
  }
}
