import { type Context, Hono } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { z } from "zod";
import { SESSION_COOKIE } from "./auth.ts";
import { type Oidc, OidcFailed, type Person } from "./oidc.ts";
import { Problem, problemOf } from "./problem.ts";
import { seal, unseal } from "./sealed.ts";
import type { Env, Principal, Services } from "./services.ts";
import { beginSession } from "./session.ts";

/** What the browser keeps while the person is at the provider; unlike the session's it comes along on the way back. */
const PENDING_COOKIE = "__Host-leakgate-oidc";
const COOKIE = { path: "/", secure: true, httpOnly: true, sameSite: "Lax" } as const;
const PENDING_S = 600;
/** What the console's sign-in is told of a sign-in that came to nothing, by the status of the answer. */
const WORDS: Readonly<Record<number, string>> = {
  400: "expired",
  401: "refused",
  403: "no_role",
  429: "limited",
  503: "unreachable",
};

const pendingSchema = z.strictObject({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  back: z.string(),
  /** The session's cookie that the browser had; on the way back it does not send it. */
  was: z.string(),
  until: z.number(),
});

/** `/auth/oidc/login` and `/auth/oidc/callback`: signing in by an OpenID Connect provider. */
export function oidcRoutes(services: Services, oidc: Oidc): Hono<Env> {
  const { tenants, identity, signIns, logger } = services;
  const key = tenants.controlPepper.derive("oidc pending sign-in", 32);
  const routes = new Hono<Env>();
  const pendingOf = (context: Context<Env>) =>
    unseal(key, getCookie(context, PENDING_COOKIE) ?? "", pendingSchema);

  routes.get("/login", async (context) => {
    const back = localPath(context.req.query("return") ?? "/");
    const { url, pending } = await oidc.begin().catch((error) => {
      throw unreachable(context, error);
    });
    const value = seal(key, {
      ...pending,
      back,
      was: getCookie(context, SESSION_COOKIE) ?? "",
      until: Date.now() + PENDING_S * 1000,
    });
    setCookie(context, PENDING_COOKIE, value, { ...COOKIE, maxAge: PENDING_S });
    return context.redirect(url, 303);
  });

  routes.get("/callback", async (context) => {
    const pending = pendingOf(context);
    if (pending === null || pending.until <= Date.now())
      throw new Problem(400, "This sign-in was not begun in this browser, or too long ago: begin again.");
    const { search } = new URL(context.req.url);
    const person = await oidc.finish(search, pending).catch((error) => {
      if (!(error instanceof OidcFailed) || error.why === "unreachable") throw unreachable(context, error);
      const problem = new Problem(401, "The OpenID provider did not vouch for you: begin again.");
      throw signIns.refused(context, { why: error.why, how: "oidc" }, problem);
    });
    const principal = await admitted(context, person);
    const { subject, name } = person;
    const owner = { kind: "person", subject, name, role: principal.role } as const;
    const was = await identity.bySession(pending.was);
    await beginSession(services, context, principal, owner, was);
    deleteCookie(context, PENDING_COOKIE, COOKIE);
    return context.html(onward(pending.back));
  });

  // A browser shows people the console's sign-in, which has words for it; programs get the problem.
  routes.onError((error, context) => {
    const word = WORDS[problemOf(error).status];
    if (word === undefined || !(context.req.header("accept") ?? "").includes("text/html")) throw error;
    const { back = "/" } = pendingOf(context) ?? {};
    const url = new URL(back.startsWith("/console/") ? back : "/console/", BASE);
    url.searchParams.set("sign-in", word);
    return context.redirect(url.pathname + url.search, 303);
  });

  /** Whom the person acts as here. Throws Problem 403. */
  async function admitted(context: Context<Env>, { subject, name, groups }: Person): Promise<Principal> {
    const id = `oidc:${subject}`;
    const granted = oidc.roleOf(groups);
    if (granted === null)
      throw signIns.denied(context, id, "no role", "None of your groups has a role here.");
    const { tenant } = granted;
    if (tenant !== null && (await tenants.get(tenant)) === null)
      throw signIns.denied(context, id, "no tenant", "The tenant of your groups is not there.");
    return { id, name, ...granted, expiresAt: null, session: null };
  }

  function unreachable(context: Context<Env>, error: unknown): Problem {
    if (!(error instanceof OidcFailed)) throw error;
    const { cause } = error;
    const reason = cause instanceof Error ? String(cause.cause ?? cause.message) : error.why;
    logger.error({ reason, requestId: context.get("requestId") }, "the OpenID provider cannot be used");
    return new Problem(503, "The OpenID provider cannot be reached; sign in with a key, or try again.");
  }

  return routes;
}

/** For paths alone; no host is called so. */
const BASE = "http://leakgate.invalid";

/** A path of ours, with its query; nothing that leads to another origin. Throws Problem 400. */
function localPath(text: string): string {
  const isPath = /^\/(?![/\\])[\x21-\x7e]*$/.test(text) && !text.includes("\\") && URL.canParse(text, BASE);
  const url = isPath ? new URL(text, BASE) : null;
  if (url === null || url.origin !== BASE || url.pathname.startsWith("//"))
    throw new Problem(400, "return must be a path of the console, as /leaks.");
  return url.pathname + url.search;
}

/**
 * A page that goes on to the path. Not a redirect: the browser comes here from the provider, and would not send a
 * SameSite=Strict cookie to where a redirect on that way leads.
 */
function onward(path: string): string {
  const escaped = path.replaceAll(/[&<>"']/g, (each) => `&#${each.charCodeAt(0)};`);
  return `<!doctype html><meta charset="utf-8"><title>Signed in</title><meta http-equiv="refresh" content="0;url=${escaped}"><p>Signed in. <a href="${escaped}">Go on</a>`;
}
