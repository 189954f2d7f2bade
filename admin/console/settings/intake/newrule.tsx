import { useState } from "preact/hooks";
import { api, whyOf } from "../../api.ts";
import { decisions } from "../../decide/decisions.ts";
import { DialogForm } from "../../parts/dialog.tsx";
import { ChoiceField, TextField } from "../../parts/fields.tsx";
import { say } from "../../parts/said.tsx";
import { bodyOf, emptyDraft, intakeActions, type RuleDraft } from "./criteria.ts";
import { DryRun } from "./dryrun.tsx";

const actionHint: Readonly<Record<string, string>> = {
  mark_false: "It is registered as false, alone.",
  refuse: "Nothing is registered of what it comes with.",
};

/** Makes a rule of the intake; before that it can be tried. */
export function NewRule({ onClose, onMade }: { readonly onClose: () => void; readonly onMade: () => void }) {
  const [draft, setDraft] = useState<RuleDraft>(emptyDraft);
  const [problem, setProblem] = useState<string | null>(null);
  const of = (field: keyof RuleDraft) => ({
    value: draft[field],
    onValue: (value: string) => setDraft({ ...draft, [field]: value }),
  });
  const make = async (event: SubmitEvent) => {
    event.preventDefault();
    try {
      await api("POST", "/intake/false-positive-rules", { body: bodyOf(draft) });
      say("The rule is made; it is asked of what is registered from now on");
      onMade();
      onClose();
    } catch (error) {
      setProblem(whyOf(error));
    }
  };
  return (
    <DialogForm
      kind="panel"
      title="New rule of the intake"
      label="Make rule"
      problem={problem}
      onClose={onClose}
      onSubmit={make}
    >
      <p class="quiet">A token is caught when all that is filled in holds of it.</p>
      <div class="field-pair">
        <TextField label="Begins with" placeholder="test_" maxLength={64} {...of("prefix")} />
        <TextField label="Is like, * is any text" placeholder="*example*" maxLength={255} {...of("glob")} />
        <TextField label="Is of the type" placeholder="stripe" maxLength={32} {...of("kind")} />
        <TextField
          label="Entropy below"
          type="number"
          min={0}
          max={8}
          step="any"
          placeholder="2.5 bits"
          {...of("entropyBelow")}
        />
        <TextField label="Bytes, at least" type="number" min={1} {...of("lengthMin")} />
        <TextField label="Bytes, at most" type="number" min={1} {...of("lengthMax")} />
      </div>
      <TextField
        label="Is this very token"
        hint="Only its digest is kept; the list does not show it."
        {...of("value")}
      />
      <div class="field-pair">
        <ChoiceField
          label="What to do with it"
          choices={intakeActions}
          {...of("action")}
          hint={actionHint[draft.action]}
        />
        <ChoiceField
          label="Why it is no secret"
          choices={decisions["mark-false"].reasons}
          {...of("reason")}
        />
      </div>
      <DryRun rule={bodyOf(draft)} />
    </DialogForm>
  );
}
