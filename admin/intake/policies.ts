import { z } from "zod";
import { intakeLimits } from "../../rules/intake.ts";
import { leakLimits } from "../../rules/leak.ts";
import type { IntakePolicy } from "../../rules/policy.ts";
import { type Call, call } from "../call.ts";
import { strict, text } from "../inputs.ts";
import { leakBodies, scopeOf } from "../leaks/inputs.ts";
import { iso, isoOrNull, type View } from "../views.ts";
import { policyAnswer } from "./answers.ts";
import { tag } from "./tag.ts";

const { mode, scope } = leakBodies.vpatch.shape;
const draft = strict({
  source: text.max(leakLimits.sourceChars).optional(),
  kind: text.max(intakeLimits.kindChars).optional(),
  riskMin: z.int().min(1).max(leakLimits.riskMax).optional(),
  verified: z.boolean().optional().describe("The source has tried the token, and it works."),
  mode,
  scope,
  enabled: z.boolean().default(true),
}).meta({ examples: [{ source: "scanner", verified: true, mode: "block" }] });
const patch = strict({ enabled: z.boolean() }).meta({ examples: [{ enabled: false }] });

const policyList = z.strictObject({ policies: z.array(policyAnswer) });
const answers = { 200: { description: "The policy", schema: policyAnswer } };

const path = "/intake/policies";

/** `/intake/policies`: which leaks are patched as they come in, as a person decided beforehand. */
export const policyCalls: readonly Call[] = [
  call({
    method: "get",
    path,
    tag,
    summary: "The policies by which leaks are patched as they come in",
    access: "look",
    answers: {
      200: { description: "The policies, in the order in which they are asked", schema: policyList },
    },
    handle: ({ context, tenant: { store } }) =>
      context.json({ policies: store.policies.list().map(policyView) }),
  }),
  call({
    method: "post",
    path,
    tag,
    summary: "Decide beforehand that some leaks are patched as they come in",
    description:
      "All criteria that are given must hold. It counts for findings from now on, of tokens that no leak ever held: what is " +
      "opened, closed or false people decide about, and what is common in traffic too. The journal names the policy.",
    access: "change",
    body: draft,
    answers: { 201: { description: "The policy", schema: policyAnswer } },
    handle: async ({ context, tenant, actor, body: { scope, ...rest } }) => {
      const { policy } = await tenant.store.policies.add(actor, { ...rest, ...scopeOf(scope) });
      return context.json(policyView(policy), 201);
    },
  }),
  call({
    method: "patch",
    path: `${path}/{id}`,
    tag,
    summary: "Switch such a policy on or off",
    access: "change",
    body: patch,
    answers,
    handle: async ({ context, tenant: { store }, actor, body: { enabled }, part }) => {
      const { policy } = await store.policies.switch(actor, part("id"), enabled);
      return context.json(policyView(policy));
    },
  }),
  call({
    method: "delete",
    path: `${path}/{id}`,
    tag,
    summary: "Take such a policy away",
    description: "Leaks that it patched stay so.",
    access: "change",
    answers,
    handle: async ({ context, tenant: { store }, actor, part }) => {
      const { policy } = await store.policies.remove(actor, part("id"));
      return context.json(policyView(policy));
    },
  }),
];

function policyView(policy: IntakePolicy): View {
  return {
    id: policy.id,
    source: policy.source ?? null,
    kind: policy.kind ?? null,
    riskMin: policy.riskMin ?? null,
    verified: policy.verified ?? null,
    mode: policy.mode,
    scope: policy.scope,
    enabled: policy.enabled,
    createdAt: iso(policy.createdAt),
    createdBy: policy.createdBy,
    removedAt: isoOrNull(policy.removedAt),
  };
}
