import { useEffect, useState } from "preact/hooks";
import { type ApiProblem, api, type FieldError, refusalsOf } from "../api.ts";
import { DialogForm } from "../parts/dialog.tsx";
import { say } from "../parts/said.tsx";
import type { LeakRegistered } from "../shapes.ts";
import { counted } from "../words.ts";
import { FactFields } from "./factfields.tsx";
import { bodyOf, noFacts } from "./facts.ts";
import { type TokenRow, TokenRows } from "./tokenrows.tsx";

interface AddLeakProps {
  readonly onClose: () => void;
  readonly onAdded: (id: string) => void;
}

/** Registers a leak. Its clear tokens are in the panel alone, and gone from it with the answer. */
export function AddLeak({ onClose, onAdded }: AddLeakProps) {
  const [facts, setFacts] = useState(noFacts);
  const [rows, setRows] = useState<readonly TokenRow[]>([]);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const [refusals, setRefusals] = useState<Readonly<Record<string, string>>>({});
  useEffect(() => () => setRows([]), []);

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const isNameless = facts.name.trim() === "";
    setRefusals(isNameless ? { name: "Give it a name, so that others know it." } : {});
    setProblem(rows.length === 0 ? "Add at least one token." : null);
    if (rows.length === 0 || isNameless) return;
    setBusy(true);
    try {
      const body = { ...bodyOf(facts), tokens: rows.map(({ text }) => text) };
      const leak = await api<LeakRegistered>("POST", "/leaks", { body });
      setRows([]);
      const caution = leak.notices.length === 0 ? "" : " Look at what it says of them.";
      say(`${leak.name} is registered with ${counted(leak.tokenCount, "token")}. They still pass.${caution}`);
      onAdded(leak.id);
    } catch (error) {
      const { message, errors } = error as ApiProblem;
      setProblem(message);
      setRefusals(refusalsOf(errors));
      setRows(refusedRows(rows, errors));
      setBusy(false);
    }
  };

  return (
    <DialogForm
      kind="panel"
      title="Add leak"
      label={isBusy ? "Registering" : "Add leak"}
      isBusy={isBusy}
      problem={problem}
      onClose={onClose}
      onSubmit={submit}
    >
      <FactFields facts={facts} refusals={refusals} onFacts={setFacts} />
      <TokenRows
        rows={rows}
        onRows={(next) => {
          setRows(next);
          setProblem(null);
        }}
      />
    </DialogForm>
  );
}

/** The rows, each with what the API holds against it. */
export function refusedRows(rows: readonly TokenRow[], errors: readonly FieldError[]): TokenRow[] {
  const byRow = new Map(errors.map(({ pointer, detail }) => [pointer, detail.replace(/^line \d+: /, "")]));
  return rows.map((row, at) => ({ ...row, refusal: byRow.get(`#/tokens/${at}`) ?? null }));
}
