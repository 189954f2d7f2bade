import { createHash } from "node:crypto";
import { connect } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Json, TestAdmin } from "../../test/admin.ts";
import { until } from "../../test/support.ts";
import type { GivenFinding } from "../intake/takein.ts";
import { parseColumns } from "./csv.ts";
import { formats } from "./formats.ts";
import type { ReportFormat } from "./names.ts";
import { tellFormat } from "./tell.ts";

const TOKEN = "made-up-token-0001";
const SHA1 = createHash("sha1").update(TOKEN).digest("hex");
const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const DATE = "2026-01-02T03:04:05Z";
const AT = Date.parse(DATE);

const leak = {
  RuleID: "Generic API Key!",
  Description: "A made-up\nkey",
  StartLine: 3,
  Match: `key = ${TOKEN}`,
  Secret: TOKEN,
  File: "config/.env",
  Commit: COMMIT,
  Link: `https://git.example/app/blob/${COMMIT}/config/.env#L3`,
  Author: "made-up author",
  Email: "made-up@mail.example",
  Date: DATE,
  Fingerprint: `${COMMIT}:config/.env:generic-api-key:3`,
};
const bare = { RuleID: "", Secret: TOKEN, Commit: "", File: "", StartLine: 0, Link: "", Author: "" };
const hog = {
  SourceMetadata: {
    Data: {
      Git: {
        commit: COMMIT,
        file: "config/.env",
        email: "made-up author <made-up@mail.example>",
        repository: "https://git.example/app.git",
        timestamp: "2026-01-02 03:04:05 +0000",
        line: 3,
      },
    },
  },
  DetectorName: "AWS",
  DetectorDescription: "A made-up detector",
  Verified: true,
  Raw: "AKIAMADEUPMADEUPMADE",
  RawV2: "AKIAMADEUPMADEUPMADE:made0up1secret2of3forty4letters5and6more",
};
const alert = {
  number: 7,
  created_at: DATE,
  html_url: "https://github.example/app/security/secret-scanning/7",
  state: "resolved",
  resolution: "revoked",
  secret_type: "made_up_key",
  secret_type_display_name: "Made-up Key",
  secret: TOKEN,
  validity: "active",
  first_location_detected: { path: "config/.env", start_line: 3, commit_sha: COMMIT },
};
const vulnerability = {
  category: "secret_detection",
  name: "Made-up key",
  severity: "High",
  raw_source_code_extract: TOKEN,
  location: {
    file: "config/.env",
    start_line: 3,
    commit: { sha: COMMIT, author: "made-up author", date: DATE },
  },
  identifiers: [{ type: "gitleaks_rule_id", name: "x", value: "made-up-key" }],
};
const result = {
  ruleId: "made-up-key",
  locations: [
    {
      physicalLocation: {
        artifactLocation: { uri: "config/.env" },
        region: { startLine: 3, snippet: { text: TOKEN } },
      },
    },
  ],
  partialFingerprints: { commitSha: COMMIT, author: "made-up author", email: "x", date: DATE },
};
const sarif = (...results: readonly object[]) =>
  JSON.stringify({ $schema: "x", runs: [{ tool: { driver: { name: "gitleaks" } }, results }] });
const baseline = (...entries: readonly object[]) =>
  JSON.stringify({ version: "1.5.0", plugins_used: [{ name: "x" }], results: { "config/.env": entries } });
const secret = { type: "Secret Keyword", filename: "config/.env", hashed_secret: SHA1, line_number: 3 };

const place = { path: "config/.env", line: 3 };
const whole = { ...place, commit: COMMIT, author: "made-up author", seenAt: AT };

