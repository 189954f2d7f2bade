import type { ComponentChildren } from "preact";
import { type ApiProblem, whyOf } from "../api.ts";
import type { Loaded } from "../loading.ts";
import { Icon, type IconName } from "./icons.tsx";

interface NoticeProps {
  readonly icon: IconName;
  readonly title: string;
  readonly children?: ComponentChildren;
}

/** What stands where there is nothing to show: why, and what to do about it. */
export function Notice({ icon, title, children }: NoticeProps) {
  return (
    <div class="notice">
      <Icon name={icon} size={32} />
      <h2>{title}</h2>
      {children}
    </div>
  );
}

/** A call that failed, in the words of the API. */
export function Failed({ problem, retry }: { readonly problem: ApiProblem; readonly retry?: () => void }) {
  if (problem.status === 403)
    return (
      <Notice icon="shield" title="Not for this key">
        <p>{problem.message}</p>
      </Notice>
    );
  return (
    <div role="alert">
      <Notice icon="warning" title={problem.status === 404 ? "Not there" : "That did not work"}>
        <p>{whyOf(problem)}</p>
        {retry && (
          <button type="button" class="button" onClick={retry}>
            Try again
          </button>
        )}
      </Notice>
    </div>
  );
}

/** Grey lines where text will stand: of the size of what comes, so that nothing jumps. */
export function Waiting({ lines = 6 }: { readonly lines?: number }) {
  return (
    <div class="waiting" role="status">
      <span class="for-readers">Loading</span>
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} class="waiting-line" />
      ))}
    </div>
  );
}

interface ShownProps<T> {
  readonly of: Loaded<T>;
  readonly lines?: number;
  readonly children: (value: T) => ComponentChildren;
}

/** What was loaded, or how far it is. An older value stays in view while a newer one fails, with a word. */
export function Shown<T>({ of, lines, children }: ShownProps<T>) {
  const { value, problem, reload } = of;
  if (value === null)
    return problem === null ? <Waiting lines={lines ?? 6} /> : <Failed problem={problem} retry={reload} />;
  return (
    <>
      {problem !== null && (
        <p class="stale" role="alert">
          Not up to date: {problem.message}{" "}
          <button type="button" class="link" onClick={reload}>
            Try again
          </button>
        </p>
      )}
      <div class="shown" aria-busy={of.isOld}>
        {children(value)}
      </div>
    </>
  );
}
