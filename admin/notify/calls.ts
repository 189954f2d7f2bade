import type { z } from "zod";
import { checkHookUrl, type Hook, type HookId, type HookTarget } from "../../rules/hook.ts";
import { HookUnknown, InputRefused } from "../../rules/refusal.ts";
import type { Seal } from "../../rules/store/hooks.ts";
import type { Tenant } from "../../rules/tenants.ts";
import { type Call, call } from "../call.ts";
import { AddressRefused, refuseAddress } from "../outgoing/guard.ts";
import { ifMatch } from "../request.ts";
import type { Services } from "../services.ts";
import type { View } from "../views.ts";
import { hookAnswer, hookList, hookMade, testAnswer } from "./answers.ts";
import { deliveryCalls } from "./deliveries.ts";
import { hookBodies } from "./inputs.ts";
import { testMessageId } from "./notice.ts";
import { newWebhookSecret } from "./seal.ts";
import { hookView, testView } from "./views.ts";

const HOUR_MS = 3_600_000;
const tag = "Notifications";
const path = "/notifications";

/** `/notifications`: destinations of messages, and what became of the messages. Administrators change, analysts look. */
export function notificationCalls(services: Services): readonly Call[] {
  return [...deliveryCalls(services), ...destinationCalls(services), ...secretCalls(services)];
}

function destinationCalls(services: Services): readonly Call[] {
  return [
    call({
      method: "get",
      path,
      tag,
      summary: "All destinations of messages",
      access: "look",
      answers: { 200: { description: "The destinations, and whether mail can be sent", schema: hookList } },
      handle: ({ context, tenant }) => {
        const notifications = tenant.store.hooks.list().map((hook) => view(tenant, hook));
        return context.json({ notifications, mail: services.notifier.sendsMail });
      },
    }),
    call({
      method: "post",
      path,
      tag,
      summary: "Make a destination; the signing secret of a webhook is shown this once",
      access: "change",
      answersSecret: true,
      body: hookBodies.create,
      answers: {
        201: { description: "The destination", schema: hookMade, headers: ["ETag", "Location"] },
      },
      handle: async ({ context, tenant, actor, body }) => {
        const { name, enabled, triggers } = body;
        const target = targetOf(services, body);
        const secret = body.kind === "webhook" ? newWebhookSecret() : null;
        const clear = body.kind === "slack" ? urlOf(services, body.url).href : secret;
        const input = { name, enabled, triggers, target };
        const seal = clear === null ? null : sealing(services, tenant, clear);
        const { hook } = await tenant.store.hooks.create(actor, input, seal);
        context.header("location", `/api/v1${path}/${hook.id}`);
        context.header("etag", etagOf(hook));
        return context.json({ ...view(tenant, hook), secret }, 201);
      },
    }),
    call({
      method: "get",
      path: `${path}/{id}`,
      tag,
      summary: "One destination",
      access: "look",
      answers: { 200: { description: "The destination", schema: hookAnswer, headers: ["ETag"] } },
      handle: ({ context, tenant, part }) => {
        const hook = known(tenant, part("id"));
        context.header("etag", etagOf(hook));
        return context.json(view(tenant, hook));
      },
    }),
    call({
      method: "patch",
      path: `${path}/{id}`,
      tag,
      summary: "Change a destination; its kind stays",
      access: "change",
      body: hookBodies.update,
      takesIfMatch: true,
      answers: { 200: { description: "The destination", schema: hookAnswer, headers: ["ETag"] } },
      handle: async ({ context, tenant, actor, body, part }) => {
        const version = ifMatch(context);
        const { target } = known(tenant, part("id"));
        const { name, enabled, triggers, url, to } = body;
        if (url !== undefined && target.kind === "email") throw new InputRefused("url", "is not for e-mail");
        if (to !== undefined && target.kind !== "email") throw new InputRefused("to", "is for e-mail only");
        const patch = {
          ...(name === undefined ? {} : { name }),
          ...(enabled === undefined ? {} : { enabled }),
          ...(triggers === undefined ? {} : { triggers }),
          ...(url === undefined && to === undefined
            ? {}
            : { target: targetOf(services, { kind: target.kind, url, to }) }),
        };
        const isSecret = url !== undefined && target.kind === "slack";
        const seal = isSecret ? sealing(services, tenant, urlOf(services, url).href) : null;
        const { hook } = await tenant.store.hooks.update(actor, part("id"), patch, seal, version);
        if (enabled === true) services.notifier.resume(tenant, hook.id);
        context.header("etag", etagOf(hook));
        return context.json(view(tenant, hook));
      },
    }),
    call({
      method: "delete",
      path: `${path}/{id}`,
      tag,
      summary: "Delete a destination, and its messages with it",
      access: "change",
      takesIfMatch: true,
      answers: { 200: { description: "What was deleted", schema: hookAnswer } },
      handle: async ({ context, tenant, actor, part }) => {
        const { hook } = await tenant.store.hooks.remove(actor, part("id"), ifMatch(context));
        return context.json(hookView(hook, 0));
      },
    }),
  ];
}

