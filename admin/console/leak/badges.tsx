import { Link, RiskBadge, StatusBadge, When } from "../parts/small.tsx";
import type { LeakDetailed } from "../shapes.ts";
import { absoluteTime, counted } from "../words.ts";

/** What stands under the name: how it is with the leak, in a glance. */
export function Badges({ leak }: { readonly leak: LeakDetailed }) {
  return (
    <p class="leak-badges">
      <StatusBadge status={leak.status} />
      <RiskBadge risk={leak.risk} level={leak.riskLevel} />
      {leak.regression && <span class="badge bad">Came again</span>}
      {leak.watch !== null && (
        <span class="badge">
          Watched{leak.watch.until !== null && ` until ${absoluteTime(leak.watch.until)}`}
        </span>
      )}
      {leak.until !== null && <span class="badge">Ends {absoluteTime(leak.until)}</span>}
      <span class="badge">{leak.id}</span>
    </p>
  );
}

const WARNINGS: Readonly<Record<string, readonly [one: string, several: string, why: string]>> = {
  low_entropy: ["is", "are", "so simple that honest requests may hold the same text by chance"],
  looks_truncated: ["looks", "look", "cut off: the whole token would not be found"],
  checksum_invalid: ["has", "have", "a checksum that does not fit: a typing error, or no token"],
  common_in_traffic: ["is", "are", "so common in the traffic that it may be no secret at all"],
  already_known: ["is", "are", "held by another leak already"],
};

/** What people should know before they decide: warnings of its tokens, and of whom it has tokens in common with. */
export function Cautions({ leak }: { readonly leak: LeakDetailed }) {
  const warnings = Object.entries(leak.warnings);
  if (warnings.length === 0 && leak.duplicates.length === 0 && leak.regressionOf.length === 0) return null;
  return (
    <section class="card cautions" aria-labelledby="cautions">
      <h2 id="cautions" class="card-head">
        To look at before you decide
      </h2>
      <ul>
        {leak.regressionOf.length > 0 && (
          <li>
            Its tokens came again after they were thought to be done with: <Leaks ids={leak.regressionOf} />
          </li>
        )}
        {warnings.map(([warning, count]) => {
          const [one, several, why] = WARNINGS[warning] ?? ["has", "have", warning.replaceAll("_", " ")];
          return (
            <li key={warning}>
              <b>{counted(count, "token")}</b> {count === 1 ? one : several} {why}.
            </li>
          );
        })}
        {leak.duplicates.map(({ leak: other, tokens }) => (
          <li key={other}>
            {counted(tokens, "token")} {tokens === 1 ? "is" : "are"} also in <Leaks ids={[other]} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Links to other leaks. */
export function Leaks({ ids }: { readonly ids: readonly string[] }) {
  return (
    <>
      {ids.map((id, at) => (
        <span key={id}>
          {at > 0 && ", "}
          <Link to={`/leaks/${id}`}>{id}</Link>
        </span>
      ))}
    </>
  );
}

/** A time, or that there is none. */
export function WhenOr({ at, none }: { readonly at: string | null; readonly none: string }) {
  return at === null ? <span class="quiet">{none}</span> : <When at={at} />;
}
