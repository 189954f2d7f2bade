import { useState } from "preact/hooks";
import { api } from "../api.ts";
import { scopeWord } from "../leak/protection.tsx";
import { useLoaded } from "../loading.ts";
import { Confirm } from "../parts/dialog.tsx";
import { Icon } from "../parts/icons.tsx";
import { say } from "../parts/said.tsx";
import { When } from "../parts/small.tsx";
import { Shown } from "../parts/states.tsx";
import { removeColumn, Table, type TableColumn } from "../parts/table.tsx";
import { useSession } from "../session.tsx";
import type { Policy } from "../shapes.ts";
import { actorWord, sourceWord } from "../words.ts";
import { PolicyForm } from "./policyform.tsx";

/** What people decided beforehand of tokens that nobody knew: their leak is patched as it comes in. */
export function PoliciesCard() {
  const { mayChange } = useSession();
  const list = useLoaded(
    "policies",
    (signal) => api<{ policies: Policy[] }>("GET", "/intake/policies", { signal }),
    true,
  );
  const [isMaking, setMaking] = useState(false);
  const [removing, setRemoving] = useState<Policy | null>(null);
  const turn = async ({ id, enabled }: Policy) => {
    try {
      await api("PATCH", `/intake/policies/${id}`, { body: { enabled: !enabled } });
      say(enabled ? "The policy is off: people decide" : "The policy is on");
    } catch (error) {
      say((error as Error).message, true);
    }
    list.reload();
  };
  const columns: readonly TableColumn<Policy>[] = [
    { name: "Findings", cell: (policy) => <b>{criteriaWord(policy)}</b> },
    {
      name: "Become",
      cell: ({ mode, scope }) =>
        `${mode === "monitor" ? "Monitored" : "Blocked"}, ${scopeWord(scope).toLowerCase()}`,
    },
    { name: "Made", cell: ({ createdAt }) => <When at={createdAt} /> },
    { name: "By", cell: ({ createdBy }) => actorWord(createdBy) },
    {
      name: "In force",
      cell: (policy) => (
        <label class="check">
          <input
            type="checkbox"
            aria-label={`Policy for ${criteriaWord(policy)}`}
            checked={policy.enabled}
            disabled={!mayChange}
            onClick={(event) => {
              event.preventDefault();
              void turn(policy);
            }}
          />
          {policy.enabled ? "On" : "Off"}
        </label>
      ),
    },
    ...(mayChange
      ? [removeColumn<Policy>((policy) => `the policy for ${criteriaWord(policy)}`, setRemoving)]
      : []),
  ];
  return (
    <section class="card spaced" aria-labelledby="policies">
      <h2 id="policies" class="card-head">
        Policies
        {mayChange && (
          <button type="button" class="button small" onClick={() => setMaking(true)}>
            <Icon name="plus" size={16} /> Make policy
          </button>
        )}
      </h2>
      <Shown of={list} lines={2}>
        {({ policies }) =>
          policies.length === 0 ? (
            <p class="hint card-said">
              What is found becomes a leak, opened, and passes until somebody decides. A policy is a decision
              made beforehand: what it describes is patched as it comes in, and the history says so.
            </p>
          ) : (
            <Table caption="Policies" columns={columns} rows={policies} keyOf={({ id }) => id} />
          )
        }
      </Shown>
      {isMaking && (
        <PolicyForm
          onClose={() => setMaking(false)}
          onMade={() => {
            setMaking(false);
            list.reload();
          }}
        />
      )}
      {removing !== null && (
        <Confirm
          title="Take this policy away?"
          consequence="People decide about what it described, from now on. Leaks that it patched stay patched."
          label="Remove"
          onClose={() => setRemoving(null)}
          onConfirmed={async () => {
            await api("DELETE", `/intake/policies/${removing.id}`);
            say("The policy is taken away");
            list.reload();
          }}
        />
      )}
    </section>
  );
}

function criteriaWord({ source, kind, riskMin, verified }: Policy): string {
  const parts = [
    source === null ? null : `from ${sourceWord(source)}`,
    kind === null ? null : `of kind ${kind}`,
    riskMin === null ? null : `of risk ${riskMin} or higher`,
    verified === null ? null : verified ? "that work, as the source says" : "that no longer work",
  ];
  return parts.filter((part) => part !== null).join(", ");
}
