import { api } from "../api.ts";
import { useEvery, useLoaded } from "../loading.ts";
import { Link, PageHead, When } from "../parts/small.tsx";
import { Notice, Shown } from "../parts/states.tsx";
import { Table, type TableColumn } from "../parts/table.tsx";
import type { Status } from "../shapes.ts";
import { counted, fullNumber, shortNumber } from "../words.ts";

const LOOK_MS = 3_000;

type Worker = Status["workers"][number];

const COLUMNS: readonly TableColumn<Worker>[] = [
  {
    name: "Worker",
    cell: ({ worker, pid }) => (
      <span>
        {worker} <span class="quiet">pid {pid}</span>
      </span>
    ),
  },
  {
    name: "State",
    cell: ({ alive, ready }) => (
      <span class={alive && ready ? "badge good" : "badge bad"}>
        {alive ? (ready ? "Ready" : "Loading") : "Gone"}
      </span>
    ),
  },
  {
    name: "Revision",
    class: "number",
    cell: ({ revision }) => (revision === null ? "None" : fullNumber(revision)),
  },
  { name: "Behind by", class: "number", cell: ({ lag }) => lag ?? "None" },
  { name: "Tokens", class: "number", cell: ({ tokens }) => shortNumber(tokens) },
  { name: "Requests", class: "number", cell: ({ counters }) => counterWord(counters.requests) },
  { name: "Blocked", class: "number", cell: ({ counters }) => counterWord(counters.blocked) },
  { name: "Started", cell: ({ startedAt }) => <When at={startedAt} /> },
];

/** How the gateway is: its workers, and how far each is with the rules. */
export function StatusPage() {
  const status = useLoaded("status", (signal) => api<Status>("GET", "/status", { signal }), true);
  useEvery(LOOK_MS, status.reload);
  return (
    <>
      <PageHead title="Status" />
      <Shown of={status}>
        {(value) => (
          <>
            <div class="tiles">
              <Tile name="Version" value={value.version} />
              <Tile name="Tenant" value={value.tenant} />
              <Tile name="Revision" value={fullNumber(value.revision)} />
              <Tile name="Admin up for" value={durationWord(value.uptimeS)} />
            </div>
            <Workers status={value} />
            {value.budgetExhausted.length > 0 && (
              <section class="card spaced" aria-labelledby="budget">
                <h2 id="budget" class="card-head">
                  Work budget
                </h2>
                <p>
                  Requests were refused because looking for the tokens of these leaks spent their budget of
                  work:
                </p>
                <ul>
                  {value.budgetExhausted.map(({ leak, requests }) => (
                    <li key={leak}>
                      <Link to={`/leaks/${leak}`}>{leak}</Link>: {counted(requests, "request")}
                    </li>
                  ))}
                </ul>
              </section>
            )}
          </>
        )}
      </Shown>
    </>
  );
}

function Tile({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div class="card tile">
      <span class="quiet">{name}</span>
      <b>{value}</b>
    </div>
  );
}

function Workers({ status: { workers } }: { readonly status: Status }) {
  return (
    <section class="card spaced" aria-labelledby="all-workers">
      <h2 id="all-workers" class="card-head">
        Workers
      </h2>
      {workers.length === 0 ? (
        <Notice icon="status" title="No worker has reported">
          <p>
            Nothing stands before the API yet. leakgate serve starts workers; leakgate proxy starts one alone.
          </p>
        </Notice>
      ) : (
        <Table caption="Workers" columns={COLUMNS} rows={workers} keyOf={({ worker }) => worker} />
      )}
    </section>
  );
}

function counterWord(count: number | undefined) {
  return count === undefined ? <span class="quiet">None</span> : shortNumber(count);
}

function durationWord(seconds: number): string {
  const units: readonly [string, number][] = [
    ["day", 86_400],
    ["hour", 3_600],
    ["minute", 60],
  ];
  for (const [unit, size] of units) if (seconds >= size) return counted(Math.floor(seconds / size), unit);
  return counted(seconds, "second");
}
