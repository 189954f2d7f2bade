import type { Hook } from "../../rules/hook.ts";
import type { Delivery } from "../../rules/store/outbox.ts";
import type { View } from "../views.ts";
import type { Sent } from "./sent.ts";

/** What the API shows of a destination; built field by field, so that no secret is shown by accident. */
export function hookView(hook: Hook, waiting: number): View {
  const { target } = hook;
  return {
    id: hook.id,
    name: hook.name,
    kind: target.kind,
    url: target.kind === "webhook" ? target.url : null,
    host: target.kind === "slack" ? target.host : null,
    to: target.kind === "email" ? target.to : null,
    enabled: hook.enabled,
    disabledBecause: hook.disabledBecause,
    triggers: hook.triggers,
    previousSecretUntil: iso(hook.previousSecretUntil),
    waiting,
    version: hook.version,
    createdAt: iso(hook.createdAt),
    createdBy: hook.createdBy,
    updatedAt: iso(hook.updatedAt),
  };
}

export function deliveryView(delivery: Delivery): View {
  return {
    id: delivery.id,
    destination: delivery.hook,
    messageId: delivery.messageId,
    message: delivery.notice,
    status: delivery.status,
    attempts: delivery.attempts,
    createdAt: iso(delivery.createdAt),
    nextAt: iso(delivery.nextAt),
    lastAt: iso(delivery.lastAt),
    lastStatus: delivery.lastStatus,
    lastMs: delivery.lastMs,
    lastError: delivery.lastError,
  };
}

export function testView({ kind, status, ms, error }: Sent): View {
  return { delivered: kind === "delivered", status, ms, error };
}

function iso(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
