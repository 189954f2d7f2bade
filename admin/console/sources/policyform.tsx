import { useState } from "preact/hooks";
import { type ApiProblem, api, refusalsOf } from "../api.ts";
import { DialogForm } from "../parts/dialog.tsx";
import { say } from "../parts/said.tsx";

/** Decides beforehand about what is found; whatever is left empty does not count. */
export function PolicyForm({
  onClose,
  onMade,
}: {
  readonly onClose: () => void;
  readonly onMade: () => void;
}) {
  const [source, setSource] = useState("");
  const [kind, setKind] = useState("");
  const [riskMin, setRiskMin] = useState("");
  const [isVerified, setVerified] = useState(false);
  const [mode, setMode] = useState("block");
  const [problem, setProblem] = useState<string | null>(null);
  const [refusals, setRefusals] = useState<Readonly<Record<string, string>>>({});
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const body = {
      ...(source === "" ? {} : { source }),
      ...(kind === "" ? {} : { kind }),
      ...(riskMin === "" ? {} : { riskMin: Number(riskMin) }),
      ...(isVerified ? { verified: true } : {}),
      mode,
    };
    if (Object.keys(body).length === 1) return setProblem("Say of which findings: one of these at least.");
    try {
      await api("POST", "/intake/policies", { body });
      say("The policy counts from now on");
      onMade();
    } catch (error) {
      const { message, errors } = error as ApiProblem;
      setProblem(errors.length === 0 ? message : null);
      setRefusals(refusalsOf(errors));
    }
  };
  const field = (id: string, label: string, value: string, set: (text: string) => void, example: string) => (
    <div class="field">
      <label for={`policy-${id}`}>{label}</label>
      <input
        id={`policy-${id}`}
        value={value}
        placeholder={example}
        maxLength={64}
        autocomplete="off"
        spellcheck={false}
        onInput={({ currentTarget }) => set(currentTarget.value.trim().toLowerCase())}
      />
      <p class="refused" role="alert">
        {refusals[id]}
      </p>
    </div>
  );
  return (
    <DialogForm title="Make policy" label="Make policy" problem={problem} onClose={onClose} onSubmit={submit}>
      <p class="consequence">
        The leak of a token that nobody knew, and that all of this is true of, is patched as it comes in. What
        is common in traffic is left for people to decide.
      </p>
      {field("source", "Found in", source, setSource, "git, feed, github, ...")}
      {field("kind", "Kind of token", kind, setKind, "github, aws, the name of a format")}
      <div class="field">
        <label for="policy-risk">Risk</label>
        <select
          id="policy-risk"
          value={riskMin}
          onChange={({ currentTarget }) => setRiskMin(currentTarget.value)}
        >
          <option value="">Any</option>
          {[4, 5, 6, 7, 8, 9, 10].map((risk) => (
            <option key={risk} value={String(risk)}>
              {risk === 10 ? "10" : `${risk} or higher`}
            </option>
          ))}
        </select>
      </div>
      <label class="check">
        <input
          type="checkbox"
          checked={isVerified}
          onChange={({ currentTarget }) => setVerified(currentTarget.checked)}
        />
        Only where the source has tried that the token works
      </label>
      <div class="field">
        <label for="policy-mode">What happens</label>
        <select id="policy-mode" value={mode} onChange={({ currentTarget }) => setMode(currentTarget.value)}>
          <option value="block">Requests with it are blocked</option>
          <option value="monitor">Requests with it pass and are recorded</option>
        </select>
      </div>
    </DialogForm>
  );
}
