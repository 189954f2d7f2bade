import { useCallback, useRef, useState } from "preact/hooks";
import { AddLeak } from "../addleak/addleak.tsx";
import { api } from "../api.ts";
import { ImportReport } from "../importreport/importreport.tsx";
import { useLive } from "../live.ts";
import { useLoaded } from "../loading.ts";
import { go, setQuery, usePlace } from "../location.ts";
import { Icon } from "../parts/icons.tsx";
import { Chip, PageHead } from "../parts/small.tsx";
import { Notice, Shown } from "../parts/states.tsx";
import { SamplesButton } from "../samples/samplesbutton.tsx";
import { useSession } from "../session.tsx";
import type { Stats } from "../shapes.ts";
import {
  type FilterField,
  filterFields,
  filterOf,
  isFiltered,
  type LeakFilter,
  noFilter,
  switched,
} from "./filter.ts";
import { LeakList } from "./list.tsx";
import { isRange, RANGES, type Range, Summary } from "./summary.tsx";

/** The situation, and the list to act on. */
export function LeaksPage() {
  const { mayChange } = useSession();
  const { query } = usePlace();
  const filter = filterOf(query);
  const given = query.get("attempts") ?? "";
  const range: Range = isRange(given) ? given : "day";
  const [turn, setTurn] = useState(0);
  const stats = useLoaded(
    `stats ${range}`,
    (signal) => {
      const { ms, buckets } = RANGES[range];
      return api<Stats>("GET", "/stats", { query: { from: Date.now() - ms, buckets }, signal });
    },
    true,
  );
  const changed = useCallback(() => {
    stats.reload();
    setTurn((count) => count + 1);
  }, [stats.reload]);
  useLive(changed);
  const choose = (field: FilterField, value: string) => setQuery({ [field]: switched(filter[field], value) });
  const adds = mayChange ? query.get("add") : null;
  const leave = () => setQuery({ add: null }, true);

  return (
    <>
      <PageHead title="API Leaks">
        {mayChange && (
          <>
            <button type="button" class="button" onClick={() => setQuery({ add: "report" })}>
              <Icon name="file" /> Import report
            </button>
            <button type="button" class="button primary" onClick={() => setQuery({ add: "leak" })}>
              <Icon name="plus" /> Add leak
            </button>
          </>
        )}
      </PageHead>
      <Shown of={stats} lines={8}>
        {(value) =>
          value.leaks === 0 ? (
            <NoLeaks mayChange={mayChange} onChanged={changed} />
          ) : (
            <>
              <Summary
                stats={value}
                filter={filter}
                range={range}
                onRange={(next) => setQuery({ attempts: next === "day" ? null : next })}
                onChoose={choose}
              />
              <FilterLine filter={filter} />
              <LeakList filter={filter} turn={turn} onChanged={changed} />
            </>
          )
        }
      </Shown>
      {adds === "report" && <ImportReport onClose={leave} onImported={changed} />}
      {adds === "leak" && (
        <AddLeak
          onClose={leave}
          onAdded={(id) => {
            changed();
            go(`/leaks/${id}`, true);
          }}
        />
      )}
    </>
  );
}

/** What the list is filtered by, each to be taken away. */
function FilterLine({ filter }: { readonly filter: LeakFilter }) {
  const heading = useRef<HTMLHeadingElement>(null);
  // The chip that had the focus is gone with its filter.
  const takeAway = (changes: Readonly<Record<string, string | null>>) => {
    setQuery(changes);
    heading.current?.focus();
  };
  return (
    <div class="filter-line">
      <h2 ref={heading} tabIndex={-1}>
        Leaks
      </h2>
      {(Object.keys(filterFields) as FilterField[]).flatMap((field) =>
        filter[field].map((value) => {
          const [name, word] = filterFields[field];
          const label = `${name}: ${word(value)}`;
          return (
            <Chip
              key={label}
              label={label}
              onRemove={() => takeAway({ [field]: switched(filter[field], value) })}
            >
              {label}
            </Chip>
          );
        }),
      )}
      {filter.q !== "" && (
        <Chip label={`text ${filter.q}`} onRemove={() => takeAway({ q: null })}>
          Text: {filter.q}
        </Chip>
      )}
      {isFiltered(filter) && (
        <button type="button" class="quiet-button" onClick={() => takeAway(noFilter)}>
          Clear filters
        </button>
      )}
    </div>
  );
}

function NoLeaks({ mayChange, onChanged }: { readonly mayChange: boolean; readonly onChanged: () => void }) {
  return (
    <section class="card">
      <Notice icon="shield" title="No leak is registered">
        {mayChange ? (
          <>
            <p>
              When an API token has leaked, add it here. It stays harmless to you until you decide: applying
              the virtual patch stops every request that carries it.
            </p>
            <div class="notice-acts">
              <button type="button" class="button primary" onClick={() => setQuery({ add: "leak" })}>
                <Icon name="plus" /> Add leak
              </button>
              <SamplesButton onChanged={onChanged} />
            </div>
          </>
        ) : (
          <p>
            An administrator of this tenant can add one. You will see it here, and every attempt to use it.
          </p>
        )}
      </Notice>
    </section>
  );
}
