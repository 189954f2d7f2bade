import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
  /** What to know before one writes. */
  readonly hint?: ComponentChildren;
}

interface TextProps extends FieldProps {
  readonly type?: "text" | "number";
  readonly maxLength?: number;
  readonly min?: number;
  readonly max?: number;
  readonly step?: number | "any";
  readonly placeholder?: string;
  /** Several lines, of which so many are in view. */
  readonly rows?: number;
}

/** A labelled line to write in, or several. */
export function TextField({ label, value, onValue, hint, rows, type = "text", ...rest }: TextProps) {
  const id = useId();
  const given = {
    ...rest,
    id,
    value,
    autocomplete: "off",
    spellcheck: false,
    "aria-describedby": hint === undefined ? undefined : `${id}-hint`,
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {rows === undefined ? (
        <input
          {...given}
          type={type as "text"}
          onInput={({ currentTarget }) => onValue(currentTarget.value)}
        />
      ) : (
        <textarea {...given} rows={rows} onInput={({ currentTarget }) => onValue(currentTarget.value)} />
      )}
      <Hint id={id} text={hint} />
    </div>
  );
}

/** A labelled choice: each value with its word. */
export function ChoiceField({
  label,
  value,
  onValue,
  hint,
  choices,
}: FieldProps & { readonly choices: Readonly<Record<string, string>> }) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        value={value}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        onChange={({ currentTarget }) => onValue(currentTarget.value)}
      >
        {Object.entries(choices).map(([each, word]) => (
          <option key={each} value={each}>
            {word}
          </option>
        ))}
      </select>
      <Hint id={id} text={hint} />
    </div>
  );
}

function Hint({ id, text }: { readonly id: string; readonly text: ComponentChildren }) {
  if (text === undefined) return null;
  return (
    <p id={`${id}-hint`} class="hint">
      {text}
    </p>
  );
}
