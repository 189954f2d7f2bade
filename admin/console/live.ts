import { useEffect, useRef } from "preact/hooks";
import { urlOf } from "./api.ts";
import { useEvery } from "./loading.ts";
import type { Event } from "./shapes.ts";

/** Many attempts in one breath ask for the counts once. */
const GATHER_MS = 400;
/** Changes that others make have no stream of their own. */
const LOOK_MS = 10_000;

/** Calls soon after attempts were stored, and now and then anyway. */
export function useLive(then: () => void): void {
  const latest = useRef(then);
  latest.current = then;
  const waiting = useRef<ReturnType<typeof setTimeout> | null>(null);
  useTail({}, () => {
    waiting.current ??= setTimeout(() => {
      waiting.current = null;
      latest.current();
    }, GATHER_MS);
  });
  useEvery(LOOK_MS, () => latest.current());
  useEffect(() => () => clearTimeout(waiting.current ?? undefined), []);
}

/** Hands over events as they are stored; `isOn` false stops it. The browser connects again by itself. */
export function useTail(
  filter: Readonly<Record<string, string>>,
  then: (event: Event) => void,
  isOn = true,
): void {
  const latest = useRef(then);
  latest.current = then;
  const url = urlOf("/events/tail", filter);
  useEffect(() => {
    if (!isOn) return;
    const source = new EventSource(url);
    const told = (message: MessageEvent<string>) => latest.current(JSON.parse(message.data) as Event);
    source.addEventListener("attempt", told);
    source.addEventListener("count", told);
    return () => source.close();
  }, [url, isOn]);
}
