import { Icon } from "../../parts/icons.tsx";
import type { Trigger } from "../../shapes.ts";
import { counted, fullNumber } from "../../words.ts";

type TriggerType = Trigger["type"];

const TYPES: Readonly<Record<TriggerType, string>> = {
  new_leak: "A leak is registered",
  undecided: "Nobody decides about a leak",
  first_attempt: "The first attempt since a leak was patched",
  attempts: "Many attempts on one leak",
  regression: "A token came back after its leak was closed",
  decision: "Somebody decides about a leak",
};

type NumberField = "riskMin" | "hours" | "count" | "minutes";

/** What each is asked, with the highest number it takes. */
const FIELDS: Readonly<
  Record<TriggerType, readonly { field: NumberField; label: string; max: number; usual: number }[]>
> = {
  new_leak: [{ field: "riskMin", label: "of risk, or higher", max: 10, usual: 1 }],
  undecided: [
    { field: "hours", label: "for hours", max: 8_760, usual: 24 },
    { field: "riskMin", label: "of risk, or higher", max: 10, usual: 8 },
  ],
  first_attempt: [],
  attempts: [
    { field: "count", label: "attempts", max: 1_000_000, usual: 100 },
    { field: "minutes", label: "within minutes", max: 1_440, usual: 5 },
  ],
  regression: [],
  decision: [],
};

/** When a destination is told, in one line. */
export function triggerWords({ type, riskMin = 1, hours = 0, count = 0, minutes = 0 }: Trigger): string {
  const risk = riskMin > 1 ? ` of risk ${riskMin} or higher` : "";
  switch (type) {
    case "new_leak":
      return `A leak${risk} is registered`;
    case "undecided":
      return `Nobody decides about a leak${risk} for ${counted(hours, "hour")}`;
    case "attempts":
      return `${fullNumber(count)} attempts on one leak within ${counted(minutes, "minute")}`;
    default:
      return TYPES[type];
  }
}

/** A trigger of the type with the numbers that are usual. */
export function usualTrigger(type: TriggerType): Trigger {
  return { type, ...Object.fromEntries(FIELDS[type].map(({ field, usual }) => [field, usual])) };
}

interface TriggersFieldProps {
  readonly triggers: readonly Trigger[];
  readonly onTriggers: (triggers: readonly Trigger[]) => void;
}

/** The triggers of a destination, a line each. */
export function TriggersField({ triggers, onTriggers }: TriggersFieldProps) {
  const change = (at: number, trigger: Trigger) => onTriggers(triggers.with(at, trigger));
  return (
    <fieldset class="triggers-field field">
      <legend>When it is told</legend>
      <ul class="triggers">
        {triggers.map((trigger, at) => (
          <li key={at}>
            <select
              aria-label={`Trigger ${at + 1}`}
              value={trigger.type}
              onChange={({ currentTarget }) => change(at, usualTrigger(currentTarget.value as TriggerType))}
            >
              {Object.entries(TYPES).map(([type, word]) => (
                <option key={type} value={type}>
                  {word}
                </option>
              ))}
            </select>
            <button
              type="button"
              class="icon-button"
              aria-label={`Remove trigger ${at + 1}`}
              onClick={() => onTriggers(triggers.toSpliced(at, 1))}
            >
              <Icon name="close" size={14} />
            </button>
            {FIELDS[trigger.type].map(({ field, label, max }) => (
              <label key={field} class="trigger-number">
                {label}
                <input
                  type="number"
                  min={1}
                  max={max}
                  value={trigger[field]}
                  onInput={({ currentTarget }) =>
                    change(at, { ...trigger, [field]: Number(currentTarget.value) })
                  }
                />
              </label>
            ))}
          </li>
        ))}
      </ul>
      <div>
        <button
          type="button"
          class="button small"
          onClick={() => onTriggers([...triggers, usualTrigger("new_leak")])}
        >
          <Icon name="plus" size={14} /> Add trigger
        </button>
      </div>
    </fieldset>
  );
}
