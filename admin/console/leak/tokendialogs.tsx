import { useEffect, useState } from "preact/hooks";
import { refusedRows } from "../addleak/addleak.tsx";
import { focusInvalid, useLeaving } from "../addleak/leaving.tsx";
import { TokenRows } from "../addleak/tokenrows.tsx";
import { useTokens } from "../addleak/tokens.ts";
import { type ApiProblem, api, refusalsOf } from "../api.ts";
import { whyNot } from "../decide/decide.tsx";
import { type Decision, enforcementWords } from "../decide/decisions.ts";
import { bodyOf, GroundsFields, groundsOf } from "../decide/grounds.tsx";
import { DialogForm } from "../parts/dialog.tsx";
import { say } from "../parts/said.tsx";
import type { LeakChanged, LeakDetailed, Token } from "../shapes.ts";
import { counted } from "../words.ts";

/** What people may decide of one token alone. */
export type TokenDecision = Exclude<Decision, "vpatch">;

export const tokenDecisions: Readonly<Record<TokenDecision, { label: string; consequence: string }>> = {
  "mark-false": {
    label: "Mark this token as false",
    consequence:
      "You say that this one is no leaked token: requests with it pass. The rest of the leak stays as it is.",
  },
  close: {
    label: "Close this token",
    consequence:
      "You say that this one was revoked or rotated: requests with it pass. The rest of the leak stays as it is.",
  },
  reopen: {
    label: "Take the decision back",
    consequence: "The token is again as its leak is: while that is patched, requests with it are stopped.",
  },
};

interface TokenDialogProps {
  readonly leak: LeakDetailed;
  readonly onClose: () => void;
  readonly onChanged: () => void;
}

/** Asks before a decision about one token. */
export function DecideToken({
  leak: newest,
  token,
  decision,
  onClose,
  onChanged,
}: TokenDialogProps & { readonly token: Token; readonly decision: TokenDecision }) {
  const { label, consequence } = tokenDecisions[decision];
  const [leak] = useState(newest);
  const [grounds, setGrounds] = useState(() => groundsOf(null, null));
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const carryOut = async (event: SubmitEvent) => {
    event.preventDefault();
    const { until: _, ...body } = bodyOf(decision, grounds) as { until?: unknown };
    try {
      const changed = await api<LeakChanged>("POST", `/leaks/${leak.id}/tokens/${token.id}/${decision}`, {
        query: { wait: "enforced" },
        body,
        ifMatch: leak.version,
      });
      say(`Decided of ${token.preview}: ${enforcementWords(changed.enforcement)}`);
      onChanged();
      onClose();
    } catch (error) {
      setProblem(error as ApiProblem);
    }
  };
  return (
    <DialogForm
      title={`${label}?`}
      label={label}
      problem={problem && whyNot(problem)}
      onClose={onClose}
      onSubmit={carryOut}
    >
      <p class="decided-name">
        <code>{token.preview}</code>
      </p>
      <p class="consequence">{consequence}</p>
      <GroundsFields
        decision={decision}
        grounds={grounds}
        refusals={refusalsOf(problem?.errors ?? [])}
        onGrounds={setGrounds}
        isOfToken
      />
    </DialogForm>
  );
}

/** Adds tokens to a leak; if it is patched they are enforced with it. */
export function AddTokens({ leak, onClose, onChanged }: TokenDialogProps) {
  const [problem, setProblem] = useState<string | null>(null);
  const tokens = useTokens(() => setProblem(null));
  const [isBusy, setBusy] = useState(false);
  const { leave, question } = useLeaving(tokens.isFilled, onClose, tokens.typed);
  useEffect(() => focusInvalid(tokens.typed.current), [problem]);
  const add = async (event: SubmitEvent) => {
    event.preventDefault();
    const rows = await tokens.complete();
    if (typeof rows === "string") return setProblem(rows);
    setBusy(true);
    try {
      const changed = await api<LeakChanged>("POST", `/leaks/${leak.id}/tokens`, {
        query: { wait: "enforced" },
        body: { tokens: rows.map(({ text }) => text) },
      });
      tokens.setRows([]);
      const already = changed.already ?? 0;
      say(`${counted(changed.added ?? 0, "token")} added${already > 0 ? `, ${already} were there` : ""}`);
      onChanged();
      onClose();
    } catch (error) {
      const { message, errors } = error as ApiProblem;
      tokens.setRows(refusedRows(rows, errors));
      setProblem(message);
      setBusy(false);
    }
  };
  return (
    <>
      <DialogForm
        kind="panel"
        title={`Add tokens to ${leak.name}`}
        label="Add tokens"
        isBusy={isBusy}
        problem={problem}
        onClose={leave}
        onSubmit={add}
      >
        <TokenRows tokens={tokens} isInvalid={problem !== null && tokens.rows.length === 0} />
      </DialogForm>
      {question}
    </>
  );
}
