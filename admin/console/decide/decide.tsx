import { useState } from "preact/hooks";
import { type ApiProblem, refusalsOf } from "../api.ts";
import { DialogForm } from "../parts/dialog.tsx";
import { say } from "../parts/said.tsx";
import type { Leak, LeakChanged } from "../shapes.ts";
import { type Decision, decide, decisions, enforcementWords, itsTokens } from "./decisions.ts";
import { bodyOf, GroundsFields, groundsOf } from "./grounds.tsx";
import { PreviewWords } from "./preview.tsx";

interface DecideProps {
  readonly leak: Leak;
  readonly decision: Decision;
  readonly onClose: () => void;
  readonly onDecided: (changed: LeakChanged) => void;
}

/** Asks before a decision about one leak, in words that say what follows from it. */
export function DecideDialog({ leak: newest, decision, onClose, onDecided }: DecideProps) {
  // Decided is what was seen when it was opened: what somebody changed since makes the version wrong.
  const [leak] = useState(newest);
  const words = decisions[decision];
  const isChange = decision === "vpatch" && leak.rule !== null;
  const [grounds, setGrounds] = useState(() => groundsOf(leak.rule, leak.until));
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ApiProblem | null>(null);

  const carryOut = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      const changed = await decide(leak, decision, bodyOf(decision, grounds));
      say(`${isChange ? "Rule changed" : words.done}: ${enforcementWords(changed.enforcement)}`);
      onDecided(changed);
      onClose();
    } catch (error) {
      setProblem(error as ApiProblem);
      setBusy(false);
    }
  };

  return (
    <DialogForm
      title={isChange ? "Change the rule?" : words.title(1)}
      label={isChange ? "Change the rule" : words.label}
      isBusy={isBusy}
      problem={problem && whyNot(problem)}
      onClose={onClose}
      onSubmit={carryOut}
    >
      <p class="decided-name">{leak.name}</p>
      <p class={words.protects ? "consequence good" : "consequence"}>
        {words.consequence(itsTokens(leak.tokenCount))}
      </p>
      {decision === "vpatch" && <PreviewWords leak={leak.id} />}
      <GroundsFields
        decision={decision}
        grounds={grounds}
        refusals={refusalsOf(problem?.errors ?? [])}
        onGrounds={setGrounds}
      />
    </DialogForm>
  );
}

/** The API's words, or ours where somebody was faster. */
export function whyNot({ status, message }: ApiProblem): string {
  return status === 412 ? "Somebody changed it a moment ago; look at it again first." : message;
}
