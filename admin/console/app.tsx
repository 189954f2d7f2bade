import { useCallback, useEffect, useState } from "preact/hooks";
import { ApiProblem, onSignedOut } from "./api.ts";
import { arrive } from "./location.ts";
import { Failed, Waiting } from "./parts/states.tsx";
import { type Who, whoIsThere } from "./session.tsx";
import { Shell } from "./shell.tsx";
import { SignIn } from "./signin.tsx";

type State =
  | { readonly kind: "asking" }
  | { readonly kind: "nobody"; readonly hasEnded: boolean }
  | { readonly kind: "somebody"; readonly who: Who }
  | { readonly kind: "failed"; readonly problem: ApiProblem };

/** The console: a sign-in, or the pages of who is signed in. */
export function App() {
  const [state, setState] = useState<State>({ kind: "asking" });
  const ask = useCallback(() => {
    setState({ kind: "asking" });
    whoIsThere().then(
      (who) => setState({ kind: "somebody", who }),
      (error: unknown) => {
        const problem = error instanceof ApiProblem ? error : new ApiProblem(0, String(error));
        setState(problem.status === 401 ? { kind: "nobody", hasEnded: false } : { kind: "failed", problem });
      },
    );
  }, []);
  useEffect(() => {
    onSignedOut(() => setState((before) => ({ kind: "nobody", hasEnded: before.kind === "somebody" })));
    ask();
  }, [ask]);

  const signedIn = (who: Who) => {
    arrive();
    setState({ kind: "somebody", who });
  };

  switch (state.kind) {
    case "asking":
      return (
        <main class="alone">
          <Waiting lines={3} />
        </main>
      );
    case "failed":
      return (
        <main class="alone">
          <Failed problem={state.problem} retry={ask} />
        </main>
      );
    case "nobody":
      return <SignIn hasEnded={state.hasEnded} onSignedIn={signedIn} />;
    case "somebody":
      return <Shell who={state.who} onSignedOut={() => setState({ kind: "nobody", hasEnded: false })} />;
  }
}
