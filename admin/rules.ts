import { ruleAnswer, ruleList } from "./answers.ts";
import { type Call, call } from "./call.ts";
import { parameters } from "./inputs.ts";
import { Problem } from "./problem.ts";
import { ruleView } from "./views.ts";

const tag = "Rules";

/** `/rules`: the vpatch rules in force, and any rule by its id. */
export const ruleCalls: readonly Call[] = [
  call({
    method: "get",
    path: "/rules",
    tag,
    summary: "The vpatch rules in force, in the order of their numbers",
    access: "look",
    query: parameters.rules,
    answers: { 200: { description: "A page of rules", schema: ruleList } },
    handle: ({ context, tenant, query: { limit, cursor } }) => {
      const { rules, next } = tenant.store.rules({ limit, after: cursor });
      return context.json({ rules: rules.map(ruleView), next });
    },
  }),
  call({
    method: "get",
    path: "/rules/{id}",
    tag,
    summary: "One rule; one that is no longer in force has `removedAt`",
    access: "look",
    answers: { 200: { description: "The rule", schema: ruleAnswer } },
    handle: ({ context, tenant, part }) => {
      const rule = tenant.store.rule(part("id"));
      if (rule === null) throw new Problem(404, "No rule has this id.");
      return context.json(ruleView(rule));
    },
  }),
];
