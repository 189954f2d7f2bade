import type { Context, MiddlewareHandler } from "hono";
import { getCookie } from "hono/cookie";
import type { Logger } from "pino";
import { Failures } from "./failures.ts";
import type { Shown } from "./identity.ts";
import { refuseForeign } from "./origin.ts";
import { Problem } from "./problem.ts";
import type { Env, Principal, Services } from "./services.ts";

/** Paths that need no key; they tell nothing about leaks. */
export const openPaths: ReadonlySet<string> = new Set(["/healthz", "/readyz", "/metrics"]);
/** Where people sign in, by method and path. */
export const signInCalls: ReadonlySet<string> = new Set([
  "GET /api/v1/sign-in",
  "POST /api/v1/session",
  "GET /auth/oidc/login",
  "GET /auth/oidc/callback",
]);
const LOOKING: ReadonlySet<string> = new Set(["GET", "HEAD"]);
/** `__Host-`: over TLS alone, for this host alone, and no other host may set it. */
export const SESSION_COOKIE = "__Host-leakgate";
/** A page says with it that it asks by itself: the session is not used by that. */
const UNATTENDED = "leakgate-unattended";

/**
 * Every path but the open ones needs a key or a session, known or not: who has none does not learn which paths exist.
 * Where both are sent, the key counts. What the role may do, each call says (call.ts).
 */
export function authorize({ identity, signIns, config }: Services): MiddlewareHandler<Env> {
  return async (context, next) => {
    const { method, path } = context.req;
    if (openPaths.has(path) && LOOKING.has(method)) return next();
    if (signInCalls.has(`${method} ${path}`)) return next();
    const bearer = bearerOf(context);
    if (bearer !== null) {
      const shown = await identity.byKey(bearer);
      if (shown.principal === null) throw signIns.refusal(context, shown);
      context.set("principal", shown.principal);
      return next();
    }
    const principal = await sessionOf(context, identity);
    if (principal === null) throw unknown();
    context.set("principal", principal);
    refuseForeign(context, config.publicUrl, false);
    return next();
  };
}

/** Whose session the request's cookie stands for. */
export async function sessionOf(
  context: Context<Env>,
  identity: Services["identity"],
): Promise<Principal | null> {
  const cookie = getCookie(context, SESSION_COOKIE);
  return cookie === undefined
    ? null
    : identity.bySession(cookie, context.req.header(UNATTENDED) === undefined);
}

/** Keeps count and log of who signs in, and who tries to (ASVS 5.0, 16.3.1): by id and public part, never the key. */
export class SignIns {
  private readonly failures: Failures;
  private readonly logger: Logger;

  constructor(logger: Logger, failuresPerMinute: number) {
    this.logger = logger;
    this.failures = new Failures(failuresPerMinute);
  }

  /**
   * The answer to a wrong key. Beyond the limit of its address it is 429; keys are looked at all the same, so that nobody
   * who shares an address with an attacker is locked out. A guess is hopeless at any rate: a key has 238 random bits.
   */
  refusal(context: Context<Env>, { why, key, publicPart }: Shown & { principal: null }): Problem {
    return this.refused(context, { why, key, publicPart }, unknown());
  }

  /** The same for other ways to sign in: logs what is `said`, and answers `problem` or 429. */
  refused(context: Context<Env>, said: Readonly<Record<string, string | null>>, problem: Problem): Problem {
    const waitS = this.failures.count(context.get("from"), Date.now());
    this.log(context, said, waitS > 0);
    if (waitS === 0) return problem;
    const detail = "Too many failures came from this address; a valid key is still taken.";
    return new Problem(429, detail, [], { "retry-after": String(waitS) });
  }

  /** Somebody is who they say, and has no role here. */
  denied(context: Context<Env>, key: string, why: string, detail: string): Problem {
    this.log(context, { why, key }, false);
    return new Problem(403, detail);
  }

  /** Somebody signed in. */
  began(context: Context<Env>, { id, tenant, session }: Principal): void {
    const requestId = context.get("requestId");
    this.logger.info(
      { key: id, tenant, session: session?.id, from: context.get("from"), requestId },
      "signed in",
    );
  }

  private log(context: Context<Env>, said: object, isLimited: boolean): void {
    const [from, requestId] = [context.get("from"), context.get("requestId")];
    this.logger.warn({ ...said, from, requestId, isLimited }, "sign-in refused");
  }
}

/** No key, or none that counts: no answer says which. */
export function unknown(): Problem {
  return new Problem(401, "A valid access key is needed: Authorization: Bearer lgk_...", [], {
    "www-authenticate": 'Bearer realm="leakgate"',
  });
}

/** What a Bearer header holds, be it broken; null where there is none. */
function bearerOf(context: Context<Env>): string | null {
  const given = context.req.header("authorization") ?? "";
  return /^Bearer(?: |$)/i.test(given) ? given.slice("Bearer".length).trim() : null;
}
