import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ApiProblem } from "./api.ts";

/** What is loaded: the newest value stays while the next one is on its way. */
export interface Loaded<T> {
  readonly value: T | null;
  readonly problem: ApiProblem | null;
  /** What is shown is of another key than what was asked for. */
  readonly isOld: boolean;
  /** Loads again; what is shown stays until then. */
  readonly reload: () => void;
}

/**
 * Loads whenever `key` changes; what was asked before is given up. A value of another key is not shown unless
 * `keepsOld`, as a list does while its filter changes.
 */
export function useLoaded<T>(
  key: string | null,
  load: (signal: AbortSignal) => Promise<T>,
  keepsOld = false,
): Loaded<T> {
  const [state, setState] = useState<{ key: string | null; value: T | null; problem: ApiProblem | null }>({
    key: null,
    value: null,
    problem: null,
  });
  const [turn, setTurn] = useState(0);
  const latest = useRef(load);
  latest.current = load;

  // biome's rule cannot know that a turn is what asks for another load.
  const asked = `${turn} ${key}`;
  useEffect(() => {
    if (key === null || asked === "") return;
    const gone = new AbortController();
    latest
      .current(gone.signal)
      .then((value) => !gone.signal.aborted && setState({ key, value, problem: null }))
      .catch((error: unknown) => {
        if (gone.signal.aborted) return;
        const problem = error instanceof ApiProblem ? error : new ApiProblem(0, String(error));
        setState((before) => ({ key, value: before.key === key ? before.value : null, problem }));
      });
    return () => gone.abort();
  }, [asked, key]);

  const reload = useCallback(() => setTurn((count) => count + 1), []);
  const isCurrent = state.key === key;
  return {
    value: isCurrent || keepsOld ? state.value : null,
    problem: isCurrent ? state.problem : null,
    isOld: !isCurrent && state.value !== null,
    reload,
  };
}

/** Calls again and again while somebody looks. */
export function useEvery(everyMs: number, then: () => void): void {
  const latest = useRef(then);
  latest.current = then;
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) latest.current();
    }, everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
}
