import { afterAll, beforeAll, expect, test } from "vitest";
import { type Json, TestAdmin } from "../test/admin.ts";

let admin: TestAdmin;
beforeAll(async () => {
  admin = await TestAdmin.start();
  const leak = await admin.register("made-up-token-0001");
  await admin.call("PATCH", `/api/v1/leaks/${leak}`, { body: { name: "=made up", risk: 9 } });
  await admin.call("POST", `/api/v1/leaks/${leak}/vpatch`);
  await admin.call("POST", "/api/v1/keys", { body: { name: "Carol", role: "analyst" } });
  await admin.call("POST", `/api/v1/leaks/${leak}/close`);
});
afterAll(() => admin.stop());

type Page = { changes: Json[]; next: string | null };
const look = (query: string, key = admin.administrator) =>
  admin.call<Page>("GET", `/api/v1/audit${query}`, { key });
const actions = ({ body }: { body: Page }) => body.changes.map(({ action }) => action);

test("who, when, from where, what, before and after; newest first, in pages", async () => {
  const first = await look("?limit=2", admin.analyst);
  expect(first.body.changes[0]).toMatchObject({
    actor: "key-1 (Ann)",
    from: "127.0.0.1",
    action: "leak.close",
    subject: "leak-1",
    before: { status: "patched" },
    after: { status: "closed", rule: null },
    hash: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(first.body.changes[0]!.previousHash).toBe(first.body.changes[1]!.hash);
  const seen = actions(first);
  for (let { next } = first.body; next !== null; ) {
    const page = await look(`?limit=2&cursor=${next}`);
    seen.push(...actions(page));
    next = page.body.next;
  }
  expect(seen).toEqual([
    "leak.close",
    "key.create",
    "leak.vpatch",
    "leak.update",
    "leak.register",
    "key.create",
    "key.create",
  ]);
});

test("by subject, action, actor and time; what is none of these is refused", async () => {
  expect(actions(await look("?subject=leak-1&action=leak.vpatch"))).toEqual(["leak.vpatch"]);
  expect(actions(await look("?action=key"))).toHaveLength(3);
  expect(actions(await look("?actor=ANN&subject=key-3"))).toEqual(["key.create"]);
  expect(actions(await look("?to=2020-01-01"))).toEqual([]);
  expect(actions(await look("?from=2020-01-01&limit=1"))).toEqual(["leak.close"]);
  for (const wrong of ["?subject=LEAK", "?action=a.b.c", "?cursor=0", "?cursor=x", "?from=2&to=1", "?more=1"])
    expect([wrong, (await look(wrong)).status]).toEqual([wrong, 400]);
});

test("exported as it is stored, or for a spreadsheet, without its formulas; no token in it", async () => {
  const { text, headers } = await admin.call("GET", "/api/v1/audit/export");
  expect(headers.get("content-type")).toBe("application/x-ndjson");
  const lines = text.trimEnd().split("\n");
  expect(lines.map((line) => (JSON.parse(line) as Json).revision)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  const csv = await admin.call("GET", "/api/v1/audit/export?format=csv&subject=leak-1");
  const [head, ...records] = csv.text.trimEnd().split("\r\n");
  expect(head).toMatch(/^revision,at,actor,from,action,/);
  expect(records).toHaveLength(4);
  expect(text + csv.text).not.toMatch(/made-up-token|lgk_/);
});

test("the chain is verified, and its head told", async () => {
  const { body } = await admin.call<Json>("GET", "/api/v1/audit/verify");
  expect(body).toEqual({ ok: true, entries: 7, head: (await look("?limit=1")).body.changes[0]!.hash });
});

test("a change is told of as it is made, to whoever listens, until he leaves", async () => {
  const gone = new AbortController();
  const answer = await fetch(`${admin.url}/api/v1/audit/tail`, {
    headers: { authorization: `Bearer ${admin.analyst}` },
    signal: gone.signal,
  });
  expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const told = async () => {
    for (;;) {
      const found = /event: revision\ndata: (.+)\n\n/.exec(text);
      if (found !== null) {
        text = text.slice(found.index + found[0].length);
        return (JSON.parse(found[1]!) as { revision: number }).revision;
      }
      const { value, done } = await reader.read();
      if (done) throw new Error("the stream ended");
      text += value;
    }
  };
  const before = await told();
  const { body } = await admin.call<{ revision: number }>("POST", "/api/v1/leaks/leak-1/reopen");
  expect(body.revision).toBe(before + 1);
  expect(await told()).toBe(before + 1);
  gone.abort();
  await expect(reader.read()).rejects.toThrow();
  expect((await admin.call("GET", "/api/v1/audit/tail", { key: null })).status).toBe(401);
});
