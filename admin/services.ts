import type { HttpBindings } from "@hono/node-server";
import type { Logger } from "pino";
import type { AccessKey } from "../rules/access.ts";
import type { EventLog } from "../rules/events.ts";
import type { Pepper } from "../rules/pepper.ts";
import type { Runtime } from "../rules/runtime.ts";
import type { RulesStore } from "../rules/store.ts";
import type { AdminConfig } from "./config.ts";

/** What the routes work with; opened and closed by `startAdmin`. */
export interface Services {
  readonly store: RulesStore;
  readonly events: EventLog;
  readonly runtime: Runtime;
  readonly pepper: Pepper;
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

/** What a request carries from one handler to the next. */
export interface Env {
  Bindings: HttpBindings;
  Variables: {
    requestId: string;
    key: AccessKey | null;
  };
}

/** Who changes something, for the journal: `key-3 (name)`. */
export function actorOf(key: AccessKey): string {
  return `${key.id} (${key.name})`;
}
