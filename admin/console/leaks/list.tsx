import { useEffect, useState } from "preact/hooks";
import { api } from "../api.ts";
import { DecideDialog } from "../decide/decide.tsx";
import { DecideAllDialog } from "../decide/decideall.tsx";
import type { Decision } from "../decide/decisions.ts";
import { useLoaded } from "../loading.ts";
import { setQuery } from "../location.ts";
import { useIsNarrow } from "../parts/narrow.ts";
import { Pager, usePages } from "../parts/pager.tsx";
import { Notice, Shown } from "../parts/states.tsx";
import { useSession } from "../session.tsx";
import type { Leak, LeakPage } from "../shapes.ts";
import { counted, fullNumber } from "../words.ts";
import { Bulk } from "./bulk.tsx";
import { isFiltered, type LeakFilter, noFilter, parametersOf } from "./filter.ts";
import { Head, NarrowHead } from "./order.tsx";
import { Row } from "./row.tsx";
import { MoreFilters, Search } from "./search.tsx";
import { type Possible, useSelection } from "./selection.ts";

const PAGE = 50;

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
  const isNarrow = useIsNarrow();
  const selection = useSelection(filter);
  const [deciding, setDeciding] = useState<{ decision: Decision; leak: Leak } | null>(null);
  const [decidingAll, setDecidingAll] = useState<Possible | null>(null);
  const leaks = page.value?.leaks ?? [];
  const isPageTicked = leaks.length > 0 && leaks.every(selection.has);
  const tick = mayChange
    ? { isTicked: isPageTicked, onTick: () => selection.tick(leaks, !isPageTicked) }
    : null;
  const hasMore = page.value !== null && (page.value.next !== null || pages.number > 1);
  const decided = () => {
    selection.clear();
    onChanged();
    page.reload();
  };

  return (
    <section class="card" aria-label="Leaks">
      <div class="list-bar">
        <Search text={filter.q} />
        <MoreFilters filter={filter} />
        {isNarrow && leaks.length > 0 && <NarrowHead sorted={filter.sort} tick={tick} />}
        {mayChange && (
          <Bulk selection={selection} hasMore={hasMore && isPageTicked} onDecide={setDecidingAll} />
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
                  {!isNarrow && <Head sorted={filter.sort} tick={tick} />}
                  <tbody>
                    {shown.map((leak) => (
                      <Row
                        key={leak.id}
                        leak={leak}
                        isSelected={selection.has(leak)}
                        onSelect={(isOn) => selection.tick([leak], isOn)}
                        onDecide={(decision) => setDeciding({ decision, leak })}
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
      {decidingAll !== null && (
        <DecideAllDialog
          filter={decidingAll.filter}
          decision={decidingAll.decision}
          onClose={() => setDecidingAll(null)}
          onDecided={decided}
        />
      )}
    </section>
  );
}

function saidOf(count: number, hasMore: boolean, page: number): string {
  if (page === 1 && !hasMore) return counted(count, "leak");
  const from = (page - 1) * PAGE;
  return `${fullNumber(from + 1)} to ${fullNumber(from + count)}${hasMore ? ", and more" : ""}`;
}

function NothingFound({ filter }: { readonly filter: LeakFilter }) {
  return (
    <Notice icon="search" title="No leak is like that">
      <p>No leak matches all the filters together.</p>
      {isFiltered(filter) && (
        <button type="button" class="button" onClick={() => setQuery(noFilter)}>
          Clear all filters
        </button>
      )}
    </Notice>
  );
}
