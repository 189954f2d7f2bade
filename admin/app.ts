import { randomBytes } from "node:crypto";
import { RequestError } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { addressReader } from "./address.ts";
import { authorize, openPaths } from "./auth.ts";
import { allCalls } from "./calls.ts";
import { consoleFiles, isConsolePath } from "./consolefiles.ts";
import { type SecurityHeaders, securityHeaders } from "./headers.ts";
import { healthRoutes } from "./health.ts";
import { oidcRoutes } from "./oidcroutes.ts";
import { Problem, problemAnswer, problemOf } from "./problem.ts";
import type { Env, Services } from "./services.ts";
import { untoldRoutes } from "./told/routes.ts";

/** The admin API under `/api/v1`, and the health of the gateway. `told`: where services tell of tokens, if here. */
export function adminApp(services: Services, told = untoldRoutes()): Hono<Env> {
  return appOf(services, (app) => {
    app.use(consoleFiles());
    app.route("/", told);
    app.use(authorize(services));
    app.route("/", healthRoutes(services));
    if (services.oidc !== null) app.route("/auth/oidc", oidcRoutes(services, services.oidc));
    for (const { method, path, isOfLeaks, carryOut } of allCalls(services))
      app.on(method, `/api/v1${path.replaceAll(/\{(\w+)\}/g, ":$1")}`, (context) =>
        carryOut(context, services, isOfLeaks),
      );
  });
}

/** The same with nothing but these routes. */
export function bareApp(services: Services, routes: Hono<Env>): Hono<Env> {
  return appOf(services, (app) => app.route("/", routes));
}

/** What every answer of the admin process has, whatever `mount` puts there. */
function appOf(services: Services, mount: (app: Hono<Env>) => void): Hono<Env> {
  const { logger, closing, config } = services;
  const always = securityHeaders(config);
  const addressOf = addressReader(config.trust);
  const app = new Hono<Env>();

  app.use(async (context, next) => {
    const began = performance.now();
    context.set("requestId", newRequestId());
    context.set("from", addressOf(context.env.incoming));
    context.set("principal", null);
    await next();
    secure(context.res.headers, context.get("requestId"), always);
    // A connection kept alive would hold up the close.
    if (closing.aborted) context.res.headers.set("connection", "close");
    if (openPaths.has(context.req.path) || isConsolePath(context.req.path)) return;
    logger.info(
      {
        method: context.req.method,
        path: loggedPath(context.req.path, words),
        status: context.res.status,
        ms: Math.round(performance.now() - began),
        from: context.get("from"),
        key: context.get("principal")?.id,
        tenant: context.get("principal")?.tenant ?? undefined,
        requestId: context.get("requestId"),
      },
      "admin call",
    );
  });
  mount(app);

  const words = wordsOf(app);
  const shapes = shapesOf(app);
  app.notFound((context) => {
    const allowed = shapes.filter(({ shape }) => shape.test(context.req.path)).map(({ method }) => method);
    return refuse(
      context,
      allowed.length === 0 ? new Problem(404, "There is nothing at this path.") : wrong(allowed),
    );
  });
  app.onError((error, context) => {
    const problem = problemOf(error);
    const { method, path } = context.req;
    // ASVS 5.0, 16.3.2: who asked for what they may not have.
    if (problem.status === 403) {
      const { id: key, tenant, role } = context.get("principal") ?? {};
      const [from, requestId] = [context.get("from"), context.get("requestId")];
      logger.warn(
        { key, tenant, role, method, path: loggedPath(path, words), from, requestId },
        "not allowed",
      );
    }
    if (problem.status >= 500) {
      const { message, stack } = error;
      logger.error({ requestId: context.get("requestId"), reason: message, stack }, "an admin call failed");
    }
    return refuse(context, problem);
  });
  return app;
}

/** The answer where the app gave none, mostly because the target or the Host of the request is no URL. */
export function answerOutside(error: unknown, headers = securityHeaders({})): Response {
  const requestId = newRequestId();
  const isRequest = error instanceof RequestError;
  const problem = isRequest ? new Problem(400, "The target or the Host is not valid.") : problemOf(error);
  const answer = problemAnswer(problem, requestId);
  secure(answer.headers, requestId, headers);
  return answer;
}

function refuse(context: Context<Env>, problem: Problem): Response {
  return problemAnswer(problem, context.get("requestId"));
}

function wrong(allowed: readonly string[]): Problem {
  const methods = new Set(allowed.includes("GET") ? [...allowed, "HEAD"] : allowed);
  return new Problem(405, "This path does not take this method.", [], {
    allow: [...methods].sort().join(", "),
  });
}

function secure(headers: Headers, requestId: string, always: SecurityHeaders): void {
  for (const [name, value] of always) if (!headers.has(name)) headers.set(name, value);
  headers.set("x-request-id", requestId);
}

function newRequestId(): string {
  return randomBytes(8).toString("hex");
}

/** The calls there are, without what stands before them. */
function callsOf(app: Hono<Env>): { method: string; path: string }[] {
  return app.routes.filter(({ method }) => method !== "ALL");
}

/** What the paths of each call look like. */
function shapesOf(app: Hono<Env>): { method: string; shape: RegExp }[] {
  return callsOf(app).map(({ method, path }) => ({
    method,
    shape: new RegExp(`^${path.replaceAll(/:[a-z]+/g, "[^/]+")}$`),
  }));
}

/** The fixed parts of all paths. */
function wordsOf(app: Hono<Env>): ReadonlySet<string> {
  return new Set(callsOf(app).flatMap(({ path }) => path.split("/").filter((part) => !part.startsWith(":"))));
}

const LOGGED_ID = /^(?:leak|rule|key|session|hook|delivery|source)-\d{1,15}$/;

/** The path with everything but known words and ids left out: by mistake a token may stand in it. */
function loggedPath(path: string, words: ReadonlySet<string>): string {
  const parts = path.split("/", 8);
  return parts.map((part) => (words.has(part) || LOGGED_ID.test(part) ? part : "*")).join("/");
}
