import { Link, When } from "../parts/small.tsx";
import type { HistoryEntry } from "../shapes.ts";
import { actionWord, actorWord, counted, statusWord } from "../words.ts";

interface HistoryProps {
  readonly leak: string;
  /** The newest hundred at most. */
  readonly entries: readonly HistoryEntry[];
}

/** What was done to the leak, newest first. */
export function HistoryCard({ leak, entries }: HistoryProps) {
  return (
    <section class="card" aria-labelledby="history">
      <div class="card-head">
        <h2 id="history">History</h2>
        <Link to={`/audit?subject=${leak}`}>In the journal</Link>
      </div>
      <ol class="history">
        {entries.map((entry) => (
          <li key={entry.revision}>
            <b>{actionWord(entry.action)}</b> by {actorWord(entry.actor)}
            <span class="quiet"> {changeWords(entry)}</span>
            {entry.comment !== undefined && <p class="said-why">{entry.comment}</p>}
            <When at={entry.at} />
          </li>
        ))}
      </ol>
    </section>
  );
}

/** Said better by the action's name, or by what stands beside it. */
const UNSAID = new Set(["rule", "version", "updatedAt", "tokenCount", "id", "createdAt"]);

/** What an entry changed: `risk 5 to 9`. */
export function changeWords({ before, after, tokens, token, reason }: HistoryEntry): string {
  const words =
    before === null
      ? []
      : Object.entries(after).flatMap(([field, value]) => changeOf(field, before[field], value));
  if (tokens !== undefined) words.push(counted(tokens.count, "token"));
  if (token !== undefined) words.push(`token ${token}`);
  if (reason !== undefined) words.push(`because: ${reason.replaceAll("_", " ")}`);
  return words.join(", ");
}

function changeOf(field: string, before: unknown, after: unknown): string[] {
  if (UNSAID.has(field) || JSON.stringify(before) === JSON.stringify(after)) return [];
  if (field === "status") return [`${statusWord(String(before))} to ${statusWord(String(after))}`];
  return [`${field} ${shown(before)} to ${shown(after)}`];
}

function shown(value: unknown): string {
  if (value === null || value === undefined || value === "") return "none";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
