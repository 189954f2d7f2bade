import { once } from "node:events";
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import pino from "pino";
import { describe, expect, test } from "vitest";
import { listPartitions } from "../rules/events/partition.ts";
import { TestAdmin } from "../test/admin.ts";
import { until } from "../test/support.ts";
import { adminSchema } from "./config.ts";
import { startAdmin } from "./start.ts";

const DAY_MS = 24 * 3_600_000;

async function withAdmin(
  settings: Parameters<typeof TestAdmin.start>[0],
  use: (admin: TestAdmin) => Promise<void>,
): Promise<void> {
  const admin = await TestAdmin.start(settings);
  try {
    await use(admin);
  } finally {
    await admin.stop();
  }
}

/** Work for some milliseconds, and on a busy machine for less than the 4 seconds that a close leaves. */
const MANY = 500;

/** A registration that the admin has begun to take: it has asked for the body, which is still to be sent. */
async function begun(admin: TestAdmin): Promise<{ readonly sent: ClientRequest; readonly body: string }> {
  const tokens = Array.from({ length: MANY }, (_, index) => `made-up-token-${index}`);
  const body = JSON.stringify({ name: "many", risk: 5, tokens });
  const headers = {
    authorization: `Bearer ${admin.administrator}`,
    "content-type": "application/json",
    "content-length": body.length,
    expect: "100-continue",
  };
  const sent = request(`${admin.url}/api/v1/leaks`, { method: "POST", headers });
  sent.flushHeaders();
  await once(sent, "continue");
  return { sent, body };
}

describe("close", () => {
  test("answers what waits for workers with what is known, and refuses what comes later", () =>
    withAdmin({ config: { enforcedWaitMs: 600_000 } }, async (admin) => {
      const leak = await admin.register("made-up-token-0001");
      await admin.report(1, 0);
      const call = admin.call("POST", `/api/v1/leaks/${leak}/vpatch?wait=enforced`);
      const stored = async () => (await admin.call("GET", `/api/v1/leaks/${leak}`)).body.status === "patched";
      await until("the change is stored", stored);
      const closed = admin.close();
      const answer = await call;
      expect(answer).toMatchObject({
        status: 202,
        body: { status: "patched", enforcement: { lagging: [1] } },
      });
      expect(answer.headers.get("connection")).toBe("close");
      await closed;
      await expect(admin.call("GET", "/healthz")).rejects.toThrow();
      await admin.close();
    }));

  test("a registration under way is finished, answered and kept", () =>
    withAdmin({}, async (admin) => {
      const { sent, body } = await begun(admin);
      const answered = once(sent, "response") as Promise<[IncomingMessage]>;
      const closed = admin.close();
      sent.end(body);
      const [answer] = await answered;
      expect([answer.statusCode, await json(answer)]).toEqual([
        201,
        expect.objectContaining({ tokenCount: MANY }),
      ]);
      await closed;
      const again = await startAdmin({
        data: admin.data,
        listen: { host: "127.0.0.1", port: 0 },
        config: adminSchema.parse({}),
        logger: pino({ level: "silent" }),
        version: "0.0.0-test",
      });
      const url = `http://127.0.0.1:${again.address.port}/api/v1/stats`;
      const stats = await fetch(url, { headers: { authorization: `Bearer ${admin.administrator}` } });
      expect(await stats.json()).toMatchObject({ leaks: 1, tokens: MANY });
      await again.close();
    }));

  test("a registration whose client went away is finished before the store closes", () =>
    withAdmin({}, async (admin) => {
      const { sent, body } = await begun(admin);
      sent.on("error", () => {}).end(body);
      await once(sent, "finish");
      sent.destroy();
      await admin.close();
      const last = admin.log.map((line) => JSON.parse(line) as { status?: number; msg: string });
      expect(last.filter(({ msg }) => msg === "admin call").map(({ status }) => status)).toEqual([201]);
      expect(admin.log.join("")).not.toContain("an admin call failed");
    }));

  test("is not held up by idle connections, nor by one that sends half a request", () =>
    withAdmin({}, async (admin) => {
      const sockets = await Promise.all(
        ["", "POST /api/v1/leaks HTTP/1.1\r\nhost: a\r\n"].map(
          (text) =>
            new Promise<ReturnType<typeof connect>>((resolve) => {
              const socket = connect(admin.port, "127.0.0.1", () =>
                socket.write(text, () => resolve(socket)),
              );
              socket.on("error", () => {});
            }),
        ),
      );
      await admin.call("GET", "/healthz");
      await admin.close();
      for (const socket of sockets) socket.destroy();
    }));
});

