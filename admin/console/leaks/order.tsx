import { setQuery } from "../location.ts";
import { type Column, Sortable } from "../parts/sortable.tsx";
import { DEFAULT_SORT } from "./filter.ts";

const COLUMNS: readonly { columns: readonly Column[]; class?: string }[] = [
  { columns: [{ name: "Date", sort: "created", isDownFirst: true }] },
  { columns: [{ name: "Volume", sort: "tokens", isDownFirst: true }], class: "number" },
  {
    columns: [
      { name: "Name", sort: "name" },
      { name: "Source", sort: "source" },
    ],
  },
  { columns: [{ name: "Risk", sort: "risk", isDownFirst: true }] },
  { columns: [{ name: "Remediation", sort: "remediation" }] },
  { columns: [{ name: "Status", sort: "status" }] },
];

const sortBy = (sort: string) => setQuery({ sort: sort === DEFAULT_SORT ? null : sort });

interface TickPageProps {
  readonly isTicked: boolean;
  readonly onTick: () => void;
}

interface OrderProps {
  /** As the API takes it. */
  readonly sorted: string;
  /** Ticks what the page shows; null for who may decide nothing. */
  readonly tick: TickPageProps | null;
}

function TickPage({ isTicked, onTick, word }: TickPageProps & { readonly word?: string }) {
  return (
    <label class="check">
      <input type="checkbox" aria-label="Select all on this page" checked={isTicked} onChange={onTick} />
      {word}
    </label>
  );
}

/** The head of the list; each column sorts it. */
export function Head({ sorted, tick }: OrderProps) {
  return (
    <thead>
      <tr>
        {tick !== null && (
          <th scope="col">
            <TickPage {...tick} />
          </th>
        )}
        {COLUMNS.map(({ columns, class: name }) => (
          <Sortable
            key={columns[0]!.name}
            columns={columns}
            sorted={sorted}
            onSort={sortBy}
            {...(name === undefined ? {} : { class: name })}
          />
        ))}
        <th scope="col">
          <span class="for-readers">More</span>
        </th>
      </tr>
    </thead>
  );
}

/** The same where it is narrow and the list has no head. */
export function NarrowHead({ sorted, tick }: OrderProps) {
  return (
    <div class="narrow-head">
      {tick !== null && <TickPage {...tick} word="All of this page" />}
      <select
        class="short"
        aria-label="Order"
        value={sorted}
        onChange={({ currentTarget }) => sortBy(currentTarget.value)}
      >
        {COLUMNS.flatMap(({ columns }) => columns).flatMap(({ name, sort, isDownFirst = false }) =>
          [isDownFirst, !isDownFirst].map((isDown) => (
            <option key={`${sort} ${isDown}`} value={isDown ? `-${sort}` : sort}>
              {name} {isDown ? "\u2193" : "\u2191"}
            </option>
          )),
        )}
      </select>
    </div>
  );
}
