import { api } from "../api.ts";
import { useLoaded } from "../loading.ts";
import type { Settings } from "../shapes.ts";
import { levelWord, sourceWord } from "../words.ts";
import { type Facts, oneLine, sourceName } from "./facts.ts";

const DESCRIPTION_CHARS = 255;
const SOURCES = ["custom", "github", "gitlab", "gitguardian", "scanner"];

/** Facts that not every leak has: how they are called, and how they look. */
const MORE = [
  ["sourceUrl", "Address where it leaked", "https://git.example/team/service/blob/main/.env#L3", 2_048],
  ["sourceAuthor", "Who put it there", "", 128],
  ["target", "What the tokens open", "The billing API", 128],
  ["assignee", "Who looks after it", "", 64],
] as const;

interface FactFieldsProps {
  readonly facts: Facts;
  /** What is held against single fields, by their names. */
  readonly refusals: Readonly<Record<string, string>>;
  readonly onFacts: (facts: Facts) => void;
}

/** The fields for them, as they stand in a form. */
export function FactFields({ facts, refusals, onFacts }: FactFieldsProps) {
  const { name, description, risk, source } = facts;
  const level = useLevelOf()(risk);
  const change = (some: Partial<Facts>) => onFacts({ ...facts, ...some });
  const about = (field: string) => ({
    "aria-invalid": refusals[field] !== undefined,
    "aria-describedby": `leak-${field}-said`,
  });
  const refusal = (field: string) => (
    <p id={`leak-${field}-said`} class="refused">
      {refusals[field]}
    </p>
  );
  const hasMore = MORE.some(([field]) => facts[field] !== "" || refusals[field] !== undefined);
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
          onInput={({ currentTarget }) => change({ name: currentTarget.value })}
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
          onInput={({ currentTarget }) => change({ description: currentTarget.value })}
          onBlur={() => change({ description: oneLine(description) })}
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
          onInput={({ currentTarget }) => change({ risk: Number(currentTarget.value) })}
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
          onInput={({ currentTarget }) => change({ source: currentTarget.value })}
          onBlur={() => change({ source: sourceName(source) })}
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
      <details class="more-fields" open={hasMore || facts.sourceAt !== ""}>
        <summary>Where and when it leaked, what it opens, who looks after it</summary>
        {MORE.map(([field, word, example, chars]) => (
          <div key={field} class="field">
            <label for={`leak-${field}`}>{word}</label>
            <input
              id={`leak-${field}`}
              value={facts[field]}
              placeholder={example}
              maxLength={chars}
              autocomplete="off"
              {...about(field)}
              onInput={({ currentTarget }) => change({ [field]: currentTarget.value })}
            />
            {refusal(field)}
          </div>
        ))}
        <div class="field">
          <label for="leak-sourceAt">When it leaked, in your time</label>
          <input
            id="leak-sourceAt"
            type="datetime-local"
            value={facts.sourceAt}
            {...about("sourceAt")}
            onInput={({ currentTarget }) => change({ sourceAt: currentTarget.value })}
          />
          {refusal("sourceAt")}
        </div>
      </details>
    </>
  );
}

/** What level a risk is of, as the tenant draws the lines; as they are drawn unless it did, until that is known. */
function useLevelOf(): (risk: number) => "high" | "medium" | "low" {
  const settings = useLoaded("settings", (signal) => api<Settings>("GET", "/settings", { signal }));
  const { high, medium } = settings.value?.levels ?? { high: 8, medium: 4 };
  return (risk) => (risk >= high ? "high" : risk >= medium ? "medium" : "low");
}
