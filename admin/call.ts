import type { Context } from "hono";
import type { z } from "zod";
import type { Role } from "../rules/access.ts";
import type { Actor } from "../rules/journal.ts";
import { defaultTenant, type Tenant } from "../rules/tenants.ts";
import { parameters } from "./inputs.ts";
import { carryOutOnce, onceOf } from "./once.ts";
import { Problem } from "./problem.ts";
import { body, query } from "./request.ts";
import { actorOf, type Env, type Principal, type Services } from "./services.ts";

/**
 * Who may make a call. `open`: anybody; `known`: whoever has a key of any role; `look`, `change`: within a tenant;
 * `global_look`, `global_change`: across all of them.
 */
export type Access = "open" | "known" | "look" | "change" | "global_look" | "global_change";

const looking: readonly Role[] = ["administrator", "analyst", "global_administrator", "global_analyst"];
/** The roles that each access takes; the OpenAPI document says the same. */
export const rolesOf: Readonly<Record<Exclude<Access, "open">, readonly Role[]>> = {
  known: looking,
  look: looking,
  change: ["administrator", "global_administrator"],
  global_look: ["global_administrator", "global_analyst"],
  global_change: ["global_administrator"],
};

/** A header of answers that clients work with; openapi.ts says what each is for. */
export type AnswerHeader =
  | "ETag"
  | "Idempotency-Replayed"
  | "Location"
  | "Retry-After"
  | "WWW-Authenticate"
  | "X-Request-Id";

/** One answer of a call: what it holds where it is JSON, else its media type. */
export interface Answer {
  readonly description: string;
  readonly schema?: z.ZodType;
  readonly content?: string;
  /** Those it always has, `X-Request-Id` aside. */
  readonly headers?: readonly AnswerHeader[];
}

/** What a call takes whose body is no JSON of ours: its media types, each with an example. */
export type Streams = Readonly<Record<string, unknown>>;

/** A call as its handler gets it: everything checked. */
export interface Made<Query, Body> {
  readonly context: Context<Env>;
  readonly principal: Principal;
  /** For the journal. */
  readonly actor: Actor;
  /** The tenant that the call is about; of a global call the default one. */
  readonly tenant: Tenant;
  readonly query: Query;
  readonly body: Body;
  /** A part of the path, `{id}`. */
  readonly part: (name: string) => string;
}

/** One call of the API, declared once: the routes and the OpenAPI document are both made of it. */
export interface Declaration<Query extends z.ZodType, Body extends z.ZodType> {
  readonly method: "get" | "post" | "patch" | "put" | "delete";
  /** Below `/api/v1`, its parts in braces: `/leaks/{id}`. */
  readonly path: string;
  /** The heading under which it stands in the document. */
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly access: Exclude<Access, "open">;
  readonly query?: Query;
  /** Without one the call takes no body, or an empty one. */
  readonly body?: Body;
  /** In place of `body`: it reads the bytes itself as they come (`streamed` in request.ts), and takes no Idempotency-Key. */
  readonly streams?: Streams;
  /** What it answers must not be kept, not even to answer the same call again (once.ts). */
  readonly answersSecret?: boolean;
  /** Takes `If-Match` (see `ifMatch` in request.ts). */
  readonly takesIfMatch?: boolean;
  readonly answers: Readonly<Record<number, Answer>>;
  readonly handle: (made: Made<z.output<Query>, z.output<Body>>) => Response | Promise<Response>;
}

/** A declared call, whatever it takes. */
export interface Call extends Omit<Declaration<z.ZodType, z.ZodType>, "handle" | "access"> {
  readonly access: Access;
  /** It is of the leak module: absent, with 404, where the tenant has that switched off. */
  readonly isOfLeaks?: boolean;
  /** Checks who calls and what is given, then carries it out. Throws Problem and what the rules refuse. */
  readonly carryOut: (context: Context<Env>, services: Services, isOfLeaks?: boolean) => Promise<Response>;
}

