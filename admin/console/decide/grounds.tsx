import type { Rule } from "../shapes.ts";
import { type Decision, decisions } from "./decisions.ts";
import { UntilField } from "./until.tsx";

/** What goes with a decision, as it stands in the form. */
export interface Grounds {
  readonly mode: Rule["mode"];
  /** Of the rule's scope, with commas between. */
  readonly hosts: string;
  readonly methods: string;
  readonly until: string | null;
  readonly reason: string;
  readonly comment: string;
}

/** The form as it begins: as the rule in force is, if there is one. */
export function groundsOf(rule: Rule | null, until: string | null): Grounds {
  return {
    mode: rule?.mode ?? "block",
    hosts: rule?.scope.hosts?.join(", ") ?? "",
    methods: rule?.scope.methods?.join(", ") ?? "",
    until: rule === null ? null : until,
    reason: "",
    comment: "",
  };
}

const listOf = (text: string) =>
  text
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");

/** The form as the API takes it. */
export function bodyOf(decision: Decision, given: Grounds): object {
  const { mode, until, reason, comment } = given;
  const scope = { hosts: listOf(given.hosts), methods: listOf(given.methods) };
  return {
    ...(reason === "" ? {} : { reason }),
    ...(comment.trim() === "" ? {} : { comment }),
    ...(decision === "vpatch" ? { mode, scope } : {}),
    ...(decisions[decision].takesEnd ? { until } : {}),
  };
}

interface GroundsFieldsProps {
  readonly decision: Decision;
  readonly grounds: Grounds;
  /** What the API holds against single fields, by their names. */
  readonly refusals: Readonly<Record<string, string>>;
  readonly onGrounds: (grounds: Grounds) => void;
  /** A decision about a single token has neither an end nor a rule of its own. */
  readonly isOfToken?: boolean;
}

/** The fields for them. */
export function GroundsFields({ decision, grounds, refusals, onGrounds, isOfToken }: GroundsFieldsProps) {
  const { reasons, takesEnd } = decisions[decision];
  const change = (some: Partial<Grounds>) => onGrounds({ ...grounds, ...some });
  return (
    <>
      {decision === "vpatch" && <RuleFields grounds={grounds} refusals={refusals} onChange={change} />}
      {takesEnd && isOfToken !== true && (
        <UntilField
          label="Ends"
          endless="Not by itself"
          until={grounds.until}
          onUntil={(until) => change({ until })}
          hint="The leak is then opened again, without protection."
          refusal={refusals.until}
        />
      )}
      {Object.keys(reasons).length > 0 && (
        <div class="field">
          <label for="reason">Why</label>
          <select
            id="reason"
            value={grounds.reason}
            onChange={({ currentTarget }) => change({ reason: currentTarget.value })}
          >
            <option value="">not said</option>
            {Object.entries(reasons).map(([value, word]) => (
              <option key={value} value={value}>
                {word}
              </option>
            ))}
          </select>
        </div>
      )}
      <div class="field">
        <label for="comment">Comment, for the history</label>
        <textarea
          id="comment"
          rows={2}
          value={grounds.comment}
          maxLength={2000}
          aria-invalid={refusals.comment !== undefined}
          onInput={({ currentTarget }) => change({ comment: currentTarget.value })}
        />
        <p class="refused" role="alert">
          {refusals.comment}
        </p>
      </div>
    </>
  );
}

const MODES = [
  ["block", "Block", "answer 403, the upstream never hears of it"],
  ["monitor", "Monitor", "let pass, and record the attempt"],
] as const;
const SCOPES = [
  ["hosts", "Hosts", "api.example, *.shop.example"],
  ["methods", "Methods", "POST, PUT"],
] as const;

interface RuleFieldsProps {
  readonly grounds: Grounds;
  readonly refusals: Readonly<Record<string, string>>;
  readonly onChange: (some: Partial<Grounds>) => void;
}

/** What the rule does, and where. */
function RuleFields({ grounds, refusals, onChange }: RuleFieldsProps) {
  return (
    <>
      <fieldset class="modes">
        <legend>What the proxy does</legend>
        {MODES.map(([mode, word, effect]) => (
          <label key={mode} class="check">
            <input
              type="radio"
              name="mode"
              checked={grounds.mode === mode}
              onChange={() => onChange({ mode })}
            />
            <span>
              <b>{word}</b> <span class="quiet">{effect}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <details class="more-fields" open={grounds.hosts + grounds.methods !== ""}>
        <summary>Only for some hosts or methods</summary>
        {SCOPES.map(([field, word, example]) => (
          <div key={field} class="field">
            <label for={`scope-${field}`}>{word}</label>
            <input
              id={`scope-${field}`}
              value={grounds[field]}
              placeholder={`Every one; or ${example}`}
              autocomplete="off"
              spellcheck={false}
              aria-invalid={refusals[`scope/${field}`] !== undefined}
              onInput={({ currentTarget }) => onChange({ [field]: currentTarget.value })}
            />
            <p class="refused" role="alert">
              {refusals[`scope/${field}`]}
            </p>
          </div>
        ))}
      </details>
    </>
  );
}
