import { Icon } from "./icons.tsx";

export interface Column {
  readonly name: string;
  /** What the API sorts by; without one the column is not sortable. */
  readonly sort?: string;
  /** Sorted so at the first click. */
  readonly isDownFirst?: boolean;
}

interface SortableProps {
  /** Usually one; a column that shows two things has both. */
  readonly columns: readonly Column[];
  /** As the API takes it: `-` before it turns it round. */
  readonly sorted: string;
  readonly onSort: (sort: string) => void;
  readonly class?: string;
}

/** The head of a column, a click on which sorts. */
export function Sortable({ columns, sorted, onSort, class: name }: SortableProps) {
  const by = sorted.replace("-", "");
  const isDown = sorted.startsWith("-");
  const isHere = columns.some(({ sort }) => sort === by);
  const turned = ({ sort = "", isDownFirst = false }: Column) => {
    if (sort !== by) return isDownFirst ? `-${sort}` : sort;
    return isDown ? sort : `-${sort}`;
  };
  return (
    <th scope="col" class={name} aria-sort={isHere ? (isDown ? "descending" : "ascending") : undefined}>
      {columns.map((column, at) => (
        <span key={column.name}>
          {at > 0 && " / "}
          {column.sort === undefined ? (
            column.name
          ) : (
            <button
              type="button"
              class={column.sort === by ? "is-sorted" : ""}
              onClick={() => onSort(turned(column))}
            >
              {column.name}
              {column.sort === by && <Icon name={isDown ? "down" : "up"} size={14} />}
            </button>
          )}
        </span>
      ))}
    </th>
  );
}
