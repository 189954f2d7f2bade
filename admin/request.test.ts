import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Json, TestAdmin } from "../test/admin.ts";

const LEAKS = "/api/v1/leaks";
const BODY_BYTES = 4_096;

let admin: TestAdmin;
beforeAll(async () => {
  admin = await TestAdmin.start({ config: { bodyBytes: BODY_BYTES } });
  await admin.register("made-up-token-0001");
});
afterAll(() => admin.stop());

/** Sends these bytes and reads until the other side ends. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(admin.port, "127.0.0.1", () => socket.write(text, "latin1"));
    let answer = "";
    socket.on("data", (chunk) => {
      answer += chunk.toString("latin1");
    });
    socket
      .on("error", reject)
      .on("end", () => socket.end())
      .on("close", () => resolve(answer));
  });
}

describe("a body", () => {
  test.each([
    ["{", 400],
    ["{}}", 400],
    ["[]", 400],
    ["null", 400],
    ["7", 400],
    ['"made-up-token-0001"', 400],
    ["made-up-token-0001", 400],
    ['{"name":"x","risk":5,"tokens":"made-up-token-0001"}', 400],
    ['{"name":"x","risk":5,"tokens":{"made-up-token-0001":1}}', 400],
    ['{"name":"x","risk":5,"tokens":["made-up-token-0001"],"made-up-token-0001":1}', 400],
    ['{"name":"x","risk":5,"tokens":["made-up-token-0001"],"__proto__":{"a":1}}', 400],
    ['{"name":"x","risk":5,"tokens":["made-up-token-0001"],"constructor":1}', 400],
    ['{"name":"x","risk":"made-up-token-0001","tokens":["made-up-token-0001"]}', 400],
    ['{"name":"x","risk":5.5,"tokens":["made-up-token-0001"]}', 400],
    ['{"name":"x","risk":0,"tokens":["made-up-token-0001"]}', 400],
    ['{"name":"x","risk":11,"tokens":["made-up-token-0001"]}', 400],
    ['{"name":"x","risk":5,"source":"made-up token 0001","tokens":["made-up-token-0001"]}', 400],
    [`{"name":"${"x".repeat(129)}","risk":5,"tokens":["made-up-token-0001"]}`, 400],
    [`{"name":"x","description":"${"x".repeat(256)}","risk":5,"tokens":["made-up-token-0001"]}`, 400],
    ['{"name":"x","risk":5}', 400],
    ['\ufeff{"name":"x","risk":5,"tokens":["made-up-token-0001"]}', 201],
    ['{"name":"a","name":"x","risk":5,"tokens":["made-up-token-0001"]}', 201],
  ])("%#: %s", async (body, status) => {
    const answer = await admin.call("POST", LEAKS, { body });
    expect(answer.status).toBe(status);
    if (status !== 201) expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(answer.text + admin.log.join("")).not.toContain("made-up-");
  });

  test("an unknown field is refused with the names of those that are known, at every depth", async () => {
    const first = await admin.call("POST", LEAKS, {
      body: { name: "x", risk: 5, tokens: ["made-up-token-0001"], a: 1 },
    });
    expect(first.body.errors).toEqual([
      {
        pointer: "#",
        detail: expect.stringMatching(/^has an unknown field; the known ones are name, description, risk, /),
      },
    ]);
    const deep = await admin.call("POST", `${LEAKS}/leak-1/vpatch`, { body: { scope: { paths: ["/a"] } } });
    expect(deep.body.errors).toEqual([
      { pointer: "#/scope", detail: "has an unknown field; the known ones are hosts, methods" },
    ]);
    const none = await admin.call("POST", `${LEAKS}/leak-1/close`, {
      body: { reason: "made-up-token-0001" },
    });
    expect(none).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: "#/reason" }] },
    });
    expect(none.text).not.toContain("made-up");
    expect((await admin.call("DELETE", `${LEAKS}/leak-1/tokens/1`, { body: { a: 1 } })).status).toBe(400);
  });

  test.each([
    [{ mode: "quarantine" }, "#/mode"],
    [{ scope: { hosts: ["made-up host"] } }, "#/scope/hosts/0"],
    [{ scope: { hosts: ["a.example", "http://made-up.example"] } }, "#/scope/hosts/1"],
    [{ scope: { methods: ["GET", "made up"] } }, "#/scope/methods/1"],
    [{ scope: { hosts: "a.example" } }, "#/scope/hosts"],
    [{ scope: { hosts: Array(65).fill("a.example") } }, "#/scope/hosts"],
    [{ scope: [] }, "#/scope"],
  ])("a vpatch of %j is refused at its place", async (body, pointer) => {
    const answer = await admin.call("POST", `${LEAKS}/leak-1/vpatch`, { body });
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer }] } });
    expect(answer.text).not.toContain("made");
    expect((await admin.call("GET", `${LEAKS}/leak-1`)).body.status).toBe("opened");
  });

  test("of many wrong entries, the first are named", async () => {
    const { body } = await admin.call<{ errors: Json[] }>("POST", LEAKS, {
      body: { name: "x", risk: 5, tokens: Array(500).fill(7) },
    });
    expect(body.errors).toHaveLength(50);
    expect(body.errors[49]).toMatchObject({ pointer: "#/tokens/49" });
  });

  test("bytes that are not UTF-8 are refused: another token would be registered than was sent", async () => {
    const answer = await fetch(admin.url + LEAKS, {
      method: "POST",
      headers: { authorization: `Bearer ${admin.administrator}`, "content-type": "application/json" },
      body: Buffer.from('{"name":"x","risk":5,"tokens":["made-up-t\xf6ken-0001"]}', "latin1"),
    });
    expect(answer.status).toBe(400);
  });

  test.each([
    ["text/plain", 415],
    ["text/made-up-token-0001", 415],
    ["application/jsonp", 415],
    ["application/x-www-form-urlencoded", 415],
    ["", 415],
    ["application/json; charset=utf-8", 201],
    ["Application/JSON", 201],
    ["application/merge-patch+json", 201],
  ])("of type %j: %i", async (type, status) => {
    const body = '{"name":"x","risk":5,"tokens":["made-up-token-0001"]}';
    const answer = await admin.call("POST", LEAKS, { body, headers: { "content-type": type } });
    expect(answer.status).toBe(status);
    expect(answer.text).not.toContain("made-up-");
  });

  test("an absent one needs no type", async () => {
    const authorization = `authorization: Bearer ${admin.administrator}`;
    const head = `POST ${LEAKS}/leak-1/vpatch HTTP/1.1\r\nhost: a\r\nconnection: close\r\n${authorization}\r\n`;
    expect(await raw(`${head}\r\n`)).toMatch(/^HTTP\/1\.1 200 /);
    const form = "content-type: application/x-www-form-urlencoded\r\ncontent-length: 0\r\n\r\n";
    expect(await raw(head + form)).toMatch(/^HTTP\/1\.1 200 /);
  });

  test("is taken up to the limit and refused beyond it, declared or not, and nothing is logged as a failure", async () => {
    const bodyOf = (bytes: number) => {
      const rest = '{"name":"x","risk":5,"tokens":["made-up-token-0001"]}';
      return rest + " ".repeat(bytes - rest.length);
    };
    const chunked = (text: string) =>
      fetch(admin.url + LEAKS, {
        method: "POST",
        headers: { authorization: `Bearer ${admin.administrator}`, "content-type": "application/json" },
        body: new Blob([text.slice(0, 3_000), text.slice(3_000)]).stream(),
        duplex: "half",
      } as RequestInit);
    for (const [bytes, status] of [
      [BODY_BYTES, 201],
      [BODY_BYTES + 1, 413],
      [3_000_000, 413],
    ] as const) {
      expect((await admin.call("POST", LEAKS, { body: bodyOf(bytes) })).status).toBe(status);
      expect((await chunked(bodyOf(bytes))).status).toBe(status);
    }
    expect(admin.log.join("")).not.toMatch(/"level":50|stack/);
  });

  test("is refused while it still comes: the answer does not wait for the end", async () => {
    const status = await new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${admin.administrator}`, "content-type": "application/json" };
      const sent = httpRequest(admin.url + LEAKS, { method: "POST", headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
        sent.destroy();
      });
      sent.on("error", reject);
      // Never ended.
      sent.write(" ".repeat(BODY_BYTES + 1));
    });
    expect(status).toBe(413);
  });

  test("is refused by its declared length alone, before a byte of it was sent, and unread without a key", async () => {
    const head = (key: string) =>
      `POST ${LEAKS} HTTP/1.1\r\nhost: a\r\nconnection: close\r\nauthorization: Bearer ${key}\r\n` +
      `content-type: application/json\r\ncontent-length: ${BODY_BYTES + 1}\r\n\r\n`;
    expect(await raw(head(admin.administrator))).toMatch(/^HTTP\/1\.1 413 /);
    expect(await raw(head("made-up"))).toMatch(/^HTTP\/1\.1 401 /);
    const big = await admin.call("POST", LEAKS, { body: " ".repeat(3_000_000), key: null });
    expect(big.status).toBe(401);
  });

  test("that ends early registers nothing and harms nobody", async () => {
    const before = (await admin.call("GET", "/api/v1/stats")).body.leaks;
    const head =
      `POST ${LEAKS} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${admin.administrator}\r\n` +
      "content-type: application/json\r\ncontent-length: 4000\r\n\r\n";
    await new Promise<void>((resolve) => {
      const socket = connect(admin.port, "127.0.0.1", () =>
        socket.write(`${head}{"name":"x"`, () => socket.destroy()),
      );
      socket.on("close", () => resolve());
    });
    expect((await admin.call("GET", "/api/v1/stats")).body.leaks).toBe(before);
    expect(admin.log.join("")).not.toMatch(/"level":50|stack/);
  });
});

describe("parameters", () => {
  test.each([
    `${LEAKS}?limit=0`,
    `${LEAKS}?limit=201`,
    `${LEAKS}?limit=1e1`,
    `${LEAKS}?limit=0x1`,
    `${LEAKS}?limit=`,
    `${LEAKS}?limit=made-up-token-0001`,
    `${LEAKS}?limit=1&limit=2`,
    `${LEAKS}?status=patched,gone`,
    `${LEAKS}?status=`,
    `${LEAKS}?risk=0`,
    `${LEAKS}?risk=11`,
    `${LEAKS}?risk=8-3`,
    `${LEAKS}?risk=5,made-up`,
    `${LEAKS}?source=Made%20Up`,
    `${LEAKS}?q=`,
    `${LEAKS}?sort=made-up-token-0001`,
    `${LEAKS}?sort=--risk`,
    `${LEAKS}?cursor=made-up-token-0001`,
    `${LEAKS}?made-up-token-0001=1`,
    `${LEAKS}?__proto__=1`,
    `${LEAKS}?constructor=1`,
    `${LEAKS}/leak-1?expand=1`,
    `${LEAKS}/leak-1/tokens?limit=1001`,
    `${LEAKS}/leak-1/tokens?cursor=-1`,
    `${LEAKS}/leak-1/tokens?cursor=made-up`,
    "/api/v1/rules?limit=0",
    "/api/v1/rules?cursor=made-up",
    "/api/v1/rules/rule-1?a=1",
    "/api/v1/events?type=made-up",
    "/api/v1/events?leak=made-up-token-0001",
    "/api/v1/events?rule=leak-1",
    "/api/v1/events?action=allowed",
    "/api/v1/events?from=made-up",
    "/api/v1/events?from=2026-02-31",
    "/api/v1/events?from=March%207",
    "/api/v1/events?from=-1",
    "/api/v1/events?to=999999999999999",
    "/api/v1/events?from=2000&to=1000",
    "/api/v1/events?from=1000&to=1000",
    "/api/v1/events?cursor=made-up-token-0001",
    "/api/v1/events?ip=",
    "/api/v1/stats?buckets=0",
    "/api/v1/stats?buckets=1001",
    "/api/v1/stats?from=2000&to=1000",
    "/api/v1/status?a=1",
    "/api/v1/keys?a=1",
  ])("refuses %s", async (path) => {
    const answer = await admin.call("GET", path);
    expect(answer.status).toBe(400);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(answer.text).not.toMatch(/made-up|gone|March/i);
  });

  test("changes take `wait=enforced` and nothing else", async () => {
    for (const query of ["wait=", "wait=1", "wait=enforced&x=1", "wait=enforced&wait=enforced"])
      expect((await admin.call("POST", `${LEAKS}/leak-1/close?${query}`)).status).toBe(400);
    expect((await admin.call("GET", `${LEAKS}/leak-1`)).body.status).not.toBe("closed");
  });
});

describe("requests that are hardly HTTP", () => {
  test.each([
    ["GET /healthz HTTP/1.1\r\nhost: a b\r\nconnection: close\r\n\r\n", 400],
    ["GET /healthz HTTP/1.1\r\nhost: made-up/../x\r\nconnection: close\r\n\r\n", 400],
    ["GET \\healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", 400],
    ["GET http://[made-up/ HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", 400],
    ["GET /%zz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", 401],
    ["GET http://elsewhere.example/healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", 200],
    ["GET /healthz HTTP/1.0\r\n\r\n", 200],
    ["TRACE /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", 401],
    ["OPTIONS * HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", 400],
    [`GET /${"x".repeat(20_000)} HTTP/1.1\r\nhost: a\r\n\r\n`, 431],
    ["made-up\r\n\r\n", 400],
  ])("%#: %j", async (text, status) => {
    const answer = await raw(text);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).not.toContain("made-up");
    if (answer.includes("problem+json")) expect(answer).toMatch(/nosniff[\s\S]*"requestId":/);
  });
});
