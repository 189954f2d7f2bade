import { addressesOf } from "../rules/hunt.ts";
import { InputRefused } from "../rules/refusal.ts";
import { normalizeScope } from "../rules/rule.ts";
import { leakPreview } from "./answers.ts";
import { type Call, call } from "./call.ts";
import { hunt, isCommon } from "./hunt.ts";
import { parameters } from "./inputs.ts";
import { Problem } from "./problem.ts";
import type { Services } from "./services.ts";
import { iso, type View } from "./views.ts";

const SHOWN = 10;

/** `/leaks/{id}/preview`: what applying the patch would have blocked of what the workers have seen. */
export function previewCalls(services: Services): readonly Call[] {
  return [
    call({
      method: "get",
      path: "/leaks/{id}/preview",
      tag: "Leaks",
      summary: "What applying its patch would have blocked",
      description:
        "Asks the workers in how many of the requests they let pass its tokens came. `hosts` limits it to those of a scope.",
      access: "look",
      query: parameters.preview,
      answers: { 200: { description: "What was met", schema: leakPreview } },
      handle: async ({ context, tenant, query, part }) => {
        const leak = tenant.store.leak(part("id"));
        if (leak === null) throw new Problem(404, "No leak has this id.");
        const hosts = hostsOf(query.hosts ?? []);
        const { config } = services;
        const question = { tenant: tenant.name, leak: leak.id, wanted: new Uint8Array(0), hosts };
        const hunted = await hunt(services, question, config.previewWaitMs);
        if (hunted === null)
          throw new Problem(503, "Too many previews are being made.", [], { "retry-after": "1" });
        const { requests, addresses, first, last, since, points, hosts: byHost, most, ...rest } = hunted;
        const { tokensMet, tokens, unknown, forgotten, workers, off, missing } = rest;
        return context.json({
          wouldHaveBlocked: requests,
          tokensMet,
          tokens,
          unknown,
          first: timeOf(first),
          last: timeOf(last),
          addresses: addressesOf(addresses),
          since: timeOf(since),
          forgotten,
          points: top(points).map(([point, count]) => ({ point, requests: count })),
          hosts: top(byHost).map(([host, count]) => ({ host, requests: count })),
          most: [...most]
            .sort(([, a], [, b]) => b.requests - a.requests)
            .slice(0, SHOWN)
            .map(([token, met]) => ({
              token: String(token),
              requests: met.requests,
              addresses: addressesOf(met.addresses),
              common: isCommon(met, config.common),
            })),
          workers,
          off,
          missing,
        } satisfies View);
      },
    }),
  ];
}

/** Hosts as scopes have them. Throws Problem 400. */
function hostsOf(hosts: readonly string[]): readonly string[] {
  try {
    return normalizeScope({ hosts }).hosts ?? [];
  } catch (error) {
    if (!(error instanceof InputRefused)) throw error;
    throw new Problem(400, "A parameter is not what this call takes.", [
      { pointer: "hosts", detail: "must be host names without a port, or *.example.com" },
    ]);
  }
}

function timeOf(at: number | null): string | null {
  return at === null ? null : iso(at);
}

function top(counts: ReadonlyMap<string, number>): (readonly [string, number])[] {
  return [...counts].sort(([, a], [, b]) => b - a).slice(0, SHOWN);
}
