import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Json, TestAdmin } from "../../test/admin.ts";
import { MailServer, Receiver } from "../../test/receivers.ts";
import { until } from "../../test/support.ts";

const path = "/api/v1/notifications";
const triggers = [{ type: "new_leak" }];

let admin: TestAdmin;
let receiver: Receiver;
let server: MailServer;
beforeAll(async () => {
  receiver = await Receiver.start();
  server = await MailServer.start();
  admin = await TestAdmin.start({
    notifyEveryMs: 20,
    config: {
      notify: { allowPrivate: true, retrySeconds: [] },
      smtp: { host: "127.0.0.1", port: server.port, insecure: true, from: "leakgate@made-up.example" },
    },
  });
});
afterAll(async () => {
  await admin.stop();
  await receiver.stop();
  await server.stop();
});

async function make(body: object): Promise<Json & { id: string; secret: string }> {
  const answer = await admin.call<Json & { id: string; secret: string }>("POST", path, { body });
  expect([answer.status, answer.text]).toEqual([201, expect.any(String)]);
  return answer.body;
}

test("a webhook: its secret is shown once, the test button says what the receiver said, and messages arrive", async () => {
  const made = await make({ kind: "webhook", name: "chat", url: receiver.url(), triggers });
  expect(made).toMatchObject({
    kind: "webhook",
    url: receiver.url(),
    triggers: [{ type: "new_leak", riskMin: 1 }],
    secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/),
  });
  const one = await admin.call("GET", `${path}/${made.id}`, { key: admin.analyst });
  expect(one.headers.get("etag")).toBe('"1"');
  expect(one.text).not.toContain("whsec_");

  const tried = await admin.call("POST", `${path}/${made.id}/test`);
  expect(tried.body).toMatchObject({ delivered: true, status: 200, error: null });
  expect(receiver.got[0]!.body).toMatchObject({ type: "test", data: { tenant: "default" } });
  receiver.answering = () => 503;
  const failed = await admin.call("POST", `${path}/${made.id}/test`);
  expect(failed.body).toMatchObject({ delivered: false, status: 503, error: "the receiver answered 503" });
  expect(failed.text).not.toContain("made-up-body");
  receiver.answering = () => 200;

  receiver.got.length = 0;
  await admin.register("made-up-token-0001");
  await until("the message is there", () => receiver.got.length === 1);
  const { text, headers } = receiver.got[0]!;
  expect(new Webhook(made.secret).verify(text, headers as Record<string, string>)).toMatchObject({
    type: "leak.created",
  });
  expect(text).not.toContain("made-up-token");
  const shown = () => admin.call<{ deliveries: Json[] }>("GET", `${path}/${made.id}/deliveries`);
  await until("it is shown", async () => (await shown()).body.deliveries[0]?.status === "delivered");

  const rotated = await admin.call<{ secret: string; previousSecretUntil: string }>(
    "POST",
    `${path}/${made.id}/rotate`,
  );
  expect(rotated.body.secret).not.toBe(made.secret);
  expect(Date.parse(rotated.body.previousSecretUntil)).toBeGreaterThan(Date.now());
  await admin.call("POST", `${path}/${made.id}/test`);
  const signed = receiver.got[receiver.got.length - 1]!;
  for (const secret of [made.secret, rotated.body.secret])
    new Webhook(secret).verify(signed.text, signed.headers as Record<string, string>);
});

test("Slack: the address is write-only, also when it changes", async () => {
  const url = receiver.url("/services/T000/B000/made-up-slack-secret");
  const made = await make({ kind: "slack", name: "ops", url });
  expect(made).toMatchObject({ host: `127.0.0.1:${receiver.port}`, url: null, secret: null });
  await admin.call("POST", `${path}/${made.id}/test`);
  const last = receiver.got[receiver.got.length - 1]!;
  expect([last.path, last.body.text]).toEqual([
    "/services/T000/B000/made-up-slack-secret",
    expect.stringMatching(/^Test message of Leakgate\n/),
  ]);
  const other = receiver.url("/services/T000/B000/made-up-slack-other");
  const changed = await admin.call("PATCH", `${path}/${made.id}`, { body: { url: other } });
  expect(changed.status).toBe(200);
  await admin.call("POST", `${path}/${made.id}/test`);
  expect(receiver.got[receiver.got.length - 1]!.path).toContain("made-up-slack-other");
  const list = await admin.call("GET", path, { key: admin.analyst });
  for (const text of [changed.text, list.text, admin.log.join("")])
    expect(text).not.toContain("made-up-slack");
});

test("e-mail", async () => {
  const made = await make({ kind: "email", name: "team", to: ["ann@made-up.example"] });
  const tried = await admin.call("POST", `${path}/${made.id}/test`);
  expect(tried.body).toMatchObject({ delivered: true, status: 250 });
  expect(server.got[0]!.raw).toContain("Subject: [Leakgate] Test message of Leakgate");
  const wrong = await admin.call("PATCH", `${path}/${made.id}`, { body: { url: "https://hooks.example/" } });
  expect(wrong.status).toBe(400);
});

