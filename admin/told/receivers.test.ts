import { hash, webcrypto } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Json, TestAdmin } from "../../test/admin.ts";
import { temporaryFolder } from "../../test/support.ts";

const SECRET = "made-up-webhook-secret-0001";
const OLD_SECRET = "made-up-webhook-secret-0000";
const ACME_SECRET = "made-up-webhook-secret-0002";
const SIGNING = `whsec_${Buffer.from("made-up-signing-secret-0001").toString("base64")}`;
const CLIENT_SECRET = "made up: client/secret+0001";

let admin: TestAdmin;
let port: number;
let folder: ReturnType<typeof temporaryFolder>;
beforeAll(async () => {
  folder = temporaryFolder();
  const fileOf = (name: string, text: string) => {
    const path = join(folder.path, name);
    writeFileSync(path, text);
    return path;
  };
  const secretFile = fileOf("secret", `${SECRET}\n${OLD_SECRET}\n`);
  const acmeFile = fileOf("acme", ACME_SECRET);
  const intake = {
    bodyBytes: 64 * 1024,
    waiting: 4,
    github: { alerts: [{ secretFile }, { tenant: "acme", secretFile: acmeFile }] },
    gitlab: [{ secretFile, types: ["gitleaks_rule_id_made_up", "other_type"] }],
    gitguardian: [{ secretFile }],
    oauth: [
      { clientId: "made-up+client", secretSha256: hash("sha256", CLIENT_SECRET, "hex") },
      { clientId: "access-only", secretFile: acmeFile, tokenTypes: ["access_token"] },
    ],
    generic: [{ secretFile: fileOf("signing", SIGNING) }],
  };
  const config = { intake };
  await expect(TestAdmin.start({ config })).rejects.toMatchObject({ code: "TenantUnknown" });
  const intakeListen = { host: "127.0.0.1", port: 0 };
  admin = await TestAdmin.start({ config, intakeListen, tenants: ["acme"] });
  const line = admin.log.find((each) => each.includes("the intake is listening")) ?? "{}";
  port = Number((JSON.parse(line) as { port: number }).port);
});
afterAll(async () => {
  expect(await admin.hands((tenants) => tenants.default.store.audit())).toMatchObject({ ok: true });
  expect(admin.log.join("")).not.toMatch(/made-up-(?:leaked|webhook|signing)|made up: client/);
  await admin.stop();
  folder.remove();
});

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

async function send(path: string, body: string, headers: Record<string, string>): Promise<Answer> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
  return { status: answer.status, text: await answer.text(), headers: answer.headers };
}

async function hmacHex(key: string, body: string): Promise<string> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const made = await webcrypto.subtle.importKey("raw", Buffer.from(key), algorithm, false, ["sign"]);
  return `sha256=${Buffer.from(await webcrypto.subtle.sign("HMAC", made, Buffer.from(body))).toString("hex")}`;
}

const get = async (path: string) => (await admin.call<Json>("GET", `/api/v1${path}`)).body;
const revision = async () => (await get("/status")).revision;
const leakWith = async (q: string) => {
  const { leaks } = (await get(`/leaks?q=${encodeURIComponent(q)}`)) as { leaks: Json[] };
  return leaks;
};
const commentsOf = async (leak: unknown) =>
  ((await get(`/leaks/${String(leak)}/comments`)) as { comments: Json[] }).comments;

test("the admin's listener has none of it, and the intake's has nothing else", async () => {
  for (const path of ["/intake/github/alerts", "/intake/generic", "/oauth/revoke", "/intake/absent"])
    expect((await admin.call("POST", path, { key: null, body: {} })).status).toBe(404);
  for (const path of ["/api/v1/leaks", "/healthz", "/console/", "/intake/github/partner"])
    expect((await send(path, "{}", { authorization: `Bearer ${admin.administrator}` })).status).toBe(404);
});

