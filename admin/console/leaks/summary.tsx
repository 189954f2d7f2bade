import { Donut, type Slice } from "../charts/donut.tsx";
import { Histogram } from "../charts/histogram.tsx";
import { go } from "../location.ts";
import { Link } from "../parts/small.tsx";
import type { Stats } from "../shapes.ts";
import { counted, fullNumber, levelWord, share, shortNumber, sourceWord, statusWord } from "../words.ts";
import type { FilterField, LeakFilter } from "./filter.ts";

/** How far back attempts are shown. */
export const RANGES = {
  day: { word: "24 hours", ms: 86_400_000, buckets: 24, search: "last 24 hours" },
  week: { word: "7 days", ms: 7 * 86_400_000, buckets: 28, search: "last 7 days" },
  month: { word: "30 days", ms: 30 * 86_400_000, buckets: 30, search: "last 30 days" },
} as const;
export type Range = keyof typeof RANGES;
export const isRange = (text: string): text is Range => Object.hasOwn(RANGES, text);

const LEVELS = ["high", "medium", "low"] as const;
const STATUSES = ["opened", "patched", "closed", "marked_false"] as const;
/** Sources that have a slice of their own; the list beside the donut has them all. */
const SLICES = 8;
/** What the others are together; no source is called so. */
const OTHERS = "Others";

interface SummaryProps {
  readonly stats: Stats;
  readonly filter: LeakFilter;
  readonly range: Range;
  readonly onRange: (range: Range) => void;
  readonly onChoose: (field: FilterField, value: string) => void;
}

/** The situation in four cards; whatever is clicked filters the list. */
export function Summary({ stats, filter, range, onRange, onChoose }: SummaryProps) {
  return (
    <div class="summary">
      <Sources stats={stats} chosen={filter.source} onChoose={(source) => onChoose("source", source)} />
      <Risks stats={stats} chosen={filter.risk} onChoose={(level) => onChoose("risk", level)} />
      <Statuses stats={stats} chosen={filter.status} onChoose={(status) => onChoose("status", status)} />
      <Attempts stats={stats} range={range} onRange={onRange} />
    </div>
  );
}

interface ChoiceProps {
  readonly stats: Stats;
  readonly chosen: readonly string[];
  readonly onChoose: (value: string) => void;
}

function Sources({ stats, chosen, onChoose }: ChoiceProps) {
  const sources = Object.entries(stats.bySource)
    .filter(([, count]) => count > 0)
    .sort(([a, of], [b, than]) => than - of || (a < b ? -1 : 1));
  const slices: Slice[] = sources
    .slice(0, SLICES)
    .map(([name, value], at) => ({ name, value, color: `cat-${at + 1}` }));
  const others = sources.slice(SLICES).reduce((sum, [, count]) => sum + count, 0);
  if (others > 0) slices.push({ name: OTHERS, value: others, color: "line-strong" });
  const label = `Leaks by source: ${sources.map(([name, count]) => `${sourceWord(name)} ${count}`).join(", ")}`;
  return (
    <section class="card" aria-labelledby="by-source">
      <h2 id="by-source" class="card-head">
        By source
      </h2>
      <div class="sources">
        <Donut
          label={label}
          slices={slices}
          chosen={chosen}
          onChoose={(name) => name !== OTHERS && onChoose(name)}
          size={148}
        >
          <b>{fullNumber(sources.length)}</b>
          <span>{sources.length === 1 ? "source" : "sources"}</span>
        </Donut>
        <ul class="choices">
          {sources.map(([name, count], at) => (
            <li key={name}>
              <Choice
                isChosen={chosen.includes(name)}
                isFaded={isFaded(chosen, name)}
                onChoose={() => onChoose(name)}
              >
                <span class={`dot ${at < SLICES ? `cat-${at + 1}` : "others"}`} />
                <span class="choice-name">{sourceWord(name)}</span>
                <span class="choice-count">{shortNumber(count)}</span>
              </Choice>
            </li>
          ))}
        </ul>
      </div>
    </section>
  );
}

