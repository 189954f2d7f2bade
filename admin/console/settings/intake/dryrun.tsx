import { useState } from "preact/hooks";
import { type ApiProblem, api, whyOf } from "../../api.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { TextField } from "../../parts/fields.tsx";
import type { IntakeDryRun } from "../../shapes.ts";
import { counted, fullNumber } from "../../words.ts";
import { intakeActionWord } from "./criteria.ts";

/** Of what is caught; the count has all. */
const SHOWN = 50;

/** Tries tokens on a rule that is still to be made, else on all there are. What is pasted leaves with the dialog. */
export function DryRun({ rule }: { readonly rule?: Readonly<Record<string, unknown>> }) {
  const [text, setText] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [run, setRun] = useState<IntakeDryRun | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const tokens = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const tryThem = async () => {
    setBusy(true);
    try {
      const body = { tokens, ...(rule === undefined ? {} : { rule }) };
      setRun(await api<IntakeDryRun>("POST", "/intake/false-positive-rules/dry-run", { body }));
      setProblem(null);
    } catch (error) {
      setRun(null);
      setProblem(placed(error as ApiProblem));
    }
    setBusy(false);
  };
  return (
    <div class="dry-run">
      <TextField
        label="Tokens to try, one a line"
        rows={4}
        value={text}
        onValue={setText}
        hint="Nothing of it is registered or kept."
      />
      <div>
        <button
          type="button"
          class="button"
          disabled={isBusy || tokens.length === 0}
          onClick={() => void tryThem()}
        >
          Dry run
        </button>
      </div>
      <p class="refused" role="alert">
        {problem}
      </p>
      <div role="status">{run !== null && <Caught of={run} />}</div>
    </div>
  );
}

/** The dry run of all rules. */
export function DryRunDialog({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog title="Dry run of the rules" onClose={onClose}>
      <div class="dialog-body">
        <DryRun />
      </div>
      <div class="dialog-foot">
        <button type="button" class="button" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}

function Caught({ of: { tokens, count, caught } }: { readonly of: IntakeDryRun }) {
  const more = count - SHOWN;
  return (
    <>
      <p>
        <b>
          {fullNumber(count)} of {counted(tokens, "token")} caught
        </b>
      </p>
      <ul class="caught">
        {caught.slice(0, SHOWN).map(({ pointer, preview, rule, action }) => (
          <li key={pointer}>
            <code>{preview}</code> {intakeActionWord(action)}
            {rule !== null && ` by ${rule}`}
          </li>
        ))}
      </ul>
      {more > 0 && <p class="quiet">and {counted(more, "more", "more")}</p>}
    </>
  );
}

/** What is wrong with a token says at which line it stands. */
function placed(problem: ApiProblem): string {
  const [first] = problem.errors;
  return first?.pointer.startsWith("#/tokens/") ? first.detail : whyOf(problem);
}
