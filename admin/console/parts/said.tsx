import { useEffect, useState } from "preact/hooks";
import { Icon } from "./icons.tsx";

interface Said {
  readonly text: string;
  readonly isProblem: boolean;
  readonly number: number;
}

const SHOWN_MS = 6_000;
let listener: (said: Said) => void = () => {};
let count = 0;

/** Tells everybody what came of something: in a corner for a while, and to screen readers. */
export function say(text: string, isProblem = false): void {
  count += 1;
  listener({ text, isProblem, number: count });
}

/** Where it is told; stands once, in the shell. */
export function Sayings() {
  const [said, setSaid] = useState<Said | null>(null);
  useEffect(() => {
    listener = setSaid;
    return () => {
      listener = () => {};
    };
  }, []);
  useEffect(() => {
    if (said === null) return;
    const timer = setTimeout(() => setSaid(null), said.isProblem ? SHOWN_MS * 2 : SHOWN_MS);
    return () => clearTimeout(timer);
  }, [said]);
  return (
    <div class="sayings" aria-live="polite">
      {said !== null && (
        <p key={said.number} class={said.isProblem ? "saying saying-problem" : "saying"}>
          <Icon name={said.isProblem ? "warning" : "check"} />
          <span>{said.text}</span>
          <button type="button" class="icon-button" aria-label="Dismiss" onClick={() => setSaid(null)}>
            <Icon name="close" size={14} />
          </button>
        </p>
      )}
    </div>
  );
}
