import { useId, useState } from "preact/hooks";
import { type ApiProblem, api, refusalsOf } from "../api.ts";
import { DialogForm } from "../parts/dialog.tsx";
import { say } from "../parts/said.tsx";
import type { ReportTaken } from "../shapes.ts";
import { counted } from "../words.ts";
import { Outcome } from "./outcome.tsx";

/** What people call the formats; `auto` tells them apart. */
const FORMATS: readonly (readonly [name: string, word: string])[] = [
  ["auto", "Told from the report"],
  ["gitleaks", "gitleaks, JSON"],
  ["gitleaks-csv", "gitleaks, CSV"],
  ["sarif", "gitleaks, SARIF"],
  ["trufflehog", "TruffleHog, JSON lines"],
  ["detect-secrets", "detect-secrets, baseline"],
  ["github-alerts", "GitHub, secret-scanning alerts"],
  ["gitlab", "GitLab, secret-detection report"],
  ["lines", "Tokens, one a line"],
  ["csv", "CSV, by its columns"],
];

/** By the end of a file's name; all else is sent as plain text. The report itself tells which format it has. */
const TYPES: readonly (readonly [end: RegExp, type: string])[] = [
  [/\.sarif(?:\.json)?$/i, "application/sarif+json"],
  [/\.(?:json|baseline)$/i, "application/json"],
  [/\.(?:ndjson|jsonl)$/i, "application/x-ndjson"],
  [/\.csv$/i, "text/csv"],
];

interface ImportReportProps {
  readonly onClose: () => void;
  /** Called when something came in. */
  readonly onImported: () => void;
}

/** Sends another scanner's report as it is, and shows what became of it. The file is not kept. */
export function ImportReport({ onClose, onImported }: ImportReportProps) {
  const id = useId();
  const [file, setFile] = useState<File | null>(null);
  const [format, setFormat] = useState("auto");
  const [source, setSource] = useState("");
  const [map, setMap] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const [taken, setTaken] = useState<ReportTaken | null>(null);
  const refusals = refusalsOf(problem?.errors ?? []);

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (taken !== null) return onClose();
    if (file === null) return;
    setBusy(true);
    setProblem(null);
    try {
      const query = { format, source: source.trim(), map: map.trim() };
      const type = TYPES.find(([end]) => end.test(file.name))?.[1] ?? "text/plain";
      const came = await api<ReportTaken>("POST", "/intake/reports", {
        query,
        file: { type, content: file },
      });
      setTaken(came);
      say(`The report is taken in: ${counted(came.leaks, "new leak")}.`);
    } catch (error) {
      setProblem(error as ApiProblem);
    }
    setBusy(false);
    // Of a report that breaks off, what stood before is in.
    onImported();
  };

  return (
    <DialogForm
      title="Import report"
      label={taken !== null ? "Done" : isBusy ? "Importing" : "Import report"}
      isBusy={isBusy || file === null}
      problem={problem?.message ?? null}
      onClose={onClose}
      onSubmit={submit}
    >
      {taken !== null ? (
        <Outcome taken={taken} onGo={onClose} />
      ) : (
        <>
          <p class="consequence">
            What another scanner found becomes leaks, opened, for people to decide about. What is known
            already stays as it is.
          </p>
          <div class="field">
            <label for={`${id}-file`}>Report</label>
            <input
              id={`${id}-file`}
              type="file"
              onChange={({ currentTarget }) => setFile(currentTarget.files?.[0] ?? null)}
            />
          </div>
          <div class="field">
            <label for={`${id}-format`}>Format</label>
            <select
              id={`${id}-format`}
              value={format}
              onChange={({ currentTarget }) => setFormat(currentTarget.value)}
            >
              {FORMATS.map(([name, word]) => (
                <option key={name} value={name}>
                  {word}
                </option>
              ))}
            </select>
            <p class="refused">{refusals.format}</p>
          </div>
          <div class="field">
            <label for={`${id}-map`}>Columns of a CSV</label>
            <input
              id={`${id}-map`}
              value={map}
              placeholder="token=secret,path=file,line=start_line"
              autocomplete="off"
              spellcheck={false}
              onInput={({ currentTarget }) => setMap(currentTarget.value)}
            />
            <p class="refused">{refusals.map}</p>
          </div>
          <div class="field">
            <label for={`${id}-source`}>Source</label>
            <input
              id={`${id}-source`}
              value={source}
              maxLength={32}
              placeholder="The scanner"
              autocomplete="off"
              spellcheck={false}
              onInput={({ currentTarget }) => setSource(currentTarget.value.toLowerCase())}
            />
            <p class="refused">{refusals.source}</p>
          </div>
        </>
      )}
    </DialogForm>
  );
}
