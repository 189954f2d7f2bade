import type { Context } from "hono";
import { Problem } from "./problem.ts";
import type { Env } from "./services.ts";

const SAFE: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/**
 * Refuses what another site makes a browser send. A browser says in `Sec-Fetch-Site` who began the request, which no
 * page can change; where it does not (older ones, plain http), `Origin` must be our own. `isSure`: who says neither is
 * no browser, and sends no cookie by itself. Throws Problem 403.
 */
export function refuseForeign(context: Context<Env>, publicUrl: string | undefined, isSure: boolean): void {
  if (SAFE.has(context.req.method)) return;
  const site = context.req.header("sec-fetch-site");
  const origin = context.req.header("origin");
  if (site === undefined && origin === undefined && isSure) return;
  if (site !== undefined ? site === "same-origin" : origin !== undefined && isOwn(context, origin, publicUrl))
    return;
  throw new Problem(403, "This request was not begun by the console's own pages.");
}

function isOwn(context: Context<Env>, origin: string, publicUrl: string | undefined): boolean {
  return origin === publicUrl || origin === new URL(context.req.url).origin;
}
