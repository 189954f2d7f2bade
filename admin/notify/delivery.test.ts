import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { HookTrigger } from "../../rules/hook.ts";
import { Desk, noon } from "../../test/notify.ts";
import { Receiver } from "../../test/receivers.ts";
import { until } from "../../test/support.ts";
import { newWebhookSecret, Sealer } from "./seal.ts";

const newLeak: HookTrigger = { type: "new_leak", riskMin: 1 };
const minute = 60_000;

let desk: Desk;
let receiver: Receiver;

beforeEach(async () => {
  receiver = await Receiver.start();
  desk = await Desk.open({ retrySeconds: [5, 60, 600] });
});
afterEach(async () => {
  await desk.stop();
  await receiver.stop();
});

test("a message is signed so that the public library verifies it, and says what happened", async () => {
  desk.now = Date.now();
  const { hook, secret } = await desk.webhook(receiver.url("/in?from=leakgate"), newLeak);
  await desk.register(9, "CI log");
  await desk.look();
  const [message] = receiver.got;
  expect(message!.path).toBe("/in?from=leakgate");
  const verified = new Webhook(secret).verify(message!.text, message!.headers as Record<string, string>);
  expect(verified).toMatchObject({ type: "leak.created", data: { leak: { name: "CI log", risk: 9 } } });
  const { "content-type": type, "user-agent": agent } = message!.headers;
  expect([type, agent]).toEqual(["application/json", "leakgate"]);
  expect(desk.deliveries(hook)).toMatchObject([{ status: "delivered", attempts: 1, lastStatus: 200 }]);
  const other = new Webhook(newWebhookSecret());
  expect(() => other.verify(message!.text, message!.headers as Record<string, string>)).toThrow();
});

test("both secrets sign during a rotation, and only the new one after it", async () => {
  desk.now = Date.now();
  const { hook, secret } = await desk.webhook(receiver.url(), newLeak);
  const fresh = newWebhookSecret();
  const sealer = new Sealer(desk.tenant.pepper);
  await desk.store.hooks.rotate("key-1 (Ann)", hook.id, (id) => sealer.seal(id, fresh), minute);
  const verifies = (by: string) => {
    const { text, headers } = receiver.got[receiver.got.length - 1]!;
    try {
      new Webhook(by).verify(text, headers as Record<string, string>);
      return true;
    } catch {
      return false;
    }
  };
  await desk.register();
  await desk.look();
  expect([verifies(secret), verifies(fresh)]).toEqual([true, true]);
  await desk.register();
  await desk.look(desk.now + minute);
  expect([verifies(secret), verifies(fresh)]).toEqual([false, true]);
});