function secretCalls(services: Services): readonly Call[] {
  return [
    call({
      method: "post",
      path: `${path}/{id}/rotate`,
      tag,
      summary: "Give a webhook a new secret, shown this once",
      description: "Both secrets sign for `admin.notify.rotationHours`.",
      access: "change",
      answersSecret: true,
      answers: {
        200: { description: "The destination, with the new secret", schema: hookMade, headers: ["ETag"] },
      },
      handle: async ({ context, tenant, actor, part }) => {
        const secret = newWebhookSecret();
        const overlapMs = services.config.notify.rotationHours * HOUR_MS;
        const seal = sealing(services, tenant, secret);
        const { hook } = await tenant.store.hooks.rotate(actor, part("id"), seal, overlapMs);
        context.header("etag", etagOf(hook));
        return context.json({ ...view(tenant, hook), secret });
      },
    }),
    call({
      method: "post",
      path: `${path}/{id}/test`,
      tag,
      summary: "Send a test message now, and see what the receiver said",
      access: "change",
      answers: { 200: { description: "What came of it", schema: testAnswer } },
      handle: async ({ context, tenant, actor, part }) => {
        const { hook } = await tenant.store.hooks.noteTest(actor, part("id"));
        const record = tenant.store.hooks.record(hook.id);
        if (record === null) throw new HookUnknown(hook.id);
        return context.json(testView(await services.notifier.test(tenant, record, testMessageId())));
      },
    }),
  ];
}

function known(tenant: Tenant, id: string): Hook {
  const hook = tenant.store.hooks.get(id);
  if (hook === null) throw new HookUnknown(id);
  return hook;
}

function view(tenant: Tenant, hook: Hook): View {
  return hookView(hook, tenant.store.outbox.queued(hook.id));
}

function etagOf(hook: Hook): string {
  return `"${hook.version}"`;
}

function sealing({ notifier }: Services, tenant: Tenant, clear: string): Seal {
  return (id: HookId) => notifier.sealerOf(tenant).seal(id, clear);
}

type Given = Pick<z.output<typeof hookBodies.update>, "url" | "to"> & { readonly kind: HookTarget["kind"] };

/** Where messages go, checked. Throws InputRefused. */
function targetOf(services: Services, { kind, url, to }: Given): HookTarget {
  if (kind === "webhook") return { kind, url: urlOf(services, url ?? "").href };
  if (kind === "slack") return { kind, host: urlOf(services, url ?? "").host };
  if (!services.notifier.sendsMail)
    throw new InputRefused("kind", "cannot be email: no mail server is configured (admin.smtp)");
  return { kind, to: to ?? [] };
}

/** A name is looked up when something is sent; an address can be refused at once. Throws InputRefused. */
function urlOf({ config }: Services, given: string): URL {
  const { allowPrivate } = config.notify;
  const url = checkHookUrl("url", given, allowPrivate);
  try {
    refuseAddress(url.hostname, allowPrivate);
  } catch (error) {
    if (!(error instanceof AddressRefused)) throw error;
    throw new InputRefused(
      "url",
      "names a private address, or one of this machine (admin.notify.allowPrivate)",
    );
  }
  return url;
}
