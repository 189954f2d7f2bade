import { allows, type LeakStatus } from "../../rules/leak.ts";
import { type Call, call } from "../call.ts";
import { awaitEnforced } from "../enforced.ts";
import { parameters } from "../inputs.ts";
import { Problem } from "../problem.ts";
import type { Services } from "../services.ts";
import { bulkAnswer } from "./answers.ts";
import { screen, tag } from "./common.ts";
import { leakBodies, queryOf, scopeOf } from "./inputs.ts";

/** `/leaks/bulk`: one decision about all leaks that a filter names. */
export function bulkCalls({ config, runtime, closing }: Services): readonly Call[] {
  return [
    call({
      method: "post",
      path: "/leaks/bulk",
      tag,
      summary: "Decide about all leaks that a filter names",
      description:
        "With `dryRun` it answers the exact `count`, which the call itself names as `expect`: 409 when it is another by then. " +
        "Leaks are decided one by one, some hundred in a transaction; those that could not be are named.",
      access: "change",
      query: parameters.change,
      body: leakBodies.bulk,
      answers: {
        200: { description: "What was decided, or would be", schema: bulkAnswer },
        202: { description: "Stored, and not enforced by all workers within the time", schema: bulkAnswer },
      },
      handle: async ({ context, tenant, actor, query: { wait }, body }) => {
        const { filter, decision, comment, reason, mode, until, dryRun, expect } = body;
        const { store } = tenant;
        screen(tenant, { comment, "filter.q": filter.q });
        const selection = await store.select(queryOf(filter));
        const { ids, byStatus, digest } = selection;
        const statuses = Object.entries(byStatus) as [LeakStatus, number][];
        const about = {
          count: ids.length,
          selection: digest,
          decision,
          dryRun,
          allowed: statuses.reduce((sum, [status, n]) => sum + (allows(status, decision) ? n : 0), 0),
          byStatus,
        };
        if (dryRun) return context.json({ ...about, ...NOTHING, revision: store.revision() });
        if (ids.length !== expect)
          throw new Problem(409, `The filter names ${ids.length} leaks, not ${expect}: look at them again.`, [
            { pointer: "#/expect", detail: "is not the count any more" },
          ]);
        if (body.selection !== undefined && body.selection !== digest)
          throw new Problem(409, "A leak that the filter names changed since: look at them again.", [
            { pointer: "#/selection", detail: "is not the selection any more" },
          ]);
        const options = { comment, reason, mode, until, ...scopeOf(body.scope) };
        const outcome = await store.decideMany(actor, ids, decision, options);
        const within = wait === "enforced" ? config.enforcedWaitMs : 0;
        const enforcement = await awaitEnforced(runtime, tenant.name, outcome.revision, within, closing);
        const isLate = wait === "enforced" && !enforcement.enforced;
        return context.json({ ...about, ...outcome, enforcement }, isLate ? 202 : 200);
      },
    }),
  ];
}

const NOTHING = { decided: 0, unchanged: 0, refused: 0, refusals: [], enforcement: null };
