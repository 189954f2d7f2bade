import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Json, TestAdmin } from "../test/admin.ts";
import { isThorough } from "../test/thorough.ts";

const TOKENS = ["made-up-token-0001", "made-up-token-0002", "ghp_madeUpMadeUpMadeUpMadeUpMadeUpMade01"];
const HEX = "0123456789abcdef".repeat(4);
const LEAKS = "/api/v1/leaks";
/** In one call; so many in one change of the store are tested there. */
const MANY = isThorough ? 100_000 : 20_000;

let admin: TestAdmin;
beforeEach(async () => {
  admin = await TestAdmin.start();
});
afterEach(() => admin.stop());

describe("POST /leaks", () => {
  test("registers; answers the leak with masked tokens, its place and its ETag", async () => {
    const body = {
      name: " Build log ",
      description: "found by hand",
      risk: 8,
      source: "github",
      tokens: TOKENS,
    };
    const { status, headers, body: leak, text } = await admin.call("POST", LEAKS, { body });
    expect(status).toBe(201);
    expect(headers.get("location")).toBe("/api/v1/leaks/leak-1");
    expect(headers.get("etag")).toBe('"1"');
    const asLeak = { status: null, expiresAt: null, alsoIn: [], sightings: 0 };
    expect(leak).toEqual({
      id: "leak-1",
      name: "Build log",
      description: "found by hand",
      risk: 8,
      riskLevel: "high",
      source: "github",
      sourceUrl: null,
      sourceAuthor: null,
      sourceAt: null,
      target: null,
      assignee: null,
      remediation: "none",
      remediationReason: null,
      status: "opened",
      rule: null,
      until: null,
      watch: null,
      tokenCount: 3,
      tokensClosed: 0,
      tokensFalse: 0,
      warnings: { checksum_invalid: 1 },
      regression: false,
      regressionOf: [],
      duplicates: [],
      sightings: 0,
      notices: [
        { pointer: "#/tokens/2", warning: "checksum_invalid", detail: expect.any(String), leaks: [] },
      ],
      version: 1,
      createdAt: expect.stringMatching(/^20.*Z$/),
      updatedAt: expect.stringMatching(/^20.*Z$/),
      revision: expect.any(Number),
      tokens: [
        {
          ...asLeak,
          id: "1",
          preview: "made****(18)",
          kind: "opaque",
          length: 18,
          addedAt: expect.any(String),
          checksum: "none",
        },
        {
          ...asLeak,
          id: "2",
          preview: "made****(18)",
          kind: "opaque",
          length: 18,
          addedAt: expect.any(String),
          checksum: "none",
        },
        {
          ...asLeak,
          id: "3",
          preview: "ghp_****(40)",
          kind: "github",
          length: 40,
          addedAt: expect.any(String),
          checksum: "invalid",
        },
      ],
    });
    for (const token of TOKENS) expect(text + admin.log.join("")).not.toContain(token);
  });

  test("fills in what may be left out; the same token twice is one", async () => {
    const body = { name: "x", risk: 1, tokens: [TOKENS[0], `Bearer ${TOKENS[0]}`, TOKENS[0]] };
    const { body: leak } = await admin.call("POST", LEAKS, { body });
    expect(leak).toMatchObject({ description: "", source: "custom", riskLevel: "low", tokenCount: 1 });
  });

  test.each([
    [["made-up-token-0001", "short"], "#/tokens/1", "shorter than 6 bytes"],
    [["made-up-token-0001", "made-up token-0002"], "#/tokens/1", "white space"],
    [["made-up-token\u0000-0001"], "#/tokens/0", "control"],
    [["x".repeat(4_097)], "#/tokens/0", "redacted"],
    [["xy".repeat(2_049)], "#/tokens/0", "longer than 4096 bytes"],
    [["made-up-token-0001", "made-up-token-0002", "REDACTED"], "#/tokens/2", "redacted"],
    [["made-up-****"], "#/tokens/0", "redacted"],
    [["made-up-\ud800-0001"], "#/tokens/0", "broken text"],
    [[""], "#/tokens/0", "empty"],
    [[], "#/tokens", ">=1"],
    [["made-up-token-0001", 7], "#/tokens/1", "expected string"],
  ])(
    "refuses tokens %# with the place and the reason, and registers nothing",
    async (tokens, pointer, why) => {
      const { status, headers, body, text } = await admin.call<{ errors: Json[] }>("POST", LEAKS, {
        body: { name: "x", risk: 5, tokens },
      });
      expect(status).toBe(400);
      expect(headers.get("content-type")).toBe("application/problem+json");
      expect(body).toMatchObject({
        type: "urn:leakgate:admin:bad-request",
        title: "Bad Request",
        status: 400,
        requestId: headers.get("x-request-id"),
      });
      expect(body.errors).toEqual([{ pointer, detail: expect.stringContaining(why) }]);
      expect(text + admin.log.join("")).not.toMatch(/made-up|xyxy/);
      expect((await admin.call("GET", "/api/v1/stats")).body).toMatchObject({ leaks: 0, tokens: 0 });
    },
  );

  test("takes hashes of tokens beside tokens, or instead; the same hash twice is one", async () => {
    const hashes = [`sha256:${HEX}`, `SHA256:${HEX.toUpperCase()}`, `sha1:${HEX.slice(24)}`];
    const given = await admin.call("POST", LEAKS, {
      body: { name: "x", risk: 5, tokens: [TOKENS[0]], hashes },
    });
    expect(given).toMatchObject({ status: 201, body: { tokenCount: 3 } });
    expect(given.body.tokens).toMatchObject([
      { id: "1", preview: "made****(18)", kind: "opaque", length: 18, addedAt: expect.any(String) },
      { id: "2", preview: "sha256****", kind: "sha256", length: null, addedAt: expect.any(String) },
      { id: "3", preview: "sha1****", kind: "sha1", length: null, addedAt: expect.any(String) },
    ]);
    for (const body of [{ hashes }, { hashes, tokens: [] }]) {
      const alone = await admin.call("POST", LEAKS, { body: { name: "x", risk: 5, ...body } });
      expect(alone).toMatchObject({ status: 201, body: { tokenCount: 2 } });
      expect(alone.text + admin.log.join("")).not.toMatch(/0123456789abcdef/i);
    }
    const added = await admin.call("POST", `${LEAKS}/leak-1/tokens`, {
      body: { hashes: [hashes[1], `sha256:${"ab".repeat(32)}`] },
    });
    expect(added.body).toMatchObject({ added: 1, already: 1, tokenCount: 4 });
    expect((await admin.call("DELETE", `${LEAKS}/leak-1/tokens/2`)).body).toMatchObject({ tokenCount: 3 });
    const listed = await admin.call("GET", `${LEAKS}/leak-1/tokens`);
    expect(listed.body.tokens).toMatchObject([{ id: "1" }, { id: "3" }, { id: "4", kind: "sha256" }]);
  });

  test.each([
    [{ hashes: [`sha256:${HEX}`, HEX] }, "#/hashes/1", "no algorithm"],
    [{ hashes: [`md5:${HEX}`] }, "#/hashes/0", "no algorithm"],
    [{ hashes: [`sha256:${HEX.slice(1)}`] }, "#/hashes/0", "64 hex"],
    [{ hashes: [`sha1:${HEX}`] }, "#/hashes/0", "40 hex"],
    [{ hashes: [`sha256:${HEX.slice(1)}x`] }, "#/hashes/0", "other characters"],
    [
      { hashes: ["sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"] },
      "#/hashes/0",
      "an empty text",
    ],
    [{ hashes: [7] }, "#/hashes/0", "expected string"],
    [{ hashes: `sha256:${HEX}` }, "#/hashes", "expected array"],
    [{ hashes: [], tokens: [] }, "#/tokens", ">=1"],
    [{ hashes: [] }, "#/tokens", ">=1"],
    [{}, "#/tokens", ">=1"],
    [{ hashes: [`sha256:${HEX}`], tokens: ["short"] }, "#/tokens/0", "shorter"],
    [{ hashes: ["made-up"], tokens: ["made-up-token-0001"] }, "#/hashes/0", "no algorithm"],
  ])("refuses hashes %# with the place and the reason, and registers nothing", async (body, pointer, why) => {
    const registered = await admin.register("made-up-token-0009");
    for (const path of [LEAKS, `${LEAKS}/${registered}/tokens`]) {
      const more = path === LEAKS ? { name: "x", risk: 5 } : {};
      const answer = await admin.call<{ errors: Json[] }>("POST", path, { body: { ...more, ...body } });
      expect(answer.status).toBe(400);
      expect(answer.body.errors).toEqual([{ pointer, detail: expect.stringContaining(why) }]);
      expect(answer.text + admin.log.join("")).not.toMatch(/0123456789abcdef|made-up/);
    }
    expect((await admin.call("GET", "/api/v1/stats")).body).toMatchObject({ leaks: 1, tokens: 1 });
  });

  test("refuses all at once that is no token or hash, up to 50, and registers nothing", async () => {
    const registered = await admin.register("made-up-token-0009");
    const mixed = {
      tokens: ["made-up", "short", "made-up token", "****"],
      hashes: ["sha1:00", `sha256:${HEX}`],
    };
    for (const path of [LEAKS, `${LEAKS}/${registered}/tokens`]) {
      const more = path === LEAKS ? { name: "x", risk: 5 } : {};
      const several = await admin.call("POST", path, { body: { ...more, ...mixed } });
      expect(several).toMatchObject({
        status: 400,
        body: {
          detail: "3 tokens and a hash were refused; nothing of this call was registered.",
          errors: [
            { pointer: "#/tokens/1", detail: "line 2: the token is shorter than 6 bytes" },
            { pointer: "#/tokens/2", detail: "line 3: the token holds white space" },
            { pointer: "#/tokens/3", detail: "line 4: the token is redacted: a mask stands in its place" },
            { pointer: "#/hashes/0", detail: "line 1: a SHA-1 hash has 40 hexadecimal digits" },
          ],
        },
      });
      const tokens = Array.from({ length: 120 }, (_, index) => (index % 2 === 0 ? "short" : "made-up-token"));
      const many = await admin.call<{ errors: Json[] }>("POST", path, { body: { ...more, tokens } });
      expect([many.status, many.body.errors.length]).toEqual([400, 50]);
      expect(many.body.errors.at(-1)).toMatchObject({ pointer: "#/tokens/98" });
      expect(several.text + many.text + admin.log.join("")).not.toMatch(/made-up|0123456789abcdef/);
    }
    expect((await admin.call("GET", "/api/v1/stats")).body).toMatchObject({ leaks: 1, tokens: 1 });
  });

  test(`${MANY} tokens in one call, while others are answered`, async () => {
    const tokens = Array.from({ length: MANY }, (_, index) => `made-up-token-${index}-${"x".repeat(20)}`);
    let isDone = false;
    let between = 0;
    const registered = admin.call("POST", LEAKS, { body: { name: "many", risk: 5, tokens } }).finally(() => {
      isDone = true;
    });
    while (!isDone) {
      expect((await admin.call("GET", "/api/v1/rules")).status).toBe(200);
      between++;
    }
    const { status, body } = await registered;
    expect(status).toBe(201);
    expect(body).toMatchObject({ tokenCount: MANY });
    expect(body.tokens).toHaveLength(100);
    expect(between).toBeGreaterThan(3);
    const last = await admin.call("GET", `${LEAKS}/leak-1/tokens?cursor=${MANY - 10}&limit=1000`);
    expect(last.body).toMatchObject({ next: null, tokens: expect.objectContaining({ length: 10 }) });
  });
});

