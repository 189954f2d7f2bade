import { useEffect, useState } from "preact/hooks";

const TICK_MS = 30_000;
const listeners = new Set<() => void>();
setInterval(() => {
  if (!document.hidden) for (const listener of listeners) listener();
}, TICK_MS);

/** Draws again twice a minute: *just now* shall not stand there for an hour. */
export function useMinutes(): void {
  const [, again] = useState(0);
  useEffect(() => {
    const listener = () => again((count) => count + 1);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
}