test("a receiver that fails is tried again later with the same id, and later still", async () => {
  const { hook } = await desk.webhook(receiver.url(), newLeak);
  receiver.answering = () => 500;
  await desk.register();
  await desk.look();
  expect(desk.deliveries(hook)).toMatchObject([
    { status: "queued", attempts: 1, nextAt: noon + 5_000, lastError: "the receiver answered 500" },
  ]);
  await desk.look(noon + 4_999);
  expect(receiver.got).toHaveLength(1);
  await desk.look(noon + 5_000);
  expect(receiver.got).toHaveLength(2);
  receiver.answering = () => 204;
  await desk.look(noon + 65_000);
  expect(desk.deliveries(hook)).toMatchObject([{ status: "delivered", attempts: 3, lastStatus: 204 }]);
  expect(new Set(receiver.got.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
  const stamps = receiver.got.map(({ headers }) => Number(headers["webhook-timestamp"]) * 1_000 - noon);
  expect(stamps).toEqual([0, 5_000, 65_000]);
  expect(desk.notifier.counters).toMatchObject({ queued: 1, delivered: 1, failed: 2, dead: 0 });
});

test("after the last try a message is a dead letter; a person sends it again, or drops it", async () => {
  const { hook } = await desk.webhook(receiver.url(), newLeak);
  receiver.answering = () => 500;
  await desk.register();
  for (const after of [0, 5_000, 65_000, 665_000]) await desk.look(noon + after);
  const { outbox } = desk.store;
  const [dead] = outbox.deadLetters(10);
  expect(dead).toMatchObject({ hook: hook.id, status: "dead", attempts: 4, nextAt: null });
  await desk.look(noon + 100 * minute);
  expect(receiver.got).toHaveLength(4);
  expect(desk.notifier.waiting()).toEqual({ queued: 0, dead: 1 });

  receiver.answering = () => 200;
  expect(await outbox.retry(dead!.id, desk.notifier.limits)).toBe(1);
  desk.notifier.resume(desk.tenant, hook.id);
  await desk.notifier.settled();
  expect(receiver.got).toHaveLength(5);
  expect(desk.notifier.waiting()).toEqual({ queued: 0, dead: 0 });
  await expect(outbox.retry(dead!.id, desk.notifier.limits)).rejects.toThrow(/no dead letter/);
  await expect(outbox.drop(dead!.id)).rejects.toThrow(/no dead letter/);
});

test("a receiver that is gone is switched off, and what waits for it is given up", async () => {
  const { hook } = await desk.webhook(receiver.url(), newLeak);
  receiver.answering = () => 410;
  for (let i = 0; i < 5; i++) await desk.register();
  await desk.look();
  expect(desk.store.hooks.get(hook.id)).toMatchObject({ enabled: false, disabledBecause: "gone" });
  expect(receiver.got.length).toBeLessThanOrEqual(2);
  expect(desk.deliveries(hook).map(({ status }) => status)).toEqual(Array(5).fill("dead"));
  expect(await desk.store.audit()).toMatchObject({ ok: true });
  await desk.register();
  await desk.look(noon + minute);
  expect(desk.deliveries(hook)).toHaveLength(5);

  receiver.answering = () => 200;
  await desk.store.hooks.update("key-1 (Ann)", hook.id, { enabled: true });
  expect(await desk.store.outbox.retry(null, desk.notifier.limits)).toBe(5);
  await desk.look(noon + 2 * minute);
  expect(desk.deliveries(hook).map(({ status }) => status)).toEqual(Array(5).fill("delivered"));
});

test("Retry-After is waited for, with all that goes to this receiver", async () => {
  const { hook } = await desk.webhook(receiver.url(), newLeak);
  receiver.answering = () => [429, { "retry-after": "120" }];
  await desk.register();
  await desk.look();
  receiver.answering = () => 200;
  await desk.register();
  await desk.look(noon + 119_000);
  expect(receiver.got).toHaveLength(1);
  await desk.look(noon + 120_000);
  expect(desk.deliveries(hook).map(({ status }) => status)).toEqual(["delivered", "delivered"]);
});

test("redirects are not followed", async () => {
  const other = await Receiver.start();
  receiver.answering = () => [307, { location: other.url() }];
  const { hook } = await desk.webhook(receiver.url(), newLeak);
  await desk.register();
  await desk.look();
  expect(other.got).toEqual([]);
  expect(desk.deliveries(hook)).toMatchObject([{ status: "queued", lastStatus: 307 }]);
  await other.stop();
});

test("a receiver that does not answer holds up no other, and is given a fixed time", async () => {
  await desk.stop();
  desk = await Desk.open({ retrySeconds: [5], timeoutMs: 300, concurrency: 2 });
  const quick = await Receiver.start();
  const { hook: slow } = await desk.webhook(receiver.url(), newLeak);
  await desk.webhook(quick.url(), newLeak);
  receiver.answering = () => null;
  for (let i = 0; i < 6; i++) await desk.register();
  await desk.notifier.look();
  await until("the quick one got all", () => quick.got.length === 6);
  expect(receiver.got.length).toBeLessThanOrEqual(2);
  await desk.notifier.settled();
  const tried = desk.deliveries(slow).filter(({ attempts }) => attempts > 0);
  expect(tried).toHaveLength(2);
  expect(tried[0]).toMatchObject({ status: "queued", lastError: "the receiver did not answer in time" });
  await quick.stop();
});

test("an answer without end counts by its head", async () => {
  receiver.answering = (_message, answer) => {
    answer.writeHead(200).write("x".repeat(100_000));
    return null;
  };
  const { hook } = await desk.webhook(receiver.url(), newLeak);
  await desk.register();
  await desk.look();
  expect(desk.deliveries(hook)).toMatchObject([{ status: "delivered", lastStatus: 200 }]);
});

test("a receiver that is not there yet gets the message when it is", async () => {
  const { port } = receiver;
  await receiver.stop();
  const { hook } = await desk.webhook(`http://127.0.0.1:${port}/hook`, newLeak);
  await desk.register();
  await desk.look();
  expect(desk.deliveries(hook)).toMatchObject([
    { status: "queued", lastStatus: null, lastError: "could not reach the receiver (ECONNREFUSED)" },
  ]);
  receiver = await Receiver.start(port);
  await desk.look(noon + 5_000);
  expect(receiver.got).toHaveLength(1);
});

test("a process killed while messages are under way sends them again after its start, under the same ids", async () => {
  const { hook } = await desk.webhook(receiver.url(), newLeak);
  receiver.answering = () => null;
  await desk.register();
  await desk.register();
  await desk.notifier.look();
  await until("both are under way", () => receiver.got.length === 2);
  await desk.restart();
  expect(desk.deliveries(hook).map(({ status }) => status)).toEqual(["queued", "queued"]);
  receiver.answering = () => 200;
  await desk.look(noon + 1_000);
  const ids = receiver.got.map(({ headers }) => headers["webhook-id"]);
  expect(ids).toHaveLength(4);
  expect(new Set(ids).size).toBe(2);
  expect(desk.deliveries(hook).map(({ status }) => status)).toEqual(["delivered", "delivered"]);
});

test("a full queue buries what is too much, and the dead letters are bounded too", async () => {
  await desk.stop();
  desk = await Desk.open({ queueMax: 2, deadMax: 3 });
  const { hook } = await desk.webhook("http://127.0.0.1:1/", newLeak);
  for (let i = 0; i < 9; i++) await desk.register();
  await desk.look();
  const counted = { queued: 2, dead: 7, dropped: 4 };
  expect(desk.notifier.counters).toMatchObject(counted);
  expect(desk.store.outbox.deadLetters(10)).toHaveLength(3);
  expect(desk.deliveries(hook)[0]).toMatchObject({ status: "dead", lastError: "the queue was full" });
});

test("of delivered messages a hundred stay to be looked at", async () => {
  const { hook } = await desk.webhook(receiver.url(), newLeak);
  for (let i = 0; i < 103; i++) await desk.register(5);
  await desk.look();
  expect(receiver.got).toHaveLength(103);
  expect(desk.deliveries(hook)).toHaveLength(100);
});

test("a deleted destination takes its messages with it", async () => {
  const { hook } = await desk.webhook("http://127.0.0.1:1/", newLeak);
  await desk.register();
  await desk.look();
  await desk.store.hooks.remove("key-1 (Ann)", hook.id);
  expect(desk.deliveries(hook)).toEqual([]);
  expect(desk.notifier.waiting()).toEqual({ queued: 0, dead: 0 });
  await desk.look(noon + minute);
  expect(await desk.store.audit()).toMatchObject({ ok: true });
});

describe("where private addresses are not allowed", () => {
  test.each(["http://127.0.0.1", "http://localhost", "http://[::1]"])("%s gets nothing", async (origin) => {
    await desk.stop();
    desk = await Desk.open({ allowPrivate: false });
    const { hook } = await desk.webhook(`${origin}:${receiver.port}/`, newLeak);
    await desk.register();
    await desk.look();
    expect(receiver.got).toEqual([]);
    const reason = "could not reach the receiver (EADDRREFUSED)";
    expect(desk.deliveries(hook)).toMatchObject([{ status: "queued", lastError: reason }]);
  });
});

test("secrets stand in no entry, answer, log line or file", async () => {
  receiver.answering = () => 500;
  const { secret } = await desk.webhook(receiver.url(), newLeak);
  const address = receiver.url("/services/T000/B000/made-up-slack-secret");
  const host = `127.0.0.1:${receiver.port}`;
  const slack = await desk.destination({ kind: "slack", host }, address, [newLeak]);
  const gone = await desk.destination({ kind: "slack", host }, "http://127.0.0.1:1/made-up-slack-secret", [
    newLeak,
  ]);
  await desk.register();
  for (const after of [0, 5_000, 65_000, 665_000]) await desk.look(noon + after);
  expect(receiver.got.some(({ path }) => path.endsWith("made-up-slack-secret"))).toBe(true);
  const written = JSON.stringify([
    desk.store.entriesAfter(0, 1_000),
    desk.store.hooks.list(),
    desk.deliveries(slack),
    desk.deliveries(gone),
    desk.store.outbox.deadLetters(100),
    desk.log,
  ]);
  const files = readdirSync(join(desk.data, "rules")).map((name) =>
    readFileSync(join(desk.data, "rules", name)),
  );
  for (const each of [
    "made-up-slack-secret",
    secret.slice("whsec_".length),
    "made-up-body-of-the-receiver",
  ]) {
    expect(written).not.toContain(each);
    for (const file of files) expect(file.includes(each)).toBe(false);
  }
});

test("a sealed secret opens under no other pepper, for no other destination, and not when changed", () => {
  const sealer = new Sealer(desk.tenant.pepper);
  const sealed = sealer.seal("hook-1", "made-up-secret");
  expect(sealer.open("hook-1", sealed)).toBe("made-up-secret");
  expect(() => sealer.open("hook-2", sealed)).toThrow(/cannot be read/);
  expect(() => sealer.open("hook-1", `A${sealed.slice(1)}`.replace(/^AA/, "BA"))).toThrow(/cannot be read/);
  expect(() => sealer.open("hook-1", "")).toThrow(/cannot be read/);
  expect(sealer.seal("hook-1", "made-up-secret")).not.toBe(sealed);
});
