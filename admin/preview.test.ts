import { afterEach, beforeEach, expect, test } from "vitest";
import { digestTokens } from "../rules/digest.ts";
import { type HuntAnswer, huntLimits, wantedCount } from "../rules/hunt.ts";
import { Pepper } from "../rules/pepper.ts";
import { TestAdmin } from "../test/admin.ts";
import { until } from "../test/support.ts";
import { warnOfCommon } from "./hunt.ts";

const TOKEN = "made-up-token-0001";
const NOW = 1_800_000_000_000;
let admin: TestAdmin;
let leak: string;

interface Preview {
  readonly wouldHaveBlocked: number;
  readonly missing: readonly number[];
}

beforeEach(async () => {
  admin = await TestAdmin.start({ config: { previewWaitMs: 300 } });
  leak = await admin.register(TOKEN);
});
afterEach(() => admin.stop());

/** What a worker answers that saw the tokens of these numbers, each in ten requests. */
function answer(
  worker: number,
  met: readonly number[],
  more: Partial<HuntAnswer> = {},
): Omit<HuntAnswer, "hunt"> {
  return {
    worker,
    answeredAt: NOW,
    kind: "looked",
    since: NOW - worker * 60_000,
    forgotten: worker,
    tokens: 5,
    unknown: 1,
    requests: met.length * 10,
    first: NOW - worker * 1_000,
    last: NOW + worker * 1_000,
    addresses: worker,
    met: new Uint8Array(Uint32Array.from(met).buffer),
    points: { "header authorization": met.length * 10 },
    hosts: { "api.example.com": met.length * 10 },
    most: met.map((token) => ({ token, requests: 10, addresses: 1 })),
    ...more,
  };
}

/** Waits for a question, and answers as these workers. */
async function answerAs(...answers: Omit<HuntAnswer, "hunt">[]): Promise<void> {
  await until("somebody asks", () => admin.runtime.hunts().length > 0);
  const [{ id } = { id: "" }] = admin.runtime.hunts();
  for (const each of answers) await admin.runtime.answer({ ...each, hunt: id });
}

const preview = (query = "") => admin.call<Preview>("GET", `/api/v1/leaks/${leak}/preview${query}`);

test("sums over the workers, and names those that keep nothing and those that do not answer", async () => {
  for (const worker of [1, 2, 3, 4]) await admin.report(worker, 1);
  const asking = preview();
  await answerAs(
    answer(1, [1, 2]),
    answer(2, [2, 3], { hosts: { "b.example.com": 20 } }),
    answer(3, [], { kind: "off", tokens: 0, unknown: 0 }),
  );
  const { status, body } = await asking;
  expect(status).toBe(200);
  expect(body).toEqual({
    wouldHaveBlocked: 40,
    tokensMet: 3,
    tokens: 5,
    unknown: 1,
    first: new Date(NOW - 2_000).toISOString(),
    last: new Date(NOW + 2_000).toISOString(),
    addresses: 2,
    since: new Date(NOW - 60_000).toISOString(),
    forgotten: 3,
    points: [{ point: "header authorization", requests: 40 }],
    hosts: [
      { host: "api.example.com", requests: 20 },
      { host: "b.example.com", requests: 20 },
    ],
    most: [
      { token: "2", requests: 20, addresses: 1, common: false },
      { token: "1", requests: 10, addresses: 1, common: false },
      { token: "3", requests: 10, addresses: 1, common: false },
    ],
    workers: [1, 2],
    off: [3],
    missing: [4],
  });
  // Nothing is left of it.
  expect(admin.runtime.hunts()).toEqual([]);
});

test("without a live worker it answers at once that nobody looked", async () => {
  const { body } = await preview();
  expect(body).toMatchObject({ wouldHaveBlocked: 0, since: null, first: null, workers: [], missing: [] });
});

test("asks for the hosts of a scope, and refuses what is no host", async () => {
  await admin.report(1, 1);
  const asking = preview("?hosts=API.example.com,*.example.org");
  await until("somebody asks", () => admin.runtime.hunts().length > 0);
  expect(admin.runtime.hunts()).toMatchObject([{ leak, hosts: ["*.example.org", "api.example.com"] }]);
  expect((await asking).body.missing).toEqual([1]);

  const refused = await preview("?hosts=no%20host");
  expect(refused.status).toBe(400);
  expect(refused.body).toMatchObject({ errors: [{ pointer: "hosts" }] });
  expect((await preview("?methods=GET")).status).toBe(400);
});

test("an unknown leak is 404; an analyst may ask, nobody without a key", async () => {
  expect((await admin.call("GET", "/api/v1/leaks/leak-99/preview")).status).toBe(404);
  const path = `/api/v1/leaks/${leak}/preview`;
  expect((await admin.call("GET", path, { key: admin.analyst })).status).toBe(200);
  expect((await admin.call("GET", path, { key: null })).status).toBe(401);
});

test("so many at a time; what askers left behind that are gone is cleared away", async () => {
  await admin.report(1, 1);
  const abandoned = (id: string, askedAt: number) =>
    admin.runtime.ask({ id, tenant: "default", leak, wanted: new Uint8Array(0), hosts: [], askedAt });
  const now = Date.now();
  for (let index = 0; index < huntLimits.open; index++) expect(await abandoned(`h${index}`, now)).toBe(true);
  const refused = await preview();
  expect(refused.status).toBe(503);
  expect(refused.headers.get("retry-after")).toBe("1");
  await admin.runtime.answer({ ...answer(1, [1]), hunt: "h1", answeredAt: now });
  expect(await abandoned("later", now + 60_001)).toBe(true);
  expect(admin.runtime.hunts().map(({ id }) => id)).toEqual(["later"]);
  expect(admin.runtime.answersTo("h1")).toEqual([]);
});

test("of tokens that are common in traffic is warned before they are registered", async () => {
  await admin.report(1, 1);
  const digests = await digestTokens(
    [TOKEN, "made-up-token-0002", "made-up-token-0003"],
    Pepper.load(admin.data),
  );
  const { runtime } = admin;
  const services = {
    runtime,
    closing: new AbortController().signal,
    config: { common: { requests: 50, addresses: 10 } },
  };
  const asking = warnOfCommon(services, "default", digests, 5_000);
  await until("somebody asks", () => runtime.hunts().length > 0);
  expect(runtime.hunts().map(({ wanted }) => wantedCount(wanted))).toEqual([3]);
  await answerAs(
    answer(1, [1, 2, 3], {
      most: [
        { token: 1, requests: 49, addresses: 1 },
        { token: 2, requests: 50, addresses: 1 },
        { token: 3, requests: 12, addresses: 0b1111_1111_1111 },
      ],
    }),
  );
  const warned = (await asking).map(({ warnings }) => warnings?.includes("common_in_traffic"));
  expect(warned).toEqual([false, true, true]);
  // A worker that says nothing keeps nobody waiting.
  expect(await warnOfCommon(services, "default", digests, 10)).toEqual(digests);
});
