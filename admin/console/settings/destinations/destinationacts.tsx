import { useState } from "preact/hooks";
import { api, whyOf } from "../../api.ts";
import { Confirm, DialogForm } from "../../parts/dialog.tsx";
import { say } from "../../parts/said.tsx";
import { ShownOnce } from "../../parts/shownonce.tsx";
import type { Destination, DestinationMade } from "../../shapes.ts";

interface ActProps {
  readonly of: Destination;
  readonly onClose: () => void;
  readonly onChanged: () => void;
}

/** Gives a webhook a new signing secret, and shows it once. */
export function RotateDestination({ of: { id, name }, onClose, onChanged }: ActProps) {
  const [secret, setSecret] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const rotate = async (event: SubmitEvent) => {
    event.preventDefault();
    try {
      const made = await api<DestinationMade>("POST", `/notifications/${id}/rotate`);
      setSecret(made.secret);
      onChanged();
    } catch (error) {
      setProblem(whyOf(error));
    }
  };
  if (secret !== null)
    return <ShownOnce title={`The signing secret of ${name}`} secret={secret} onClose={onClose} />;
  return (
    <DialogForm
      title={`Rotate the secret of ${name}?`}
      label="Rotate"
      problem={problem}
      onClose={onClose}
      onSubmit={rotate}
    >
      <p class="consequence">
        The webhook gets a new signing secret, shown once. For a while messages are signed with both, so that
        the receiver can be changed in peace.
      </p>
    </DialogForm>
  );
}

/** Removes a destination, and its messages with it. */
export function RemoveDestination({ of: { id, name, version }, onClose, onChanged }: ActProps) {
  return (
    <Confirm
      title={`Remove ${name}?`}
      consequence="It is told nothing more. Its messages go with it, also those that still wait."
      label="Remove"
      onClose={onClose}
      onConfirmed={async () => {
        await api("DELETE", `/notifications/${id}`, { ifMatch: version });
        say(`${name} is removed`);
        onChanged();
      }}
    />
  );
}
