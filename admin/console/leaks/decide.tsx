import { useState } from "preact/hooks";
import type { ApiProblem } from "../api.ts";
import { DialogForm } from "../parts/dialog.tsx";
import { say } from "../parts/said.tsx";
import type { Leak, LeakChanged } from "../shapes.ts";
import { counted } from "../words.ts";
import { type Decision, decide, decisions } from "./decisions.ts";
import { PreviewWords } from "./preview.tsx";

interface DecideProps {
  readonly leaks: readonly Leak[];
  readonly decision: Decision;
  readonly onClose: () => void;
  /** Called when all is done. */
  readonly onDecided: (last: LeakChanged) => void;
}

/** Asks before a decision, in words that say what follows from it. */
export function DecideDialog({ leaks, decision, onClose, onDecided }: DecideProps) {
  const words = decisions[decision];
  const [mode, setMode] = useState("block");
  const [reason, setReason] = useState("");
  const [comment, setComment] = useState("");
  const [done, setDone] = useState<number | null>(null);
  const [refusals, setRefusals] = useState<readonly string[]>([]);
  const tokens = leaks.reduce((sum, { tokenCount }) => sum + tokenCount, 0);
  const [first] = leaks;

  const carryOut = async (event: SubmitEvent) => {
    event.preventDefault();
    const refused: string[] = [];
    let last: LeakChanged | null = null;
    setDone(0);
    const grounds = {
      ...(reason === "" ? {} : { reason }),
      ...(comment.trim() === "" ? {} : { comment }),
      ...(decision === "vpatch" ? { mode } : {}),
    };
    for (const [at, leak] of leaks.entries()) {
      try {
        last = await decide(leak, decision, grounds);
      } catch (error) {
        const { status, message } = error as ApiProblem;
        const why = status === 412 ? "somebody changed it a moment ago; look at it again first" : message;
        refused.push(leaks.length === 1 ? why : `${leak.name}: ${why}`);
      }
      setDone(at + 1);
    }
    const made = leaks.length - refused.length;
    if (last !== null) {
      const how = last.enforcement.enforced ? "enforced by every worker" : last.enforcement.detail;
      say(`${words.done}${leaks.length > 1 ? ` on ${counted(made, "leak")}` : ""}: ${how}`);
      onDecided(last);
    }
    if (refused.length === 0) return onClose();
    setRefusals(refused);
    setDone(null);
  };

  return (
    <DialogForm
      title={words.title(leaks.length)}
      label={words.label}
      isBusy={done !== null || refusals.length > 0}
      foot={
        done !== null &&
        leaks.length > 1 && (
          <span class="quiet" role="status">
            {done} of {leaks.length}
          </span>
        )
      }
      onClose={onClose}
      onSubmit={carryOut}
    >
      {leaks.length === 1 && first && <p class="decided-name">{first.name}</p>}
      <p class={words.protects ? "consequence good" : "consequence"}>{words.consequence(tokens)}</p>
      {decision === "vpatch" && leaks.length === 1 && first && <PreviewWords leak={first.id} />}
      {decision === "vpatch" && (
        <fieldset class="modes">
          <legend>What the proxy does</legend>
          <label class="check">
            <input type="radio" name="mode" checked={mode === "block"} onChange={() => setMode("block")} />
            <span>
              <b>Block</b> <span class="quiet">answer 403, the upstream never hears of it</span>
            </span>
          </label>
          <label class="check">
            <input
              type="radio"
              name="mode"
              checked={mode === "monitor"}
              onChange={() => setMode("monitor")}
            />
            <span>
              <b>Monitor</b> <span class="quiet">let pass, and record the attempt</span>
            </span>
          </label>
        </fieldset>
      )}
      {Object.keys(words.reasons).length > 0 && (
        <div class="field">
          <label for="reason">Why</label>
          <select id="reason" value={reason} onChange={({ currentTarget }) => setReason(currentTarget.value)}>
            <option value="">not said</option>
            {Object.entries(words.reasons).map(([value, word]) => (
              <option key={value} value={value}>
                {word}
              </option>
            ))}
          </select>
        </div>
      )}
      <div class="field">
        <label for="comment">Comment, for the history</label>
        <textarea
          id="comment"
          rows={2}
          value={comment}
          maxLength={2000}
          onInput={({ currentTarget }) => setComment(currentTarget.value)}
        />
      </div>
      {refusals.length > 0 && (
        <ul class="refused" role="alert">
          {refusals.map((text) => (
            <li key={text}>{text}</li>
          ))}
        </ul>
      )}
    </DialogForm>
  );
}