describe("the lifecycle", () => {
  test("apply, change, close, reopen, apply again, mark false", async () => {
    const leak = `${LEAKS}/${await admin.register(...TOKENS)}`;
    const applied = await admin.call("POST", `${leak}/vpatch`);
    expect(applied).toMatchObject({ status: 200 });
    expect(applied.headers.get("etag")).toBe('"2"');
    expect(applied.body).toMatchObject({
      status: "patched",
      version: 2,
      rule: {
        id: "rule-1",
        leak: "leak-1",
        mode: "block",
        scope: {},
        appliedBy: "key-1 (Ann)",
        removedAt: null,
      },
      revision: expect.any(Number),
      enforcement: { enforced: false, workers: [] },
    });
    const scope = { hosts: ["API.example.com"], methods: ["get"] };
    const changed = await admin.call("POST", `${leak}/vpatch`, { body: { mode: "monitor", scope } });
    expect(changed.body.rule).toMatchObject({
      id: "rule-1",
      mode: "monitor",
      scope: { hosts: ["api.example.com"], methods: ["GET"] },
    });
    expect((await admin.call("POST", `${leak}/vpatch`, { body: { scope: {} } })).body.rule).toMatchObject({
      mode: "monitor",
      scope: {},
    });
    expect((await admin.call("POST", `${leak}/reopen`)).status).toBe(409);
    expect((await admin.call("POST", `${leak}/close`)).body).toMatchObject({ status: "closed", rule: null });
    const refused = await admin.call("POST", `${leak}/vpatch`);
    expect(refused).toMatchObject({
      status: 409,
      body: { title: "Conflict", detail: expect.stringContaining("closed") },
    });
    expect((await admin.call("POST", `${leak}/reopen`)).body).toMatchObject({ status: "opened", rule: null });
    expect((await admin.call("POST", `${leak}/vpatch`)).body.rule).toMatchObject({ id: "rule-2" });
    expect((await admin.call("POST", `${leak}/mark-false`)).body).toMatchObject({ status: "marked_false" });
    const { body } = await admin.call<{ history: Json[] }>("GET", leak);
    expect(body.history.map(({ action }) => action)).toEqual([
      "leak.mark_false",
      "leak.vpatch",
      "leak.reopen",
      "leak.close",
      "leak.vpatch",
      "leak.vpatch",
      "leak.vpatch",
      "leak.register",
    ]);
    expect(body.history[0]).toMatchObject({
      actor: "key-1 (Ann)",
      before: { status: "patched" },
      after: { status: "marked_false" },
    });
  });

  test("facts are amended one by one", async () => {
    const leak = `${LEAKS}/${await admin.register(...TOKENS)}`;
    const { status, headers, body } = await admin.call("PATCH", leak, { body: { name: "Renamed", risk: 9 } });
    expect([status, headers.get("etag")]).toEqual([200, '"2"']);
    expect(body).toMatchObject({ name: "Renamed", risk: 9, source: "custom", version: 2 });
    expect((await admin.call("PATCH", leak, { body: { description: "a\nb" } })).body).toMatchObject({
      errors: [{ pointer: "#/description" }],
    });
    expect((await admin.call("PATCH", leak, { body: {} })).status).toBe(400);
  });

  test("tokens are added, listed page by page, and removed", async () => {
    const leak = `${LEAKS}/${await admin.register(TOKENS[0]!, TOKENS[1]!)}`;
    const more = await admin.call("POST", `${leak}/tokens`, { body: { tokens: [TOKENS[1], TOKENS[2]] } });
    expect(more).toMatchObject({ status: 200, body: { added: 1, already: 1, tokenCount: 3, version: 2 } });
    const removed = await admin.call("DELETE", `${leak}/tokens/2`);
    expect(removed).toMatchObject({ status: 200, body: { tokenCount: 2, version: 3 } });
    for (const id of ["2", "4", "0", "x", "1e0", "-1"])
      expect((await admin.call("DELETE", `${leak}/tokens/${id}`)).status).toBe(404);
    const first = await admin.call("GET", `${leak}/tokens?limit=1`);
    expect(first.body).toMatchObject({ tokens: [{ id: "1" }], tokenCount: 2, next: "1" });
    const second = await admin.call("GET", `${leak}/tokens?limit=1&cursor=${first.body.next}`);
    expect(second.body).toMatchObject({ tokens: [{ id: "3" }], next: null });
    expect((await admin.call("GET", `${leak}/tokens?cursor=99999999`)).body).toMatchObject({ tokens: [] });
    const { body } = await admin.call<{ history: Json[] }>("GET", leak);
    expect(body.history.slice(0, 2)).toMatchObject([
      { action: "token.remove", token: "2" },
      { action: "tokens.add", tokens: { first: 3, count: 1 } },
    ]);
  });

  test.each([
    ["GET", ""],
    ["GET", "/tokens"],
    ["PATCH", "", { risk: 3 }],
    ["POST", "/vpatch"],
    ["POST", "/close"],
    ["POST", "/mark-false"],
    ["POST", "/reopen"],
    ["POST", "/tokens", { tokens: ["made-up-token-0001"] }],
    ["DELETE", "/tokens/1"],
  ])("%s of an unknown leak%s: 404 that does not repeat the id", async (method, path, body = undefined) => {
    for (const id of ["leak-7", "made-up-token-0001", "leak-01", "leak-1%00", "%E0%A4%A", "rule-1"]) {
      const answer = await admin.call(method, `${LEAKS}/${id}${path}`, { body });
      expect([id, answer.status]).toEqual([id, 404]);
      expect(answer.text + admin.log.join("")).not.toContain("made-up");
    }
  });
});

