import { csvHead, csvLine } from "../rules/events/csv.ts";
import type { EventFilter } from "../rules/events/filter.ts";
import type { Told } from "../rules/events/tail.ts";
import type { EventLog, VpatchEvent } from "../rules/events.ts";
import type { Principal, Services } from "./services.ts";
import { eventView } from "./views.ts";

/** How an export is written. */
export const exportFormats = {
  csv: { type: "text/csv; charset=utf-8; header=present", head: csvHead, line: csvLine },
  ndjson: {
    type: "application/x-ndjson",
    head: "",
    line: (event: VpatchEvent) => `${JSON.stringify(eventView(event))}\n`,
  },
} as const;

/** All events of the filter, written as they are read; the reader sets the pace. With `closing` it is cut off. */
export function exported(
  events: EventLog,
  filter: EventFilter,
  format: keyof typeof exportFormats,
  isOldestFirst: boolean,
  closing: AbortSignal,
): ReadableStream<Uint8Array> {
  const { head, line } = exportFormats[format];
  const gone = new AbortController();
  const signal = AbortSignal.any([closing, gone.signal]);
  async function* pieces(): AsyncGenerator<string> {
    if (head !== "") yield head;
    for await (const some of events.each(filter, { isOldestFirst, signal })) yield some.map(line).join("");
  }
  return streamed(pieces(), gone);
}

/**
 * Server-sent events (HTML, section 9.2): `attempt` and `count`, and a comment where nothing came for a while. When the
 * reader goes, `gone` is aborted, which ends the tail.
 */
export function told(tail: AsyncGenerator<Told>, gone: AbortController): ReadableStream<Uint8Array> {
  async function* pieces(): AsyncGenerator<string> {
    yield ": what is stored from now on\nretry: 1000\n\n";
    for await (const each of tail) yield messageOf(each);
  }
  return streamed(pieces(), gone);
}

function messageOf(told: Told): string {
  if (told.kind === "idle") return ": nothing came\n\n";
  const name = told.kind === "event" ? "attempt" : "count";
  return `id: ${told.position}\nevent: ${name}\ndata: ${JSON.stringify(eventView(told.event))}\n\n`;
}

/** How often it is asked whether who listens still may. */
const STILL_EVERY_MS = 2_000;

/**
 * The end of a stream that goes on until somebody ends it: the reader goes (`gone`), the admin closes, or whoever listens
 * would no longer be let in: a key that is revoked tells nobody anything from then on.
 */
export function whileListening(
  { closing, identity, logger }: Pick<Services, "closing" | "identity" | "logger">,
  principal: Principal,
): { readonly gone: AbortController; readonly signal: AbortSignal } {
  const gone = new AbortController();
  const signal = AbortSignal.any([closing, gone.signal]);
  const timer = setInterval(() => {
    identity.isStill(principal).then(
      (isStill) => isStill || gone.abort(),
      (error: Error) => logger.warn({ reason: error.message }, "could not tell whether a listener still may"),
    );
  }, STILL_EVERY_MS);
  signal.addEventListener("abort", () => clearInterval(timer), { once: true });
  return { gone, signal };
}

/** Pieces as bytes, made when the reader takes them and not before; none any more once it is gone. */
export function streamed(pieces: AsyncGenerator<string>, gone: AbortController): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream(
    {
      pull: async (controller) => {
        const { done, value } = await pieces.next();
        if (done === true) controller.close();
        else controller.enqueue(encoder.encode(value));
      },
      cancel: async () => {
        gone.abort();
        await pieces.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}
