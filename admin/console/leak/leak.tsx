import { useCallback, useState } from "preact/hooks";
import { api } from "../api.ts";
import { DecideDialog } from "../decide/decide.tsx";
import { type Decision, decisions, decisionsFor } from "../decide/decisions.ts";
import { useLive } from "../live.ts";
import { useLoaded } from "../loading.ts";
import { asLeft } from "../location.ts";
import { Icon } from "../parts/icons.tsx";
import { Link, PageHead } from "../parts/small.tsx";
import { Shown } from "../parts/states.tsx";
import { useSession } from "../session.tsx";
import type { LeakDetailed } from "../shapes.ts";
import { AttemptsCard } from "./attempts.tsx";
import { Badges, Cautions } from "./badges.tsx";
import { CommentsCard } from "./comments.tsx";
import { FactsCard } from "./facts.tsx";
import { HistoryCard } from "./history.tsx";
import { ProtectionCard } from "./protection.tsx";
import { ReadinessCard } from "./readiness.tsx";
import { SightingsCard } from "./sightings.tsx";
import { TokensCard } from "./tokens.tsx";

/** One leak: what it is, what was decided, what became of it. */
export function LeakPage({ id }: { readonly id: string }) {
  const { mayChange } = useSession();
  const leak = useLoaded(id, (signal) => api<LeakDetailed>("GET", `/leaks/${id}`, { signal }));
  const [turn, setTurn] = useState(0);
  const [deciding, setDeciding] = useState<Decision | null>(null);
  const changed = useCallback(() => {
    leak.reload();
    setTurn((count) => count + 1);
  }, [leak.reload]);
  useLive(changed, { leak: id });

  return (
    <>
      <p class="way-back">
        <Link to={asLeft("/")}>
          <Icon name="left" size={14} /> API Leaks
        </Link>
      </p>
      <PageHead title={leak.value?.name ?? id}>
        {mayChange &&
          leak.value !== null &&
          decisionsFor(leak.value.status).map((decision, at) => (
            <button
              key={decision}
              type="button"
              class={at === 0 && decision !== "close" ? "button primary" : "button"}
              onClick={() => setDeciding(decision)}
            >
              {decisions[decision].label}
            </button>
          ))}
      </PageHead>
      <Shown of={leak} lines={10}>
        {(value) => (
          <>
            <Badges leak={value} />
            <div class="leak-columns">
              <div class="leak-column">
                <Cautions leak={value} />
                <FactsCard leak={value} onChanged={changed} />
                <SightingsCard leak={value} turn={turn} />
                <TokensCard leak={value} turn={turn} onChanged={changed} />
                <CommentsCard leak={value.id} turn={turn} onChanged={changed} />
              </div>
              <div class="leak-column">
                <ProtectionCard
                  leak={value}
                  turn={turn}
                  onChangeRule={() => setDeciding("vpatch")}
                  onChanged={changed}
                />
                <AttemptsCard leak={value} turn={turn} />
                {(value.status === "opened" || value.status === "patched") && (
                  <ReadinessCard leak={value.id} turn={turn} />
                )}
                <HistoryCard leak={value.id} entries={value.history} />
              </div>
            </div>
            {deciding !== null && (
              <DecideDialog
                leak={value}
                decision={deciding}
                onClose={() => setDeciding(null)}
                onDecided={changed}
              />
            )}
          </>
        )}
      </Shown>
    </>
  );
}
