import { useState } from "preact/hooks";
import { type ApiProblem, api, refusalsOf } from "../api.ts";
import { DialogForm } from "../parts/dialog.tsx";
import { say } from "../parts/said.tsx";
import type { Source } from "../shapes.ts";
import { KINDS, PRESETS } from "./words.ts";

interface SourceFormProps {
  /** Null: a new one. */
  readonly of: Source | null;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

const OTHER = "other";
const RISKS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

/** Adds a source, or changes one; a credential that is typed goes out and never comes back. */
export function SourceForm({ of: source, onClose, onDone }: SourceFormProps) {
  const [kind, setKind] = useState<Source["kind"]>(source?.kind ?? "git");
  const [address, setAddress] = useState(source?.address ?? "");
  const [schedule, setSchedule] = useState(source === null ? "0 3 * * *" : source.schedule);
  const [isOther, setOther] = useState(
    source !== null && !PRESETS.some(([, each]) => each === source.schedule),
  );
  const [secret, setSecret] = useState("");
  const [risk, setRisk] = useState(source?.risk ?? null);
  const [assignments, setAssignments] = useState(source?.assignments ?? false);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const [refusals, setRefusals] = useState<Readonly<Record<string, string>>>({});
  const example = KINDS.find(([each]) => each === kind)?.[2];
  const takesSecret = ["git", "github", "gitlab", "gitea"].includes(kind);

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    setRefusals(address.trim() === "" ? { address: "Say where it is." } : {});
    if (address.trim() === "") return;
    setBusy(true);
    const credential = secret === "" ? {} : { credential: { secret } };
    const body = { address: address.trim(), schedule, risk, assignments, ...credential };
    try {
      if (source === null) await api("POST", "/sources", { body: { kind, ...body } });
      else await api("PATCH", `/sources/${source.id}`, { body });
      setSecret("");
      say(source === null ? "The source is watched from now on" : "The source is changed");
      onDone();
    } catch (error) {
      const { message, errors } = error as ApiProblem;
      setProblem(errors.length === 0 ? message : null);
      setRefusals(refusalsOf(errors));
      setBusy(false);
    }
  };
  const refused = (field: string) => (
    <p class="refused" role="alert">
      {refusals[field]}
    </p>
  );

  return (
    <DialogForm
      title={source === null ? "Add source" : "Change source"}
      label={source === null ? "Add source" : "Save"}
      isBusy={isBusy}
      problem={problem}
      onClose={onClose}
      onSubmit={submit}
    >
      {source === null && (
        <div class="field">
          <label for="source-kind">What it is</label>
          <select
            id="source-kind"
            value={kind}
            onChange={({ currentTarget }) => setKind(currentTarget.value as Source["kind"])}
          >
            {KINDS.map(([each, word]) => (
              <option key={each} value={each}>
                {word}
              </option>
            ))}
          </select>
        </div>
      )}
      <div class="field">
        <label for="source-address">Where it is</label>
        <input
          id="source-address"
          value={address}
          placeholder={example}
          maxLength={2048}
          autocomplete="off"
          spellcheck={false}
          onInput={({ currentTarget }) => setAddress(currentTarget.value)}
        />
        {refused("address")}
      </div>
      <div class="field">
        <label for="source-schedule">Looked at</label>
        <select
          id="source-schedule"
          value={isOther ? OTHER : (schedule ?? "")}
          onChange={({ currentTarget: { value } }) => {
            setOther(value === OTHER);
            if (value !== OTHER) setSchedule(value === "" ? null : value);
          }}
        >
          {PRESETS.map(([word, each]) => (
            <option key={word} value={each ?? ""}>
              {word}
            </option>
          ))}
          <option value={OTHER}>By a cron expression</option>
        </select>
        {isOther && (
          <input
            aria-label="Cron expression, in UTC"
            value={schedule ?? ""}
            placeholder="30 */6 * * *"
            maxLength={100}
            autocomplete="off"
            spellcheck={false}
            onInput={({ currentTarget }) => setSchedule(currentTarget.value)}
          />
        )}
        {refused("schedule")}
      </div>
      {takesSecret && (
        <div class="field">
          <label for="source-secret">Credential</label>
          <input
            id="source-secret"
            type="password"
            value={secret}
            placeholder={source?.credential ? "As it is" : "None"}
            autocomplete="off"
            spellcheck={false}
            onInput={({ currentTarget }) => setSecret(currentTarget.value)}
          />
          <p class="hint">A token that may read it, or user:password. It is sealed, and never shown again.</p>
          {refused("credential")}
        </div>
      )}
      <div class="field">
        <label for="source-risk">Risk of what is found</label>
        <select
          id="source-risk"
          value={String(risk ?? "")}
          onChange={({ currentTarget: { value } }) => setRisk(value === "" ? null : Number(value))}
        >
          <option value="">By how sure a finding is</option>
          {RISKS.map((each) => (
            <option key={each} value={String(each)}>
              {each}
            </option>
          ))}
        </select>
      </div>
      <label class="check">
        <input
          type="checkbox"
          checked={assignments}
          onChange={({ currentTarget }) => setAssignments(currentTarget.checked)}
        />
        Also values of names that sound secret; many of them are none
      </label>
    </DialogForm>
  );
}
