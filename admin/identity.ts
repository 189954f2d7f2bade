import { LRUCache } from "lru-cache";
import type { Logger } from "pino";
import {
  type AccessKey,
  isGlobal,
  publicPartOf,
  recognise,
  type Standing,
  standingOf,
} from "../rules/access.ts";
import type { Pepper } from "../rules/pepper.ts";
import {
  mintSession,
  type Session,
  type SessionId,
  type SessionOwner,
  sessionDigest,
} from "../rules/session.ts";
import type { RulesStore } from "../rules/store.ts";
import type { Tenants } from "../rules/tenants.ts";
import type { AdminConfig } from "./config.ts";
import { OnceIn } from "./oncein.ts";
import { actorOf, type Principal } from "./services.ts";

/** Where keys and sessions lie: a tenant's store, or the control store (`tenant` null). */
export interface Home {
  readonly tenant: string | null;
  readonly store: RulesStore;
  readonly pepper: Pepper;
}

/** What became of a key that was shown. Why it was refused is for the log alone. */
export type Shown =
  | { readonly principal: Principal; readonly why: null }
  | {
      readonly principal: null;
      readonly why: Exclude<Standing, "good"> | "unknown";
      readonly key: string | null;
      readonly publicPart: string | null;
    };

/** A session that began; `cookie` is the value of its cookie. */
export interface Started {
  readonly principal: Principal;
  readonly cookie: string;
}

/** Times of use are written down at most so often. */
const NOTE_EVERY_MS = 60_000;

/** Who calls: by a key, or by the session that a key or an OIDC provider began. */
export class Identity {
  private readonly tenants: Tenants;
  private readonly config: AdminConfig;
  private readonly logger: Logger;
  private readonly uses = new OnceIn(NOTE_EVERY_MS);
  private readonly sights = new OnceIn(NOTE_EVERY_MS);
  /** When sessions were last seen, to the millisecond; the store knows it to the minute. */
  private readonly seen = new LRUCache<string, number>({ max: 10_000 });

  constructor(parts: { readonly tenants: Tenants; readonly config: AdminConfig; readonly logger: Logger }) {
    this.tenants = parts.tenants;
    this.config = parts.config;
    this.logger = parts.logger;
  }

  /** Whose key it is. A key of a global role counts only in the control store, another only in a tenant's. */
  async byKey(clear: string): Promise<Shown> {
    const now = Date.now();
    const publicPart = publicPartOf(clear);
    const homes = publicPart === null ? [] : await this.homesOf(publicPart);
    // Where nobody has it, one digest is made all the same: the time must not tell.
    for (const home of homes.length === 0 ? [this.control] : homes) {
      const found = recognise(home.store, home.pepper, clear, now);
      if (found === null) continue;
      const { key, standing } = found;
      const why = isGlobal(key.role) === (home.tenant === null) ? standing : "unknown";
      if (why !== "good") return { principal: null, why, key: key.id, publicPart };
      this.noteUse(home, key.id, now);
      return { principal: principalOf(home, key, null), why: null };
    }
    return { principal: null, why: "unknown", key: null, publicPart };
  }

  /**
   * Whose session a cookie stands for; null where there is none, or none that is not over. With `isUse` false the session
   * rests on: a page that asks by itself keeps nobody signed in.
   */
  async bySession(cookie: string, isUse = true): Promise<Principal | null> {
    const now = Date.now();
    const [tenant = "", clear = "", ...more] = cookie.split(".");
    const home = more.length === 0 ? await this.home(tenant === "" ? null : tenant) : null;
    const digest = home && sessionDigest(home.pepper, clear);
    const session = digest === null ? null : home!.store.session(digest);
    const principal = session && this.ownerOf(home!, session, now);
    if (principal === null || session!.expiresAt <= now) return null;
    if (Math.max(session!.lastSeenAt, this.seenAt(home!, session!)) + this.idleMs <= now) return null;
    if (isUse) this.noteSeen(home!, digest!, session!, now);
    return principal;
  }

  /**
   * Whether who was let in for a call that goes on would be let in now: with the same role, by a key that is good or a session
   * that is not over. To look is no use of either.
   */
  async isStill({ id, role, tenant, session: shown }: Principal): Promise<boolean> {
    const now = Date.now();
    const home = await this.home(tenant);
    if (home === null) return false;
    if (shown === null) {
      const key = home.store.key(id);
      return key !== null && key.role === role && standingOf(key, now) === "good";
    }
    const session = home.store.sessions().find((each) => each.id === shown.id);
    if (session === undefined || this.isOver(home, session)) return false;
    return this.ownerOf(home, session, now)?.role === role;
  }

