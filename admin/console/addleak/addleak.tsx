import { useEffect, useState } from "preact/hooks";
import { type ApiProblem, api, type FieldError } from "../api.ts";
import { Dialog } from "../parts/dialog.tsx";
import { say } from "../parts/said.tsx";
import type { Leak } from "../shapes.ts";
import { counted, levelWord, sourceWord } from "../words.ts";
import { type TokenRow, TokenRows } from "./tokenrows.tsx";

const DESCRIPTION_CHARS = 255;
const SOURCES = ["custom", "github", "gitlab", "gitguardian", "scanner"];

interface AddLeakProps {
  readonly onClose: () => void;
  readonly onAdded: (id: string) => void;
}

/** Registers a leak. Its clear tokens are in the panel alone, and gone from it with the answer. */
export function AddLeak({ onClose, onAdded }: AddLeakProps) {
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [risk, setRisk] = useState(5);
  const [source, setSource] = useState("custom");
  const [rows, setRows] = useState<readonly TokenRow[]>([]);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const [refusals, setRefusals] = useState<Readonly<Record<string, string>>>({});
  useEffect(() => () => setRows([]), []);

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const missing = { ...(name.trim() === "" ? { name: "Give it a name, so that others know it." } : {}) };
    setRefusals(missing);
    if (rows.length === 0) setProblem("Add at least one token.");
    if (rows.length === 0 || Object.keys(missing).length > 0) return;
    setBusy(true);
    setProblem(null);
    try {
      const body = { name, description, risk, source, tokens: rows.map(({ text }) => text) };
      const leak = await api<Leak>("POST", "/leaks", { body });
      setRows([]);
      say(`${leak.name} is registered with ${counted(leak.tokenCount, "token")}. Its tokens still pass.`);
      onAdded(leak.id);
    } catch (error) {
      const { message, errors } = error as ApiProblem;
      setProblem(message);
      setRefusals(fieldsOf(errors));
      setRows(refusedRows(rows, errors));
      setBusy(false);
    }
  };

  return (
    <Dialog kind="panel" title="Add leak" onClose={onClose}>
      <form onSubmit={submit} noValidate>
        <div class="dialog-body">
          <div class="field">
            <label for="leak-name">Name</label>
            <input
              id="leak-name"
              value={name}
              maxLength={128}
              autocomplete="off"
              aria-invalid={refusals.name !== undefined}
              aria-describedby="leak-name-said"
              onInput={({ currentTarget }) => setName(currentTarget.value)}
            />
            <p id="leak-name-said" class="refused">
              {refusals.name}
            </p>
          </div>
          <div class="field">
            <label for="leak-description">
              Description
              <span class="quiet">
                {description.length} / {DESCRIPTION_CHARS}
              </span>
            </label>
            <textarea
              id="leak-description"
              rows={3}
              value={description}
              maxLength={DESCRIPTION_CHARS}
              aria-invalid={refusals.description !== undefined}
              aria-describedby="leak-description-said"
              onInput={({ currentTarget }) =>
                setDescription(currentTarget.value.replaceAll(/\s*\n\s*/g, " "))
              }
            />
            <p id="leak-description-said" class="refused">
              {refusals.description}
            </p>
          </div>
          <div class="field">
            <label for="leak-risk">
              Risk
              <span class={`badge risk-${levelOf(risk)}`}>
                <b>{risk}</b> {levelWord(levelOf(risk))}
              </span>
            </label>
            <input
              id="leak-risk"
              type="range"
              min={1}
              max={10}
              step={1}
              value={risk}
              aria-valuetext={`${risk}, ${levelWord(levelOf(risk))}`}
              onInput={({ currentTarget }) => setRisk(Number(currentTarget.value))}
            />
          </div>
          <div class="field">
            <label for="leak-source">Source</label>
            <input
              id="leak-source"
              list="sources"
              value={source}
              maxLength={32}
              autocomplete="off"
              spellcheck={false}
              aria-invalid={refusals.source !== undefined}
              aria-describedby="leak-source-said"
              onInput={({ currentTarget }) => setSource(currentTarget.value.trim().toLowerCase())}
            />
            <datalist id="sources">
              {SOURCES.map((each) => (
                <option key={each} value={each}>
                  {sourceWord(each)}
                </option>
              ))}
            </datalist>
            <p id="leak-source-said" class="refused">
              {refusals.source}
            </p>
          </div>
          <TokenRows
            rows={rows}
            onRows={(next) => {
              setRows(next);
              setProblem(null);
            }}
          />
        </div>
        <div class="dialog-foot">
          <p class="refused foot-said" role="alert">
            {problem}
          </p>
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="button primary" disabled={isBusy}>
            {isBusy ? "Registering" : "Add leak"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** What the API holds against single fields, by the field's name. */
export function fieldsOf(errors: readonly FieldError[]): Record<string, string> {
  return Object.fromEntries(errors.map(({ pointer, detail }) => [pointer.replace(/^#\//, ""), detail]));
}

/** The rows, each with what the API holds against it. */
export function refusedRows(rows: readonly TokenRow[], errors: readonly FieldError[]): TokenRow[] {
  const byRow = new Map(errors.map(({ pointer, detail }) => [pointer, detail.replace(/^line \d+: /, "")]));
  return rows.map((row, at) => ({ ...row, refusal: byRow.get(`#/tokens/${at}`) ?? null }));
}

/** As the API names it unless a tenant has drawn its own lines: a hint while one chooses. */
function levelOf(risk: number): string {
  if (risk >= 8) return "high";
  return risk >= 4 ? "medium" : "low";
}
