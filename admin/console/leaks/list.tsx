import { useEffect, useRef, useState } from "preact/hooks";
import { api } from "../api.ts";
import { useLoaded } from "../loading.ts";
import { go, hrefOf, setQuery } from "../location.ts";
import { Icon } from "../parts/icons.tsx";
import { Menu, type MenuItem } from "../parts/menu.tsx";
import { Pager, usePages } from "../parts/pager.tsx";
import { say } from "../parts/said.tsx";
import { Link, RiskBadge, StatusBadge, When } from "../parts/small.tsx";
import { type Column, Sortable } from "../parts/sortable.tsx";
import { Notice, Shown } from "../parts/states.tsx";
import { useSession } from "../session.tsx";
import type { Leak, LeakPage } from "../shapes.ts";
import { counted, fullNumber, shortNumber, sourceWord } from "../words.ts";
import { DecideDialog } from "./decide.tsx";
import { type Decision, decisions, decisionsFor } from "./decisions.ts";
import { DEFAULT_SORT, isFiltered, type LeakFilter, parametersOf } from "./filter.ts";

const PAGE = 50;
/** After the last letter of a search. */
const TYPED_MS = 250;

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
  { columns: [{ name: "Remediation" }] },
  { columns: [{ name: "Status", sort: "status" }] },
];

interface ListProps {
  readonly filter: LeakFilter;
  /** Another one loads again. */
  readonly turn: number;
  readonly onChanged: () => void;
}

/** The leaks that the filter finds, a page at a time. */
export function LeakList({ filter, turn, onChanged }: ListProps) {
  const { mayChange } = useSession();
  const asked = JSON.stringify(filter);
  const pages = usePages(asked);
  const page = useLoaded(
    `${asked} ${pages.cursor ?? ""}`,
    (signal) => {
      const query = { ...parametersOf(filter), sort: filter.sort, limit: PAGE, cursor: pages.cursor };
      return api<LeakPage>("GET", "/leaks", { query, signal });
    },
    true,
  );
  useEffect(() => {
    if (turn > 0) page.reload();
  }, [turn, page.reload]);
  const [selected, setSelected] = useState<ReadonlyMap<string, Leak>>(new Map());
  const [deciding, setDeciding] = useState<{ decision: Decision; leaks: readonly Leak[] } | null>(null);
  const leaks = page.value?.leaks ?? [];
  const isAllSelected = leaks.length > 0 && leaks.every(({ id }) => selected.has(id));

  const select = (some: readonly Leak[], isOn: boolean) => {
    const next = new Map(selected);
    for (const leak of some) {
      if (isOn) next.set(leak.id, leak);
      else next.delete(leak.id);
    }
    setSelected(next);
  };
  const decided = () => {
    setSelected(new Map());
    onChanged();
    page.reload();
  };

  return (
    <section class="card" aria-label="Leaks">
      <div class="list-bar">
        <Search text={filter.q} />
        {mayChange && (
          <Bulk
            selected={[...selected.values()]}
            onDecide={(decision, some) => setDeciding({ decision, leaks: some })}
            onClear={() => setSelected(new Map())}
          />
        )}
        <p class="list-said" aria-live="polite">
          {page.value !== null && saidOf(leaks.length, page.value.next !== null, pages.number)}
        </p>
      </div>
      <Shown of={page} lines={12}>
        {({ leaks: shown, next }) =>
          shown.length === 0 ? (
            <NothingFound filter={filter} />
          ) : (
            <>
              <div class="table-frame">
                <table class="stacks leaks-table">
                  <caption class="for-readers">Leaks, {counted(shown.length, "row")}</caption>
                  <thead>
                    <tr>
                      {mayChange && (
                        <th scope="col">
                          <input
                            type="checkbox"
                            aria-label="Select all on this page"
                            checked={isAllSelected}
                            onChange={() => select(shown, !isAllSelected)}
                          />
                        </th>
                      )}
                      {COLUMNS.map(({ columns, class: name }) => (
                        <Sortable
                          key={columns[0]!.name}
                          columns={columns}
                          sorted={filter.sort}
                          onSort={(sort) => setQuery({ sort: sort === DEFAULT_SORT ? null : sort })}
                          {...(name === undefined ? {} : { class: name })}
                        />
                      ))}
                      <th scope="col">
                        <span class="for-readers">More</span>
                      </th>
                    </tr>
                  </thead>
                  <tbody>
                    {shown.map((leak) => (
                      <Row
                        key={leak.id}
                        leak={leak}
                        isSelected={selected.has(leak.id)}
                        onSelect={(isOn) => select([leak], isOn)}
                        onDecide={(decision) => setDeciding({ decision, leaks: [leak] })}
                      />
                    ))}
                  </tbody>
                </table>
              </div>
              <Pager pages={pages} next={next} />
            </>
          )
        }
      </Shown>
      {deciding !== null && (
        <DecideDialog {...deciding} onClose={() => setDeciding(null)} onDecided={decided} />
      )}
    </section>
  );
}

function saidOf(count: number, hasMore: boolean, page: number): string {
  if (page === 1 && !hasMore) return counted(count, "leak");
  const from = (page - 1) * PAGE;
  return `${fullNumber(from + 1)} to ${fullNumber(from + count)}${hasMore ? ", and more" : ""}`;
}