describe("/intake/github/alerts", () => {
  const URL_OF = "https://github.com/made-up/repository/security/secret-scanning/42";
  const told = (action: string, more: Json = {}) => ({
    action,
    alert: {
      number: 42,
      html_url: URL_OF,
      created_at: "2026-01-02T03:04:05Z",
      secret_type: "made_up_token",
      secret_type_display_name: "Made Up Token",
      secret: "made-up-leaked-0001",
      validity: "active",
      ...more,
    },
    repository: { full_name: "made-up/repository" },
  });
  const signed = async (delivery: Json, secret = SECRET, event = "secret_scanning_alert", change = "") => {
    const body = JSON.stringify(delivery);
    const signature = await hmacHex(secret, body);
    const headers = { "x-hub-signature-256": signature, "x-github-event": event };
    return send("/intake/github/alerts", body + change, headers);
  };

  test("an alert makes a leak, a replay nothing, and what people decided there a comment", async () => {
    expect((await signed({ zen: "x" }, SECRET, "ping")).text).toBe('{"answer":"pong"}');
    expect((await signed(told("created"))).status).toBe(204);
    const [leak] = await leakWith("made-up/repository");
    expect(leak).toMatchObject({
      name: "Made Up Token in made-up/repository",
      source: "github",
      sourceUrl: URL_OF,
      sourceAt: "2026-01-02T03:04:05.000Z",
      risk: 9,
      status: "opened",
    });
    const before = await revision();
    // The secret that was before still counts; the same alert from another action tells nothing new.
    expect((await signed(told("created"), OLD_SECRET)).status).toBe(204);
    expect((await signed(told("reopened"))).status).toBe(204);
    expect((await signed(told("assigned"))).status).toBe(204);
    expect((await signed({ action: "made_up" }, SECRET, "push")).status).toBe(204);
    expect(await revision()).toBe(before);

    // The secret is hidden mostly: then it is the address that tells.
    const resolved = told("resolved", {
      secret: null,
      resolution: "revoked",
      resolved_at: "2026-01-03T00:00:00Z",
      resolution_comment: "made-up-leaked-0001\nis dead",
    });
    const inPublic = told("publicly_leaked", { publicly_leaked: true });
    await Promise.all([told("validated"), inPublic, inPublic].map((each) => signed(each)));
    await Promise.all([signed(resolved), signed(resolved)]);
    const comments = await commentsOf(leak?.id);
    expect(
      comments
        .slice(1)
        .map(({ comment }) => comment)
        .sort(),
    ).toEqual(["GitHub: alert 42 has the validity active.", "GitHub: alert 42 was seen in public."]);
    expect(comments.slice(0, 1)).toMatchObject([
      {
        actor: "intake:github",
        comment:
          "GitHub: alert 42 was resolved as revoked at 2026-01-03T00:00:00.000Z. Comment: **** is dead",
      },
    ]);
    expect(await get(`/leaks/${String(leak?.id)}`)).toMatchObject({ status: "opened" });
    expect((await signed(told("created", { secret: null, html_url: "" }))).status).toBe(204);
    expect(admin.log.join("")).toContain('"hidden":1');
  });

  test("the secret that verifies decides whose it is", async () => {
    const before = await revision();
    expect((await signed(told("created"), ACME_SECRET)).status).toBe(204);
    expect(await revision()).toBe(before);
    const acme = await admin.hands(async (tenants) => (await tenants.expect("acme")).store.leak("leak-1"));
    expect(acme).toMatchObject({ name: "Made Up Token in made-up/repository" });
  });

  test("is refused where the signature is another's, or a byte was changed", async () => {
    expect((await signed(told("created"), CLIENT_SECRET)).status).toBe(401);
    expect((await signed(told("created"), SECRET, "secret_scanning_alert", " ")).status).toBe(401);
    const plain = { "x-hub-signature-256": "sha256=00", "x-github-event": "ping" };
    expect((await send("/intake/github/alerts", "{}", plain)).status).toBe(401);
    const oversized = await signed({ text: "x".repeat(65 * 1024) });
    expect([oversized.status, oversized.headers.get("content-type")]).toEqual([
      413,
      "application/problem+json",
    ]);
  });
});