/** A report in each format, and what must be read of it. */
const REPORTS: readonly (readonly [ReportFormat, string, readonly object[]])[] = [
  [
    "gitleaks",
    JSON.stringify([leak, { ...bare, Fingerprint: "a:b/c:rule:9" }, { Secret: "", RuleID: "x" }, 7]),
    [
      {
        token: TOKEN,
        kind: "generic-api-key",
        description: "A made-up key",
        sighting: { source: "gitleaks", url: leak.Link, ...whole },
      },
      { token: TOKEN, sighting: { path: "a:b/c", line: 9 } },
      { token: { unusable: "no_secret" } },
      { token: { unusable: "no_secret" } },
    ],
  ],
  [
    "gitleaks-csv",
    `RuleID,Commit,File,Secret,StartLine,Author,Date,Link\nx,${COMMIT},"config/.env",${TOKEN},3,made-up author,${DATE},\n`,
    [{ token: TOKEN, kind: "x", sighting: { source: "gitleaks", ...whole } }],
  ],
  [
    "sarif",
    sarif(result, { ruleId: "x" }),
    [
      { token: TOKEN, kind: "made-up-key", sighting: { source: "gitleaks", ...whole } },
      { token: { unusable: "no_secret" } },
    ],
  ],
  [
    "trufflehog",
    [
      hog,
      { level: "info-0", msg: "running" },
      { ...hog, Verified: false, RawV2: `${hog.Raw}https://a.example.com/` },
    ]
      .map((each) => JSON.stringify(each))
      .join("\n"),
    [
      {
        token: hog.Raw,
        kind: "aws",
        verified: true,
        sighting: { ...place, commit: COMMIT, seenAt: AT, url: "https://git.example/app.git" },
      },
      { token: "made0up1secret2of3forty4letters5and6more", verified: true, sighting: place },
      { token: hog.Raw, verified: false },
    ],
  ],
  [
    "detect-secrets",
    baseline(secret, { ...secret, is_secret: false, filename: undefined }),
    [
      { token: { hash: `sha1:${SHA1}` }, kind: "secret-keyword", sighting: { ...place } },
      { token: { unusable: "judged_false" }, sighting: place },
    ],
  ],
  [
    "github-alerts",
    `${JSON.stringify([alert, [{ ...alert, resolution: "false_positive" }]])}\n[${JSON.stringify({ ...alert, secret: null })}]`,
    [
      {
        token: TOKEN,
        kind: "made_up_key",
        verified: true,
        description: "Made-up Key, resolved as revoked",
        sighting: { source: "github", url: alert.html_url, ...place, commit: COMMIT, seenAt: AT },
      },
      { token: { unusable: "judged_false" } },
      { token: { unusable: "no_secret" } },
    ],
  ],
  [
    "gitlab",
    JSON.stringify({ version: "15.0.7", vulnerabilities: [vulnerability, { category: "sast" }], scan: {} }),
    [
      { token: TOKEN, kind: "made-up-key", risk: 7, sighting: { source: "gitlab", ...whole } },
      { token: { unusable: "not_a_finding" } },
    ],
  ],
  [
    "lines",
    `${TOKEN}\r\n\nsha1:${SHA1}\n`,
    [{ token: TOKEN, sighting: { source: "custom" } }, { token: { hash: `sha1:${SHA1}` } }],
  ],
  [
    "csv",
    `Path;Token;Line;verified;risk;date\nconfig/.env;"made;up;token";3;TRUE;7;${DATE}\nx;;;;;\n`,
    [
      { token: "made;up;token", verified: true, risk: 7, sighting: { ...place, seenAt: AT } },
      { token: { unusable: "no_secret" } },
    ],
  ],
];

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

async function read(format: ReportFormat, text: string, map?: string): Promise<GivenFinding[]> {
  const findings: GivenFinding[] = [];
  const columns = map === undefined ? undefined : parseColumns(map);
  const { read, source } = formats[format];
  for await (const each of read(bytesOf(text), { source, columns })) findings.push(each);
  return findings;
}

test.each(REPORTS)("%s: told from the report, and read", async (format, text, expected) => {
  expect(tellFormat(Buffer.from(`\ufeff${text}`), false)).toBe(format);
  const findings = await read(format, text);
  expect(findings).toMatchObject(expected);
  expect(findings).toHaveLength(expected.length);
});

test("a CSV is read by a mapping, which must fit", async () => {
  const text = "secret,file,start_line\nmade-up-token-0001,config/.env,3\n";
  const findings = await read("csv", text, "token=Secret,path=file,line=start_line");
  expect(findings).toMatchObject([{ token: TOKEN, sighting: place }]);
  await expect(read("csv", text)).rejects.toThrow("map is missing");
  await expect(read("csv", text, "token=secret,path=nowhere")).rejects.toThrow("a column for path");
  for (const wrong of ["", "token", "password=secret", "path=file", "token="])
    expect(() => parseColumns(wrong)).toThrow(/^map /);
});

