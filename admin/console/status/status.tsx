import { api } from "../api.ts";
import { useEvery, useLoaded } from "../loading.ts";
import { Link, PageHead, When } from "../parts/small.tsx";
import { Notice, Shown } from "../parts/states.tsx";
import type { Status } from "../shapes.ts";
import { counted, fullNumber, shortNumber } from "../words.ts";

const LOOK_MS = 3_000;
const SHOWN_COUNTERS = ["requests", "blocked"] as const;

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
        <div class="table-frame">
          <table class="stacks">
            <caption class="for-readers">Workers, {counted(workers.length, "row")}</caption>
            <thead>
              <tr>
                <th scope="col">Worker</th>
                <th scope="col">State</th>
                <th scope="col" class="number">
                  Revision
                </th>
                <th scope="col" class="number">
                  Behind by
                </th>
                <th scope="col" class="number">
                  Tokens
                </th>
                {SHOWN_COUNTERS.map((name) => (
                  <th key={name} scope="col" class="number">
                    {name === "requests" ? "Requests" : "Blocked"}
                  </th>
                ))}
                <th scope="col">Started</th>
              </tr>
            </thead>
            <tbody>
              {workers.map((worker) => (
                <tr key={worker.worker}>
                  <td data-label="Worker">
                    {worker.worker} <span class="quiet">pid {worker.pid}</span>
                  </td>
                  <td data-label="State">
                    <span class={worker.alive && worker.ready ? "badge good" : "badge bad"}>
                      {worker.alive ? (worker.ready ? "Ready" : "Loading") : "Gone"}
                    </span>
                  </td>
                  <td data-label="Revision" class="number">
                    {worker.revision === null ? "None" : fullNumber(worker.revision)}
                  </td>
                  <td data-label="Behind by" class="number">
                    {worker.lag ?? "None"}
                  </td>
                  <td data-label="Tokens" class="number">
                    {shortNumber(worker.tokens)}
                  </td>
                  {SHOWN_COUNTERS.map((name) => (
                    <td key={name} data-label={name === "requests" ? "Requests" : "Blocked"} class="number">
                      {worker.counters[name] === undefined ? (
                        <span class="quiet">None</span>
                      ) : (
                        shortNumber(worker.counters[name])
                      )}
                    </td>
                  ))}
                  <td data-label="Started">
                    <When at={worker.startedAt} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
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