describe("start", () => {
  test("a port that is taken is an error, and leaves the data folder usable", () =>
    withAdmin({}, async (admin) => {
      const options = {
        data: join(admin.data, "other"),
        listen: { host: "127.0.0.1", port: admin.port },
        config: adminSchema.parse({}),
        logger: pino({ level: "silent" }),
        version: "0.0.0-test",
      };
      await expect(startAdmin(options)).rejects.toMatchObject({ code: "EADDRINUSE" });
      const again = await startAdmin({ ...options, listen: { host: "127.0.0.1", port: 0 } });
      expect(again.address.port).toBeGreaterThan(0);
      await again.close();
    }));

  test("an address of IPv6 works too", () =>
    withAdmin({ listen: { host: "::1", port: 0 } }, async (admin) => {
      const answer = await fetch(`http://[::1]:${admin.port}/healthz`);
      expect(answer.status).toBe(200);
    }));

  test("two admins on one data folder see each other's changes", () =>
    withAdmin({}, async (admin) => {
      const other = await startAdmin({
        data: admin.data,
        listen: { host: "127.0.0.1", port: 0 },
        config: adminSchema.parse({}),
        logger: pino({ level: "silent" }),
        version: "0.0.0-test",
      });
      const leak = await admin.register("made-up-token-0001");
      const url = `http://127.0.0.1:${other.address.port}/api/v1/leaks/${leak}`;
      const headers = { authorization: `Bearer ${admin.administrator}` };
      expect((await fetch(url, { headers })).status).toBe(200);
      await other.close();
      expect((await admin.call("GET", `/api/v1/leaks/${leak}`)).status).toBe(200);
    }));
});

describe("retention", () => {
  const partitions = (admin: TestAdmin) => listPartitions(join(admin.data, "events")).length;

  test("events past their age are dropped while the admin runs; the rest stays", () =>
    withAdmin({ retentionEveryMs: 5, config: { retention: { days: 2 } } }, async (admin) => {
      const now = Date.now();
      await admin.attempt(now, { requestId: "new" });
      await admin.attempt(now - DAY_MS, { requestId: "yesterday" });
      await admin.attempt(now - 9 * DAY_MS, { requestId: "old" });
      await until("the old partition is gone", () => partitions(admin) === 2);
      const { body } = await admin.call<{ events: { requestId: string }[] }>("GET", "/api/v1/events");
      expect(body.events.map(({ requestId }) => requestId)).toEqual(["new", "yesterday"]);
      expect(admin.log.join("")).toContain("dropped partitions of old events");
    }));

  test("the oldest go first when all together take too much; the newest stays", () =>
    withAdmin({ retentionEveryMs: 5, config: { retention: { bytes: 1024 * 1024 } } }, async (admin) => {
      const now = Date.now();
      const path = `/${"x".repeat(4_000)}`;
      for (const days of [0, 1, 2])
        for (let index = 0; index < 150; index++) await admin.attempt(now - days * DAY_MS - index, { path });
      await until("some are gone", () => partitions(admin) < 3);
      const { body } = await admin.call<{ events: { at: string }[] }>("GET", "/api/v1/events?limit=1");
      expect(body.events[0]!.at).toBe(new Date(now).toISOString());
    }));
});

test("defaults of the configuration, and what it refuses", () => {
  expect(adminSchema.parse({})).toMatchObject({
    bodyBytes: 32 * 1024 * 1024,
    reportBytes: 1024 ** 3,
    enforcedWaitMs: 5_000,
    previewWaitMs: 2_000,
    common: { requests: 100, addresses: 10 },
    retention: { days: 90, bytes: 10 * 1024 ** 3 },
    trust: [],
    session: { idleMinutes: 30, absoluteHours: 12 },
    failuresPerMinute: 20,
    notify: {
      allowPrivate: false,
      retrySeconds: [5, 30, 120, 600, 3_600, 21_600, 43_200, 86_400],
      timeoutMs: 15_000,
      concurrency: 2,
      queueMax: 1_000,
      deadMax: 1_000,
      rotationHours: 24,
    },
  });
  const oidc = { issuer: "https://id.example", clientId: "leakgate" };
  const right = [{ publicUrl: "https://leakgate.example/" }, { trust: ["::1", "10.0.0.0/8"] }, { oidc }];
  for (const each of right) expect(adminSchema.safeParse(each)).toMatchObject({ success: true });
  for (const wrong of [
    { bodyBytes: 0 },
    { enforcedWaitMs: -1 },
    { retention: { days: 0 } },
    { more: 1 },
    { publicUrl: "https://leakgate.example/console" },
    { publicUrl: "leakgate.example" },
    { trust: ["10.0.0.0/33"] },
    { trust: ["localhost"] },
    { session: { idleMinutes: 0 } },
    { oidc: { ...oidc, issuer: "http://id.example" } },
    { oidc: { ...oidc, issuer: "http://127.0.0.1:9999" } },
    { oidc: { ...oidc, issuer: "http://id.example", allowInsecureIssuer: true } },
    { oidc: { ...oidc, mapping: [{ group: "a", role: "boss" }] } },
    { oidc: { ...oidc, mapping: [{ group: "a", role: "global_analyst", tenant: "acme" }] } },
  ])
    expect([wrong, adminSchema.safeParse(wrong).success]).toEqual([wrong, false]);
});
