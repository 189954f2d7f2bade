import { useEffect } from "preact/hooks";
import { api } from "../api.ts";
import { useLoaded } from "../loading.ts";
import { When } from "../parts/small.tsx";
import { Shown } from "../parts/states.tsx";
import { useSession } from "../session.tsx";
import type { LeakDetailed, Status } from "../shapes.ts";
import { actorWord } from "../words.ts";
import { WatchSwitch } from "./watch.tsx";

interface ProtectionProps {
  readonly leak: LeakDetailed;
  readonly turn: number;
  readonly onChangeRule: () => void;
  readonly onChanged: () => void;
}

/** The rule in force, and which workers enforce it; of a leak that is over, the watch. */
export function ProtectionCard({ leak, turn, onChangeRule, onChanged }: ProtectionProps) {
  const { mayChange } = useSession();
  const { rule } = leak;
  return (
    <section class="card" aria-labelledby="protection">
      <div class="card-head">
        <h2 id="protection">Protection</h2>
        {mayChange && rule !== null && (
          <button type="button" class="button small" onClick={onChangeRule}>
            Change
          </button>
        )}
      </div>
      {rule === null ? (
        <>
          <p>
            <span class="badge bad">Unprotected</span>{" "}
            <span class="quiet">
              {leak.status === "opened"
                ? "Requests with its tokens pass."
                : "The leak is settled, and its tokens pass."}
            </span>
          </p>
          {(leak.status === "closed" || leak.status === "marked_false") && (
            <WatchSwitch leak={leak} onChanged={onChanged} />
          )}
        </>
      ) : (
        <>
          <dl class="facts">
            <dt>Mode</dt>
            <dd>{rule.mode === "block" ? "Block: answered 403" : "Monitor: recorded, and let pass"}</dd>
            <dt>Where</dt>
            <dd>{scopeWord(rule.scope)}</dd>
            <dt>Ends</dt>
            <dd>{leak.until === null ? "Not by itself" : <When at={leak.until} />}</dd>
            <dt>Applied</dt>
            <dd>
              <When at={rule.appliedAt} /> by {actorWord(rule.appliedBy)}
            </dd>
          </dl>
          <Enforcement revision={rule.revision} turn={turn} />
        </>
      )}
    </section>
  );
}

function Enforcement({ revision, turn }: { readonly revision: number; readonly turn: number }) {
  const status = useLoaded("status", (signal) => api<Status>("GET", "/status", { signal }), true);
  useEffect(() => {
    if (turn > 0) status.reload();
  }, [turn, status.reload]);
  return (
    <Shown of={status} lines={2}>
      {({ workers }) => {
        const alive = workers.filter((worker) => worker.alive);
        if (alive.length === 0)
          return <p class="refused">No worker is alive; the rule is enforced once one starts.</p>;
        return (
          <ul class="workers" aria-label="Enforcement by worker">
            {alive.map(({ worker, revision: reached }) => {
              const isEnforced = reached !== null && reached >= revision;
              const word =
                reached === null
                  ? "takes no requests of this tenant"
                  : isEnforced
                    ? "enforces it"
                    : "not yet";
              return (
                <li key={worker}>
                  <span class={isEnforced ? "badge good" : "badge"}>
                    Worker {worker} {word}
                  </span>
                </li>
              );
            })}
          </ul>
        );
      }}
    </Shown>
  );
}

/** `api.example, GET`, or everywhere. */
export function scopeWord({
  hosts = [],
  methods = [],
}: {
  hosts?: string[] | undefined;
  methods?: string[] | undefined;
}): string {
  if (hosts.length + methods.length === 0) return "Everywhere";
  return [...hosts, ...methods].join(", ");
}
