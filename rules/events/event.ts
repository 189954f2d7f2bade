/** `vpatch`: an attempt. `undecoded`: a body passed, as configured, though its content coding was not undone. */
export const eventTypes = ["vpatch", "undecoded"] as const;
export type EventType = (typeof eventTypes)[number];

/** `watched`: an attempt with a token of a closed leak that is only watched; it passed. */
export const eventActions = ["blocked", "monitored", "passed", "watched"] as const;
export type EventAction = (typeof eventActions)[number];

/** The record of an attempt, or of identical attempts within a second. Never holds a token. */
export interface VpatchEvent {
  readonly type: EventType;
  /** Unique, and sorts by time within a worker; made by `eventId` from `at`. */
  readonly id: string;
  /** Milliseconds since the epoch: the first attempt, and the last. */
  readonly at: number;
  readonly lastAt: number;
  readonly count: number;
  /** Null, like the rule, where it is no attempt. */
  readonly leak: string | null;
  readonly rule: string | null;
  readonly action: EventAction;
  readonly point: string;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  /** Names of the query parameters, never their values. */
  readonly query: readonly string[];
  readonly userAgent: string | null;
  readonly ip: string;
  readonly requestId: string;
  readonly worker: number;
}
