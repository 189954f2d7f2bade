import type { EventAction } from "../rules/events/event.ts";
import { where } from "../rules/events/filter.ts";
import { statsAnswer } from "./answers.ts";
import { type Call, call } from "./call.ts";
import { parameters } from "./inputs.ts";
import { forwards } from "./stretch.ts";
import { iso } from "./views.ts";

const DAY_MS = 24 * 3_600_000;

/** `/stats`: how many leaks of which kind, and attempts over time (by default the last 24 hours, hour by hour). */
export const statsCalls: readonly Call[] = [
  call({
    method: "get",
    path: "/stats",
    tag: "Events",
    summary: "Counts of leaks, and attempts over time",
    access: "look",
    query: parameters.stats,
    answers: { 200: { description: "The counts", schema: statsAnswer } },
    handle: async ({
      context,
      tenant: { store, events },
      query: { from: given, to = Date.now(), buckets },
    }) => {
      const from = given ?? Math.max(0, to - DAY_MS);
      forwards(from, to);
      const { leaks, tokens, byStatus, byRiskLevel, bySource } = store.counts();
      const { byAction } = await events.overTime(where({ type: "vpatch" }), from, to, buckets);
      const attempts = (action: EventAction) => byAction.get(action)?.attempts ?? new Array(buckets).fill(0);
      return context.json({
        leaks,
        tokens,
        byStatus,
        byRiskLevel,
        bySource,
        attempts: {
          from: iso(from),
          to: iso(to),
          bucketMs: (to - from) / buckets,
          blocked: attempts("blocked"),
          monitored: attempts("monitored"),
          watched: attempts("watched"),
        },
      });
    },
  }),
];