function Risks({ stats, chosen, onChoose }: ChoiceProps) {
  return (
    <section class="card" aria-labelledby="by-risk">
      <h2 id="by-risk" class="card-head">
        By risk
      </h2>
      <ul class="rings">
        {LEVELS.map((level) => {
          const count = stats.byRiskLevel[level] ?? 0;
          const part = share(count, stats.leaks);
          return (
            <li key={level} class={isFaded(chosen, level) ? "is-faded" : ""}>
              <Donut
                label={`${levelWord(level)} risk: ${counted(count, "leak")}, ${part}`}
                slices={[
                  { name: level, value: count, color: level },
                  { name: `not ${level}`, value: Math.max(0, stats.leaks - count), color: "sunken" },
                ]}
                chosen={[]}
                onChoose={() => onChoose(level)}
                size={92}
                isThin
              >
                <b>{shortNumber(count)}</b>
              </Donut>
              <Choice isChosen={chosen.includes(level)} isFaded={false} onChoose={() => onChoose(level)}>
                <span class={`dot ${level}`} />
                <span class="choice-name">{levelWord(level)}</span>
                <span class="for-readers">{counted(count, "leak")},</span>
                <span class="choice-count">{part}</span>
              </Choice>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function Statuses({ stats, chosen, onChoose }: ChoiceProps) {
  return (
    <section class="card by-status" aria-labelledby="by-status">
      <h2 id="by-status" class="card-head">
        By status
      </h2>
      <ul class="statuses">
        {STATUSES.map((status) => (
          <li key={status}>
            <Choice
              isChosen={chosen.includes(status)}
              isFaded={isFaded(chosen, status)}
              onChoose={() => onChoose(status)}
            >
              <span class={`dot is-${status}`} />
              <span class="choice-name">{statusWord(status)}</span>
              <b class="choice-count">{shortNumber(stats.byStatus[status] ?? 0)}</b>
            </Choice>
          </li>
        ))}
      </ul>
      <p class="quiet summary-total">
        {counted(stats.leaks, "leak")}, {counted(stats.tokens, "token")}
      </p>
    </section>
  );
}

const eventsOf = (time: string) => `/events?search=${encodeURIComponent(`type:vpatch ${time}`)}`;

function Attempts({ stats, range, onRange }: Pick<SummaryProps, "stats" | "range" | "onRange">) {
  const { from, bucketMs, blocked, monitored } = stats.attempts;
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const label = `Attempts within ${RANGES[range].word}: ${sum(blocked)} blocked, ${sum(monitored)} monitored`;
  return (
    <section class="card attempts" aria-labelledby="attempts">
      <div class="card-head">
        <h2 id="attempts">Attempts</h2>
        <Link to={eventsOf(RANGES[range].search)}>See them</Link>
        <p class="legend">
          <span>
            <span class="dot high" /> Blocked <b data-count="blocked">{fullNumber(sum(blocked))}</b>
          </span>
          <span>
            <span class="dot medium" /> Monitored <b>{fullNumber(sum(monitored))}</b>
          </span>
        </p>
        <select
          aria-label="Attempts within"
          value={range}
          onChange={({ currentTarget }) => isRange(currentTarget.value) && onRange(currentTarget.value)}
        >
          {Object.entries(RANGES).map(([name, { word }]) => (
            <option key={name} value={name}>
              {word}
            </option>
          ))}
        </select>
      </div>
      <Histogram
        label={label}
        from={from}
        bucketMs={bucketMs}
        height={150}
        onChoose={(since, until) => go(eventsOf(`from:${since} to:${until}`))}
        series={[
          { name: "Blocked", values: blocked, color: "high" },
          { name: "Monitored", values: monitored, color: "medium" },
        ]}
      />
    </section>
  );
}

interface OneChoiceProps {
  readonly isChosen: boolean;
  readonly isFaded: boolean;
  readonly onChoose: () => void;
  readonly children: preact.ComponentChildren;
}

/** The same as a click on the drawing, for every hand. */
function Choice({ isChosen, isFaded: fades, onChoose, children }: OneChoiceProps) {
  return (
    <button
      type="button"
      class={fades ? "choice is-faded" : "choice"}
      aria-pressed={isChosen}
      onClick={onChoose}
    >
      {children}
    </button>
  );
}

function isFaded(chosen: readonly string[], value: string): boolean {
  return chosen.length > 0 && !chosen.includes(value);
}
