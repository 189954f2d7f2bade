import { useState } from "preact/hooks";
import { type ApiProblem, api, refusalsOf } from "../api.ts";
import { whyNot } from "../decide/decide.tsx";
import { enforcementWords } from "../decide/decisions.ts";
import { UntilField } from "../decide/until.tsx";
import { Confirm, DialogForm } from "../parts/dialog.tsx";
import { say } from "../parts/said.tsx";
import { useSession } from "../session.tsx";
import type { LeakChanged, LeakDetailed } from "../shapes.ts";
import { absoluteTime } from "../words.ts";

interface WatchProps {
  readonly leak: LeakDetailed;
  readonly onChanged: () => void;
}

/** Of a leak that is over: whether attempts with its tokens are still recorded. */
export function WatchSwitch({ leak, onChanged }: WatchProps) {
  const { mayChange } = useSession();
  /** The leak as it was when it was asked. */
  const [asked, setAsked] = useState<LeakDetailed | null>(null);
  const { watch } = leak;
  return (
    <div class="watch">
      <p class="quiet">
        {watch === null
          ? "Attempts with its tokens are not recorded."
          : `Attempts with its tokens pass, and are recorded${watch.until === null ? "" : ` until ${absoluteTime(watch.until)}`}.`}
      </p>
      {mayChange && (
        <button type="button" class="button small" onClick={() => setAsked(leak)}>
          {watch === null ? "Watch it" : "Watch it no longer"}
        </button>
      )}
      {asked !== null && asked.watch === null && (
        <WatchDialog leak={asked} onClose={() => setAsked(null)} onChanged={onChanged} />
      )}
      {asked !== null && asked.watch !== null && (
        <Confirm
          title="Watch it no longer?"
          consequence="Attempts with its tokens pass as before, and nothing tells of them any more."
          label="Watch it no longer"
          onClose={() => setAsked(null)}
          onConfirmed={async () => {
            await setWatch(asked, { on: false });
            onChanged();
          }}
        />
      )}
    </div>
  );
}

function WatchDialog({ leak, onClose, onChanged }: WatchProps & { readonly onClose: () => void }) {
  const [until, setUntil] = useState<string | null>(null);
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const watch = async (event: SubmitEvent) => {
    event.preventDefault();
    try {
      await setWatch(leak, { on: true, until });
      onChanged();
      onClose();
    } catch (error) {
      setProblem(error as ApiProblem);
    }
  };
  return (
    <DialogForm
      title="Watch this leak?"
      label="Watch it"
      problem={problem && whyNot(problem)}
      onClose={onClose}
      onSubmit={watch}
    >
      <p class="consequence">
        Nothing is blocked: requests with its tokens pass, and each is recorded as an event, so that you see
        whether anybody still uses them.
      </p>
      <UntilField
        label="Ends"
        endless="Not by itself"
        until={until}
        onUntil={setUntil}
        hint="Its attempts are not recorded after that."
        refusal={refusalsOf(problem?.errors ?? []).until}
      />
    </DialogForm>
  );
}

async function setWatch(leak: LeakDetailed, body: object): Promise<void> {
  const options = { query: { wait: "enforced" }, body, ifMatch: leak.version };
  const { enforcement, watch } = await api<LeakChanged>("POST", `/leaks/${leak.id}/watch`, options);
  say(`${watch === null ? "Watched no longer" : "Watched"}: ${enforcementWords(enforcement)}`);
}