test.each([
  ["", "is empty"],
  ["<testsuites/>", "XML"],
  ["\u0000", "is binary"],
  [Buffer.from("1f8b08", "hex"), "compressed"],
  [Buffer.from("fffe5b00", "hex"), "UTF-16"],
  ['[{"DetectorName": "x"}]', "TruffleHog"],
  ["[1]", "a list in JSON"],
  ['{"secret_type": "x"}', "one alert of GitHub"],
  ["{}", "an object in JSON"],
  ["secret,file\nmade-up-token-0001,x", "in 2 columns"],
  ["this is made-up-token-0001", "looks like a text"],
])("what is no report that is known is told: %j", (head, why) => {
  const tell = () => tellFormat(Buffer.from(head), false);
  expect(tell).toThrow(/^format cannot be told/);
  expect(tell).toThrow(why);
  expect(tell).not.toThrow("made-up");
});

describe("POST /intake/reports", () => {
  let admin: TestAdmin;
  beforeAll(async () => {
    admin = await TestAdmin.start({ config: { reportBytes: 300_000 } });
  });
  afterEach(async () => {
    expect(await admin.hands((tenants) => tenants.default.store.audit())).toMatchObject({ ok: true });
    expect(admin.log.join("")).not.toMatch(/made-up-token|glpat-|ghp_/);
  });
  afterAll(() => admin.stop());

  const send = (body: string, query = "", type = "application/json") =>
    admin.call("POST", `/api/v1/intake/reports${query}`, { body, headers: { "content-type": type } });
  const finding = (Secret: string, more: Json = {}) => ({ RuleID: "x", Secret, File: "a", ...more });

  test("makes leaks of a report, counts what it refuses by why, and changes nothing the second time", async () => {
    const report = JSON.stringify([
      leak,
      { ...leak, StartLine: 4 },
      finding("REDACTED"),
      finding("made-up-to..."),
      finding(`ghp_${"madeUp".repeat(4)}`),
      finding(`glpat-${"madeUp0".repeat(3).slice(0, 20)}`),
      finding("short"),
      finding("two words"),
      finding(""),
    ]);
    const refused = { redacted: 2, looks_truncated: 2, too_short: 1, whitespace: 1, no_secret: 1 };
    const counts = { findings: 9, format: "gitleaks", source: "gitleaks", refused };
    expect((await send(report, "?dryRun=true")).body).toMatchObject({ ...counts, leaks: 1, ids: [] });
    const first = await send(report);
    expect(first).toMatchObject({
      status: 200,
      body: { ...counts, leaks: 1, sightings: 2, unchanged: 0, ids: ["leak-1"], dryRun: false },
    });
    expect(first.body.refusals).toContainEqual({
      finding: 3,
      reason: "redacted",
      detail: "the token is redacted: a mask stands in its place",
    });
    expect(first.text).not.toContain("made-up-to");
    const { revision } = first.body;
    expect((await send(report)).body).toMatchObject({
      ...counts,
      leaks: 0,
      known: 1,
      unchanged: 2,
      revision,
    });
    const { body } = await admin.call("GET", "/api/v1/leaks/leak-1");
    expect(body).toMatchObject({
      name: "generic-api-key token in config/.env",
      description: "A made-up key",
      sourceAuthor: "made-up author",
      risk: 6,
      source: "gitleaks",
    });
  });

  test("takes what seems cut off where it is asked to; source and risk as they are given", async () => {
    const report = JSON.stringify([finding(`glpat-${"madeUp1".repeat(3).slice(0, 20)}`)]);
    const { body } = await send(report, "?truncated=take&source=nightly&risk=3");
    expect(body).toMatchObject({ leaks: 1, source: "nightly", refused: {} });
    const [id] = body.ids as string[];
    expect((await admin.call("GET", `/api/v1/leaks/${id}`)).body).toMatchObject({
      risk: 3,
      source: "nightly",
    });
  });

  test("hashes, lines and tables come in by the same call", async () => {
    const tokens = "made-up-token-0201\nmade-up-token-0202\n";
    expect((await send(tokens, "", "text/plain")).body).toMatchObject({ format: "lines", leaks: 2 });
    const table = "secret\tfile\nmade-up-token-0203\tb\n";
    const query = "?map=token=secret,path=file";
    expect((await send(table, query, "text/csv; charset=utf-8")).body).toMatchObject({
      format: "csv",
      leaks: 1,
    });
    const hash = createHash("sha1").update("made-up-token-0204").digest("hex");
    const { body } = await send(baseline({ ...secret, hashed_secret: hash }));
    expect(body).toMatchObject({ format: "detect-secrets", leaks: 1 });
    const [id] = body.ids as string[];
    expect((await admin.call("GET", `/api/v1/leaks/${id}`)).body).toMatchObject({
      tokens: [{ kind: "secret-keyword", preview: "sha1****" }],
    });
  });

  test("entries that are made to take long are refused at once", async () => {
    const blanks = {
      DetectorName: "x",
      Raw: "made-up-token-0401",
      RawV2: `made-up-token-0401a${" ".repeat(90_000)}a`,
    };
    const text = `${JSON.stringify(blanks)}\n${JSON.stringify({ DetectorName: "x", Raw: '"'.repeat(90_000) })}\n`;
    const began = performance.now();
    expect((await send(text, "", "application/x-ndjson")).body).toMatchObject({
      leaks: 1,
      refused: { too_long: 1 },
    });
    // Each took minutes, where every place of the run was a beginning.
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  test("what stands before a fault is in, and the answer says where the fault is", async () => {
    const report = `[${JSON.stringify(finding("made-up-token-0301"))},\n{"RuleID": made-up-token-0302}]`;
    const answer = await send(report);
    expect(answer).toMatchObject({
      status: 400,
      body: {
        detail:
          "The report cannot be read to its end: entry 2, at byte 58, is not JSON in UTF-8. " +
          "What stood before was taken in: 1 findings, 1 new leaks, 1 sightings.",
      },
    });
    expect((await admin.call("GET", "/api/v1/leaks?limit=1")).body).toMatchObject({
      leaks: [{ name: "x token in a" }],
    });
  });

  test("is refused whole where it is none, of another type, too large, or breaks off", async () => {
    const { body } = await admin.call("GET", "/api/v1/leaks");
    expect(await send("[1]")).toMatchObject({ status: 400, body: { errors: [{ pointer: "#/format" }] } });
    expect(await send("[]", "?map=x")).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: "#/map" }] },
    });
    expect((await send("[]", "?format=made-up")).status).toBe(400);
    expect((await send("[]", "", "application/xml")).status).toBe(415);
    const gzip = { "content-type": "application/json", "content-encoding": "gzip" };
    const coded = await admin.call("POST", "/api/v1/intake/reports", { body: "[]", headers: gzip });
    expect(coded.status).toBe(415);
    expect((await send(`[${" ".repeat(300_000)}]`)).status).toBe(413);
    // The same of one that does not say how long it is.
    const chunked = new ReadableStream({
      start(controller) {
        for (let i = 0; i < 400; i++) controller.enqueue(new Uint8Array(1_024).fill(0x20));
        controller.close();
      },
    });
    const options: RequestInit & { duplex: "half" } = {
      method: "POST",
      headers: { authorization: `Bearer ${admin.administrator}`, "content-type": "application/json" },
      body: chunked,
      duplex: "half",
    };
    expect((await fetch(`${admin.url}/api/v1/intake/reports?format=lines`, options)).status).toBe(413);
    const analyst = await admin.call("POST", "/api/v1/intake/reports", { body: "[]", key: admin.analyst });
    expect(analyst.status).toBe(403);
    await breakOff(admin);
    expect((await admin.call("GET", "/api/v1/leaks")).body).toEqual(body);
  });
});

/** Sends half a report, and is gone; resolves when the admin has noticed. */
async function breakOff(admin: TestAdmin): Promise<void> {
  const logged = admin.log.length;
  const socket = connect(admin.port, "127.0.0.1");
  const head =
    `POST /api/v1/intake/reports HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${admin.administrator}\r\n` +
    "content-type: application/json\r\ncontent-length: 1000\r\n\r\n";
  await new Promise((resolve) => socket.write(`${head}[{"RuleID": "x", "Secret": "made-up-tok`, resolve));
  socket.destroy();
  await until("the admin notices", () => admin.log.slice(logged).some((line) => line.includes("admin call")));
}
