import type { HttpBindings } from "@hono/node-server";
import type { Logger } from "pino";
import type { AccessKey } from "../rules/access.ts";
import type { Runtime } from "../rules/runtime.ts";
import type { SessionId } from "../rules/session.ts";
import type { Tenants } from "../rules/tenants.ts";
import type { SignIns } from "./auth.ts";
import type { AdminConfig } from "./config.ts";
import type { Identity } from "./identity.ts";
import type { Notifier } from "./notify/notifier.ts";
import type { Oidc } from "./oidc.ts";
import type { Watch } from "./scan/watch.ts";
import type { IntakeCounts } from "./told/counts.ts";

/** What the routes work with; opened and closed by `startAdmin`. */
export interface Services {
  readonly tenants: Tenants;
  readonly runtime: Runtime;
  readonly notifier: Notifier;
  readonly watch: Watch;
  readonly logger: Logger;
  readonly config: AdminConfig;
  readonly identity: Identity;
  readonly signIns: SignIns;
  /** Null where people sign in by keys alone. */
  readonly oidc: Oidc | null;
  /** What services told of since the start. */
  readonly intakeCounts: IntakeCounts;
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Without a worker that is alive and ready, `/readyz` answers 503 although none ever reported. */
  readonly expectsWorkers: boolean;
  /** Aborted when the admin begins to close: whoever waits for workers answers with what is known. */
  readonly closing: AbortSignal;
}

/** Who makes a call. */
export interface Principal {
  /** `key-3`, of the tenant or, where the role is global, of the control store; `oidc:subject`. */
  readonly id: string;
  readonly name: string;
  readonly role: AccessKey["role"];
  /** The tenant it belongs to; null where its role is global. */
  readonly tenant: string | null;
  /** When the key or the session ends by itself. */
  readonly expiresAt: number | null;
  /** The session, where no key was sent. */
  readonly session: { readonly id: SessionId; readonly createdAt: number } | null;
}

/** What a request carries from one handler to the next. */
export interface Env {
  Bindings: HttpBindings;
  Variables: {
    requestId: string;
    /** The address that the request comes from. */
    from: string;
    principal: Principal | null;
  };
}

/** Who changes something, for the journal: `key-3 (name)`. */
export function actorOf({ id, name }: Principal): string {
  return `${id} (${name})`;
}
