import { HookUnknown } from "../../rules/refusal.ts";
import type { Delivery } from "../../rules/store/outbox.ts";
import { type Call, call } from "../call.ts";
import type { Services } from "../services.ts";
import { deadLetterList, deliveryList, retried } from "./answers.ts";
import { hookParameters } from "./inputs.ts";
import { deliveryView } from "./views.ts";

const tag = "Notifications";
const path = "/dead-letters";

/** What became of messages, and the dead-letter list. */
export function deliveryCalls(services: Services): readonly Call[] {
  return [
    call({
      method: "get",
      path,
      tag,
      summary: "Messages that were given up, newest first",
      access: "look",
      query: hookParameters.deadLetters,
      answers: { 200: { description: "A page of dead letters", schema: deadLetterList } },
      handle: ({ context, tenant: { store }, query: { limit, cursor } }) => {
        // One more than is shown tells whether there is a next page.
        const found = store.outbox.deadLetters(limit + 1, cursor);
        const shown = found.slice(0, limit);
        const next = found.length > limit ? numberOf(shown[limit - 1]!) : null;
        return context.json({ deadLetters: shown.map(deliveryView), total: store.outbox.deadCount(), next });
      },
    }),
    call({
      method: "post",
      path: `${path}/{id}/retry`,
      tag,
      summary: "Send a dead letter again, or `all`, as far as the queues take them",
      access: "change",
      answers: { 200: { description: "How many wait again", schema: retried } },
      handle: async ({ context, tenant, part }) => {
        const id = part("id") === "all" ? null : part("id");
        const count = await tenant.store.outbox.retry(id, services.notifier.limits);
        for (const hook of tenant.store.hooks.list()) services.notifier.resume(tenant, hook.id);
        return context.json({ retried: count });
      },
    }),
    call({
      method: "delete",
      path: `${path}/{id}`,
      tag,
      summary: "Drop a dead letter",
      access: "change",
      answers: { 204: { description: "It is gone" } },
      handle: async ({ context, tenant, part }) => {
        await tenant.store.outbox.drop(part("id"));
        return context.body(null, 204);
      },
    }),
    call({
      method: "get",
      path: "/notifications/{id}/deliveries",
      tag,
      summary: "The newest messages of a destination, and what became of them",
      access: "look",
      query: hookParameters.deliveries,
      answers: { 200: { description: "Its messages, newest first", schema: deliveryList } },
      handle: ({ context, tenant: { store }, query: { limit }, part }) => {
        const hook = store.hooks.get(part("id"));
        if (hook === null) throw new HookUnknown(part("id"));
        return context.json({ deliveries: store.outbox.deliveries(hook.id, limit).map(deliveryView) });
      },
    }),
  ];
}

function numberOf({ id }: Delivery): string {
  return id.slice("delivery-".length);
}
