import { useState } from "preact/hooks";
import { api, whyOf } from "../api.ts";
import { useLoaded } from "../loading.ts";
import { setQuery } from "../location.ts";
import { Confirm } from "../parts/dialog.tsx";
import { say } from "../parts/said.tsx";
import { Shown } from "../parts/states.tsx";
import { Table, type TableColumn } from "../parts/table.tsx";
import { useSession } from "../session.tsx";
import type { Tenant } from "../shapes.ts";
import { fullNumber } from "../words.ts";

/** All tenants; a global administrator makes them and switches their leak module. */
export function TenantsCard() {
  const { mayChange } = useSession();
  const tenants = useLoaded(
    "tenants",
    (signal) => api<{ tenants: Tenant[] }>("GET", "/tenants", { signal }),
    true,
  );
  const [switching, setSwitching] = useState<Tenant | null>(null);
  const [name, setName] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const make = async (event: SubmitEvent) => {
    event.preventDefault();
    try {
      await api("POST", "/tenants", { body: { name } });
      say(`The tenant ${name} is made. A route of the configuration gives it hosts.`);
      setName("");
      setProblem(null);
      tenants.reload();
    } catch (error) {
      setProblem(whyOf(error));
    }
  };
  const turn = async (tenant: Tenant, leaksEnabled: boolean) => {
    await api("PATCH", `/tenants/${tenant.name}`, { query: { wait: "enforced" }, body: { leaksEnabled } });
    say(`The leak module of ${tenant.name} is ${leaksEnabled ? "on" : "off"}`);
    tenants.reload();
  };
  const columns: readonly TableColumn<Tenant>[] = [
    {
      name: "Name",
      cell: ({ name: each }) => (
        <button
          type="button"
          class="link"
          onClick={() => setQuery({ tenant: each === "default" ? null : each })}
        >
          {each}
        </button>
      ),
    },
    { name: "Leaks", class: "number", cell: ({ leaks }) => fullNumber(leaks) },
    { name: "Tokens", class: "number", cell: ({ tokens: count }) => fullNumber(count) },
    {
      name: "Leak module",
      cell: (tenant) => (
        <label class="check">
          <input
            type="checkbox"
            aria-label={`Leak module of ${tenant.name}`}
            checked={tenant.leaksEnabled}
            disabled={!mayChange}
            onClick={(event) => {
              event.preventDefault();
              if (tenant.leaksEnabled) setSwitching(tenant);
              else void turn(tenant, true).catch((error: Error) => say(error.message, true));
            }}
          />
          {tenant.leaksEnabled ? "On" : "Off"}
        </label>
      ),
    },
  ];
  return (
    <section class="card" aria-labelledby="tenants">
      <h2 id="tenants" class="card-head">
        Tenants
      </h2>
      <Shown of={tenants} lines={2}>
        {({ tenants: all }) => (
          <Table caption="Tenants" columns={columns} rows={all} keyOf={({ name: each }) => each} />
        )}
      </Shown>
      {mayChange && (
        <form class="one-line" onSubmit={make}>
          <input
            aria-label="Name of a new tenant"
            placeholder="name-of-a-new-tenant"
            value={name}
            maxLength={32}
            autocomplete="off"
            spellcheck={false}
            onInput={({ currentTarget }) => setName(currentTarget.value.trim().toLowerCase())}
          />
          <button type="submit" class="button">
            Make tenant
          </button>
          <p class="refused" role="alert">
            {problem}
          </p>
        </form>
      )}
      {switching !== null && (
        <Confirm
          title={`Switch the leak module of ${switching.name} off?`}
          consequence="Nothing of the tenant's is enforced any more: requests with its leaked tokens pass. Its leaks, rules and events cannot be seen until it is on again; nothing is lost."
          label="Switch off"
          onClose={() => setSwitching(null)}
          onConfirmed={() => turn(switching, false)}
        />
      )}
    </section>
  );
}
