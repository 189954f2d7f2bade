import { useState } from "preact/hooks";
import { type ApiProblem, api } from "../api.ts";
import { Dialog, DialogForm } from "../parts/dialog.tsx";
import { Icon } from "../parts/icons.tsx";
import { say } from "../parts/said.tsx";
import type { Key, KeyMade } from "../shapes.ts";
import { roleWord } from "../words.ts";

const TENANT_ROLES = ["analyst", "administrator"];
const GLOBAL_ROLES = ["global_analyst", "global_administrator"];
const ENDS: readonly (readonly [string, number | null])[] = [
  ["never", null],
  ["in 7 days", 7],
  ["in 30 days", 30],
  ["in 90 days", 90],
  ["in a year", 365],
];

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
  const [days, setDays] = useState<number | null>(null);
  const [made, setMade] = useState<KeyMade | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const make = async (event: SubmitEvent) => {
    event.preventDefault();
    if (name.trim() === "") return setProblem("Give the key a name: whose it is, or what for.");
    const expiresAt = days === null ? null : new Date(Date.now() + days * 86_400_000).toISOString();
    try {
      setMade(await api<KeyMade>("POST", "/keys", { body: { name, role, expiresAt } }));
      onMade();
    } catch (error) {
      const { errors, message } = error as ApiProblem;
      setProblem(errors[0] === undefined ? message : `${message} ${errors[0].detail}`);
    }
  };
  if (made !== null) return <ShownOnce of={made} onClose={onClose} />;
  return (
    <DialogForm title="New key" label="Make key" problem={problem} onClose={onClose} onSubmit={make}>
      <div class="field">
        <label for="key-name">Name</label>
        <input
          id="key-name"
          value={name}
          maxLength={64}
          autocomplete="off"
          onInput={({ currentTarget }) => setName(currentTarget.value)}
        />
      </div>
      <div class="field">
        <label for="key-role">Role</label>
        <select id="key-role" value={role} onChange={({ currentTarget }) => setRole(currentTarget.value)}>
          {roles.map((each) => (
            <option key={each} value={each}>
              {roleWord(each)}
            </option>
          ))}
        </select>
        <p class="hint">
          {role.endsWith("analyst") ? "Sees everything but keys, and changes nothing." : "May do everything."}
        </p>
      </div>
      <div class="field">
        <label for="key-end">Expires</label>
        <select
          id="key-end"
          value={String(days ?? "")}
          onChange={({ currentTarget: { value } }) => setDays(value === "" ? null : Number(value))}
        >
          {ENDS.map(([word, each]) => (
            <option key={word} value={String(each ?? "")}>
              {word}
            </option>
          ))}
        </select>
      </div>
    </DialogForm>
  );
}

interface RotateProps {
  readonly of: Key;
  readonly scope: string | null;
  readonly onClose: () => void;
  readonly onMade: () => void;
}

const GRACES: readonly (readonly [string, number])[] = [
  ["at once", 0],
  ["after an hour", 3_600],
  ["after a day", 86_400],
  ["after 7 days", 604_800],
];

/** Gives a key a new secret and shows it once. */
export function RotateKey({ of: key, scope, onClose, onMade }: RotateProps) {
  const [graceSeconds, setGrace] = useState(0);
  const [made, setMade] = useState<KeyMade | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const rotate = async (event: SubmitEvent) => {
    event.preventDefault();
    try {
      setMade(
        await api<KeyMade>("POST", `/keys/${key.id}/rotate`, { query: { scope }, body: { graceSeconds } }),
      );
      onMade();
    } catch (error) {
      setProblem((error as ApiProblem).message);
    }
  };
  if (made !== null) return <ShownOnce of={made} onClose={onClose} />;
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
      <div class="field">
        <label for="grace">The old secret is refused</label>
        <select
          id="grace"
          value={String(graceSeconds)}
          onChange={({ currentTarget }) => setGrace(Number(currentTarget.value))}
        >
          {GRACES.map(([word, seconds]) => (
            <option key={word} value={String(seconds)}>
              {word}
            </option>
          ))}
        </select>
      </div>
    </DialogForm>
  );
}

/** The key itself, as it is never shown again. */
function ShownOnce({ of: made, onClose }: { readonly of: KeyMade; readonly onClose: () => void }) {
  const copy = () =>
    navigator.clipboard.writeText(made.key).then(
      () => say("The key is copied"),
      () => say("The browser does not let us copy; select the key instead", true),
    );
  return (
    <Dialog title={`The key of ${made.name}`} onClose={onClose}>
      <div class="dialog-body">
        <p class="consequence good">It is shown this once and kept nowhere. Put it where it is safe now.</p>
        <pre class="clear-key">
          <code>{made.key}</code>
        </pre>
      </div>
      <div class="dialog-foot">
        <button type="button" class="button" onClick={() => void copy()}>
          <Icon name="copy" size={16} /> Copy
        </button>
        <button type="button" class="button primary" onClick={onClose}>
          I have it
        </button>
      </div>
    </Dialog>
  );
}
