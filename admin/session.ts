import type { Context } from "hono";
import { deleteCookie, setCookie } from "hono/cookie";
import type { KeyId } from "../rules/access.ts";
import { KeyUnknown } from "../rules/refusal.ts";
import type { Session, SessionOwner } from "../rules/session.ts";
import { sessionAnswer, sessionList, signedOut, signInWays, whoAnswer } from "./answers.ts";
import { SESSION_COOKIE, sessionOf, unknown } from "./auth.ts";
import { type Call, call, type Made, openCall, rolesOf } from "./call.ts";
import { type Home, ownerId } from "./identity.ts";
import { bodies } from "./inputs.ts";
import { refuseForeign } from "./origin.ts";
import { Problem } from "./problem.ts";
import { actorOf, type Env, type Principal, type Services } from "./services.ts";
import { iso, isoOrNull, type View } from "./views.ts";

const tag = "Sign-in";
const COOKIE = { path: "/", secure: true, httpOnly: true, sameSite: "Strict" } as const;

/** `/session`, `/sessions`: signing in to the console with a key, and out. */
export function sessionCalls(services: Services): readonly Call[] {
  const { identity, signIns, config, oidc } = services;
  const idleMs = () => config.session.idleMinutes * 60_000;

  /** Where the sessions lie that the call is about. */
  async function homeOf({ context, principal, tenant }: Sessions): Promise<Home> {
    const isOwn = principal.tenant === null && context.req.query("tenant") === undefined;
    return isOwn ? ((await identity.home(null)) as Home) : { ...tenant, tenant: tenant.name };
  }

  /** Those that go on, and that the caller may see. */
  function visible({ id, role }: Principal, home: Home): Session[] {
    const isAdministrator = (rolesOf.change as readonly string[]).includes(role);
    return home.store
      .sessions()
      .filter(({ owner }) => isAdministrator || ownerId(owner) === id)
      .filter((session) => !identity.isOver(home, session));
  }

  return [
    openCall({
      method: "get",
      path: "/sign-in",
      tag,
      summary: "How people sign in, besides with a key",
      answers: { 200: { description: "The other ways", schema: signInWays } },
      handle: async ({ context }) => context.json({ oidc: oidc && { label: oidc.label } }),
    }),
    openCall({
      method: "post",
      path: "/session",
      tag,
      summary: "Sign in with a key",
      description: "Sets the session's cookie. Always a new session; the one that the browser had ends.",
      body: bodies.session,
      answers: { 201: { description: "Who has signed in", schema: whoAnswer } },
      handle: async ({ context, body: { key } }) => {
        refuseForeign(context, config.publicUrl, true);
        const shown = await identity.byKey(key);
        if (shown.principal === null) throw signIns.refusal(context, shown);
        // For the log, should the role be none that may sign in.
        context.set("principal", shown.principal);
        if (!(rolesOf.known as readonly string[]).includes(shown.principal.role))
          throw new Problem(403, "This key's role may see nothing.");
        const owner = { kind: "key", key: shown.principal.id as KeyId } as const;
        const was = await sessionOf(context, identity);
        const principal = await beginSession(services, context, shown.principal, owner, was);
        return context.json(whoView(principal, idleMs()), 201);
      },
    }),
    call({
      method: "get",
      path: "/session",
      tag,
      summary: "Who calls, and for how long yet",
      access: "known",
      answers: { 200: { description: "Who calls", schema: whoAnswer } },
      handle: ({ context, principal }) => context.json(whoView(principal, idleMs())),
    }),
    call({
      method: "delete",
      path: "/session",
      tag,
      summary: "Sign out",
      access: "known",
      answers: { 200: { description: "Signed out", schema: signedOut } },
      handle: async ({ context, principal, actor }) => {
        if (principal.session === null) throw new Problem(404, "A key was sent, and no session is in use.");
        const home = await identity.home(principal.tenant);
        await home?.store.endSession(actor, principal.session.id);
        deleteCookie(context, SESSION_COOKIE, COOKIE);
        const isPerson = principal.id.startsWith("oidc:");
        return context.json({ logoutUrl: isPerson && oidc !== null ? await oidc.logoutUrl() : null });
      },
    }),
    call({
      method: "get",
      path: "/sessions",
      tag,
      summary: "One's own sessions; to administrators, all of the tenant",
      description: "Without `tenant`, a global role sees those of global roles.",
      access: "known",
      answers: { 200: { description: "The sessions", schema: sessionList } },
      handle: async (made) => {
        const home = await homeOf(made);
        const sessions = visible(made.principal, home);
        return made.context.json({
          sessions: sessions.map((each) => sessionView(each, home, made.principal)),
        });
      },
    }),
    call({
      method: "delete",
      path: "/sessions/{id}",
      tag,
      summary: "End a session",
      access: "known",
      answers: { 200: { description: "The session that has ended", schema: sessionAnswer } },
      handle: async (made) => {
        const { context, principal, actor, part } = made;
        const home = await homeOf(made);
        const session = visible(principal, home).find(({ id }) => id === part("id"));
        if (session === undefined) throw new Problem(404, "No session has this id.");
        await home.store.revokeSession(actor, session.id);
        return context.json(sessionView(session, home, principal));
      },
    }),
  ];
}

type Sessions = Pick<Made<unknown, unknown>, "context" | "principal" | "tenant">;

/**
 * Begins a session of whom has just proved who they are, and sets its cookie; `was` is the session that the browser had.
 * Throws Problem.
 */
export async function beginSession(
  { identity, signIns }: Services,
  context: Context<Env>,
  by: Principal,
  owner: SessionOwner,
  was: Principal | null,
): Promise<Principal> {
  const home = await identity.home(by.tenant);
  const who = { actor: actorOf(by), from: context.get("from"), replaces: was };
  try {
    const { principal, cookie } = await identity.start(home as Home, owner, who);
    setCookie(context, SESSION_COOKIE, cookie, COOKIE);
    signIns.began(context, principal);
    return principal;
  } catch (error) {
    // The key was revoked a moment ago.
    if (error instanceof KeyUnknown)
      throw signIns.refused(context, { why: "revoked", key: by.id }, unknown());
    throw error;
  }
}

function whoView({ id, name, role, tenant, expiresAt, session }: Principal, idleMs: number): View {
  const idleAt = Math.min(Date.now() + idleMs, expiresAt ?? Number.POSITIVE_INFINITY);
  return {
    id,
    name,
    role,
    tenant,
    expiresAt: isoOrNull(expiresAt),
    session: session && { id: session.id, createdAt: iso(session.createdAt), idleAt: iso(idleAt) },
  };
}

function sessionView(session: Session, { store }: Home, principal: Principal): View {
  const { id, owner, from, createdAt, lastSeenAt, expiresAt } = session;
  return {
    id,
    owner: ownerId(owner),
    name: owner.kind === "person" ? owner.name : (store.key(owner.key)?.name ?? ""),
    from,
    createdAt: iso(createdAt),
    lastSeenAt: iso(lastSeenAt),
    expiresAt: iso(expiresAt),
    isCurrent: id === principal.session?.id,
  };
}