/** Declares a call. */
export function call<
  Query extends z.ZodType = typeof parameters.none,
  Body extends z.ZodType = typeof parameters.none,
>(declared: Declaration<Query, Body>): Call {
  const { handle, ...rest } = declared;
  const takes = {
    query: declared.query ?? parameters.none,
    body: declared.body ?? parameters.none,
  };
  const carryOut: Call["carryOut"] = async (context, services, isOfLeaks = false) => {
    const principal = permitted(context, declared.access);
    const tenant = await tenantOf(context, services, principal, declared.access);
    if (isOfLeaks && !tenant.store.settings().leaksEnabled)
      throw new Problem(404, "The leak module is switched off for this tenant.");
    const given = query(context, takes.query) as z.output<Query>;
    const isGlobal = declared.access.startsWith("global");
    const [store, pepper] = isGlobal
      ? [services.tenants.control, services.tenants.controlPepper]
      : [tenant.store, tenant.pepper];
    const { method, streams } = declared;
    const once = method === "post" && streams === undefined ? onceOf(context, principal, pepper) : null;
    const sent =
      method === "get" || streams !== undefined
        ? (takes.body.parse({}) as z.output<Body>)
        : ((await body(services, context, takes.body, once?.onBody)) as z.output<Body>);
    const part = (name: string) => context.req.param(name) ?? "";
    const actor = { actor: actorOf(principal), from: context.get("from") };
    const made = { context, principal, actor, tenant, query: given, body: sent, part };
    if (once === null) return handle(made);
    const options = { kept: store.kept, logger: services.logger, isSecret: declared.answersSecret ?? false };
    return carryOutOnce(context, once, options, async () => handle(made));
  };
  return { ...rest, carryOut };
}

/** A call that anybody may make, as its handler gets it: there is no principal, and no tenant. */
export interface OpenDeclaration<Body extends z.ZodType>
  extends Omit<Declaration<z.ZodType, Body>, "access" | "query" | "takesIfMatch" | "handle"> {
  readonly handle: (made: Pick<Made<unknown, z.output<Body>>, "context" | "body">) => Promise<Response>;
}

/** Declares a call that needs no key. */
export function openCall<Body extends z.ZodType>(declared: OpenDeclaration<Body>): Call {
  const { handle, ...rest } = declared;
  const carryOut: Call["carryOut"] = async (context, services) => {
    query(context, parameters.none);
    const sent = (await body(services, context, declared.body ?? parameters.none)) as z.output<Body>;
    return handle({ context, body: sent });
  };
  return { ...rest, access: "open", carryOut };
}

/** Who calls, where the role allows the call. Throws Problem 403. */
function permitted(context: Context<Env>, access: Exclude<Access, "open">): Principal {
  const principal = context.get("principal")!;
  if ((rolesOf[access] as readonly string[]).includes(principal.role)) return principal;
  const needed = access.startsWith("global") ? "a key of a global role" : "an administrator's key";
  const isStrange = !(looking as readonly string[]).includes(principal.role);
  throw new Problem(
    403,
    isStrange ? "This key's role may see nothing." : `This key may not do that; ${needed} is needed.`,
  );
}

/**
 * The tenant that the call is about: the caller's own, or the one that `tenant=` names. Another tenant's is as unknown
 * to a tenant's key as one that does not exist. Throws Problem 404.
 */
async function tenantOf(
  context: Context<Env>,
  { tenants }: Services,
  principal: Principal,
  access: Access,
): Promise<Tenant> {
  const named = context.req.query("tenant");
  const isGlobalCall = access.startsWith("global");
  const own = principal.tenant ?? defaultTenant;
  const isForeign = principal.tenant !== null && named !== undefined && named !== own;
  const tenant = isForeign ? null : await tenants.get(isGlobalCall ? defaultTenant : (named ?? own));
  if (tenant === null) throw new Problem(404, "No tenant has this name.");
  return tenant;
}
