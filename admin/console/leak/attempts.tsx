import { useEffect } from "preact/hooks";
import { api } from "../api.ts";
import { Sparkline } from "../charts/sparkline.tsx";
import { useLoaded } from "../loading.ts";
import { Link, When } from "../parts/small.tsx";
import { Shown } from "../parts/states.tsx";
import type { EventCount, EventHistogram } from "../shapes.ts";
import { counted } from "../words.ts";

const DAYS = 14;
const BUCKETS = 56;

/** How often its tokens were tried, of late and at all. */
export function AttemptsCard({ leak, turn }: { readonly leak: string; readonly turn: number }) {
  const attempts = useLoaded(
    leak,
    async (signal) => {
      const query = { leak, type: "vpatch" };
      const from = Date.now() - DAYS * 86_400_000;
      const [all, late] = await Promise.all([
        api<EventCount>("GET", "/events/count", { query, signal }),
        api<EventHistogram>("GET", "/events/histogram", {
          query: { ...query, from, buckets: BUCKETS },
          signal,
        }),
      ]);
      return { all, late };
    },
    true,
  );
  useEffect(() => {
    if (turn > 0) attempts.reload();
  }, [turn, attempts.reload]);
  return (
    <section class="card" aria-labelledby="leak-attempts">
      <div class="card-head">
        <h2 id="leak-attempts">Attempts</h2>
        <Link to={`/events?search=${encodeURIComponent(`leak:${leak}`)}`}>See them</Link>
      </div>
      <Shown of={attempts} lines={3}>
        {({ all, late }) => {
          const recent = late.attempts.reduce((sum, value) => sum + value, 0);
          const words = `${counted(recent, "attempt")} within ${DAYS} days`;
          return (
            <>
              <Sparkline values={late.attempts} label={words} />
              <dl class="facts">
                <dt>Within {DAYS} days</dt>
                <dd data-count="recent">{counted(recent, "attempt")}</dd>
                <dt>In all</dt>
                <dd>{counted(all.attempts, "attempt")}</dd>
                <dt>Last</dt>
                <dd>{all.lastAt === null ? <span class="quiet">Never</span> : <When at={all.lastAt} />}</dd>
              </dl>
            </>
          );
        }}
      </Shown>
    </section>
  );
}