describe("/intake/gitlab", () => {
  const revoke = (body: unknown, secret = SECRET, scheme = "") =>
    send("/intake/gitlab/v1/revoke_tokens", JSON.stringify(body), { authorization: scheme + secret });
  const token = {
    type: "gitleaks_rule_id_made_up",
    token: "made-up-leaked-0002",
    location: "https://gitlab.example/a",
  };

  test("lists its types, takes tokens in with 204, and the same again changes nothing", async () => {
    const types = await fetch(`http://127.0.0.1:${port}/intake/gitlab/v1/revocable_token_types`, {
      headers: { authorization: SECRET },
    });
    expect(await types.json()).toEqual({ types: ["gitleaks_rule_id_made_up", "other_type"] });
    expect(await revoke([token])).toMatchObject({ status: 204, text: "" });
    expect(await leakWith("gitlab.example")).toMatchObject([
      { name: "made_up token in gitlab.example", source: "gitlab" },
    ]);
    const before = await revision();
    expect((await revoke([token, token], SECRET, "Bearer ")).status).toBe(204);
    expect(await revision()).toBe(before);
  });

  test("answers 400 to what it cannot take, and 401 to who has no secret", async () => {
    const before = await revision();
    expect((await revoke([token, { ...token, type: "unknown_type" }])).status).toBe(400);
    expect((await revoke([{ ...token, token: "x" }])).status).toBe(400);
    expect((await revoke({})).status).toBe(400);
    expect((await revoke([])).status).toBe(400);
    expect(await revoke([token], ACME_SECRET)).toMatchObject({ status: 401 });
    expect((await revoke([token], "")).headers.get("www-authenticate")).toBe('Bearer realm="leakgate"');
    expect(await revision()).toBe(before);
  });
});

describe("/intake/gitguardian", () => {
  const nowS = () => String(Math.floor(Date.now() / 1_000));
  const signed = async (delivery: Json, timestamp = nowS(), secret = SECRET, more = "") => {
    const body = JSON.stringify(delivery);
    const signature = await hmacHex(timestamp + secret, body);
    return send("/intake/gitguardian", body + more, { "gitguardian-signature": signature, timestamp });
  };
  const incident = {
    id: 7,
    gitguardian_url: "https://dashboard.gitguardian.example/incidents/7",
    detector: { name: "made_up_key", display_name: "Made Up Key" },
    hmsl_hash: "ab".repeat(32),
    severity: "critical",
    validity: "valid",
    status: "triggered",
  };
  const occurrence = {
    url: "https://git.example/a/b/blob/main/x.py#L3",
    filepath: "x.py",
    sha: "abc123",
    author_name: "made-up author",
    date: "2026-01-02T03:04:05Z",
    matches: [{ name: "apikey", match: "made-up-leaked-0003" }],
  };

  test("a secret that is shown makes a leak with its occurrences, a hidden one is counted", async () => {
    const other = { ...occurrence, filepath: "y.py", url: "https://git.example/a/b/blob/main/y.py#L4" };
    const delivery = { action: "incident_triggered", incident, occurrences: [occurrence, other] };
    expect((await signed(delivery)).status).toBe(204);
    const [leak] = await leakWith("Made Up Key");
    expect(leak).toMatchObject({ source: "gitguardian", risk: 10, sourceAuthor: "made-up author" });
    expect(await get(`/leaks/${String(leak?.id)}`)).toMatchObject({ sightings: 2 });
    const before = await revision();
    expect((await signed(delivery, new Date().toISOString())).status).toBe(204);
    expect((await signed({ action: "incident_triggered", incident })).status).toBe(204);
    expect((await signed({ action: "test" })).status).toBe(204);
    expect(await revision()).toBe(before);
    const over = {
      ...incident,
      status: "resolved",
      secret_revoked: true,
      resolved_at: "2026-01-03T00:00:00Z",
    };
    const decided = { action: "incident_resolved", incident: over, occurrence };
    expect((await signed(decided)).status).toBe(204);
    expect((await signed(decided)).status).toBe(204);
    expect(await commentsOf(leak?.id)).toMatchObject([
      {
        comment: expect.stringContaining(
          "incident 7 is resolved at 2026-01-03T00:00:00.000Z. The secret is revoked",
        ),
      },
    ]);
  });

  test("is refused where it is old, from tomorrow, changed, or signed by another", async () => {
    const delivery = { action: "incident_triggered", incident };
    expect((await signed(delivery, String(Number(nowS()) - 400))).status).toBe(401);
    expect((await signed(delivery, String(Number(nowS()) + 400))).status).toBe(401);
    expect((await signed(delivery, "yesterday")).status).toBe(401);
    expect((await signed(delivery, nowS(), SECRET, " ")).status).toBe(401);
    expect((await signed(delivery, nowS(), ACME_SECRET)).status).toBe(401);
  });
});

