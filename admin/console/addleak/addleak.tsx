import { useEffect, useState } from "preact/hooks";
import { type ApiProblem, api, type FieldError, refusalsOf } from "../api.ts";
import { DialogForm } from "../parts/dialog.tsx";
import { say } from "../parts/said.tsx";
import type { LeakRegistered } from "../shapes.ts";
import { counted } from "../words.ts";
import { FactFields } from "./factfields.tsx";
import { bodyOf, noFacts } from "./facts.ts";
import { focusInvalid, useLeaving } from "./leaving.tsx";
import { TokenRows } from "./tokenrows.tsx";
import { type TokenRow, useTokens } from "./tokens.ts";

interface AddLeakProps {
  readonly onClose: () => void;
  readonly onAdded: (id: string) => void;
}

/** Registers a leak. Its clear tokens are in the panel alone, and gone from it with the answer. */
export function AddLeak({ onClose, onAdded }: AddLeakProps) {
  const [facts, setFacts] = useState(noFacts);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const tokens = useTokens(() => setProblem(null));
  const [refusals, setRefusals] = useState<Readonly<Record<string, string>>>({});
  const { leave, question } = useLeaving(
    () => facts.name.trim() !== "" || tokens.isFilled(),
    onClose,
    tokens.typed,
  );
  useEffect(() => focusInvalid(tokens.typed.current), [refusals]);

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const rows = await tokens.complete();
    const refused: Record<string, string> = {};
    if (facts.name.trim() === "") refused.name = "Give it a name, so that others know it.";
    if (typeof rows === "string") refused.tokens = rows;
    setRefusals(refused);
    setProblem(Object.values(refused).join(" ") || null);
    if (typeof rows === "string" || refused.name !== undefined) return;
    setBusy(true);
    try {
      const body = { ...bodyOf(facts), tokens: rows.map(({ text }) => text) };
      const leak = await api<LeakRegistered>("POST", "/leaks", { body });
      tokens.setRows([]);
      const caution = leak.notices.length === 0 ? "" : " Look at what it says of them.";
      say(`${leak.name} is registered with ${counted(leak.tokenCount, "token")}. They still pass.${caution}`);
      onAdded(leak.id);
    } catch (error) {
      const { message, errors } = error as ApiProblem;
      tokens.setRows(refusedRows(rows, errors));
      setProblem(message);
      setRefusals(refusalsOf(errors));
      setBusy(false);
    }
  };

  // Of single tokens the API says at their rows what is wrong.
  const isTokenless =
    problem !== null && refusals.tokens !== undefined && tokens.rows.every(({ refusal }) => refusal === null);
  return (
    <>
      <DialogForm
        kind="panel"
        title="Add leak"
        label={isBusy ? "Registering" : "Add leak"}
        isBusy={isBusy}
        problem={problem}
        onClose={leave}
        onSubmit={submit}
      >
        <FactFields
          facts={facts}
          refusals={refusals}
          onFacts={(next) => {
            setFacts(next);
            setProblem(null);
          }}
        />
        <TokenRows tokens={tokens} isInvalid={isTokenless} />
      </DialogForm>
      {question}
    </>
  );
}

/** The rows, each with what the API holds against it. */
export function refusedRows(rows: readonly TokenRow[], errors: readonly FieldError[]): TokenRow[] {
  const byRow = new Map(errors.map(({ pointer, detail }) => [pointer, detail.replace(/^line \d+: /, "")]));
  return rows.map((row, at) => ({ ...row, refusal: byRow.get(`#/tokens/${at}`) ?? null }));
}
