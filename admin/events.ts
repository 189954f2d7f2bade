import type { EventFilter, Term } from "../rules/events/filter.ts";
import type { Sums } from "../rules/events/groups.ts";
import { EventUnknown } from "../rules/refusal.ts";
import {
  eventAnswer,
  eventCountAnswer,
  eventGroupsAnswer,
  eventHistogramAnswer,
  eventList,
} from "./answers.ts";
import { type Call, call } from "./call.ts";
import { exported, exportFormats, told, whileListening } from "./eventstream.ts";
import { parameters } from "./inputs.ts";
import { Problem } from "./problem.ts";
import type { Services } from "./services.ts";
import { forwards } from "./stretch.ts";
import { eventView, iso, type View } from "./views.ts";

const DAY_MS = 24 * 3_600_000;

/** `/events`: the attempts, newest first, in pages or all; counted, grouped, and as they come. */
export function eventCalls(services: Services): readonly Call[] {
  const { closing } = services;
  const common = { method: "get", tag: "Events", access: "look" } as const;
  return [
    call({
      ...common,
      path: "/events",
      summary: "Attempts, newest first",
      query: parameters.events,
      answers: { 200: { description: "A page of events", schema: eventList } },
      handle: async ({ context, tenant, query: { limit, cursor, sort, ...given } }) => {
        const { signal } = context.req.raw;
        const order = { cursor, isOldestFirst: sort === "at", signal };
        const page = await looked(signal, tenant.events.query(filterOf(given), limit, order));
        return context.json({ events: page.events.map(eventView), next: page.next });
      },
    }),
    call({
      ...common,
      path: "/events/count",
      summary: "How many events and attempts there are, exactly",
      query: parameters.eventCount,
      answers: { 200: { description: "The counts", schema: eventCountAnswer } },
      handle: async ({ context, tenant, query }) => {
        const { signal } = context.req.raw;
        return context.json(sumsView(await looked(signal, tenant.events.count(filterOf(query), signal))));
      },
    }),
    call({
      ...common,
      path: "/events/groups",
      summary: "Events and attempts by the values of a field, the most attempts first",
      query: parameters.eventGroups,
      answers: {
        200: { description: "The groups, and the counts of all together", schema: eventGroupsAnswer },
      },
      handle: async ({ context, tenant, query: { by, limit, ...given } }) => {
        const { signal } = context.req.raw;
        const groups = await looked(signal, tenant.events.groups(filterOf(given), by, signal));
        return context.json({
          by,
          ...sumsView(groups.total),
          values: groups.size,
          groups: groups.top(limit).map((group) => ({ value: group.value, ...sumsView(group) })),
        });
      },
    }),
    call({
      ...common,
      path: "/events/histogram",
      summary:
        "Events and attempts in equal stretches of time, oldest first; by default of the last 24 hours",
      query: parameters.eventHistogram,
      answers: { 200: { description: "The stretches, of all and by action", schema: eventHistogramAnswer } },
      handle: async ({ context, tenant, query: { buckets, ...given } }) => {
        const filter = filterOf(given);
        const to = filter.to ?? Date.now();
        const from = filter.from ?? Math.max(0, to - DAY_MS);
        forwards(from, to);
        const { signal } = context.req.raw;
        const { byAction } = await looked(signal, tenant.events.overTime(filter, from, to, buckets, signal));
        const total = (of: "events" | "attempts") =>
          Array.from({ length: buckets }, (_, at) =>
            [...byAction.values()].reduce((sum, each) => sum + each[of][at]!, 0),
          );
        return context.json({
          from: iso(from),
          to: iso(to),
          bucketMs: (to - from) / buckets,
          events: total("events"),
          attempts: total("attempts"),
          byAction: Object.fromEntries(byAction),
        });
      },
    }),
    call({
      ...common,
      path: "/events/export",
      summary: "All events, as CSV or as a JSON object a line",
      query: parameters.eventExport,
      answers: { 200: { description: "The events; cut off where it failed", content: "text/csv" } },
      handle: ({ context, tenant, query: { format, sort, ...given } }) => {
        const stream = exported(tenant.events, filterOf(given), format, sort === "at", closing);
        return context.body(stream, 200, {
          "content-type": exportFormats[format].type,
          "content-disposition": `attachment; filename="events.${format}"`,
        });
      },
    }),
    call({
      ...common,
      path: "/events/tail",
      summary: "Events as they are stored, as server-sent events",
      query: parameters.eventTail,
      answers: {
        200: {
          description: "Messages `attempt` and `count`, each with an event",
          content: "text/event-stream",
        },
      },
      handle: async ({ context, tenant, principal, query: { after: given, ...filter } }) => {
        const after = given ?? context.req.header("last-event-id");
        const { gone, signal } = whileListening(services, principal);
        const opened = tenant.events.tail(filterOf(filter), { after, signal });
        const tail = await opened.catch((error: unknown) => {
          gone.abort();
          throw error;
        });
        // Kept alive, the connection would hold up the admin's close, which ends the tail.
        return context.body(told(tail, gone), 200, {
          "content-type": "text/event-stream",
          connection: "close",
        });
      },
    }),
    call({
      ...common,
      path: "/events/{id}",
      summary: "One event",
      answers: { 200: { description: "The event", schema: eventAnswer } },
      handle: async ({ context, tenant, part }) => {
        const event = await tenant.events.get(part("id"));
        if (event === null) throw new EventUnknown(part("id"));
        return context.json(eventView(event));
      },
    }),
  ];
}

/** The parameters' conditions and those of the search line together. Throws Problem. */
function filterOf({
  search,
  from: since,
  to: until,
  ...terms
}: {
  readonly search?: EventFilter | undefined;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
} & { readonly [field: string]: Term | EventFilter | number | undefined }): EventFilter {
  const own = Object.values(terms).filter((term): term is Term => term !== undefined);
  const from = most(Math.max, since, search?.from);
  const to = most(Math.min, until, search?.to);
  forwards(from, to);
  return { terms: [...own, ...(search?.terms ?? [])], from, to };
}

/** What was found, unless whoever asked is gone: that is no failure of ours. */
async function looked<Found>(signal: AbortSignal, found: Promise<Found>): Promise<Found> {
  try {
    return await found;
  } catch (error) {
    throw signal.aborted ? new Problem(400, "The caller is gone.") : error;
  }
}

function most(
  of: (a: number, b: number) => number,
  a: number | undefined,
  b: number | undefined,
): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : of(a, b);
}

/** Of nothing there is no first and last. */
function sumsView({ events, attempts, firstAt, lastAt }: Sums): View {
  const isNone = events === 0;
  return { events, attempts, firstAt: isNone ? null : iso(firstAt), lastAt: isNone ? null : iso(lastAt) };
}
