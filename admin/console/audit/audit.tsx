import { useState } from "preact/hooks";
import { api, urlOf } from "../api.ts";
import { changeWords } from "../leak/history.tsx";
import { useLoaded } from "../loading.ts";
import { setQuery, usePlace } from "../location.ts";
import { Icon } from "../parts/icons.tsx";
import { Pager, usePages } from "../parts/pager.tsx";
import { say } from "../parts/said.tsx";
import { Chip, Link, PageHead, When } from "../parts/small.tsx";
import { Notice, Shown } from "../parts/states.tsx";
import type { ChangePage, JournalVerdict } from "../shapes.ts";
import { actionWord, actorWord, counted, fullNumber } from "../words.ts";

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
                <Changes of={changes} />
                <Pager pages={pages} next={next} />
              </>
            )
          }
        </Shown>
      </section>
    </>
  );
}

function Changes({ of: changes }: { readonly of: ChangePage["changes"] }) {
  return (
    <div class="table-frame">
      <table class="stacks">
        <caption class="for-readers">Changes, {counted(changes.length, "row")}</caption>
        <thead>
          <tr>
            <th scope="col" class="number">
              No.
            </th>
            <th scope="col">Time</th>
            <th scope="col">Who</th>
            <th scope="col">From</th>
            <th scope="col">What</th>
            <th scope="col">Subject</th>
            <th scope="col">Change</th>
            <th scope="col">Hash</th>
          </tr>
        </thead>
        <tbody>
          {changes.map((change) => (
            <tr key={change.revision}>
              <td data-label="No." class="number">
                {change.revision}
              </td>
              <td data-label="Time">
                <When at={change.at} isExact />
              </td>
              <td data-label="Who">{actorWord(change.actor)}</td>
              <td data-label="From" class="mono">
                {change.from ?? <span class="quiet">the machine</span>}
              </td>
              <td data-label="What">{actionWord(change.action)}</td>
              <td data-label="Subject">
                <Link
                  to={
                    change.subject.startsWith("leak-")
                      ? `/leaks/${change.subject}`
                      : `/audit?subject=${encodeURIComponent(change.subject)}`
                  }
                >
                  {change.subject}
                </Link>
              </td>
              <td data-label="Change" class="request">
                {changeWords(change)}
              </td>
              <td data-label="Hash" class="mono quiet" title={change.hash}>
                {change.hash.slice(0, 8)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

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
