import { csvCells } from "../../rules/csv.ts";
import { leakLimits } from "../../rules/leak.ts";
import { InputRefused } from "../../rules/refusal.ts";
import type { GivenFinding } from "../intake/takein.ts";
import {
  authorOf,
  commitOf,
  descriptionOf,
  kindOf,
  lineOf,
  pathOf,
  secretOf,
  textOf,
  timeOf,
  urlOf,
} from "./fields.ts";
import { recordsOf } from "./records.ts";
import { type Columns, type Reader, unusable, unusableFinding } from "./report.ts";

/** What a column may be. */
export const columnNames = [
  "token",
  "hash",
  "kind",
  "verified",
  "name",
  "description",
  "risk",
  "url",
  "path",
  "line",
  "commit",
  "author",
  "date",
] as const;

/** Parses `token=secret,path=file`: ours, and the column's name. Throws InputRefused. */
export function parseColumns(text: string): Columns {
  const columns = new Map<string, string>();
  for (const pair of text.split(",")) {
    const at = pair.indexOf("=");
    const [name, column] = [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
    if (at < 1 || column === "" || !(columnNames as readonly string[]).includes(name))
      throw new InputRefused("map", `is not token=COLUMN,path=COLUMN,... of ${columnNames.join(", ")}`);
    columns.set(name, column);
  }
  if (!columns.has("token") && !columns.has("hash"))
    throw new InputRefused("map", "must say in which column the token is, or its hash");
  return columns;
}

/**
 * Comma-separated values, or such with semicolons or tabs, whose columns the first record names. Without a mapping the
 * columns are those of our own names. Throws InputRefused where one that is mapped is not there.
 */
export const readCsv: Reader = async function* (bytes, { source, columns }) {
  let separator = ",";
  let places: ReadonlyMap<string, number> | null = null;
  for await (const { text } of recordsOf(bytes, true)) {
    if (text === null) yield unusableFinding("too_large", source);
    else if (places === null) {
      separator = separatorOf(text);
      places = placesOf(csvCells(text, separator), columns);
    } else yield findingOf(csvCells(text, separator), places, source);
  }
};

/** The character of those three that stands most often in the first record. */
export function separatorOf(record: string): string {
  const counted = [",", ";", "\t"].map((each) => [each, record.split(each).length] as const);
  return counted.reduce((most, each) => (each[1] > most[1] ? each : most))[0];
}

/** In which cell each of ours stands. */
function placesOf(header: readonly string[], columns: Columns | undefined): ReadonlyMap<string, number> {
  const known = header.map((name) => name.trim().toLowerCase());
  const places = new Map<string, number>();
  for (const name of columnNames) {
    const column = columns === undefined ? name : columns.get(name);
    if (column === undefined) continue;
    const at = known.indexOf(column.toLowerCase());
    if (at >= 0) places.set(name, at);
    else if (columns !== undefined)
      throw new InputRefused("map", `names a column for ${name} that the first record does not have`);
  }
  if (!places.has("token") && !places.has("hash"))
    throw new InputRefused("map", "is missing, and no column is named token or hash: say token=COLUMN");
  return places;
}

function findingOf(
  cells: readonly string[],
  places: ReadonlyMap<string, number>,
  source: string,
): GivenFinding {
  const cell = (name: (typeof columnNames)[number]) => {
    const at = places.get(name);
    return at === undefined ? undefined : cells[at];
  };
  const [token, hash] = [secretOf(cell("token")), secretOf(cell("hash"))];
  const risk = Number(cell("risk")?.trim() || Number.NaN);
  return {
    token: token ?? (hash === undefined ? unusable("no_secret") : { hash }),
    kind: kindOf(cell("kind")),
    verified: /^(?:true|yes|1|active|valid)$/i.test(cell("verified")?.trim() ?? ""),
    name: textOf(cell("name"), leakLimits.nameChars),
    description: descriptionOf(cell("description")),
    risk: Number.isNaN(risk) ? undefined : risk,
    sighting: {
      source,
      url: urlOf(cell("url")),
      path: pathOf(cell("path")),
      line: lineOf(cell("line")?.trim()),
      commit: commitOf(cell("commit")?.trim()),
      author: authorOf(cell("author")),
      seenAt: timeOf(cell("date")),
    },
  };
}
