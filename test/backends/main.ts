import { Backends, type Cell, losesTwin, passesWrongly, type Row } from "./measure.ts";
import { SPELLINGS } from "./spellings.ts";

/** What the gateway did, as far as any backend's answer tells: the same at all of them, unless something is wrong. */
function gatewayWord({ cells }: Row): string {
  const words = new Set(cells.map(({ status }) => word(status)));
  return [...words].join(" / ");
}

function word(status: number): string {
  if (status === 0) return "passes";
  return status === 403 ? "blocks" : `refuses (${status})`;
}

/** What is to be said of a row beside its cells. */
function remark(row: Row): string {
  const of = (is: (cell: Cell) => boolean) => row.cells.filter(is).map(({ backend }) => backend);
  const passed = of((cell) => passesWrongly(row.spelling, cell));
  const lost = of((cell) => losesTwin(row.spelling, cell));
  if (passed.length > 0) return `PASSES to ${passed.join(", ")}`;
  if (lost.length > 0) return `TWIN LOST before ${lost.join(", ")}`;
  const isRead = row.cells.some(({ reading }) => reading === "reads");
  return !isRead && row.cells.some(({ status }) => status === 403) ? "nobody reads it" : "";
}

const MARKS = { reads: "reads", "does not": "-", refuses: "refuses" } as const;

function table(backends: Backends, rows: readonly Row[]): string[][] {
  const head = ["spelling", ...backends.backends.map(({ name }) => name), "the gateway", ""];
  const lines = rows.map((row) => [
    row.spelling.name,
    ...row.cells.map(({ reading }) => MARKS[reading]),
    gatewayWord(row),
    remark(row),
  ]);
  return [head, ...lines];
}

function print(lines: readonly string[][], isMarkdown: boolean): void {
  const widths = lines[0]!.map((_, column) => Math.max(3, ...lines.map((line) => line[column]!.length)));
  const padded = lines.map((line) => line.map((text, column) => text.padEnd(widths[column]!)));
  for (const [index, line] of padded.entries()) {
    console.log(isMarkdown ? `| ${line.join(" | ")} |` : line.join("  ").trimEnd());
    if (isMarkdown && index === 0) console.log(`| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`);
  }
}

const backends = await Backends.start();
try {
  const rows = await backends.measure(SPELLINGS);
  print(table(backends, rows), process.argv.includes("--markdown"));
  for (const name of backends.absent) console.error(`${name} is absent: not measured`);
  const isWrong = ({ spelling, cells }: Row) => cells.some((cell) => passesWrongly(spelling, cell));
  const wrong = rows.filter(isWrong).length;
  console.error(`${rows.length} spellings, ${wrong} of which a backend reads and the gateway passes`);
  process.exitCode = wrong > 0 ? 1 : 0;
} finally {
  await backends.close();
}
