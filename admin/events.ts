import { eventList } from "./answers.ts";
import { type Call, call } from "./call.ts";
import { parameters } from "./inputs.ts";
import { forwards } from "./stretch.ts";
import { eventView } from "./views.ts";

/** `/events`: the attempts, newest first. */
export const eventCalls: readonly Call[] = [
  call({
    method: "get",
    path: "/events",
    tag: "Events",
    summary: "Attempts, newest first",
    access: "look",
    query: parameters.events,
    answers: { 200: { description: "A page of events", schema: eventList } },
    handle: async ({ context, tenant, query: { limit, cursor, ...filter } }) => {
      forwards(filter.from, filter.to);
      const page = await tenant.events.query(filter, limit, cursor);
      return context.json({ events: page.events.map(eventView), next: page.next });
    },
  }),
];
