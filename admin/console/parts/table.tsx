import type { ComponentChildren } from "preact";
import { counted } from "../words.ts";

export interface TableColumn<Row> {
  /** Its head; where the table is narrow, what stands before each cell. */
  readonly name: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** Of each cell. `number` is of the head as well; under `acts` stand buttons, and screen readers alone are told the name. */
  readonly class?: string;
}

interface TableProps<Row> {
  /** What the rows are; screen readers are told it, with how many. */
  readonly caption: string;
  readonly columns: readonly TableColumn<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string | number;
  /** Rows carry their key as `data-source` where this is `source`. */
  readonly keyName?: string;
  /** Beside that of every such table. */
  readonly class?: string;
}

/** A table that becomes a list of cards where it is narrow. */
export function Table<Row>({
  caption,
  columns,
  rows,
  keyOf,
  keyName,
  class: kindOfTable = "",
}: TableProps<Row>) {
  return (
    <div class="table-frame">
      <table class={`stacks ${kindOfTable}`}>
        <caption class="for-readers">
          {caption}, {counted(rows.length, "row")}
        </caption>
        <thead>
          <tr>
            {columns.map(({ name, class: kind }) => (
              <th key={name} scope="col" class={kind === "number" ? kind : undefined}>
                {kind === "acts" ? <span class="for-readers">{name}</span> : name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)} {...(keyName === undefined ? {} : { [`data-${keyName}`]: keyOf(row) })}>
              {columns.map(({ name, class: kind, cell }) => (
                <td key={name} class={kind} data-label={kind === "acts" ? undefined : name}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A last column with a button that removes the row's thing, which `what` names. */
export function removeColumn<Row>(
  what: (row: Row) => string,
  onRemove: (row: Row) => void,
): TableColumn<Row> {
  return {
    name: "More",
    class: "acts",
    cell: (row) => (
      <button
        type="button"
        class="button small"
        aria-label={`Remove ${what(row)}`}
        onClick={() => onRemove(row)}
      >
        Remove
      </button>
    ),
  };
}
