import { useEffect } from "preact/hooks";
import { api } from "../api.ts";
import { useLoaded } from "../loading.ts";
import { Shown } from "../parts/states.tsx";
import type { Readiness } from "../shapes.ts";
import { counted, fullNumber } from "../words.ts";
import { WhenOr } from "./badges.tsx";

/** Whether the leak could be closed: advice, and people decide. */
export function ReadinessCard({ leak, turn }: { readonly leak: string; readonly turn: number }) {
  const readiness = useLoaded(
    leak,
    (signal) => api<Readiness>("GET", `/leaks/${leak}/readiness`, { signal }),
    true,
  );
  useEffect(() => {
    if (turn > 0) readiness.reload();
  }, [turn, readiness.reload]);
  return (
    <section class="card" aria-labelledby="readiness">
      <h2 id="readiness" class="card-head">
        Ready to be closed?
      </h2>
      <Shown of={readiness} lines={3}>
        {({ ready, reasons, lastAttemptAt, attempts24h, attempts7d, tokens }) => (
          <>
            <p>
              <span class={ready ? "badge good" : "badge bad"}>{ready ? "It could be" : "Not yet"}</span>
            </p>
            <ul class="reasons">
              {reasons.map(({ code, detail }) => (
                <li key={code}>{detail}</li>
              ))}
            </ul>
            <dl class="facts">
              <dt>Last attempt</dt>
              <dd>
                <WhenOr at={lastAttemptAt} none="None seen" />
              </dd>
              <dt>Attempts</dt>
              <dd>
                {fullNumber(attempts24h)} in 24 hours, {fullNumber(attempts7d)} in 7 days
              </dd>
              <dt>Expired</dt>
              <dd>
                {fullNumber(tokens.expired)} of {counted(tokens.enforced, "token")}
                {tokens.expiryUnknown > 0 && (
                  <span class="quiet"> (of {fullNumber(tokens.expiryUnknown)} nobody knows)</span>
                )}
              </dd>
              <dt>On closing</dt>
              <dd>{counted(tokens.passAgain, "token would pass again", "tokens would pass again")}</dd>
            </dl>
          </>
        )}
      </Shown>
    </section>
  );
}
