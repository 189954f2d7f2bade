import { isIPv4 } from "node:net";
import { checkText, type Decision, leakLimits } from "./leak.ts";
import { InputRefused } from "./refusal.ts";

export type HookId = `hook-${number}`;
export type HookKind = "webhook" | "slack" | "email";
export type TriggerType = "new_leak" | "undecided" | "first_attempt" | "attempts" | "regression" | "decision";

export const hookKinds: readonly HookKind[] = ["webhook", "slack", "email"];
export const hookLimits = {
  hooks: 50,
  nameChars: 64,
  urlChars: 2_048,
  recipients: 20,
  recipientChars: 254,
  triggers: 20,
  hours: 8_760,
  attempts: 1_000_000,
  /** A day: counts of so long are kept in memory. */
  minutes: 1_440,
} as const;

/** When a destination is told. */
export type HookTrigger =
  /** A leak of this risk or a higher one was registered. */
  | { readonly type: "new_leak"; readonly riskMin: number }
  /** A leak of this risk or a higher one has been open for so long without a decision. */
  | { readonly type: "undecided"; readonly hours: number; readonly riskMin: number }
  /** The first attempt with a token of a leak since it was patched. */
  | { readonly type: "first_attempt" }
  /** So many attempts with tokens of one leak within so long; told again only after so long. */
  | { readonly type: "attempts"; readonly count: number; readonly minutes: number }
  /** A token came back after its leak was closed. */
  | { readonly type: "regression" }
  /** Somebody decided about a leak, or a decision for a time came to its end. */
  | { readonly type: "decision" };

/** Where messages go. What of an address is a secret is not here: it lies sealed beside it. */
export type HookTarget =
  | { readonly kind: "webhook"; readonly url: string }
  /** The address is the secret: only its host is shown. */
  | { readonly kind: "slack"; readonly host: string }
  | { readonly kind: "email"; readonly to: readonly string[] };

/** A secret as it is stored: encrypted under the tenant's pepper. */
export interface SealedSecret {
  readonly sealed: string;
  /** Milliseconds since 1970 at which a rotated secret ends; null for the one in use. */
  readonly until: number | null;
}

/** A destination of messages, as it is shown. Times are milliseconds since 1970. */
export interface Hook {
  readonly id: HookId;
  readonly name: string;
  readonly target: HookTarget;
  readonly enabled: boolean;
  /** `gone`: the receiver answered 410. Null where it is enabled, or a person switched it off. */
  readonly disabledBecause: "gone" | null;
  readonly triggers: readonly HookTrigger[];
  /** Counts the secrets it had. */
  readonly secretNumber: number;
  /** When the secret before this one ends; null where only one is valid. */
  readonly previousSecretUntil: number | null;
  /** Revision of its making: what happened before is not told. */
  readonly revision: number;
  /** Counts its changes from 1; the ETag of the API. */
  readonly version: number;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly updatedAt: number;
}

/** As it is stored: the newest secret first; e-mail has none. */
export interface HookRecord extends Hook {
  readonly secrets: readonly SealedSecret[];
}

/** What people write. */
export interface HookInput {
  readonly name: string;
  readonly target: HookTarget;
  readonly enabled: boolean;
  readonly triggers: readonly HookTrigger[];
}

/** Decisions by the action of their journal entry; `expire` is the end that a person set to one. */
export const decisionActions: Readonly<Record<string, Decision | "expire">> = {
  "leak.vpatch": "vpatch",
  "leak.mark_false": "mark_false",
  "leak.close": "close",
  "leak.reopen": "reopen",
  "leak.expire": "expire",
};

/** Checks the limits of each field. Throws InputRefused. */
export function checkHookInput(input: HookInput): HookInput {
  const name = checkText("name", input.name, hookLimits.nameChars);
  if (name === "") throw new InputRefused("name", "is empty");
  if (input.triggers.length > hookLimits.triggers)
    throw new InputRefused("triggers", `are more than ${hookLimits.triggers}`);
  const triggers = input.triggers.map((trigger, index) => checkTrigger(`triggers[${index}]`, trigger));
  return { name, target: checkTarget(input.target), enabled: input.enabled, triggers };
}

/**
 * The address of a webhook in its one spelling. https, or http to an address of this machine (`plainHttp`: to any); no
 * user, password or fragment. Throws InputRefused, which does not repeat the address.
 */
export function checkHookUrl(field: string, given: string, plainHttp: boolean): URL {
  if (given.length > hookLimits.urlChars)
    throw new InputRefused(field, `is longer than ${hookLimits.urlChars} characters`);
  if (!URL.canParse(given)) throw new InputRefused(field, "is not a URL");
  const url = new URL(given);
  const isHttp = url.protocol === "http:" && (plainHttp || isLoopbackName(url.hostname));
  if (url.protocol !== "https:" && !isHttp)
    throw new InputRefused(field, "is not https (http is for addresses of this machine only)");
  if (url.username !== "" || url.password !== "")
    throw new InputRefused(field, "holds a user or a password: the signature says who sends");
  if (url.hash !== "") throw new InputRefused(field, "holds a fragment");
  return url;
}

/** What is shown: all but the secrets. */
export function hookView({ secrets: _, ...hook }: HookRecord): Hook {
  return hook;
}

function isLoopbackName(host: string): boolean {
  return host === "localhost" || host === "[::1]" || (isIPv4(host) && host.startsWith("127."));
}

function checkTarget(target: HookTarget): HookTarget {
  if (target.kind === "webhook") return { kind: "webhook", url: checkHookUrl("url", target.url, true).href };
  if (target.kind === "slack") return { kind: "slack", host: target.host };
  if (target.to.length < 1 || target.to.length > hookLimits.recipients)
    throw new InputRefused("to", `is not 1 to ${hookLimits.recipients} addresses`);
  return { kind: "email", to: target.to.map((address, index) => checkAddress(`to[${index}]`, address)) };
}

/** The plain form only: no name, no comment, no quotes, nothing that a header could be made of. */
function checkAddress(field: string, address: string): string {
  const isPlain = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(
    address,
  );
  if (!isPlain || address.length > hookLimits.recipientChars)
    throw new InputRefused(field, "is not an e-mail address");
  return address;
}

function checkTrigger(field: string, trigger: HookTrigger): HookTrigger {
  const { type } = trigger;
  switch (type) {
    case "new_leak":
      return { type, riskMin: whole(`${field}.riskMin`, trigger.riskMin, leakLimits.riskMax) };
    case "undecided": {
      const hours = whole(`${field}.hours`, trigger.hours, hookLimits.hours);
      return { type, hours, riskMin: whole(`${field}.riskMin`, trigger.riskMin, leakLimits.riskMax) };
    }
    case "attempts": {
      const count = whole(`${field}.count`, trigger.count, hookLimits.attempts);
      return { type, count, minutes: whole(`${field}.minutes`, trigger.minutes, hookLimits.minutes) };
    }
    default:
      return { type };
  }
}

function whole(field: string, value: number, max: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw new InputRefused(field, `is not a whole number from 1 to ${max}`);
}
