import type { FieldError } from "../api.ts";
import { levelWord, sourceWord } from "../words.ts";

const DESCRIPTION_CHARS = 255;
const SOURCES = ["custom", "github", "gitlab", "gitguardian", "scanner"];

/** The facts of a leak that people write. */
export interface Facts {
  readonly name: string;
  readonly description: string;
  readonly risk: number;
  readonly source: string;
}

export const noFacts: Facts = { name: "", description: "", risk: 5, source: "custom" };

interface FactFieldsProps {
  readonly facts: Facts;
  /** What is held against single fields, by their names. */
  readonly refusals: Readonly<Record<string, string>>;
  readonly onFacts: (facts: Facts) => void;
}

/** The fields for them, as they stand in a form. */
export function FactFields({ facts, refusals, onFacts }: FactFieldsProps) {
  const { name, description, risk, source } = facts;
  const level = levelOf(risk);
  const about = (field: string) => ({
    "aria-invalid": refusals[field] !== undefined,
    "aria-describedby": `leak-${field}-said`,
  });
  const refusal = (field: string) => (
    <p id={`leak-${field}-said`} class="refused">
      {refusals[field]}
    </p>
  );
  return (
    <>
      <div class="field">
        <label for="leak-name">Name</label>
        <input
          id="leak-name"
          value={name}
          maxLength={128}
          autocomplete="off"
          {...about("name")}
          onInput={({ currentTarget }) => onFacts({ ...facts, name: currentTarget.value })}
        />
        {refusal("name")}
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
          {...about("description")}
          onInput={({ currentTarget }) =>
            onFacts({ ...facts, description: currentTarget.value.replaceAll(/\s*\n\s*/g, " ") })
          }
        />
        {refusal("description")}
      </div>
      <div class="field">
        <label for="leak-risk">
          Risk
          <span class={`badge risk-${level}`}>
            <b>{risk}</b> {levelWord(level)}
          </span>
        </label>
        <input
          id="leak-risk"
          type="range"
          min={1}
          max={10}
          step={1}
          value={risk}
          aria-valuetext={`${risk}, ${levelWord(level)}`}
          onInput={({ currentTarget }) => onFacts({ ...facts, risk: Number(currentTarget.value) })}
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
          {...about("source")}
          onInput={({ currentTarget }) =>
            onFacts({ ...facts, source: currentTarget.value.trim().toLowerCase() })
          }
        />
        <datalist id="sources">
          {SOURCES.map((each) => (
            <option key={each} value={each}>
              {sourceWord(each)}
            </option>
          ))}
        </datalist>
        {refusal("source")}
      </div>
    </>
  );
}

/** What the API holds against single fields, by the field's name. */
export function fieldsOf(errors: readonly FieldError[]): Record<string, string> {
  return Object.fromEntries(errors.map(({ pointer, detail }) => [pointer.replace(/^#\//, ""), detail]));
}

/** As the API names it unless a tenant has drawn its own lines: a hint while one chooses. */
function levelOf(risk: number): string {
  if (risk >= 8) return "high";
  return risk >= 4 ? "medium" : "low";
}
