import { useState } from "preact/hooks";
import { api } from "../api.ts";
import { useLive } from "../live.ts";
import { useEvery, useLoaded } from "../loading.ts";
import { Confirm } from "../parts/dialog.tsx";
import { Icon } from "../parts/icons.tsx";
import { Pager, usePages } from "../parts/pager.tsx";
import { say } from "../parts/said.tsx";
import { PageHead } from "../parts/small.tsx";
import { Notice, Shown } from "../parts/states.tsx";
import { useSession } from "../session.tsx";
import type { Source, SourcePage } from "../shapes.ts";
import { InventoryCard } from "./inventory.tsx";
import { PoliciesCard } from "./policies.tsx";
import { SourceForm } from "./sourceform.tsx";
import { SourceTable } from "./sourcetable.tsx";

const PAGE = 50;
const EVERY_MS = 1_000;

/** What is watched for tokens, the live tokens that are looked for, and what people decided beforehand of what is found. */
export function SourcesPage() {
  const { mayChange } = useSession();
  const pages = usePages("sources");
  const page = useLoaded(
    `sources ${pages.cursor ?? ""}`,
    (signal) => api<SourcePage>("GET", "/sources", { query: { limit: PAGE, cursor: pages.cursor }, signal }),
    true,
  );
  const [editing, setEditing] = useState<Source | "new" | null>(null);
  const [removing, setRemoving] = useState<Source | null>(null);
  useLive(page.reload);
  // How far a look has come is no change, which a stream would tell of.
  useEvery(EVERY_MS, () => {
    const isMoving = page.value?.sources.some(
      ({ state, nextRunAt }) => state === "running" || isDue(nextRunAt),
    );
    if (isMoving) page.reload();
  });
  const act = async (what: string, work: Promise<unknown>) => {
    try {
      await work;
      say(what);
    } catch (error) {
      say((error as Error).message, true);
    }
    page.reload();
  };
  const acts = {
    run: ({ id }: Source) => act("It is looked at now", api("POST", `/sources/${id}/run`)),
    stop: ({ id }: Source) => act("The look is stopped", api("POST", `/sources/${id}/stop`)),
    turn: ({ id, enabled }: Source) =>
      act(
        enabled ? "The source is switched off" : "The source is switched on",
        api("PATCH", `/sources/${id}`, { body: { enabled: !enabled } }),
      ),
    edit: setEditing,
    remove: setRemoving,
  };

  return (
    <>
      <PageHead title="Sources">
        {mayChange && (
          <button type="button" class="button primary" onClick={() => setEditing("new")}>
            <Icon name="plus" /> Add source
          </button>
        )}
      </PageHead>
      <section class="card" aria-labelledby="watched">
        <h2 id="watched" class="card-head">
          Watched sources
        </h2>
        <Shown of={page}>
          {({ sources, watching, next }) => (
            <>
              {!watching && (
                <p class="stale" role="alert">
                  Nothing is looked at: watching is switched off in the configuration (scan.enabled).
                </p>
              )}
              {sources.length === 0 ? (
                <Notice icon="sources" title="Nothing is watched yet">
                  <p>
                    A repository, a website, a package or a folder that is watched is looked through for
                    tokens when it is added, and then by a schedule. What is found becomes a leak, opened:
                    people decide about it.
                  </p>
                  {mayChange && (
                    <button type="button" class="button" onClick={() => setEditing("new")}>
                      Add a source
                    </button>
                  )}
                </Notice>
              ) : (
                <>
                  <SourceTable sources={sources} acts={acts} />
                  <Pager pages={pages} next={next} />
                </>
              )}
            </>
          )}
        </Shown>
      </section>
      <InventoryCard />
      <PoliciesCard />
      {editing !== null && (
        <SourceForm
          of={editing === "new" ? null : editing}
          onClose={() => setEditing(null)}
          onDone={() => {
            setEditing(null);
            page.reload();
          }}
        />
      )}
      {removing !== null && (
        <Confirm
          title="Watch this source no longer?"
          consequence={`${removing.address} is not looked at any more, and its credential is forgotten. Leaks that came of it stay.`}
          label="Remove"
          onClose={() => setRemoving(null)}
          onConfirmed={async () => {
            await api("DELETE", `/sources/${removing.id}`);
            say("The source is watched no longer");
            page.reload();
          }}
        />
      )}
    </>
  );
}

function isDue(at: string | null): boolean {
  return at !== null && new Date(at).getTime() <= Date.now();
}
