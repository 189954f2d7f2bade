import { useEffect } from "preact/hooks";
import { api } from "../api.ts";
import { Sparkline } from "../charts/sparkline.tsx";
import { useLoaded } from "../loading.ts";
import { Link } from "../parts/small.tsx";
import { Shown } from "../parts/states.tsx";
import type { EventHistogram, LeakDetailed } from "../shapes.ts";
import { counted, relativeTime } from "../words.ts";
import { WhenOr } from "./badges.tsx";

const DAYS = 14;
const BUCKETS = 56;

const LIVE = {
  live: { word: "Live", why: "A request with a token of it came within 7 days." },
  quiet: { word: "Quiet", why: "No request with a token of it came, as far as all workers remember." },
  unknown: { word: "Nobody knows", why: "Not all workers remember what has passed." },
} as const;

/** How often its tokens were tried, of late and at all. */
export function AttemptsCard({
  leak: { id, attempts, live },
  turn,
}: {
  readonly leak: LeakDetailed;
  readonly turn: number;
}) {
  const late = useLoaded(
    id,
    (signal) => {
      const from = Date.now() - DAYS * 86_400_000;
      const query = { leak: id, type: "vpatch", from, buckets: BUCKETS };
      return api<EventHistogram>("GET", "/events/histogram", { query, signal });
    },
    true,
  );
  useEffect(() => {
    if (turn > 0) late.reload();
  }, [turn, late.reload]);
  return (
    <section class="card" aria-labelledby="leak-attempts">
      <div class="card-head">
        <h2 id="leak-attempts">Attempts</h2>
        <Link to={`/events?search=${encodeURIComponent(`leak:${id}`)}`}>See them</Link>
      </div>
      <Shown of={late} lines={3}>
        {({ attempts: values }) => {
          const recent = values.reduce((sum, value) => sum + value, 0);
          const words = `${counted(recent, "attempt")} within ${DAYS} days`;
          return (
            <>
              <Sparkline values={values} label={words} />
              <dl class="facts">
                <dt>In use</dt>
                <dd>
                  <span class={live.state === "live" ? "badge bad" : "badge"} title={LIVE[live.state].why}>
                    {LIVE[live.state].word}
                  </span>{" "}
                  {live.lastSeenAt !== null && <span class="quiet">{relativeTime(live.lastSeenAt)}</span>}
                </dd>
                <dt>Within {DAYS} days</dt>
                <dd data-count="recent">{counted(recent, "attempt")}</dd>
                <dt>In all</dt>
                <dd>{counted(attempts?.count ?? 0, "attempt")}</dd>
                <dt>First</dt>
                <dd>
                  <WhenOr at={attempts?.first ?? null} none="Never" />
                </dd>
                <dt>Last</dt>
                <dd>
                  <WhenOr at={attempts?.last ?? null} none="Never" />
                </dd>
              </dl>
            </>
          );
        }}
      </Shown>
    </section>
  );
}