  /** Begins a session, of which only a digest is stored. `replaces` is the one that the browser had. */
  async start(
    home: Home,
    owner: SessionOwner,
    { actor, from, replaces }: { actor: string; from: string; replaces: Principal | null },
  ): Promise<Started> {
    const now = Date.now();
    const { clear, digest } = mintSession(home.pepper);
    const before = replaces?.session?.id ?? null;
    const isHere = replaces?.tenant === home.tenant;
    const session = await home.store.startSession(
      { actor, from },
      {
        digest,
        owner,
        expiresAt: now + this.config.session.absoluteHours * 3_600_000,
        idleMs: this.idleMs,
        replaces: isHere ? before : null,
      },
    );
    if (before !== null && !isHere) {
      const other = await this.home(replaces!.tenant);
      await other?.store.endSession({ actor: actorOf(replaces!), from }, before);
    }
    const principal = this.ownerOf(home, session, now);
    if (principal === null) throw new Error("the session that has just begun is nobody's");
    return { principal, cookie: `${home.tenant ?? ""}.${clear}` };
  }

  /** Where the keys and sessions of a tenant lie, or of global roles (null); null where there is no such tenant. */
  async home(tenant: string | null): Promise<Home | null> {
    if (tenant === null) return this.control;
    const found = await this.tenants.get(tenant);
    return found && { tenant, store: found.store, pepper: found.pepper };
  }

  /** Whether a session has ended by itself; of those used elsewhere, or before a restart, exact to a minute. */
  isOver(home: Home, session: Session): boolean {
    const now = Date.now();
    const seenAt = this.seenAt(home, session) || session.lastSeenAt + NOTE_EVERY_MS;
    const lastAt = Math.max(session.lastSeenAt, seenAt);
    return session.expiresAt <= now || lastAt + this.idleMs <= now;
  }

  private get idleMs(): number {
    return this.config.session.idleMinutes * 60_000;
  }

  private get control(): Home {
    return { tenant: null, store: this.tenants.control, pepper: this.tenants.controlPepper };
  }

  /** Those in which a key has this public part: one, unless a folder was copied. */
  private async homesOf(publicPart: string): Promise<Home[]> {
    for (const isRetry of [false, true]) {
      // A tenant made by the command line a moment ago.
      if (isRetry) await this.tenants.findNew();
      const all = this.tenants.all.map(({ name, store, pepper }) => ({ tenant: name, store, pepper }));
      const found = [this.control, ...all].filter(({ store }) => store.keyByPublicPart(publicPart) !== null);
      if (found.length > 0) return found;
    }
    return [];
  }

  /** Whose session it is now: name, role and standing are those that its key has today. */
  private ownerOf(home: Home, session: Session, now: number): Principal | null {
    const { owner } = session;
    if (owner.kind === "key") {
      const key = home.store.key(owner.key);
      return key !== null && standingOf(key, now) === "good" ? principalOf(home, key, session) : null;
    }
    // Who switches OIDC off ends what began with it.
    if (this.config.oidc === undefined) return null;
    const { subject, name, role } = owner;
    return principalOf(home, { id: `oidc:${subject}`, name, role, expiresAt: null }, session);
  }

  /** When this process saw it last; 0: never. */
  private seenAt({ tenant }: Home, { id }: Session): number {
    return this.seen.get(`${tenant ?? ""} ${id}`) ?? 0;
  }

  private noteSeen({ tenant, store }: Home, digest: string, session: Session, now: number): void {
    const name = `${tenant ?? ""} ${session.id}`;
    this.seen.set(name, now);
    if (this.sights.isDue(name, now, session.lastSeenAt)) this.later(store.noteSeen(digest, now));
  }

  private noteUse({ tenant, store }: Home, id: string, now: number): void {
    if (this.uses.isDue(`${tenant ?? ""} ${id}`, now, store.lastUse(id))) this.later(store.noteUse(id, now));
  }

  /** Nobody waits for it: a time of use that is lost is no reason to refuse a call. */
  private later(noting: Promise<void>): void {
    noting.catch((error: Error) =>
      this.logger.warn({ reason: error.message }, "a time of use was not stored"),
    );
  }
}

/** Who owns a session, as `Principal.id` says it. */
export function ownerId(owner: SessionOwner): string {
  return owner.kind === "key" ? owner.key : `oidc:${owner.subject}`;
}

function principalOf(
  { tenant }: Home,
  { id, name, role, expiresAt }: Pick<AccessKey, "name" | "role" | "expiresAt"> & { readonly id: string },
  session: Session | null,
): Principal {
  const shown = session && { id: session.id as SessionId, createdAt: session.createdAt };
  return { id, name, role, tenant, expiresAt: session?.expiresAt ?? expiresAt, session: shown };
}
