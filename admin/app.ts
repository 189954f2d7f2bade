import { randomBytes } from "node:crypto";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { authorize } from "./auth.ts";
import { healthRoutes } from "./health.ts";
import { keyRoutes } from "./keys.ts";
import { leakRoutes } from "./leaks.ts";
import { lookingRoutes } from "./looking.ts";
import { Problem, problemOf, send } from "./problem.ts";
import type { Env, Services } from "./services.ts";

/** Said with every answer: nothing of it is to be kept, framed, sniffed or run. */
const SECURITY: readonly (readonly [string, string])[] = [
  ["cache-control", "no-store"],
  ["content-security-policy", "default-src 'none'; frame-ancestors 'none'"],
  ["referrer-policy", "no-referrer"],
  ["x-content-type-options", "nosniff"],
];

/** The admin API under `/api/v1`, and the health of the gateway. */
export function adminApp(services: Services): Hono<Env> {
  const { logger, config } = services;
  const app = new Hono<Env>();

  app.use(async (context, next) => {
    const began = performance.now();
    context.set("requestId", randomBytes(8).toString("hex"));
    context.set("key", null);
    await next();
    for (const [name, value] of SECURITY) context.res.headers.set(name, value);
    context.res.headers.set("x-request-id", context.get("requestId"));
    if (context.req.path === "/healthz" || context.req.path === "/readyz" || context.req.path === "/metrics")
      return;
    // The path of a known route only: in any other a token may stand by mistake.
    const path = context.res.status === 404 || context.res.status === 401 ? "-" : context.req.path;
    const ms = Math.round(performance.now() - began);
    logger.info(
      {
        method: context.req.method,
        path,
        status: context.res.status,
        ms,
        key: context.get("key")?.id,
        requestId: context.get("requestId"),
      },
      "admin call",
    );
  });
  app.use(authorize(services));
  app.use(
    bodyLimit({
      maxSize: config.bodyBytes,
      onError: () => {
        throw new Problem(413, `The body is larger than ${config.bodyBytes} bytes (admin.bodyBytes).`);
      },
    }),
  );
  app.route("/", healthRoutes(services));
  app.route("/api/v1/leaks", leakRoutes(services));
  app.route("/api/v1/keys", keyRoutes(services));
  app.route("/api/v1", lookingRoutes(services));

  app.notFound((context) => {
    const allowed = methodsOf(app, context.req.path);
    const problem =
      allowed.length === 0
        ? new Problem(404, "There is nothing at this path.")
        : new Problem(405, "This path does not take this method.", [], { allow: allowed.join(", ") });
    return send(context, problem, context.get("requestId"));
  });
  app.onError((error, context) => {
    const problem = problemOf(error);
    const requestId = context.get("requestId");
    if (problem.status >= 500)
      logger.error({ requestId, reason: error.message, stack: error.stack }, "an admin call failed");
    return send(context, problem, requestId);
  });
  return app;
}

/** The methods that some route takes at this path; HEAD goes with GET. */
function methodsOf(app: Hono<Env>, path: string): string[] {
  const found = new Set<string>();
  for (const route of app.routes) {
    if (route.method === "ALL") continue;
    const shape = new RegExp(`^${route.path.replace(/\/$/, "").replaceAll(/:[a-z]+/g, "[^/]+")}$`);
    if (shape.test(path)) found.add(route.method);
  }
  if (found.has("GET")) found.add("HEAD");
  return [...found].sort();
}
