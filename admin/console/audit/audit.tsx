import { useState } from "preact/hooks";
import { api, urlOf } from "../api.ts";
import { changeWords } from "../leak/history.tsx";
import { useLive } from "../live.ts";
import { useLoaded } from "../loading.ts";
import { setQuery, usePlace } from "../location.ts";
import { Icon } from "../parts/icons.tsx";
import { Pager, usePages } from "../parts/pager.tsx";
import { say } from "../parts/said.tsx";
import { Chip, Link, PageHead, When } from "../parts/small.tsx";
import { Notice, Shown } from "../parts/states.tsx";
import { Table, type TableColumn } from "../parts/table.tsx";
import type { ChangePage, JournalVerdict } from "../shapes.ts";
import { actionWord, actorWord, counted, fullNumber } from "../words.ts";

type Change = ChangePage["changes"][number];

const PAGE = 50;
const KINDS: readonly (readonly [string, string])[] = [
  ["", "Every change"],
  ["leak", "Leaks"],
  ["tokens", "Tokens added"],
  ["token", "Tokens"],
  ["key", "Keys"],
  ["session", "Sign-ins"],
  ["settings", "Settings"],
  ["tenant", "Tenants"],
];

/** Every change: who, when, from where, what. */
export function AuditPage() {
  const { query } = usePlace();
  const filter = { subject: query.get("subject"), action: query.get("action") };
  const pages = usePages(JSON.stringify(filter));
  const page = useLoaded(
    `${JSON.stringify(filter)} ${pages.cursor ?? ""}`,
    (signal) =>
      api<ChangePage>("GET", "/audit", { query: { ...filter, limit: PAGE, cursor: pages.cursor }, signal }),
    true,
  );
  useLive(page.reload, null);
  return (
    <>
      <PageHead title="Audit">
        <a class="button" href={urlOf("/audit/export", { ...filter, format: "csv" })} download="changes.csv">
          <Icon name="download" size={16} /> CSV
        </a>
        <a
          class="button"
          href={urlOf("/audit/export", { ...filter, format: "ndjson" })}
          download="changes.ndjson"
        >
          <Icon name="download" size={16} /> NDJSON
        </a>
        <VerifyButton />
      </PageHead>
      <section class="card" aria-label="Journal">
        <div class="list-bar">
          <select
            class="short"
            aria-label="Changes of"
            value={filter.action ?? ""}
            onChange={({ currentTarget }) => setQuery({ action: currentTarget.value })}
          >
            {KINDS.map(([value, word]) => (
              <option key={value} value={value}>
                {word}
              </option>
            ))}
          </select>
          {filter.subject !== null && (
            <Chip label={`subject ${filter.subject}`} onRemove={() => setQuery({ subject: null })}>
              Subject: {filter.subject}
            </Chip>
          )}
        </div>
        <Shown of={page} lines={12}>
          {({ changes, next }) =>
            changes.length === 0 && next === null ? (
              <Notice icon="audit" title="No change is like that" />
            ) : (
              <>
                <Table
                  caption="Changes"
                  columns={COLUMNS}
                  rows={changes}
                  keyOf={({ revision }) => revision}
                />
                <Pager pages={pages} next={next} />
              </>
            )
          }
        </Shown>
      </section>
    </>
  );
}

const COLUMNS: readonly TableColumn<Change>[] = [
  { name: "No.", class: "number", cell: ({ revision }) => revision },
  { name: "Time", cell: ({ at }) => <When at={at} isExact /> },
  { name: "Who", cell: ({ actor }) => actorWord(actor) },
  { name: "From", class: "mono", cell: ({ from }) => from ?? <span class="quiet">the machine</span> },
  { name: "What", cell: ({ action }) => actionWord(action) },
  {
    name: "Subject",
    cell: ({ subject }) => (
      <Link
        to={
          subject.startsWith("leak-") ? `/leaks/${subject}` : `/audit?subject=${encodeURIComponent(subject)}`
        }
      >
        {subject}
      </Link>
    ),
  },
  { name: "Change", class: "request", cell: changeWords },
  { name: "Hash", class: "mono quiet", cell: ({ hash }) => <span title={hash}>{hash.slice(0, 8)}</span> },
];

/** Walks the chain of hashes on the server and tells whether it holds. */
function VerifyButton() {
  const [isBusy, setBusy] = useState(false);
  const verify = async () => {
    setBusy(true);
    try {
      const verdict = await api<JournalVerdict>("GET", "/audit/verify");
      if (verdict.ok)
        say(`The chain holds: ${counted(verdict.entries ?? 0, "change")}, head ${verdict.head?.slice(0, 8)}`);
      else say(`The chain breaks at change ${fullNumber(verdict.revision ?? 0)}: ${verdict.why}`, true);
    } catch (error) {
      say((error as Error).message, true);
    }
    setBusy(false);
  };
  return (
    <button type="button" class="button" disabled={isBusy} onClick={() => void verify()}>
      <Icon name="check" size={16} /> Verify
    </button>
  );
}
