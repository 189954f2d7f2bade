import { useState } from "preact/hooks";
import { FactFields, type Facts, fieldsOf } from "../addleak/factfields.tsx";
import { type ApiProblem, api } from "../api.ts";
import { DialogForm } from "../parts/dialog.tsx";
import { say } from "../parts/said.tsx";
import { When } from "../parts/small.tsx";
import { useSession } from "../session.tsx";
import type { LeakDetailed } from "../shapes.ts";
import { sourceWord } from "../words.ts";

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

function EditDialog({ leak, onClose, onChanged }: FactsProps & { readonly onClose: () => void }) {
  const { name, description, risk, source } = leak;
  const [facts, setFacts] = useState<Facts>({ name, description, risk, source });
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const save = async (event: SubmitEvent) => {
    event.preventDefault();
    try {
      await api("PATCH", `/leaks/${leak.id}`, { body: facts, ifMatch: leak.version });
      say("The facts are changed");
      onChanged();
      onClose();
    } catch (error) {
      setProblem(error as ApiProblem);
    }
  };
  return (
    <DialogForm
      title="Edit the facts"
      label="Save"
      problem={problem?.message ?? null}
      onClose={onClose}
      onSubmit={save}
    >
      <FactFields facts={facts} refusals={fieldsOf(problem?.errors ?? [])} onFacts={setFacts} />
    </DialogForm>
  );
}
