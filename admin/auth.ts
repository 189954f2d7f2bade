import type { MiddlewareHandler } from "hono";
import { authenticate, isGlobal } from "../rules/access.ts";
import type { Tenants } from "../rules/tenants.ts";
import { Problem } from "./problem.ts";
import type { Env, Principal, Services } from "./services.ts";

/** Paths that need no key; they tell nothing about leaks. */
export const openPaths: ReadonlySet<string> = new Set(["/healthz", "/readyz", "/metrics"]);
const LOOKING: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/**
 * Every path but the open ones needs a key, known or not: who has none does not learn which paths exist. What the key's
 * role may do, each call says (call.ts).
 */
export function authorize({ tenants }: Services): MiddlewareHandler<Env> {
  return async (context, next) => {
    if (openPaths.has(context.req.path) && LOOKING.has(context.req.method)) return next();
    const match = /^Bearer +([^\s]+)$/i.exec(context.req.header("authorization") ?? "");
    const principal = match === null ? null : await principalOf(tenants, match[1]!);
    if (principal === null) {
      throw new Problem(401, "A valid access key is needed: Authorization: Bearer lgk_...", [], {
        "www-authenticate": 'Bearer realm="leakgate"',
      });
    }
    context.set("principal", principal);
    return next();
  };
}

/** Whose key it is. A key of a global role counts only in the control store, another only in a tenant's. */
async function principalOf(tenants: Tenants, clear: string): Promise<Principal | null> {
  const global = authenticate(tenants.control, tenants.controlPepper, clear, Date.now());
  if (global !== null) return isGlobal(global.role) ? principal(global, null) : null;
  for (const isRetry of [false, true]) {
    // A tenant made by the command line a moment ago.
    if (isRetry) await tenants.findNew();
    for (const { name, store, pepper } of tenants.all) {
      const key = authenticate(store, pepper, clear, Date.now());
      if (key !== null) return isGlobal(key.role) ? null : principal(key, name);
    }
  }
  return null;
}

function principal({ id, name, role }: Omit<Principal, "tenant">, tenant: string | null): Principal {
  return { id, name, role, tenant };
}