describe("/oauth/revoke", () => {
  const form = "application/x-www-form-urlencoded";
  const basic = (id: string, secret: string) =>
    `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString("base64")}`;
  const ID = "made-up+client";
  const revoke = (
    parameters: Record<string, string>,
    authorization: string | null = basic(ID, CLIENT_SECRET),
  ) =>
    send("/oauth/revoke", new URLSearchParams(parameters).toString(), {
      "content-type": form,
      ...(authorization === null ? {} : { authorization }),
    });

  test("a token is a leak, the same again changes nothing, and no token is an error but an absent one", async () => {
    const first = await revoke({ token: "made-up-leaked-0004", token_type_hint: "access_token" });
    expect(first).toMatchObject({ status: 200, text: "" });
    const [leak] = await leakWith("Token revoked by");
    expect(leak).toMatchObject({ name: `Token revoked by ${ID}`, source: "oauth", status: "opened" });
    const before = await revision();
    const inForm = { client_id: ID, client_secret: CLIENT_SECRET };
    const again = await revoke({ token: "made-up-leaked-0004", token_type_hint: "made_up", ...inForm }, null);
    expect(again.status).toBe(200);
    expect((await revoke({ token: "x" })).status).toBe(200);
    expect(await revision()).toBe(before);
    expect(JSON.parse((await revoke({})).text)).toMatchObject({ error: "invalid_request" });
  });

  test("says what is wrong in the words of OAuth", async () => {
    const token = "made-up-leaked-0005";
    const errorOf = ({ status, text }: Answer) => [status, (JSON.parse(text) as Json).error];
    expect(errorOf(await revoke({ token }, basic(ID, SECRET)))).toEqual([401, "invalid_client"]);
    expect(errorOf(await revoke({ token }, "Bearer x"))).toEqual([401, "invalid_client"]);
    expect(errorOf(await revoke({ token }, null))).toEqual([401, "invalid_client"]);
    expect((await revoke({ token }, null)).headers.get("www-authenticate")).toBe('Basic realm="leakgate"');
    const other = basic("access-only", ACME_SECRET);
    const refresh = await revoke({ token, token_type_hint: "refresh_token" }, other);
    expect(errorOf(refresh)).toEqual([400, "unsupported_token_type"]);
    expect(errorOf(await revoke({ token, client_secret: CLIENT_SECRET }))).toEqual([400, "invalid_request"]);
    const twice = await send("/oauth/revoke", `token=${token}&token=${token}`, {
      "content-type": form,
      authorization: basic(ID, CLIENT_SECRET),
    });
    expect(errorOf(twice)).toEqual([400, "invalid_request"]);
    const json = { authorization: basic(ID, CLIENT_SECRET) };
    expect(errorOf(await send("/oauth/revoke", "{}", json))).toEqual([400, "invalid_request"]);
    expect(await leakWith("made-up-leaked-0005")).toEqual([]);
  });
});

describe("/intake/generic", () => {
  const signed = (body: string, at = new Date(), change = "", secret = SIGNING) => {
    const signature = new Webhook(secret).sign("msg_1", at, body);
    return send("/intake/generic", body + change, {
      "webhook-id": "msg_1",
      "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
      "webhook-signature": `v1,AAAA ${signature}`,
    });
  };
  const body = JSON.stringify({
    findings: [
      { token: "made-up-leaked-0006", sighting: { source: "made-up", path: "x.env" } },
      { token: "abc", sighting: { source: "made-up" } },
    ],
  });

  test("takes findings as the API does, and a replay changes nothing", async () => {
    const first = await signed(body);
    expect(first.status).toBe(200);
    expect(JSON.parse(first.text)).toMatchObject({
      leaks: 1,
      refused: { too_short: 1 },
      refusals: [{ pointer: "#/findings/1" }],
    });
    const before = await revision();
    expect(JSON.parse((await signed(body)).text)).toMatchObject({ leaks: 0, unchanged: 1 });
    expect(await revision()).toBe(before);
    expect((await signed('{"findings":[]}')).status).toBe(400);
    expect((await signed("no JSON")).status).toBe(400);
  });

  test("is refused where it is old, changed, or signed by another", async () => {
    const other = `whsec_${Buffer.from("made-up-signing-secret-0002").toString("base64")}`;
    expect((await signed(body, new Date(Date.now() - 400_000))).status).toBe(401);
    expect((await signed(body, new Date(), " ")).status).toBe(401);
    expect((await signed(body, new Date(), "", other)).status).toBe(401);
    expect((await send("/intake/generic", body, {})).status).toBe(401);
  });
});

