import type { Tenant } from "../rules/tenants.ts";
import { tenantAnswer, tenantList } from "./answers.ts";
import { type Call, call } from "./call.ts";
import { bodies } from "./inputs.ts";
import { Problem } from "./problem.ts";
import type { Services } from "./services.ts";
import type { View } from "./views.ts";

const tag = "Tenants";

/** `/tenants`: for global roles. */
export function tenantCalls({ tenants }: Services): readonly Call[] {
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
  ];
}

function view({ name, store }: Tenant): View {
  const { leaks, tokens } = store.counts();
  return { name, leaks, tokens, revision: store.revision() };
}
