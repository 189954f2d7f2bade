import type { JournalEntry } from "../../rules/journal.ts";
import { type Call, call } from "../call.ts";
import { iso, type View } from "../views.ts";
import { commentAnswer, commentList } from "./answers.ts";
import { known, screen, tag } from "./common.ts";
import { leakBodies, leakParameters } from "./inputs.ts";

/** `/leaks/{id}/comments`. */
export const commentCalls: readonly Call[] = [
  call({
    method: "get",
    path: "/leaks/{id}/comments",
    tag,
    summary: "What was said of it, newest first; comments of decisions too",
    access: "look",
    query: leakParameters.comments,
    answers: { 200: { description: "A page of comments", schema: commentList } },
    handle: ({ context, tenant: { store }, query: { limit, cursor }, part }) => {
      const { id } = known(store, part("id"));
      const { entries, next } = store.comments(id, { limit, after: cursor });
      return context.json({ comments: entries.map(commentView), next });
    },
  }),
  call({
    method: "post",
    path: "/leaks/{id}/comments",
    tag,
    summary: "Comment on it",
    description:
      "Its version stays. A comment that holds a registered token, or what is plainly one, is refused.",
    access: "change",
    body: leakBodies.comment,
    answers: { 201: { description: "The comment", schema: commentAnswer } },
    handle: async ({ context, tenant, actor, body: { comment }, part }) => {
      const { id } = known(tenant.store, part("id"));
      screen(tenant, { comment });
      return context.json(commentView(await tenant.store.comment(actor, id, comment)), 201);
    },
  }),
];

function commentView({ revision, at, actor, action, reason, comment }: JournalEntry): View {
  return { revision, at: iso(at), actor, action, reason: reason ?? null, comment };
}
