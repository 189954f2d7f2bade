import { useEffect, useState } from "preact/hooks";
import { api, urlOf } from "../api.ts";
import { Histogram } from "../charts/histogram.tsx";
import { useLive, useTail } from "../live.ts";
import { useLoaded } from "../loading.ts";
import { setQuery, usePlace } from "../location.ts";
import { Icon } from "../parts/icons.tsx";
import { Pager, usePages } from "../parts/pager.tsx";
import { Chip, PageHead } from "../parts/small.tsx";
import { Failed, Notice, Shown, Waiting } from "../parts/states.tsx";
import type { Event, EventCount, EventHistogram, EventPage } from "../shapes.ts";
import { counted, eventActionWord, fullNumber } from "../words.ts";
import { EventDialog } from "./eventdialog.tsx";
import { EventTable } from "./eventtable.tsx";
import {
  condition,
  DEFAULT_LINE,
  hasCondition,
  stretches,
  switchCondition,
  timeOf,
  withTime,
} from "./line.ts";
import { SearchLine } from "./searchline.tsx";

const PAGE = 50;
const BUCKETS = 60;
/** Rows that the live view keeps. */
const LIVE_ROWS = 200;

const QUICK: readonly (readonly [string, string])[] = [
  ["Type = Virtual patch", "type:vpatch"],
  ["Blocked", "action:blocked"],
  ["Monitored", "action:monitored"],
  ["In a header", "point:header"],
  ["In the query", "point:query"],
  ["In the body", "point:body"],
];
const ACTION_COLORS: Readonly<Record<string, string>> = {
  blocked: "high",
  monitored: "medium",
  watched: "cat-5",
  passed: "cat-8",
};

/** Every attempt: searched, drawn over time, and as they come. */
export function EventsPage() {
  const { query } = usePlace();
  const line = query.get("search") ?? DEFAULT_LINE;
  const isLive = query.get("live") !== null;
  const search = (next: string) =>
    setQuery({ search: next === DEFAULT_LINE ? null : next === "" ? "*" : next });
  const asked = line === "*" ? "" : line;
  const [typed, setTyped] = useState(asked);
  useEffect(() => setTyped(asked), [asked]);
  const [opened, setOpened] = useState<Event | null>(null);
  const counts = useLoaded(
    `counts ${line}`,
    async (signal) => {
      const sum = await api<EventCount>("GET", "/events/count", { query: { search: asked }, signal });
      // Without a time in the line it is drawn from the first event to the last, as it is counted.
      const all = namesTime(asked) || sum.firstAt === null ? {} : spanOf(sum.firstAt, sum.lastAt);
      const query = { search: asked, buckets: BUCKETS, ...all };
      return { sum, over: await api<EventHistogram>("GET", "/events/histogram", { query, signal }) };
    },
    true,
  );
  useLive(counts.reload);
  const refusal =
    counts.problem?.status === 400 ? (counts.problem.errors[0]?.detail ?? counts.problem.message) : null;
  const narrow = (field: string, value: string) => search(switchCondition(asked, condition(field, value)));

  return (
    <>
      <PageHead title="Events">
        <a
          class="button"
          href={urlOf("/events/export", { search: asked, format: "csv" })}
          download="events.csv"
        >
          <Icon name="download" size={16} /> CSV
        </a>
        <a
          class="button"
          href={urlOf("/events/export", { search: asked, format: "ndjson" })}
          download="events.ndjson"
        >
          <Icon name="download" size={16} /> NDJSON
        </a>
        <button
          type="button"
          class={isLive ? "button primary" : "button"}
          aria-pressed={isLive}
          onClick={() => setQuery({ live: isLive ? null : "on" })}
        >
          <span class={isLive ? "dot live" : "dot"} /> Live
        </button>
      </PageHead>
      <section class="card" aria-label="Search">
        <SearchLine typed={typed} onTyped={setTyped} refusal={refusal} onSearch={search} />
        <div class="quick">
          {QUICK.map(([word, each]) => (
            <button
              key={each}
              type="button"
              class="choice pill"
              aria-pressed={hasCondition(asked, each)}
              onClick={() => search(switchCondition(typed.trim(), each))}
            >
              {word}
            </button>
          ))}
          <select
            aria-label="Time"
            value={timeOf(asked)}
            onChange={({ currentTarget }) => search(withTime(typed.trim(), currentTarget.value))}
          >
            {[...new Set(["", ...stretches, timeOf(asked)])].map((time) => (
              <option key={time} value={time}>
                {time === "" ? "any time" : time.startsWith("from:") ? "as drawn below" : time}
              </option>
            ))}
          </select>
          {timeOf(asked).startsWith("from:") && (
            <Chip label="stretch of time" onRemove={() => search(withTime(asked, "last 7 days"))}>
              {timeOf(asked)}
            </Chip>
          )}
        </div>
        {counts.value === null ? (
          refusal === null && <Waiting lines={5} />
        ) : (
          <Overview
            counts={counts.value}
            onBrush={(from, to) => search(withTime(asked, `from:${isoOf(from)} to:${isoOf(to)}`))}
          />
        )}
      </section>
      <section class="card events-card" aria-label="Events">
        {refusal !== null ? (
          <Notice icon="search" title="The search line cannot be read">
            <p>{refusal}</p>
          </Notice>
        ) : isLive ? (
          <LiveRows search={asked} onOpen={setOpened} />
        ) : (
          <Rows search={asked} onOpen={setOpened} />
        )}
      </section>
      {opened !== null && <EventDialog event={opened} onClose={() => setOpened(null)} onNarrow={narrow} />}
    </>
  );
}

