import { useRef, useState } from "preact/hooks";
import type { ApiProblem } from "./api.ts";
import { Icon } from "./parts/icons.tsx";
import { signIn, type Who } from "./session.tsx";

interface SignInProps {
  readonly hasEnded: boolean;
  readonly onSignedIn: (who: Who) => void;
}

/** Takes an access key for a session; the key is not kept anywhere in the page. */
export function SignIn({ hasEnded, onSignedIn }: SignInProps) {
  const field = useRef<HTMLInputElement>(null);
  const [isBusy, setBusy] = useState(false);
  const [refused, setRefused] = useState<string | null>(null);

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const key = field.current!.value.trim();
    if (key === "") return setRefused("Paste your access key first.");
    setBusy(true);
    try {
      const who = await signIn(key);
      field.current!.value = "";
      onSignedIn(who);
    } catch (error) {
      const { status, message } = error as ApiProblem;
      setRefused(
        status === 401 ? "This key is not valid. It may have been revoked or have expired." : message,
      );
      setBusy(false);
      field.current?.select();
    }
  };

  return (
    <main class="alone sign-in">
      <form onSubmit={submit} class="card" aria-labelledby="sign-in">
        <p class="brand">
          <Icon name="shield" size={28} /> Leakgate
        </p>
        <h1 id="sign-in">Sign in</h1>
        {hasEnded && <p role="status">Your session has ended. Sign in again to go on where you were.</p>}
        <label for="key">Access key</label>
        <input
          id="key"
          ref={field}
          type="password"
          autocomplete="current-password"
          spellcheck={false}
          placeholder="lgk_..."
          aria-invalid={refused !== null}
          aria-describedby="key-said"
        />
        <p id="key-said" class="refused" role="alert">
          {refused}
        </p>
        <button type="submit" class="button primary" disabled={isBusy}>
          {isBusy ? "Signing in" : "Sign in"}
        </button>
        <details>
          <summary>First time here?</summary>
          <p>
            When the gateway started for the first time, <code>leakgate serve</code> printed an
            administrator's key, once. It begins with <code>lgk_</code>. Paste it above.
          </p>
          <p>Is it lost? On the machine itself, this makes another:</p>
          <pre>
            <code>leakgate keys create --role administrator --data ./data</code>
          </pre>
          <p>Keys for colleagues are made on the page Keys and users.</p>
        </details>
      </form>
    </main>
  );
}
