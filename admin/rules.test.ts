import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestAdmin } from "../test/admin.ts";

let admin: TestAdmin;
beforeAll(async () => {
  admin = await TestAdmin.start();
  const leaks = [
    { name: "a", risk: 9, source: "github" },
    { name: "b", risk: 5, source: "github" },
    { name: "c", risk: 2, source: "custom" },
  ];
  for (const [index, leak] of leaks.entries())
    await admin.call("POST", "/api/v1/leaks", { body: { ...leak, tokens: [`made-up-token-000${index}`] } });
  await admin.call("POST", "/api/v1/leaks/leak-1/vpatch");
  await admin.call("POST", "/api/v1/leaks/leak-2/vpatch", { body: { mode: "monitor" } });
  await admin.call("POST", "/api/v1/leaks/leak-3/vpatch");
  await admin.call("POST", "/api/v1/leaks/leak-3/close");
});
afterAll(() => admin.stop());

describe("GET /rules", () => {
  test("those in force, page by page; one by its id, also when it is no longer in force", async () => {
    const first = await admin.call("GET", "/api/v1/rules?limit=1");
    expect(first.body).toMatchObject({ rules: [{ id: "rule-1", mode: "block", leak: "leak-1" }] });
    const second = await admin.call("GET", `/api/v1/rules?limit=1&cursor=${first.body.next}`);
    expect(second.body).toMatchObject({ rules: [{ id: "rule-2", mode: "monitor" }], next: null });
    expect((await admin.call("GET", "/api/v1/rules/rule-1")).body).toMatchObject({ removedAt: null });
    const removed = await admin.call("GET", "/api/v1/rules/rule-3");
    expect(removed.body).toMatchObject({ leak: "leak-3", removedAt: expect.any(String) });
    for (const id of ["rule-9", "leak-1", "made-up-token-0001"]) {
      const answer = await admin.call("GET", `/api/v1/rules/${id}`);
      expect(answer.status).toBe(404);
      expect(answer.text).not.toContain("made-up");
    }
  });
});
