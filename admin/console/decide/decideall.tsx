import { useState } from "preact/hooks";
import { type ApiProblem, refusalsOf } from "../api.ts";
import { useLoaded } from "../loading.ts";
import { DialogForm } from "../parts/dialog.tsx";
import { say } from "../parts/said.tsx";
import { Shown } from "../parts/states.tsx";
import type { BulkOutcome } from "../shapes.ts";
import { counted, fullNumber, statusWord } from "../words.ts";
import { type Decision, decideAll, decisions, enforcementWords, foresee } from "./decisions.ts";
import { bodyOf, GroundsFields, groundsOf } from "./grounds.tsx";

interface DecideAllProps {
  /** As the API takes it; of leaks whose status allows the decision. */
  readonly filter: object;
  readonly decision: Decision;
  readonly onClose: () => void;
  /** Called when something was decided. */
  readonly onDecided: () => void;
}

/** Asks before a decision about all leaks of a filter, and says of how many; others than these are not touched. */
export function DecideAllDialog({ filter, decision, onClose, onDecided }: DecideAllProps) {
  const words = decisions[decision];
  const foreseen = useLoaded(decision, (signal) => foresee(filter, decision, signal));
  const [grounds, setGrounds] = useState(() => groundsOf(null, null));
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const [outcome, setOutcome] = useState<BulkOutcome | null>(null);
  const count = foreseen.value?.count ?? 0;

  const carryOut = async (event: SubmitEvent) => {
    event.preventDefault();
    if (outcome !== null) return onClose();
    if (foreseen.value === null) return;
    setBusy(true);
    setProblem(null);
    try {
      const came = await decideAll(filter, decision, foreseen.value, bodyOf(decision, grounds));
      const how = came.enforcement === null ? "" : `: ${enforcementWords(came.enforcement)}`;
      say(`${words.done} on ${counted(came.decided, "leak")}${how}`);
      onDecided();
      if (came.refused === 0) return onClose();
      setOutcome(came);
    } catch (error) {
      setProblem(error as ApiProblem);
      if ((error as ApiProblem).status === 409) foreseen.reload();
    }
    setBusy(false);
  };

  return (
    <DialogForm
      title={foreseen.value === null ? `${words.label}?` : words.title(count)}
      label={outcome === null ? words.label : "Done"}
      isBusy={isBusy || count === 0}
      problem={problem?.message ?? null}
      foot={
        isBusy && (
          <span class="quiet" role="status">
            Deciding
          </span>
        )
      }
      onClose={onClose}
      onSubmit={carryOut}
    >
      <Shown of={foreseen} lines={3}>
        {(about) =>
          outcome === null ? (
            <>
              <About of={about} />
              <p class={words.protects ? "consequence good" : "consequence"}>
                {words.consequence("any of their tokens")}
              </p>
              <GroundsFields
                decision={decision}
                grounds={grounds}
                refusals={refusalsOf(problem?.errors ?? [])}
                onGrounds={setGrounds}
              />
            </>
          ) : (
            <Refused of={outcome} />
          )
        }
      </Shown>
    </DialogForm>
  );
}

/** How many leaks it is about, by status. */
function About({ of: { count, byStatus } }: { readonly of: BulkOutcome }) {
  const parts = Object.entries(byStatus)
    .filter(([, some]) => some > 0)
    .map(([status, some]) => `${fullNumber(some)} ${statusWord(status).toLowerCase()}`);
  if (count === 0) return <p class="decided-name">None of these leaks can be decided so any more.</p>;
  return (
    <p class="decided-name">
      {counted(count, "leak")}: {parts.join(", ")}
    </p>
  );
}

/** Leaks that could not be decided, and why. */
function Refused({ of: { decided, unchanged, refused, refusals } }: { readonly of: BulkOutcome }) {
  return (
    <div role="alert">
      <p>
        <b>{fullNumber(decided)} decided</b>
        {unchanged > 0 && `, ${fullNumber(unchanged)} were so already`}, {fullNumber(refused)} left as they
        are:
      </p>
      <ul class="refused refusals">
        {refusals.map(({ leak, detail }) => (
          <li key={leak}>
            {leak}: {detail}
          </li>
        ))}
      </ul>
    </div>
  );
}
