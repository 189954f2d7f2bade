import { useEffect, useState } from "preact/hooks";
import type { ApiProblem } from "../api.ts";
import { SessionsCard } from "../keys/sessions.tsx";
import { Confirm } from "../parts/dialog.tsx";
import { say } from "../parts/said.tsx";
import { PageHead } from "../parts/small.tsx";
import { removeSamples } from "../samples/samples.ts";
import { SamplesButton } from "../samples/samplesbutton.tsx";
import { useSession } from "../session.tsx";
import { chooseTheme, chosenTheme, onTheme, type Theme } from "../theme.ts";
import { counted } from "../words.ts";
import { DestinationsCard } from "./destinations/destinations.tsx";
import { IntakeRulesCard } from "./intake/intakerules.tsx";
import { LevelsCard } from "./levels.tsx";
import { TenantsCard } from "./tenants.tsx";

/** What one can set: for oneself, for the tenant, and over all tenants. */
export function SettingsPage() {
  const { mayChange, isGlobal } = useSession();
  return (
    <>
      <PageHead title="Settings" />
      <div class="settings">
        <Appearance />
        <LevelsCard />
        {mayChange && <Samples />}
        {isGlobal && <TenantsCard />}
      </div>
      <DestinationsCard />
      <IntakeRulesCard />
      {!mayChange && <SessionsCard />}
    </>
  );
}

function Appearance() {
  const [shown, setShown] = useState(chosenTheme());
  useEffect(() => onTheme(() => setShown(chosenTheme())), []);
  const themes: readonly (readonly [Theme | null, string])[] = [
    [null, "As the system"],
    ["light", "Light"],
    ["dark", "Dark"],
  ];
  return (
    <section class="card" aria-labelledby="appearance">
      <h2 id="appearance" class="card-head">
        Colours
      </h2>
      <fieldset class="modes">
        <legend class="for-readers">Colours of the console in this browser</legend>
        {themes.map(([value, word]) => (
          <label key={value} class="check">
            <input type="radio" name="theme" checked={shown === value} onChange={() => chooseTheme(value)} />
            {word}
          </label>
        ))}
      </fieldset>
    </section>
  );
}

function Samples() {
  const [isRemoving, setRemoving] = useState(false);
  return (
    <section class="card" aria-labelledby="samples">
      <h2 id="samples" class="card-head">
        Sample leaks
      </h2>
      <p>
        Three leaks with made-up tokens, to look around with. They are leaks like any other, of the source
        Sample.
      </p>
      <div class="card-acts">
        <SamplesButton onChanged={() => {}} />
        <button type="button" class="button" onClick={() => setRemoving(true)}>
          Remove them
        </button>
      </div>
      {isRemoving && (
        <Confirm
          title="Remove the sample leaks?"
          consequence="All leaks of the source Sample that are open or patched are marked false, and enforced no more. The list keeps them as Marked false: nothing is ever deleted."
          label="Remove"
          onClose={() => setRemoving(false)}
          onConfirmed={async () => {
            try {
              say(`${counted(await removeSamples(), "sample leak")} removed`);
            } catch (error) {
              throw new Error((error as ApiProblem).message);
            }
          }}
        />
      )}
    </section>
  );
}