/** Whether the line says from when; one that says only until when begins with the first event. */
const namesTime = (line: string) => /^(?:last |today$|yesterday$|from:)/i.test(timeOf(line));

/** A stretch that holds both, in milliseconds; at least a minute. */
function spanOf(first: string, last: string | null): { from: number; to: number } {
  const from = new Date(first).getTime();
  return { from, to: Math.max(from + 60_000, new Date(last ?? first).getTime() + 1) };
}

const isoOf = (date: Date) => date.toISOString().replace(/\.\d+Z$/, "Z");

interface OverviewProps {
  readonly counts: { readonly sum: EventCount; readonly over: EventHistogram };
  readonly onBrush: (from: Date, to: Date) => void;
}

function Overview({ counts: { sum, over }, onBrush }: OverviewProps) {
  const actions = Object.entries(over.byAction).sort(([a], [b]) => (a < b ? -1 : 1));
  const series = actions.map(([action, { attempts }]) => ({
    name: eventActionWord(action),
    values: attempts,
    color: ACTION_COLORS[action] ?? "cat-8",
  }));
  const words = `${counted(sum.attempts, "attempt")} in ${counted(sum.events, "event")}`;
  return (
    <figure class="overview">
      <figcaption aria-live="polite">
        <b>{words}</b>
        <span class="legend">
          {series.map(({ name, values, color }) => (
            <span key={name}>
              <span class={`dot ${color}`} /> {name}{" "}
              <b>{fullNumber(values.reduce((all, each) => all + each, 0))}</b>
            </span>
          ))}
          <span class="wide-only">Draw over the bars, or write from: and to:, for a stretch of time</span>
        </span>
      </figcaption>
      <Histogram
        label={`${words}, over time`}
        from={over.from}
        bucketMs={over.bucketMs}
        height={150}
        series={series.length === 0 ? [{ name: "Attempts", values: over.attempts, color: "high" }] : series}
        onBrush={onBrush}
      />
    </figure>
  );
}

interface RowsProps {
  readonly search: string;
  readonly onOpen: (event: Event) => void;
}

function Rows({ search, onOpen }: RowsProps) {
  const { query } = usePlace();
  const sort = query.get("sort") === "at" ? "at" : "-at";
  const pages = usePages(`${search} ${sort}`);
  const page = useLoaded(
    `${search} ${sort} ${pages.cursor ?? ""}`,
    (signal) =>
      api<EventPage>("GET", "/events", {
        query: { search, sort, limit: PAGE, cursor: pages.cursor },
        signal,
      }),
    true,
  );
  if (page.value === null && page.problem !== null)
    return <Failed problem={page.problem} retry={page.reload} />;
  return (
    <Shown of={page} lines={12}>
      {({ events, next }) =>
        events.length === 0 && next === null ? (
          <Notice icon="events" title="No event is like that">
            <p>No attempt matches the search. Take a longer time, or fewer conditions.</p>
            <button type="button" class="button" onClick={() => setQuery({ search: null })}>
              Start anew
            </button>
          </Notice>
        ) : (
          <>
            <EventTable
              events={events}
              sorted={sort}
              onSort={(next_) => setQuery({ sort: next_ === "-at" ? null : next_ })}
              onOpen={onOpen}
            />
            <Pager pages={pages} next={next} />
          </>
        )
      }
    </Shown>
  );
}

/** Attempts as they are stored, the newest on top. */
function LiveRows({ search, onOpen }: RowsProps) {
  const [events, setEvents] = useState<readonly Event[]>([]);
  useTail(search === "" ? {} : { search }, (event) =>
    setEvents((before) => [event, ...before.filter(({ id }) => id !== event.id)].slice(0, LIVE_ROWS)),
  );
  return (
    <>
      <p class="live-said" role="status">
        <span class="dot live" /> Live: {counted(events.length, "event")} since you look
      </p>
      {events.length > 0 && <EventTable events={events} onOpen={onOpen} />}
    </>
  );
}
