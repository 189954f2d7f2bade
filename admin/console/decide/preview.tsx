import { api } from "../api.ts";
import { useLoaded } from "../loading.ts";
import type { Preview } from "../shapes.ts";
import { absoluteTime, counted } from "../words.ts";

/** What the patch would have blocked of late, as far as the workers remember. */
export function PreviewWords({ leak }: { readonly leak: string }) {
  const preview = useLoaded(leak, (signal) => api<Preview>("GET", `/leaks/${leak}/preview`, { signal }));
  const { value, problem } = preview;
  if (problem !== null)
    return <p class="quiet preview">What it would have blocked cannot be told: {problem.message}</p>;
  if (value === null) return <p class="quiet preview">Asking what it would have blocked</p>;
  if (value.since === null)
    return (
      <p class="quiet preview">
        No worker remembers what has passed, so nobody can tell what it would have blocked.
      </p>
    );
  const since = absoluteTime(value.since);
  const common = value.most.filter((each) => each.common).length;
  return (
    <div class="preview" role="status">
      <p>
        {value.wouldHaveBlocked === 0 ? (
          <>No request that carries its tokens has passed since {since}.</>
        ) : (
          <>
            <b>It would have blocked {counted(value.wouldHaveBlocked, "request")}</b> since {since}, from
            about {counted(value.addresses, "address", "addresses")}.
          </>
        )}
      </p>
      {value.points.length > 0 && (
        <p class="quiet">
          Mostly in{" "}
          {value.points
            .slice(0, 3)
            .map(({ point }) => point)
            .join(", ")}
        </p>
      )}
      {common > 0 && (
        <p class="refused">
          {counted(common, "of its tokens is", "of its tokens are")} so common in the traffic that it may be
          no secret at all.
        </p>
      )}
    </div>
  );
}
