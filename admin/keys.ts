import { mintKey } from "../rules/access.ts";
import { keyAnswer, keyList, keyMade } from "./answers.ts";
import { type Call, call } from "./call.ts";
import { bodies } from "./inputs.ts";
import { keyView } from "./views.ts";

const tag = "Keys";

/** `/keys`: made, listed and revoked by administrators. The clear key is in the answer that makes it, and nowhere else. */
export const keyCalls: readonly Call[] = [
  call({
    method: "get",
    path: "/keys",
    tag,
    summary: "All keys of the tenant, the revoked ones too",
    access: "change",
    answers: { 200: { description: "The keys", schema: keyList } },
    handle: ({ context, tenant }) => context.json({ keys: tenant.store.keys().map(keyView) }),
  }),
  call({
    method: "post",
    path: "/keys",
    tag,
    summary: "Make a key; it is shown this once",
    access: "change",
    body: bodies.key,
    answers: { 201: { description: "The key", schema: keyMade } },
    handle: async ({ context, tenant, actor, body: { name, role } }) => {
      const { clear, record } = mintKey(tenant.pepper, role, name);
      const { key } = await tenant.store.createKey(actor, record);
      return context.json({ ...keyView(key), key: clear }, 201);
    },
  }),
  call({
    method: "delete",
    path: "/keys/{id}",
    tag,
    summary: "Revoke a key, at once",
    access: "change",
    answers: { 200: { description: "The key's facts", schema: keyAnswer } },
    handle: async ({ context, tenant, actor, part }) => {
      const { key } = await tenant.store.revokeKey(actor, part("id"));
      return context.json(keyView(key));
    },
  }),
];
