import { useEffect, useRef, useState } from "preact/hooks";
import { urlOf } from "./api.ts";
import type { Event } from "./shapes.ts";

/** The first word is acted on at once; many in one breath ask once more. */
const GATHER_MS = 500;

/** Calls soon after attempts were stored or anything was changed, by whoever, and when somebody looks again. */
export function useLive(then: () => void): void {
  const latest = useRef(then);
  latest.current = then;
  const gathering = useRef<ReturnType<typeof setTimeout> | null>(null);
  const hasMore = useRef(false);
  const look = useRef(() => {
    if (gathering.current !== null) {
      hasMore.current = true;
      return;
    }
    latest.current();
    gathering.current = setTimeout(() => {
      gathering.current = null;
      if (!hasMore.current) return;
      hasMore.current = false;
      look.current();
    }, GATHER_MS);
  });
  useEffect(() => () => clearTimeout(gathering.current ?? undefined), []);
  // Browsers open six connections to a host, for all tabs together: one that nobody sees shall hold none.
  const isSeen = useIsSeen();
  useTail({}, look.current, isSeen);
  // The first message says where the journal is; after a break it may have grown.
  const revision = useRef<number | null>(null);
  const changed = (text: string) => {
    const told = (JSON.parse(text) as { revision: number }).revision;
    const isNew = revision.current !== null && revision.current !== told;
    revision.current = told;
    if (isNew) look.current();
  };
  useStream(urlOf("/audit/tail"), "revision", changed, isSeen);
  // What was tried meanwhile, no stream tells again.
  const wasSeen = useRef(isSeen);
  useEffect(() => {
    if (isSeen && !wasSeen.current) look.current();
    wasSeen.current = isSeen;
  }, [isSeen]);
}

/** Hands over events as they are stored; `isOn` false stops it. */
export function useTail(
  filter: Readonly<Record<string, string>>,
  then: (event: Event) => void,
  isOn = true,
): void {
  const told = (text: string) => then(JSON.parse(text) as Event);
  useStream(urlOf("/events/tail", filter), "attempt count", told, isOn);
}

/** Hands over what the messages of these names hold. The browser connects again by itself. */
function useStream(url: string, names: string, then: (text: string) => void, isOn: boolean): void {
  const latest = useRef(then);
  latest.current = then;
  useEffect(() => {
    if (!isOn) return;
    const source = new EventSource(url);
    const told = (message: MessageEvent<string>) => latest.current(message.data);
    for (const name of names.split(" ")) source.addEventListener(name, told);
    return () => source.close();
  }, [url, names, isOn]);
}

function useIsSeen(): boolean {
  const [isSeen, setSeen] = useState(!document.hidden);
  useEffect(() => {
    const look = () => setSeen(!document.hidden);
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, []);
  return isSeen;
}
