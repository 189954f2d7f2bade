import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { FactFields } from "../addleak/factfields.tsx";
import { bodyOf, type Facts, factsOf } from "../addleak/facts.ts";
import { type ApiProblem, api, refusalsOf } from "../api.ts";
import { whyNot } from "../decide/decide.tsx";
import { DialogForm } from "../parts/dialog.tsx";
import { say } from "../parts/said.tsx";
import { Address, When } from "../parts/small.tsx";
import { useSession } from "../session.tsx";
import type { LeakDetailed } from "../shapes.ts";
import { remediationWord, sourceWord } from "../words.ts";

interface FactsProps {
  readonly leak: LeakDetailed;
  readonly onChanged: () => void;
}

/** What people wrote of the leak. */
export function FactsCard({ leak, onChanged }: FactsProps) {
  const { mayChange } = useSession();
  const [isEditing, setEditing] = useState(false);
  return (
    <section class="card" aria-labelledby="facts">
      <div class="card-head">
        <h2 id="facts">Facts</h2>
        {mayChange && (
          <button type="button" class="button small" onClick={() => setEditing(true)}>
            Edit
          </button>
        )}
      </div>
      <dl class="facts">
        <dt>Description</dt>
        <dd>{leak.description === "" ? <span class="quiet">None</span> : leak.description}</dd>
        <dt>Source</dt>
        <dd>{sourceWord(leak.source)}</dd>
        <Said name="Leaked at" said={leak.sourceUrl && <Address url={leak.sourceUrl} />} />
        <Said name="Leaked by" said={leak.sourceAuthor} />
        <Said name="Leaked on" said={leak.sourceAt && <When at={leak.sourceAt} />} />
        <Said name="Opens" said={leak.target} />
        <dt>Assignee</dt>
        <dd>{leak.assignee ?? <span class="quiet">Nobody</span>}</dd>
        <dt>Remediation</dt>
        <dd>
          {remediationWord(leak.remediation)}
          {leak.remediationReason !== null && `: ${leak.remediationReason}`}
        </dd>
        <dt>Registered</dt>
        <dd>
          <When at={leak.createdAt} />
        </dd>
        <dt>Changed</dt>
        <dd>
          <When at={leak.updatedAt} />
        </dd>
      </dl>
      {isEditing && <EditDialog leak={leak} onClose={() => setEditing(false)} onChanged={onChanged} />}
    </section>
  );
}

/** A fact that not every leak has. */
function Said({ name, said }: { readonly name: string; readonly said: ComponentChildren }) {
  if (said === null) return null;
  return (
    <>
      <dt>{name}</dt>
      <dd>{said}</dd>
    </>
  );
}

function EditDialog({ leak: newest, onClose, onChanged }: FactsProps & { readonly onClose: () => void }) {
  // As it was when it was opened: what somebody changed since makes the version wrong, and is not overwritten.
  const [leak] = useState(newest);
  const [facts, setFacts] = useState<Facts>(() => factsOf(leak));
  const [notApplicable, setNotApplicable] = useState(leak.remediationReason);
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const isPatched = leak.status === "patched";
  const save = async (event: SubmitEvent) => {
    event.preventDefault();
    const body = { ...changesOf(factsOf(leak), facts), ...remediationOf(leak, notApplicable) };
    if (Object.keys(body).length === 0) return onClose();
    try {
      await api("PATCH", `/leaks/${leak.id}`, { body, ifMatch: leak.version });
      say("The facts are changed");
      onChanged();
      onClose();
    } catch (error) {
      setProblem(error as ApiProblem);
    }
  };
  const refusals = refusalsOf(problem?.errors ?? []);
  return (
    <DialogForm
      kind="panel"
      title="Edit the facts"
      label="Save"
      problem={problem && whyNot(problem)}
      onClose={onClose}
      onSubmit={save}
    >
      <FactFields facts={facts} refusals={refusals} onFacts={setFacts} />
      {!isPatched && (
        <NotApplicable why={notApplicable} refusal={refusals.remediationReason} onWhy={setNotApplicable} />
      )}
    </DialogForm>
  );
}

/** What is not touched is not sent: a time is shown to the minute, and kept as it is. */
function changesOf(before: Facts, after: Facts): object {
  const changed = (field: string) => before[field as keyof Facts] !== after[field as keyof Facts];
  return Object.fromEntries(Object.entries(bodyOf(after)).filter(([field]) => changed(field)));
}

function remediationOf({ remediationReason }: LeakDetailed, why: string | null): object {
  if (why === remediationReason) return {};
  return why === null ? { remediation: "none" } : { remediation: "not_applicable", remediationReason: why };
}

interface NotApplicableProps {
  /** Null: a remediation applies. */
  readonly why: string | null;
  readonly refusal: string | undefined;
  readonly onWhy: (why: string | null) => void;
}

/** A person's word that nothing is to be done about the leak, and why. */
function NotApplicable({ why, refusal, onWhy }: NotApplicableProps) {
  return (
    <div class="field">
      <label class="check">
        <input
          type="checkbox"
          checked={why !== null}
          onChange={({ currentTarget }) => onWhy(currentTarget.checked ? "" : null)}
        />
        No remediation applies
      </label>
      {why !== null && (
        <input
          aria-label="Why no remediation applies"
          placeholder="Why: the tokens open nothing any more, ..."
          value={why}
          maxLength={255}
          aria-invalid={refusal !== undefined}
          onInput={({ currentTarget }) => onWhy(currentTarget.value)}
        />
      )}
      <p class="refused" role="alert">
        {refusal}
      </p>
    </div>
  );
}
