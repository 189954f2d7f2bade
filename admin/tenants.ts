import type { Tenant } from "../rules/tenants.ts";
import { tenantAnswer, tenantChanged, tenantList } from "./answers.ts";
import { type Call, call } from "./call.ts";
import { awaitEnforced } from "./enforced.ts";
import { bodies, parameters } from "./inputs.ts";
import { Problem } from "./problem.ts";
import type { Services } from "./services.ts";
import type { View } from "./views.ts";

const tag = "Tenants";

/** `/tenants`: for global roles. */
export function tenantCalls({ tenants, runtime, config, closing }: Services): readonly Call[] {
  return [
    call({
      method: "get",
      path: "/tenants",
      tag,
      summary: "All tenants",
      access: "global_look",
      answers: { 200: { description: "The tenants", schema: tenantList } },
      handle: async ({ context }) => {
        await tenants.findNew();
        return context.json({ tenants: tenants.all.map(view) });
      },
    }),
    call({
      method: "get",
      path: "/tenants/{name}",
      tag,
      summary: "One tenant",
      access: "global_look",
      answers: { 200: { description: "The tenant", schema: tenantAnswer } },
      handle: async ({ context, part }) => {
        const tenant = await tenants.get(part("name"));
        if (tenant === null) throw new Problem(404, "No tenant has this name.");
        return context.json(view(tenant));
      },
    }),
    call({
      method: "post",
      path: "/tenants",
      tag,
      summary: "Make a tenant",
      description: "Its requests are taken once a route of the configuration names it.",
      access: "global_change",
      body: bodies.tenant,
      answers: { 201: { description: "The tenant", schema: tenantAnswer, headers: ["Location"] } },
      handle: async ({ context, actor, body: { name } }) => {
        const tenant = await tenants.create(actor, name);
        context.header("location", `/api/v1/tenants/${name}`);
        return context.json(view(tenant), 201);
      },
    }),
    call({
      method: "patch",
      path: "/tenants/{name}",
      tag,
      summary: "Switch its leak module on or off",
      description:
        "Off, nothing of the tenant's is enforced, and its leaks, rules, events and counts are not to be seen (404). Nothing is lost: on, the rules are in force again.",
      access: "global_change",
      query: parameters.change,
      body: bodies.tenantPatch,
      answers: {
        200: { description: "The tenant", schema: tenantChanged },
        202: {
          description: "Stored, and not enforced by all workers within the time",
          schema: tenantChanged,
        },
      },
      handle: async ({ context, actor, query: { wait }, body: { leaksEnabled }, part }) => {
        const tenant = await tenants.expect(part("name"));
        const { revision } = await tenant.store.updateSettings(actor, { leaksEnabled });
        const within = wait === "enforced" ? config.enforcedWaitMs : 0;
        const enforcement = await awaitEnforced(runtime, tenant.name, revision, within, closing);
        const isLate = wait === "enforced" && !enforcement.enforced;
        return context.json({ ...view(tenant), enforcement }, isLate ? 202 : 200);
      },
    }),
  ];
}

function view({ name, store }: Tenant): View {
  const { leaks, tokens } = store.counts();
  return { name, leaksEnabled: store.settings().leaksEnabled, leaks, tokens, revision: store.revision() };
}
