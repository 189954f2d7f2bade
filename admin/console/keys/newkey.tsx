import { useState } from "preact/hooks";
import { api, whyOf } from "../api.ts";
import { DialogForm } from "../parts/dialog.tsx";
import { ChoiceField, TextField } from "../parts/fields.tsx";
import { ShownOnce } from "../parts/shownonce.tsx";
import type { Key, KeyMade } from "../shapes.ts";
import { roleWord } from "../words.ts";

const TENANT_ROLES = ["analyst", "administrator"];
const GLOBAL_ROLES = ["global_analyst", "global_administrator"];
/** Days; "" is never. */
const ENDS = { "": "never", 7: "in 7 days", 30: "in 30 days", 90: "in 90 days", 365: "in a year" };

interface NewKeyProps {
  readonly isForGlobal: boolean;
  readonly onClose: () => void;
  readonly onMade: () => void;
}

/** Makes a key and shows it once. */
export function NewKey({ isForGlobal, onClose, onMade }: NewKeyProps) {
  const roles = isForGlobal ? GLOBAL_ROLES : TENANT_ROLES;
  const [name, setName] = useState("");
  const [role, setRole] = useState(roles[0]!);
  const [days, setDays] = useState("");
  const [made, setMade] = useState<KeyMade | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const make = async (event: SubmitEvent) => {
    event.preventDefault();
    if (name.trim() === "") return setProblem("Give the key a name: whose it is, or what for.");
    const expiresAt = days === "" ? null : new Date(Date.now() + Number(days) * 86_400_000).toISOString();
    try {
      setMade(await api<KeyMade>("POST", "/keys", { body: { name, role, expiresAt } }));
      onMade();
    } catch (error) {
      setProblem(whyOf(error));
    }
  };
  if (made !== null)
    return <ShownOnce title={`The key of ${made.name}`} secret={made.key} onClose={onClose} />;
  return (
    <DialogForm title="New key" label="Make key" problem={problem} onClose={onClose} onSubmit={make}>
      <TextField label="Name" value={name} maxLength={64} onValue={setName} />
      <ChoiceField
        label="Role"
        value={role}
        choices={Object.fromEntries(roles.map((each) => [each, roleWord(each)]))}
        hint={
          role.endsWith("analyst") ? "Sees everything but keys, and changes nothing." : "May do everything."
        }
        onValue={setRole}
      />
      <ChoiceField label="Expires" value={days} choices={ENDS} onValue={setDays} />
    </DialogForm>
  );
}

interface RotateProps {
  readonly of: Key;
  readonly scope: string | null;
  readonly onClose: () => void;
  readonly onMade: () => void;
}

/** Seconds. */
const GRACES = { 0: "at once", 3600: "after an hour", 86400: "after a day", 604800: "after 7 days" };

/** Gives a key a new secret and shows it once. */
export function RotateKey({ of: key, scope, onClose, onMade }: RotateProps) {
  const [graceSeconds, setGrace] = useState("0");
  const [made, setMade] = useState<KeyMade | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const rotate = async (event: SubmitEvent) => {
    event.preventDefault();
    try {
      setMade(
        await api<KeyMade>("POST", `/keys/${key.id}/rotate`, {
          query: { scope },
          body: { graceSeconds: Number(graceSeconds) },
        }),
      );
      onMade();
    } catch (error) {
      setProblem(whyOf(error));
    }
  };
  if (made !== null)
    return <ShownOnce title={`The key of ${made.name}`} secret={made.key} onClose={onClose} />;
  return (
    <DialogForm
      title={`Rotate ${key.name}?`}
      label="Rotate"
      problem={problem}
      onClose={onClose}
      onSubmit={rotate}
    >
      <p class="consequence">
        The key gets a new secret, shown once. Whoever signed in with it is signed out.
      </p>
      <ChoiceField
        label="The old secret is refused"
        value={graceSeconds}
        choices={GRACES}
        onValue={setGrace}
      />
    </DialogForm>
  );
}
