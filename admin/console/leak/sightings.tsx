import { useEffect } from "preact/hooks";
import { api } from "../api.ts";
import { useLoaded } from "../loading.ts";
import { Pager, usePages } from "../parts/pager.tsx";
import { Address } from "../parts/small.tsx";
import { Shown } from "../parts/states.tsx";
import type { LeakDetailed, Sighting, SightingPage } from "../shapes.ts";
import { absoluteTime, fullNumber, relativeTime, sourceWord } from "../words.ts";

const PAGE = 10;

/** Where its tokens were seen: the same token in ten places has ten of these. Nothing where nobody told of any. */
export function SightingsCard({ leak, turn }: { readonly leak: LeakDetailed; readonly turn: number }) {
  const pages = usePages(leak.id);
  const page = useLoaded(
    leak.sightings === 0 ? null : `${leak.id} ${pages.cursor ?? ""}`,
    (signal) => {
      const query = { limit: PAGE, cursor: pages.cursor };
      return api<SightingPage>("GET", `/leaks/${leak.id}/sightings`, { query, signal });
    },
    true,
  );
  useEffect(() => {
    if (turn > 0) page.reload();
  }, [turn, page.reload]);
  if (leak.sightings === 0) return null;
  return (
    <section class="card" aria-labelledby="sightings">
      <h2 id="sightings" class="card-head">
        <span>
          Seen at <span class="quiet">{fullNumber(leak.sightings)}</span>
        </span>
      </h2>
      <Shown of={page} lines={2}>
        {({ sightings, next }) => (
          <>
            <ol class="history sightings">
              {sightings.map((each) => (
                <Seen key={`${each.token} ${each.url} ${each.path} ${each.line} ${each.commit}`} at={each} />
              ))}
            </ol>
            {(next !== null || pages.number > 1) && <Pager pages={pages} next={next} />}
          </>
        )}
      </Shown>
    </section>
  );
}

function Seen({ at }: { readonly at: Sighting }) {
  const { token, source, url, path, line, commit, author, seenAt, foundAt } = at;
  const place = path === null ? null : `${path}${line === null ? "" : `, line ${line}`}`;
  return (
    <li>
      <b>{place ?? (url === null ? sourceWord(source) : <Address url={url} />)}</b>
      {place !== null && url !== null && (
        <>
          <br />
          <Address url={url} />
        </>
      )}
      <p class="quiet">
        Token {token}, {sourceWord(source)}
        {commit !== null && `, commit ${commit.slice(0, 12)}`}
        {author !== null && `, by ${author}`}
        {seenAt !== null && `, leaked ${absoluteTime(seenAt)}`}
        {`, found ${relativeTime(foundAt)}`}
      </p>
    </li>
  );
}
