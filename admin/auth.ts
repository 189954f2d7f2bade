import type { MiddlewareHandler } from "hono";
import { authenticate } from "../rules/access.ts";
import { Problem } from "./problem.ts";
import type { Env, Services } from "./services.ts";

/** Paths that need no key; they tell nothing about leaks. */
export const openPaths: ReadonlySet<string> = new Set(["/healthz", "/readyz", "/metrics"]);
const LOOKING: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/**
 * Every path but the open ones needs a key, known or not: who has none does not learn which paths exist. An analyst
 * may look, an administrator may change.
 */
export function authorize({ store, pepper }: Services): MiddlewareHandler<Env> {
  return async (context, next) => {
    if (openPaths.has(context.req.path) && LOOKING.has(context.req.method)) return next();
    const match = /^Bearer +([^\s]+)$/i.exec(context.req.header("authorization") ?? "");
    const key = match === null ? null : authenticate(store, pepper, match[1]!);
    if (key === null) {
      throw new Problem(401, "A valid access key is needed: Authorization: Bearer lgk_...", [], {
        "www-authenticate": 'Bearer realm="leakgate"',
      });
    }
    context.set("key", key);
    if (key.role !== "administrator" && !LOOKING.has(context.req.method))
      throw new Problem(403, "This key may look and not change; an administrator's key is needed.");
    return next();
  };
}

/** For paths that even to look at takes an administrator. */
export const administratorsOnly: MiddlewareHandler<Env> = async (context, next) => {
  if (context.get("key")?.role !== "administrator")
    throw new Problem(403, "Only an administrator's key may see this.");
  return next();
};