interface RowProps {
  readonly leak: Leak;
  readonly isSelected: boolean;
  readonly onSelect: (isOn: boolean) => void;
  readonly onDecide: (decision: Decision) => void;
}

function Row({ leak, isSelected, onSelect, onDecide }: RowProps) {
  const { mayChange } = useSession();
  const items: MenuItem[] = [
    { label: "Open", icon: "right", onChoose: () => go(`/leaks/${leak.id}`) },
    {
      label: "See attempts",
      icon: "events",
      onChoose: () => go(`/events?search=${encodeURIComponent(`leak:${leak.id}`)}`),
    },
    {
      label: "Copy link",
      icon: "copy",
      onChoose: () =>
        void navigator.clipboard.writeText(location.origin + hrefOf(`/leaks/${leak.id}`)).then(
          () => say("Link copied"),
          () => say("The browser does not let us copy", true),
        ),
    },
    ...(mayChange ? decisionsFor(leak.status) : []).map((decision) => ({
      label: decisions[decision].label,
      onChoose: () => onDecide(decision),
    })),
  ];
  return (
    <tr class={isSelected ? "is-selected" : ""} data-leak={leak.id}>
      {mayChange && (
        <td class="tick">
          <input
            type="checkbox"
            aria-label={`Select ${leak.name}`}
            checked={isSelected}
            onChange={({ currentTarget }) => onSelect(currentTarget.checked)}
          />
        </td>
      )}
      <td data-label="Date">
        <When at={leak.createdAt} />
      </td>
      <td data-label="Volume" class="number">
        <span title={counted(leak.tokenCount, "token")}>{shortNumber(leak.tokenCount)}</span>
      </td>
      <td data-label="Name">
        <span class="leak-name">
          <Link to={`/leaks/${leak.id}`}>{leak.name}</Link>
          <span class="quiet">{sourceWord(leak.source)}</span>
        </span>
      </td>
      <td data-label="Risk">
        <RiskBadge risk={leak.risk} level={leak.riskLevel} />
      </td>
      <td data-label="Remediation">
        <Remediation leak={leak} onApply={() => onDecide("vpatch")} />
      </td>
      <td data-label="Status">
        <StatusBadge status={leak.status} />
      </td>
      <td class="acts">
        <Menu label={`More for ${leak.name}`} items={items} />
      </td>
    </tr>
  );
}

function Remediation({ leak, onApply }: { readonly leak: Leak; readonly onApply: () => void }) {
  const { mayChange } = useSession();
  if (leak.rule !== null)
    return (
      <span class="badge status-patched">
        <Icon name="check" size={14} /> {leak.rule.mode === "block" ? "Patch applied" : "Patch monitors"}
      </span>
    );
  if (leak.status !== "opened" || !mayChange) return <span class="quiet">None</span>;
  return (
    <button type="button" class="button small" onClick={onApply}>
      Apply virtual patch
    </button>
  );
}

/** Looks once the hands rest; the address has it at once after. */
function Search({ text }: { readonly text: string }) {
  const [typed, setTyped] = useState(text);
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  useEffect(() => setTyped(text), [text]);
  return (
    <div class="search">
      <Icon name="search" size={16} />
      <input
        type="search"
        aria-label="Search name and description"
        placeholder="Search name and description"
        value={typed}
        maxLength={255}
        onInput={({ currentTarget: { value } }) => {
          setTyped(value);
          clearTimeout(timer.current ?? undefined);
          timer.current = setTimeout(() => setQuery({ q: value.trim() }, true), TYPED_MS);
        }}
      />
    </div>
  );
}

interface BulkProps {
  readonly selected: readonly Leak[];
  readonly onDecide: (decision: Decision, leaks: readonly Leak[]) => void;
  readonly onClear: () => void;
}

/** What may be decided for all that are selected at once; each button says for how many of them. */
function Bulk({ selected, onDecide, onClear }: BulkProps) {
  if (selected.length === 0) return null;
  const possible = (Object.keys(decisions) as Decision[]).flatMap((decision) => {
    const leaks = selected.filter(({ status }) => decisionsFor(status).includes(decision));
    return leaks.length === 0 ? [] : [{ decision, leaks }];
  });
  return (
    <fieldset class="bulk">
      <legend class="for-readers">What to do with the selected leaks</legend>
      <b>{fullNumber(selected.length)} selected</b>
      {possible.map(({ decision, leaks }) => (
        <button key={decision} type="button" class="button small" onClick={() => onDecide(decision, leaks)}>
          {decisions[decision].label} ({leaks.length})
        </button>
      ))}
      <button type="button" class="quiet-button" onClick={onClear}>
        Clear selection
      </button>
    </fieldset>
  );
}

function NothingFound({ filter }: { readonly filter: LeakFilter }) {
  return (
    <Notice icon="search" title="No leak is like that">
      <p>No leak matches all the filters together.</p>
      {isFiltered(filter) && (
        <button
          type="button"
          class="button"
          onClick={() => setQuery({ status: null, risk: null, source: null, q: null })}
        >
          Clear all filters
        </button>
      )}
    </Notice>
  );
}
