import { useEffect } from "preact/hooks";
import { api } from "../api.ts";
import { Sparkline } from "../charts/sparkline.tsx";
import { useLoaded } from "../loading.ts";
import { Link } from "../parts/small.tsx";
import { Shown } from "../parts/states.tsx";
import type { EventHistogram, LeakDetailed } from "../shapes.ts";
import { counted } from "../words.ts";
import { WhenOr } from "./badges.tsx";

const DAYS = 14;
const BUCKETS = 56;

/** How often its tokens were tried, of late and at all. */
export function AttemptsCard({
  leak: { id, attempts },
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
