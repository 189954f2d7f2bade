import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TestAdmin } from "../test/admin.ts";
import { until } from "../test/support.ts";

interface Waited {
  readonly revision: number;
  readonly enforcement: {
    readonly revision: number;
    readonly enforced: boolean;
    readonly workers: object[];
    readonly lagging: number[];
    readonly detail: string;
  };
}

let admin: TestAdmin;
let leak: string;
beforeEach(async () => {
  admin = await TestAdmin.start({ config: { enforcedWaitMs: 60_000 } });
  leak = `/api/v1/leaks/${await admin.register("made-up-token-0001", "made-up-token-0002")}`;
});
afterEach(() => admin.stop());

const revision = async () => (await admin.call<{ revision: number }>("GET", "/api/v1/status")).body.revision;

describe("wait=enforced", () => {
  test.each([
    ["POST", "/vpatch"],
    ["POST", "/close"],
    ["POST", "/mark-false"],
    ["POST", "/tokens", { tokens: ["made-up-token-0003"] }],
    ["DELETE", "/tokens/1"],
  ])(
    "%s %s answers when the last live worker reports the revision, not before",
    async (method, path, body = undefined) => {
      const before = await revision();
      await admin.report(1, before);
      await admin.report(2, before);
      let isAnswered = false;
      const call = admin.call<Waited>(method, `${leak}${path}?wait=enforced`, { body }).then((answer) => {
        isAnswered = true;
        return answer;
      });
      await until("the change is stored", async () => (await revision()) > before);
      await admin.report(1, before + 1);
      // A look at the state of things in between, so that a wait for one worker alone would be over.
      for (let look = 0; look < 5; look++) await revision();
      expect(isAnswered).toBe(false);
      await admin.report(2, before + 1);
      const answer = await call;
      expect(answer).toMatchObject({ status: 200, body: { revision: before + 1 } });
      expect(answer.body.enforcement).toEqual({
        revision: before + 1,
        enforced: true,
        workers: [
          { worker: 1, revision: before + 1, enforced: true },
          { worker: 2, revision: before + 1, enforced: true },
        ],
        lagging: [],
        detail: "Every live worker enforces the change.",
      });
    },
  );

  test("does not wait for workers that are gone, whose process ended, or that are silent", async () => {
    await admin.report(1, 1_000);
    await admin.report(2, 0, { pid: 2 ** 22 + 1 });
    await admin.report(3, 0, { heartbeatAt: Date.now() - 10_000 });
    const answer = await admin.call<Waited>("POST", `${leak}/vpatch?wait=enforced`);
    expect(answer.status).toBe(200);
    expect(answer.body.enforcement.workers).toHaveLength(1);
  });

  test("a worker that is forgotten while it is waited for is not waited for any longer", async () => {
    await admin.report(1, 1_000);
    await admin.report(2, 0);
    const call = admin.call<Waited>("POST", `${leak}/vpatch?wait=enforced`);
    await until("it is stored", async () => (await admin.call("GET", leak)).body.status === "patched");
    await admin.runtime.forget(2);
    expect((await call).status).toBe(200);
  });

  test("without a live worker: 202 at once, and it says so; the change is made", async () => {
    const answer = await admin.call<Waited>("POST", `${leak}/vpatch?wait=enforced`);
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({ status: "patched" });
    expect(answer.body.enforcement).toMatchObject({
      enforced: false,
      workers: [],
      detail: expect.stringContaining("No worker takes this tenant's requests"),
    });
  });

  test("without `wait`, the answer tells how it stands and waits for nobody", async () => {
    await admin.report(7, 0);
    const answer = await admin.call<Waited>("POST", `${leak}/vpatch`);
    expect(answer.status).toBe(200);
    expect(answer.body.enforcement).toMatchObject({ enforced: false, lagging: [7] });
  });

  test("the same vpatch again is no change, and waits for what is there", async () => {
    await admin.report(1, 1_000);
    const first = await admin.call<Waited>("POST", `${leak}/vpatch?wait=enforced`);
    const again = await admin.call<Waited>("POST", `${leak}/vpatch?wait=enforced`);
    expect([again.status, again.body.revision]).toEqual([200, first.body.revision]);
  });
});

test("a time limit ends the wait with 202 and the names of those that lag", async () => {
  const hasty = await TestAdmin.start({ config: { enforcedWaitMs: 30 } });
  try {
    const id = await hasty.register("made-up-token-0001");
    await hasty.report(1, 1_000);
    await hasty.report(2, 0);
    await hasty.report(5, 0);
    const answer = await hasty.call<Waited>("POST", `/api/v1/leaks/${id}/vpatch?wait=enforced`);
    expect(answer.status).toBe(202);
    expect(answer.body.enforcement).toMatchObject({
      enforced: false,
      lagging: [2, 5],
      detail: "Not enforced yet by worker 2, 5.",
    });
  } finally {
    await hasty.stop();
  }
});
