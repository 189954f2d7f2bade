import { useState } from "preact/hooks";
import { type ApiProblem, api, whyOf } from "../../api.ts";
import { DialogForm } from "../../parts/dialog.tsx";
import { ChoiceField, TextField } from "../../parts/fields.tsx";
import { say } from "../../parts/said.tsx";
import { ShownOnce } from "../../parts/shownonce.tsx";
import type { Destination, DestinationMade, Trigger } from "../../shapes.ts";
import { TriggersField, usualTrigger } from "./triggers.tsx";

/** What the kinds are called. */
export const kindWords: Readonly<Record<string, string>> = {
  webhook: "Webhook",
  slack: "Slack",
  email: "E-mail",
};

interface DestinationFormProps {
  /** Null makes a new one. */
  readonly of: Destination | null;
  readonly sendsMail: boolean;
  readonly onClose: () => void;
  readonly onChanged: () => void;
}

/** Makes a destination, or changes one; its kind stays. The secret of a webhook is shown once. */
export function DestinationForm({ of: destination, sendsMail, onClose, onChanged }: DestinationFormProps) {
  const [kind, setKind] = useState(destination?.kind ?? "webhook");
  const [name, setName] = useState(destination?.name ?? "");
  // That of Slack is a secret, and is not shown: empty, it stays.
  const [url, setUrl] = useState(destination?.url ?? "");
  const [to, setTo] = useState(destination?.to?.join("\n") ?? "");
  const [triggers, setTriggers] = useState<readonly Trigger[]>(
    destination?.triggers ?? [usualTrigger("new_leak")],
  );
  const [problem, setProblem] = useState<string | null>(null);
  const [made, setMade] = useState<DestinationMade | null>(null);

  const place = () => {
    if (kind === "email") return { to: to.split(/[\s,;]+/).filter((address) => address !== "") };
    return url === "" && destination !== null ? {} : { url: url.trim() };
  };
  const send = async (event: SubmitEvent) => {
    event.preventDefault();
    try {
      const body = { name, triggers, ...place() };
      if (destination !== null) {
        const { id, version } = destination;
        await api("PATCH", `/notifications/${id}`, { body, ifMatch: version });
        say(`${name} is changed`);
      } else {
        const answer = await api<DestinationMade>("POST", "/notifications", { body: { kind, ...body } });
        say(`${name} is made`);
        if (answer.secret !== null) {
          onChanged();
          return setMade(answer);
        }
      }
      onChanged();
      onClose();
    } catch (error) {
      const isStale = (error as ApiProblem).status === 412;
      setProblem(
        isStale ? "Somebody changed it a moment ago; close this and look at it again." : whyOf(error),
      );
    }
  };

  if (made !== null)
    return (
      <ShownOnce title={`The signing secret of ${made.name}`} secret={made.secret ?? ""} onClose={onClose} />
    );
  const kinds = Object.entries(kindWords).filter(([each]) => each !== "email" || sendsMail);
  return (
    <DialogForm
      kind="panel"
      title={destination === null ? "New destination" : `Change ${destination.name}`}
      label={destination === null ? "Make destination" : "Save"}
      problem={problem}
      onClose={onClose}
      onSubmit={send}
    >
      {destination === null && (
        <ChoiceField
          label="Kind"
          value={kind}
          choices={Object.fromEntries(kinds)}
          hint={sendsMail ? undefined : "E-mail is absent: no mail server is configured (admin.smtp)."}
          onValue={setKind}
        />
      )}
      <TextField label="Name" value={name} maxLength={64} placeholder="on call" onValue={setName} />
      {kind === "email" ? (
        <TextField label="Addresses, one a line" rows={3} value={to} onValue={setTo} />
      ) : (
        <TextField
          label="Address"
          value={url}
          maxLength={2_048}
          placeholder={
            kind === "slack" ? "https://hooks.slack.com/services/..." : "https://hooks.example/leakgate"
          }
          hint={kind === "slack" ? slackHint(destination) : "Messages are signed; the secret is shown once."}
          onValue={setUrl}
        />
      )}
      <TriggersField triggers={triggers} onTriggers={setTriggers} />
    </DialogForm>
  );
}

function slackHint(destination: Destination | null): string {
  const secret = "An incoming webhook of Slack. It is a secret: it is stored encrypted, and never shown.";
  return destination === null ? secret : `${secret} Empty, it stays as it is, at ${destination.host}.`;
}
