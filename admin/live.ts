import { type Leak, watchOf } from "../rules/leak.ts";
import type { AttemptsKnown } from "../rules/store/attempts.ts";
import type { Tenant } from "../rules/tenants.ts";
import { type Hunted, hunt } from "./hunt.ts";
import type { Services } from "./services.ts";
import { isoOrNull, type View } from "./views.ts";

const RECENT_MS = 7 * 86_400_000;
/** Workers look every 50 ms for what is asked; whoever waits for a leak's page waits no longer than this for them. */
const WAIT_MS = 250;
/** Tokens that are looked for: of a larger leak a person asks for the preview. */
const TOKENS_MAX = 10_000;

/** Whether somebody uses tokens of a leak, as far as the gateway sees. */
export interface Liveness {
  readonly state: "live" | "quiet" | "unknown";
  /** Since when it has been looked at (ms); null where nobody looked. */
  readonly since: number | null;
  /** Milliseconds since 1970; null where none was seen. */
  readonly lastSeenAt: number | null;
}

/**
 * Tells from the last attempt, where one is recent, and else from what the workers remember of requests that passed. It is
 * `quiet` only where nothing could have come unseen: each worker of the tenant has answered, and knows the tokens in
 * clear or enforces them everywhere. Where there is no worker, or one keeps nothing or is late, it is `unknown`.
 */
export async function liveness(
  services: Pick<Services, "runtime" | "closing">,
  tenant: Tenant,
  leak: Leak,
  attempts: AttemptsKnown | null,
): Promise<Liveness> {
  const isRecent = (at: number | null) => at !== null && at > Date.now() - RECENT_MS;
  const attempted = attempts?.last ?? null;
  const enforcedAt = enforcedSince(tenant, leak);
  if (isRecent(attempted)) return { state: "live", since: enforcedAt, lastSeenAt: attempted };
  if (leak.tokenCount > TOKENS_MAX) return { state: "unknown", since: enforcedAt, lastSeenAt: attempted };
  const question = { tenant: tenant.name, leak: leak.id, wanted: new Uint8Array(0), hosts: [] };
  const hunted = await hunt(services, question, WAIT_MS);
  const lastSeenAt = Math.max(attempted ?? 0, hunted?.last ?? 0) || null;
  const since = earlier(enforcedAt, hunted?.since ?? null);
  if (isRecent(lastSeenAt)) return { state: "live", since, lastSeenAt };
  const isQuiet = hunted !== null && hasSeenAll(hunted, enforcedAt !== null);
  return { state: isQuiet ? "quiet" : "unknown", since, lastSeenAt };
}

export function liveView({ state, since, lastSeenAt }: Liveness): View {
  return { state, since: isoOrNull(since), lastSeenAt: isoOrNull(lastSeenAt) };
}

/** Since when nothing with its tokens comes unseen: it is patched everywhere, or watched. */
function enforcedSince({ store }: Tenant, leak: Leak): number | null {
  if (watchOf(leak) !== null) return leak.updatedAt;
  const rule = store.ruleOf(leak.id);
  const isEverywhere = rule !== null && !rule.scope.hosts?.length && !rule.scope.methods?.length;
  return isEverywhere ? rule.appliedAt : null;
}

function hasSeenAll({ workers, off, missing, unknown, forgotten }: Hunted, isEnforced: boolean): boolean {
  if (workers.length + off.length === 0 || missing.length > 0) return false;
  return isEnforced || (off.length === 0 && unknown === 0 && forgotten === 0);
}

function earlier(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.min(one, other);
}
