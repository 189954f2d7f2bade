import { isGlobal, mintKey, mintSecret, type Role } from "../rules/access.ts";
import type { KeyChanged } from "../rules/store/keychanges.ts";
import type { Tenant } from "../rules/tenants.ts";
import { keyChanged, keyList, keyMade } from "./answers.ts";
import { type Call, call } from "./call.ts";
import type { Home } from "./identity.ts";
import { bodies, parameters } from "./inputs.ts";
import { Problem } from "./problem.ts";
import type { Principal, Services } from "./services.ts";
import { keyView, type View } from "./views.ts";

const tag = "Keys";
const LAST_ADMINISTRATOR =
  "No administrator's key is left that counts; leakgate keys create makes one on the machine itself.";

/** `/keys`: looked after by administrators. A clear key is in the answer that makes it, and nowhere else. */
export function keyCalls({ tenants }: Services): readonly Call[] {
  /** Where the keys lie that the call is about: the tenant's, or those of global roles. Throws Problem 403. */
  function homeOf(
    principal: Principal,
    tenant: Tenant,
    isForGlobal: boolean,
  ): Pick<Home, "store" | "pepper"> {
    if (!isForGlobal) return tenant;
    if (principal.role === "global_administrator")
      return { store: tenants.control, pepper: tenants.controlPepper };
    throw new Problem(403, "Keys of global roles are a global administrator's to see and to make.");
  }

  return [
    call({
      method: "get",
      path: "/keys",
      tag,
      summary: "All keys of the tenant, the revoked ones too",
      access: "change",
      query: parameters.keys,
      answers: { 200: { description: "The keys", schema: keyList } },
      handle: ({ context, principal, tenant, query: { scope } }) => {
        const { store } = homeOf(principal, tenant, scope === "global");
        return context.json({ keys: store.keys().map((key) => keyView(key, key.lastUsedAt)) });
      },
    }),
    call({
      method: "post",
      path: "/keys",
      tag,
      summary: "Make a key; it is shown this once",
      access: "change",
      body: bodies.key,
      answersSecret: true,
      answers: { 201: { description: "The key", schema: keyMade } },
      handle: async ({ context, principal, tenant, actor, body: { name, role, expiresAt } }) => {
        const { store, pepper } = homeOf(principal, tenant, isGlobal(role));
        const { clear, record } = mintKey(pepper, role as Role, name, expiresAt);
        const { key } = await store.createKey(actor, record);
        return context.json({ ...keyView(key, null), key: clear }, 201);
      },
    }),
    call({
      method: "patch",
      path: "/keys/{id}",
      tag,
      summary: "Rename, disable or enable a key, or move its end",
      access: "change",
      query: parameters.keys,
      body: bodies.keyPatch,
      answers: { 200: { description: "The key's facts", schema: keyChanged } },
      handle: async ({ context, principal, tenant, actor, query: { scope }, body, part }) => {
        const { store } = homeOf(principal, tenant, scope === "global");
        return context.json(changedView(await store.updateKey(actor, part("id"), body), store));
      },
    }),
    call({
      method: "post",
      path: "/keys/{id}/rotate",
      tag,
      summary: "Give a key a new secret; it is shown this once",
      description: "The old secret is refused at once, or after `graceSeconds`. Sessions of the key end.",
      access: "change",
      query: parameters.keys,
      body: bodies.rotate,
      answersSecret: true,
      answers: { 200: { description: "The key", schema: keyMade } },
      handle: async ({
        context,
        principal,
        tenant,
        actor,
        query: { scope },
        body: { graceSeconds },
        part,
      }) => {
        const { store, pepper } = homeOf(principal, tenant, scope === "global");
        const { clear, secret } = mintSecret(pepper);
        const { key } = await store.rotateKey(actor, part("id"), secret, graceSeconds * 1000);
        return context.json({ ...keyView(key, store.lastUse(key.id)), key: clear });
      },
    }),
    call({
      method: "delete",
      path: "/keys/{id}",
      tag,
      summary: "Revoke a key, at once and for good",
      access: "change",
      query: parameters.keys,
      answers: { 200: { description: "The key's facts", schema: keyChanged } },
      handle: async ({ context, principal, tenant, actor, query: { scope }, part }) => {
        const { store } = homeOf(principal, tenant, scope === "global");
        return context.json(changedView(await store.revokeKey(actor, part("id")), store));
      },
    }),
  ];
}

function changedView({ key, leavesNoAdministrator }: KeyChanged, store: Home["store"]): View {
  const warning = leavesNoAdministrator ? { warning: LAST_ADMINISTRATOR } : {};
  return { ...keyView(key, store.lastUse(key.id)), ...warning };
}
