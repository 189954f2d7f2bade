import { useState } from "preact/hooks";
import { type ApiProblem, api, whyOf } from "../api.ts";
import { useLoaded } from "../loading.ts";
import { TextField } from "../parts/fields.tsx";
import { say } from "../parts/said.tsx";
import { Shown } from "../parts/states.tsx";
import { useSession } from "../session.tsx";
import type { Settings } from "../shapes.ts";
import { levelWord } from "../words.ts";

const RISK_MAX = 10;

/** Which risks are called high and medium in this tenant. */
export function LevelsCard() {
  const { mayChange } = useSession();
  const settings = useLoaded("settings", (signal) => api<Settings>("GET", "/settings", { signal }), true);
  return (
    <section class="card" aria-labelledby="levels">
      <h2 id="levels" class="card-head">
        Risk levels
      </h2>
      <Shown of={settings} lines={3}>
        {(value) =>
          mayChange ? (
            <LevelsForm key={value.version} of={value} onChanged={settings.reload} />
          ) : (
            <Bands {...value.levels} />
          )
        }
      </Shown>
    </section>
  );
}

function LevelsForm({ of: settings, onChanged }: { readonly of: Settings; readonly onChanged: () => void }) {
  const [high, setHigh] = useState(String(settings.levels.high));
  const [medium, setMedium] = useState(String(settings.levels.medium));
  const [problem, setProblem] = useState<string | null>(null);
  const levels = { high: Number(high), medium: Number(medium) };
  const isChanged = levels.high !== settings.levels.high || levels.medium !== settings.levels.medium;
  const save = async (event: SubmitEvent) => {
    event.preventDefault();
    try {
      await api("PATCH", "/settings", { body: { levels }, ifMatch: settings.version });
      say("The risk levels are changed");
      onChanged();
    } catch (error) {
      if ((error as ApiProblem).status !== 412) return setProblem(whyOf(error));
      say("Somebody else changed the settings a moment ago; they are shown as they are now", true);
      onChanged();
    }
  };
  return (
    <form class="levels" onSubmit={save} noValidate>
      <div class="field-pair">
        <TextField
          label="High from risk"
          type="number"
          min={3}
          max={RISK_MAX}
          value={high}
          onValue={setHigh}
        />
        <TextField
          label="Medium from risk"
          type="number"
          min={2}
          max={RISK_MAX - 1}
          value={medium}
          onValue={setMedium}
        />
      </div>
      <Bands {...levels} />
      <p class="refused" role="alert">
        {problem}
      </p>
      <div>
        <button type="submit" class="button" disabled={!isChanged}>
          Save levels
        </button>
      </div>
    </form>
  );
}

/** What each level then holds; nothing while the numbers make no sense. */
function Bands({ high, medium }: Settings["levels"]) {
  const isSound = medium >= 2 && high > medium && high <= RISK_MAX;
  if (!isSound) return <p class="quiet">Medium begins at 2 or above, and high above medium.</p>;
  const bands = [
    ["high", high, RISK_MAX],
    ["medium", medium, high - 1],
    ["low", 1, medium - 1],
  ] as const;
  return (
    <p class="bands">
      {bands.map(([level, from, to]) => (
        <span key={level} class={`badge risk-${level}`}>
          {levelWord(level)} <b>{from === to ? from : `${from} to ${to}`}</b>
        </span>
      ))}
    </p>
  );
}
