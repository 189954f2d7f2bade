import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { KINDS } from "./backends/backends.ts";
import { Backends, type Cell, losesTwin, passesWrongly, type Row } from "./backends/measure.ts";
import { SPELLINGS } from "./backends/spellings.ts";
import { UNSEEN } from "./backends/unseen.ts";

let backends: Backends;
let rows: Row[];
beforeAll(async () => {
  backends = await Backends.start();
  rows = await backends.measure(SPELLINGS);
}, 180_000);
afterAll(() => backends?.close());

/** The names of the spellings for which it is so at this backend. */
function namesWhere(backend: string, is: (row: Row, cell: Cell) => boolean): string[] {
  const cellOf = (row: Row) => row.cells.find((cell) => cell.backend === backend)!;
  return rows.filter((row) => is(row, cellOf(row))).map(({ spelling }) => spelling.name);
}

describe.each(KINDS)("before $name", (kind) => {
  if (kind.command() === null) {
    test.skip(`every spelling it reads is blocked (skipped: ${kind.name} is absent)`, () => {});
    return;
  }

  test("every spelling it reads is blocked", () => {
    // So that a backend which reads nothing does not make this test an empty one.
    expect(namesWhere(kind.name, (_, { reading }) => reading === "reads").length).toBeGreaterThan(70);
    const passing = namesWhere(kind.name, ({ spelling }, cell) => passesWrongly(spelling, cell));
    expect(passing.filter((name) => !UNSEEN.has(name))).toEqual([]);
  });

  test("a token that differs in one letter is read in each of them as if no gateway were there", () => {
    expect(namesWhere(kind.name, ({ spelling }, cell) => losesTwin(spelling, cell))).toEqual([]);
  });
});

test("what is listed as unseen is still so", () => {
  const seen = rows
    .filter(({ spelling }) => UNSEEN.has(spelling.name))
    // Where no backend that is present reads it, there is nothing to say.
    .filter(({ cells }) => cells.some(({ reading }) => reading === "reads"))
    .filter(({ spelling, cells }) => cells.every((cell) => !passesWrongly(spelling, cell)));
  expect(seen.map(({ spelling }) => spelling.name)).toEqual([]);
  const names = SPELLINGS.map(({ name }) => name);
  expect([...UNSEEN].filter((name) => !names.includes(name))).toEqual([]);
});

test("there are many spellings, each of another name", () => {
  expect(new Set(SPELLINGS.map(({ name }) => name)).size).toBe(SPELLINGS.length);
  expect(SPELLINGS.length).toBeGreaterThanOrEqual(190);
});
