import { useEffect, useRef, useState } from "preact/hooks";
import type { ApiProblem } from "./api.ts";
import { useLoaded } from "./loading.ts";
import { setQuery, usePlace } from "./location.ts";
import { Icon } from "./parts/icons.tsx";
import { Waiting } from "./parts/states.tsx";
import { signIn, signInWays, type Who } from "./session.tsx";

interface SignInProps {
  readonly hasEnded: boolean;
  readonly onSignedIn: (who: Who) => void;
}

/** What became of a sign-in by the provider, by the word that the way back brings along (admin/oidcroutes.ts). */
const OUTCOMES: Readonly<Record<string, string>> = {
  expired: "That sign-in was not begun in this browser, or more than ten minutes ago. Begin again.",
  refused: "The provider did not vouch for you. Begin again, or sign in with a key.",
  no_role: "The provider knows you, but none of your groups has a role here. Ask an administrator for one.",
  limited: "Too many sign-ins from your address failed. Wait a minute, then begin again.",
  unreachable: "The provider cannot be reached now. Sign in with a key, or try again.",
};

/** Takes an access key for a session, or leads to the provider; the key is not kept anywhere in the page. */
export function SignIn({ hasEnded, onSignedIn }: SignInProps) {
  const ways = useLoaded("ways to sign in", signInWays);
  const outcome = usePlace().query.get("sign-in");
  const [said] = useState(outcome === null ? null : (OUTCOMES[outcome] ?? null));
  useEffect(() => {
    // It is said once, and not again when the page is loaded anew.
    if (outcome !== null) setQuery({ "sign-in": null }, true);
  }, [outcome]);
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

  // Nothing shall jump under the hands: the other ways stand before the key. Where they cannot be told, the key is left.
  if (ways.value === null && ways.problem === null)
    return (
      <main class="alone">
        <Waiting lines={3} />
      </main>
    );
  const oidc = ways.value?.oidc ?? null;
  return (
    <main class="alone sign-in">
      <form onSubmit={submit} class="card" aria-labelledby="sign-in">
        <p class="brand">
          <Icon name="shield" size={28} /> Leakgate
        </p>
        <h1 id="sign-in">Sign in</h1>
        {hasEnded && <p role="status">Your session has ended. Sign in again to go on where you were.</p>}
        {said !== null && (
          <p class="consequence" role="alert">
            {said}
          </p>
        )}
        {oidc !== null && (
          <>
            <a class="button primary" href={loginUrl()}>
              Sign in with {oidc.label}
            </a>
            <p class="or quiet">or</p>
          </>
        )}
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
        <button type="submit" class={oidc === null ? "button primary" : "button"} disabled={isBusy}>
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

/** The way to the provider, and from there back to where we are. */
function loginUrl(): string {
  // A backslash may stand in a query, and may not in what the gateway sends anybody on to.
  const back = (location.pathname + location.search).replaceAll("\\", "%5C");
  return `/auth/oidc/login?return=${encodeURIComponent(back)}`;
}
