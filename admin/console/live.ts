import { useEffect, useRef, useState } from "preact/hooks";
import { urlOf } from "./api.ts";
import { whoIsThere } from "./session.tsx";
import type { Event } from "./shapes.ts";

/** The first word is acted on at once; many in one breath ask once more. */
const GATHER_MS = 500;

/**
 * Calls soon after attempts were stored or anything was changed, by whoever, and when somebody looks again. Attempts may be
 * those of one leak, or none at all (null).
 */
export function useLive(then: () => void, attempts: Readonly<Record<string, string>> | null = {}): void {
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
  useTail(attempts ?? {}, look.current, isSeen && attempts !== null);
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
  const hears = useIsLive() && isSeen;
  const heard = useRef(hears);
  useEffect(() => {
    if (hears && !heard.current) look.current();
    heard.current = hears;
  }, [hears]);
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

/** Before a stream that was refused is asked for again; each time twice as long. */
const AGAIN_MS = 2_000;
const AGAIN_MS_MAX = 60_000;

/** Hands over what the messages of these names hold; a stream that breaks is opened again, and the page says so meanwhile. */
function useStream(url: string, names: string, then: (text: string) => void, isOn: boolean): void {
  const latest = useRef(then);
  latest.current = then;
  useEffect(() => {
    if (!isOn) return;
    const stream = {};
    let source: EventSource | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let waitMs = AGAIN_MS;
    const told = (message: MessageEvent<string>) => latest.current(message.data);
    const open = () => {
      source = new EventSource(url);
      for (const name of names.split(" ")) source.addEventListener(name, told);
      source.addEventListener("open", () => {
        waitMs = AGAIN_MS;
        setBroken(stream, false);
      });
      source.addEventListener("error", () => {
        setBroken(stream, true);
        // Where it was refused the browser gives up: nobody may be signed in any more, which this call finds out.
        if (source?.readyState !== EventSource.CLOSED) return;
        void whoIsThere().catch(() => {});
        timer = setTimeout(open, waitMs);
        waitMs = Math.min(2 * waitMs, AGAIN_MS_MAX);
      });
    };
    open();
    return () => {
      clearTimeout(timer);
      source?.close();
      setBroken(stream, false);
    };
  }, [url, names, isOn]);
}

const broken = new Set<object>();
const listeners = new Set<() => void>();

function setBroken(stream: object, isBroken: boolean): void {
  if (broken.has(stream) === isBroken) return;
  if (isBroken) broken.add(stream);
  else broken.delete(stream);
  for (const listener of listeners) listener();
}

/** Whether all that the page listens to is heard. */
export function useIsLive(): boolean {
  const [isLive, setLive] = useState(broken.size === 0);
  useEffect(() => {
    const listener = () => setLive(broken.size === 0);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
  return isLive;
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
