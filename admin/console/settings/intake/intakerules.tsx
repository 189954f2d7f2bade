import { useState } from "preact/hooks";
import { api } from "../../api.ts";
import { decisions } from "../../decide/decisions.ts";
import { useLoaded } from "../../loading.ts";
import { Confirm } from "../../parts/dialog.tsx";
import { Icon } from "../../parts/icons.tsx";
import { say } from "../../parts/said.tsx";
import { When } from "../../parts/small.tsx";
import { Shown } from "../../parts/states.tsx";
import { Table, type TableColumn } from "../../parts/table.tsx";
import { useSession } from "../../session.tsx";
import type { FalsePositiveRule } from "../../shapes.ts";
import { actorWord } from "../../words.ts";
import { criteriaWords, intakeActionWord } from "./criteria.ts";
import { DryRunDialog } from "./dryrun.tsx";
import { NewRule } from "./newrule.tsx";

const COLUMNS: readonly TableColumn<FalsePositiveRule>[] = [
  { name: "Rule", cell: ({ id }) => id },
  { name: "Catches what is", class: "request", cell: criteriaWords },
  { name: "It is then", cell: ({ action }) => <span class="badge">{intakeActionWord(action)}</span> },
  { name: "Why", cell: ({ reason }) => decisions["mark-false"].reasons[reason] },
  { name: "Made", cell: ({ createdAt }) => <When at={createdAt} /> },
  { name: "By", cell: ({ createdBy }) => actorWord(createdBy) },
];

/** What at intake is no secret, though it looks like one. */
export function IntakeRulesCard() {
  const { mayChange } = useSession();
  const rules = useLoaded(
    "rules of the intake",
    (signal) => api<{ rules: FalsePositiveRule[] }>("GET", "/intake/false-positive-rules", { signal }),
    true,
  );
  const [isOpen, setOpen] = useState<"new" | "dry run" | null>(null);
  const [removing, setRemoving] = useState<FalsePositiveRule | null>(null);
  const removeColumn: TableColumn<FalsePositiveRule> = {
    name: "Remove",
    class: "acts",
    cell: (rule) => (
      <button
        type="button"
        class="icon-button"
        aria-label={`Remove ${rule.id}`}
        onClick={() => setRemoving(rule)}
      >
        <Icon name="close" size={14} />
      </button>
    ),
  };
  return (
    <section class="card spaced" aria-labelledby="intake">
      <div class="card-head">
        <h2 id="intake">False positives at intake</h2>
        {mayChange && (
          <div class="page-acts">
            <button type="button" class="button small" onClick={() => setOpen("dry run")}>
              Dry run
            </button>
            <button type="button" class="button small" onClick={() => setOpen("new")}>
              <Icon name="plus" size={14} /> New rule
            </button>
          </div>
        )}
      </div>
      <Shown of={rules} lines={3}>
        {({ rules: all }) =>
          all.length === 0 ? (
            <p class="quiet">
              No rule. A rule tells tokens that look like secrets and are none: test values, placeholders,
              keys that are public by design.
            </p>
          ) : (
            <Table
              caption="Rules of the intake"
              columns={mayChange ? [...COLUMNS, removeColumn] : COLUMNS}
              rows={all}
              keyOf={({ id }) => id}
            />
          )
        }
      </Shown>
      {isOpen === "new" && <NewRule onClose={() => setOpen(null)} onMade={rules.reload} />}
      {isOpen === "dry run" && <DryRunDialog onClose={() => setOpen(null)} />}
      {removing !== null && (
        <Confirm
          title={`Remove ${removing.id}?`}
          consequence={`What is ${criteriaWords(removing)} is taken for a secret again when it is registered from now on. What the rule caught before stays as it is.`}
          label="Remove rule"
          onClose={() => setRemoving(null)}
          onConfirmed={async () => {
            await api("DELETE", `/intake/false-positive-rules/${removing.id}`);
            say("The rule is removed");
            rules.reload();
          }}
        />
      )}
    </section>
  );
}