test("slow bodies of nobody keep no room of those that are verified", async () => {
  const slow = Array.from({ length: 8 }, () => {
    const socket = connect(port, "127.0.0.1");
    const lines = ["POST /intake/generic HTTP/1.1", "host: x", "content-type: application/json"];
    const own = [
      "webhook-id: 1",
      `webhook-timestamp: ${Math.floor(Date.now() / 1_000)}`,
      "webhook-signature: v1,AAAA",
    ];
    socket.write(`${[...lines, ...own, "content-length: 65536"].join("\r\n")}\r\n\r\n{`);
    return socket;
  });
  // Two are read and four wait: the rest is sent away.
  const away = await Promise.race(slow.map((socket) => once(socket, "data")));
  expect(String(away[0])).toMatch(/^HTTP\/1.1 503 /);
  const taken = await send(
    "/intake/gitlab/v1/revoke_tokens",
    JSON.stringify([{ type: "other_type", token: "made-up-leaked-0007" }]),
    { authorization: SECRET },
  );
  expect(taken.status).toBe(204);
  for (const socket of slow) socket.destroy();
});

test("who cannot be verified too often is told to wait, and who can is taken all the same", async () => {
  const wrong = () => send("/intake/gitlab/v1/revoke_tokens", "[]", { authorization: "made-up-wrong-0001" });
  const answers = await Promise.all(Array.from({ length: 150 }, wrong));
  const limited = answers.find(({ status }) => status === 429);
  expect(Number(limited?.headers.get("retry-after"))).toBeGreaterThan(0);
  expect((await send("/intake/gitlab/v1/revoke_tokens", "[]", { authorization: SECRET })).status).toBe(400);
  // Whose body would have to be read first is not asked for it.
  const unread = { "webhook-id": "1", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA" };
  const unasked = await Promise.all(Array.from({ length: 6 }, () => send("/intake/generic", "{}", unread)));
  expect(unasked.map(({ status }) => status)).toContain(429);
  expect(admin.log.filter((each) => each.includes("intake refused")).length).toBeLessThan(150);
});

test("more than may wait is sent away with the time to come again", async () => {
  // A worker that answers no question: each delivery takes as long as it is waited for.
  await admin.report(1, 0);
  const all = Array.from({ length: 30 }, (_, index) =>
    send(
      "/intake/gitlab/v1/revoke_tokens",
      JSON.stringify([{ type: "other_type", token: `made-up-leaked-wait-${index}` }]),
      { authorization: SECRET },
    ),
  );
  const answers = await Promise.all(all);
  expect([...new Set(answers.map(({ status }) => status))].sort()).toEqual([204, 429]);
  expect(answers.find(({ status }) => status === 429)?.headers.get("retry-after")).toBe("5");
});

test("the figures say what came and what was refused", async () => {
  const { text } = await admin.call("GET", "/metrics");
  for (const receiver of ["github_alerts", "gitlab", "gitguardian", "oauth", "generic"]) {
    expect(text).toMatch(new RegExp(`requests_total\\{receiver="${receiver}",outcome="accepted"\\} [1-9]`));
    expect(text).toMatch(new RegExp(`requests_total\\{receiver="${receiver}",outcome="unverified"\\} [1-9]`));
    expect(text).toMatch(new RegExp(`findings_total\\{receiver="${receiver}",outcome="leaks"\\} [1-9]`));
  }
});
