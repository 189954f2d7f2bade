import type { MiddlewareHandler } from "hono";
import { authenticate } from "../rules/access.ts";
import { Problem } from "./problem.ts";
import type { Env, Services } from "./services.ts";

/** Paths that need no key; they tell nothing about leaks. */
const OPEN = new Set(["/healthz", "/readyz", "/metrics"]);
const LOOKING = new Set(["GET", "HEAD"]);

/**
 * Every path but the open ones needs a key, known or not: who has none does not learn which paths exist. An analyst
 * may look, an administrator may change.
 */
export function authorize({ store, pepper }: Services): MiddlewareHandler<Env> {
  return async (context, next) => {
    if (OPEN.has(context.req.path) && LOOKING.has(context.req.method)) return next();
    const match = /^Bearer +([^\s]+)$/i.exec(context.req.header("authorization") ?? "");
    const key = match === null ? null : authenticate(store, pepper, match[1]!);
    if (key === null) {
      throw new Problem(401, "A valid API key is needed: Authorization: Bearer lgk_...", [], {
        "www-authenticate": 'Bearer realm="leakgate"',
      });
    }
    context.set("key", key);
    if (key.role !== "administrator" && !LOOKING.has(context.req.method)) {
      throw new Problem(403, "This key may look and not change; an administrator's key is needed.");
    }
    return next();
  };
}