test("changes, with If-Match, and the end", async () => {
  const made = await make({ kind: "webhook", name: "a", url: "https://hooks.example/in", enabled: false });
  const one = `${path}/${made.id}`;
  const change = (etag: string, method = "PATCH") =>
    admin.call(method, one, {
      headers: { "if-match": etag },
      ...(method === "PATCH" ? { body: { name: "b", triggers } } : {}),
    });
  expect((await change('"7"')).status).toBe(412);
  expect((await change('"1"')).body).toMatchObject({ name: "b", enabled: false, version: 2 });
  expect((await change('"1"', "DELETE")).status).toBe(412);
  expect((await change('"2"', "DELETE")).status).toBe(200);
  for (const call of ["GET", "PATCH", "DELETE"])
    expect((await admin.call(call, one, call === "PATCH" ? { body: { name: "c" } } : {})).status).toBe(404);
  for (const call of ["test", "rotate"])
    expect((await admin.call("POST", `${one}/${call}`)).status).toBe(404);
  expect((await admin.call("GET", `${one}/deliveries`)).status).toBe(404);
});

test("dead letters are listed, sent again and dropped", async () => {
  receiver.answering = () => 500;
  const made = await make({ kind: "webhook", name: "dead", url: receiver.url("/dead"), triggers });
  for (const token of ["made-up-token-0002", "made-up-token-0003", "made-up-token-0004"])
    await admin.register(token);
  type Letters = { deadLetters: { id: string; destination: string }[]; total: number; next: string | null };
  const letters = async (query = "") =>
    (await admin.call<Letters>("GET", `/api/v1/dead-letters${query}`, { key: admin.analyst })).body;
  const ours = async () =>
    (await letters()).deadLetters.filter(({ destination }) => destination === made.id).map(({ id }) => id);
  await until("all three are given up", async () => (await ours()).length === 3);
  const { next, total } = await letters("?limit=1");
  expect(total).toBeGreaterThanOrEqual(3);
  expect((await letters(`?limit=1&cursor=${next}`)).deadLetters).toHaveLength(1);

  const [first, second] = await ours();
  expect((await admin.call("DELETE", `/api/v1/dead-letters/${first}`)).status).toBe(204);
  expect((await admin.call("DELETE", `/api/v1/dead-letters/${first}`)).status).toBe(404);
  receiver.answering = () => 200;
  const retried = await admin.call("POST", `/api/v1/dead-letters/${second}/retry`);
  expect(retried.body).toEqual({ retried: 1 });
  await admin.call("POST", "/api/v1/dead-letters/all/retry");
  await until("none is left", async () => (await letters()).total === 0);
  expect((await admin.call("POST", "/api/v1/dead-letters/delivery-999/retry")).status).toBe(404);
  const metrics = await admin.call("GET", "/metrics", { key: null });
  expect(metrics.text).toMatch(/leakgate_notifications_total\{outcome="dead"\} [3-9]/);
  expect(metrics.text).toContain("leakgate_notifications_dead_letters 0");
});

describe("refusals", () => {
  test.each<[string, Json]>([
    ["#/url", { kind: "webhook", name: "a", url: "http://hooks.example:x/" }],
    ["#/url", { kind: "webhook", name: "a", url: "https://ann:made-up@hooks.example/" }],
    ["#/url", { kind: "webhook", name: "a", url: "https://169.254.169.254/latest/meta-data" }],
    ["#/to/0", { kind: "email", name: "a", to: ["not an address"] }],
    [
      "#/triggers/0/hours",
      { kind: "webhook", name: "a", url: "https://a.example/", triggers: [{ type: "undecided" }] },
    ],
    ["#/kind", { kind: "pigeon", name: "a" }],
    ["#", { kind: "webhook", name: "a", url: "https://a.example/", secret: "whsec_made-up" }],
  ])("%s", async (pointer, body) => {
    const answer = await admin.call<{ errors: { pointer: string }[] }>("POST", path, { body });
    expect([answer.status, answer.body.errors[0]!.pointer]).toEqual([400, pointer]);
    expect(answer.text).not.toContain("made-up");
  });

  test("an analyst looks, and changes nothing", async () => {
    const key = admin.analyst;
    expect((await admin.call("GET", path, { key })).status).toBe(200);
    expect((await admin.call("POST", path, { key, body: {} })).status).toBe(403);
    expect((await admin.call("POST", `${path}/hook-1/test`, { key })).status).toBe(403);
  });

  test("where private addresses are not allowed, none is taken, nor mail without a mail server", async () => {
    const strict = await TestAdmin.start({ notifyEveryMs: null });
    const refused = async (body: object) => (await strict.call("POST", path, { body })).status;
    for (const url of [
      "https://127.1/",
      "http://localhost/",
      "https://[::ffff:10.0.0.1]/",
      "http://hooks.example/",
    ]) {
      const status = await refused({ kind: "webhook", name: "a", url });
      // Of a name is found out when something is sent.
      expect([url, status]).toEqual([url, url === "http://localhost/" ? 201 : 400]);
    }
    expect(await refused({ kind: "email", name: "a", to: ["ann@made-up.example"] })).toBe(400);
    await strict.stop();
  });
});

test("the whole of it left no secret in log or journal", async () => {
  expect(admin.log.join("")).not.toMatch(/whsec_|made-up-slack|made-up-token/);
});
