import { useState } from "preact/hooks";

const DAY_MS = 86_400_000;
const SPANS: readonly (readonly [days: number, word: string])[] = [
  [1, "For a day"],
  [7, "For 7 days"],
  [30, "For 30 days"],
];

interface UntilFieldProps {
  readonly label: string;
  /** What holds when no end is chosen. */
  readonly endless: string;
  /** When it ends, or null: never by itself. */
  readonly until: string | null;
  readonly onUntil: (until: string | null) => void;
  /** What follows when the end comes. */
  readonly hint: string;
  readonly refusal: string | undefined;
}

/** When something ends by itself: never, after some days, or at a time of one's own. */
export function UntilField({ label, endless, until, onUntil, hint, refusal }: UntilFieldProps) {
  const [choice, setChoice] = useState(until === null ? "never" : "own");
  const choose = (value: string) => {
    setChoice(value);
    if (value === "never") onUntil(null);
    else onUntil(new Date(Date.now() + (value === "own" ? 1 : Number(value)) * DAY_MS).toISOString());
  };
  return (
    <div class="field">
      <label for="until">{label}</label>
      <select id="until" value={choice} onChange={({ currentTarget }) => choose(currentTarget.value)}>
        <option value="never">{endless}</option>
        {SPANS.map(([days, word]) => (
          <option key={days} value={String(days)}>
            {word}
          </option>
        ))}
        <option value="own">Until a time of your own</option>
      </select>
      {choice === "own" && (
        <input
          type="datetime-local"
          aria-label="Ends at, in your time"
          value={until === null ? "" : localOf(until)}
          aria-invalid={refusal !== undefined}
          onInput={({ currentTarget: { value } }) => value !== "" && onUntil(new Date(value).toISOString())}
        />
      )}
      {choice !== "never" && <p class="hint">{hint}</p>}
      <p class="refused" role="alert">
        {refusal}
      </p>
    </div>
  );
}

/** As a field for a time takes it: in the clock of who looks, to the minute. */
export function localOf(iso: string): string {
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
