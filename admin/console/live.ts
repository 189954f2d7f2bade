import { useEffect, useRef } from "preact/hooks";
import { urlOf } from "./api.ts";
import { useEvery } from "./loading.ts";
import type { Event } from "./shapes.ts";

/** The first attempt is looked at at once; many in one breath ask for the counts once more. */
const GATHER_MS = 500;
/** Changes that others make have no stream of their own. */
const LOOK_MS = 10_000;

/** Calls soon after attempts were stored, and now and then anyway. */
export function useLive(then: () => void): void {
  const latest = useRef(then);
  latest.current = then;
  const gathering = useRef<ReturnType<typeof setTimeout> | null>(null);
  const hasMore = useRef(false);
  const look = useRef(() => {
    latest.current();
    gathering.current = setTimeout(() => {
      gathering.current = null;
      if (!hasMore.current) return;
      hasMore.current = false;
      look.current();
    }, GATHER_MS);
  });
  useTail({}, () => {
    if (gathering.current === null) look.current();
    else hasMore.current = true;
  });
  useEvery(LOOK_MS, () => latest.current());
  useEffect(() => () => clearTimeout(gathering.current ?? undefined), []);
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
