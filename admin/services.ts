import type { HttpBindings } from "@hono/node-server";
import type { Logger } from "pino";
import type { AccessKey } from "../rules/access.ts";
import type { Runtime } from "../rules/runtime.ts";
import type { Tenants } from "../rules/tenants.ts";
import type { AdminConfig } from "./config.ts";

/** What the routes work with; opened and closed by `startAdmin`. */
export interface Services {
  readonly tenants: Tenants;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly config: AdminConfig;
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
  /** `key-3`; ids are of the tenant, or of the control store where the role is global. */
  readonly id: string;
  readonly name: string;
  readonly role: AccessKey["role"];
  /** The tenant it belongs to; null where its role is global. */
  readonly tenant: string | null;
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