describe("If-Match", () => {
  const changes: [string, string, object?][] = [
    ["PATCH", "", { risk: 3 }],
    ["POST", "/tokens", { tokens: ["made-up-token-0009"] }],
    ["DELETE", "/tokens/1"],
    ["POST", "/vpatch"],
    ["POST", "/close"],
    ["POST", "/reopen"],
    ["POST", "/mark-false"],
  ];

  test("a current version or * passes, a stale one gets 412 and changes nothing, another text 400", async () => {
    const leak = `${LEAKS}/${await admin.register(...TOKENS)}`;
    let version = 1;
    for (const [method, path, body] of changes) {
      const withVersion = (etag: string) =>
        admin.call(method, leak + path, { body, headers: { "if-match": etag } });
      expect([path, (await withVersion(`"${version - 1}"`)).status]).toEqual([path, 412]);
      for (const wrong of ["1", 'W/"1"', '"1", "2"', '"x"', '""', "made-up-token-0001"]) {
        const answer = await withVersion(wrong);
        expect([path, wrong, answer.status]).toEqual([path, wrong, 400]);
        expect(answer.text).not.toContain("made-up");
      }
      const right = await withVersion(`"${version}"`);
      expect([path, right.status]).toEqual([path, 200]);
      expect(right.headers.get("etag")).toBe(`"${++version}"`);
      expect((await admin.call("GET", leak)).headers.get("etag")).toBe(`"${version}"`);
    }
    const any = await admin.call("PATCH", leak, { body: { risk: 4 }, headers: { "if-match": "*" } });
    expect(any.status).toBe(200);
  });

  test("of two at once, one wins", async () => {
    const leak = `${LEAKS}/${await admin.register(...TOKENS)}`;
    const answers = await Promise.all(
      [1, 2, 3, 4].map((risk) =>
        admin.call("PATCH", leak, { body: { risk }, headers: { "if-match": '"1"' } }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412]);
  });
});

describe("GET /leaks", () => {
  type List = { leaks: Json[]; next: string | null };
  const list = async (query: string) => {
    const { status, body } = await admin.call<List>("GET", LEAKS + query);
    expect([query, status]).toEqual([query, 200]);
    return body.leaks.map(({ id }) => Number(String(id).slice("leak-".length)));
  };

  beforeEach(async () => {
    const leaks = [
      { name: "Alpha", risk: 9, source: "github" },
      { name: "beta", risk: 8, source: "gitlab" },
      { name: "Gamma", risk: 5, source: "github", description: "about ALPHA too" },
      { name: "delta", risk: 1, source: "custom" },
    ];
    for (const [index, leak] of leaks.entries())
      await admin.call("POST", LEAKS, { body: { ...leak, tokens: [`made-up-token-000${index}`] } });
    await admin.call("POST", `${LEAKS}/leak-2/vpatch`);
    await admin.call("POST", `${LEAKS}/leak-3/close`);
  });

  test("filters, alone and together", async () => {
    expect(await list("")).toEqual([4, 3, 2, 1]);
    expect(await list("?status=patched")).toEqual([2]);
    expect(await list("?status=opened,closed")).toEqual([4, 3, 1]);
    expect(await list("?risk=8")).toEqual([2]);
    expect(await list("?risk=5-8")).toEqual([3, 2]);
    expect(await list("?risk=high")).toEqual([2, 1]);
    expect(await list("?risk=low,medium,9")).toEqual([4, 3, 1]);
    expect(await list("?source=github,custom")).toEqual([4, 3, 1]);
    expect(await list("?q=alpha")).toEqual([3, 1]);
    expect(await list("?q=alpha&status=closed&risk=medium&source=github")).toEqual([3]);
    expect(await list("?source=scanner")).toEqual([]);
  });

  test("sorts both ways", async () => {
    expect(await list("?sort=created")).toEqual([1, 2, 3, 4]);
    expect(await list("?sort=-risk")).toEqual([1, 2, 3, 4]);
    expect(await list("?sort=name")).toEqual([1, 2, 4, 3]);
    expect(await list("?sort=-updated")).toEqual([3, 2, 4, 1]);
  });

  test("a leak in a list has its rule", async () => {
    const { body } = await admin.call<List>("GET", `${LEAKS}?status=patched`);
    expect(body.leaks).toMatchObject([
      { id: "leak-2", status: "patched", rule: { id: "rule-1", mode: "block" } },
    ]);
  });

  test("cursors lead through all of it, and stay put while leaks come in", async () => {
    const first = await admin.call<List>("GET", `${LEAKS}?limit=2`);
    await admin.register("made-up-token-0010");
    const second = await admin.call<List>("GET", `${LEAKS}?limit=2&cursor=${first.body.next}`);
    expect([...first.body.leaks, ...second.body.leaks].map(({ id }) => id)).toEqual([
      "leak-4",
      "leak-3",
      "leak-2",
      "leak-1",
    ]);
    expect(second.body.next).toBeNull();
    const other = await admin.call("GET", `${LEAKS}?sort=risk&cursor=${first.body.next}`);
    expect(other).toMatchObject({ status: 400, body: { errors: [{ pointer: "cursor" }] } });
  });
});
