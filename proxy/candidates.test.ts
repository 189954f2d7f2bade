import { describe, expect, test } from "vitest";
import { candidatesInBody, candidatesInHead, candidatesInText } from "./candidates.ts";

const T = "made-up-0001";
const base64 = (text: string) => Buffer.from(text, "latin1").toString("base64");

const head = (target: string, ...fields: string[]) =>
  `GET ${target} HTTP/1.1\r\nHost: api\r\n${fields.map((field) => `${field}\r\n`).join("")}\r\n`;
const inHead = (text: string, basic: string[] | null = null) => [...candidatesInHead(text, basic)];
const texts = (found: Iterable<{ text: string }>) => [...found].map(({ text }) => text);
const pointsOf = (found: Iterable<{ point: string; text: string }>, text: string) =>
  [...found].filter((each) => each.text === text).map(({ point }) => point.toLowerCase());

describe("a field", () => {
  test.each([
    [`X-Key: ${T}`, T, "header x-key"],
    [`X-Key: "${T}"`, T, "header x-key"],
    [`X-Key: '${T}'`, T, "header x-key"],
    [`Authorization: Bearer ${T}`, T, "header authorization"],
    [`Authorization: Bearer   ${T}`, T, "header authorization"],
    [`Authorization: token "${T}"`, T, "header authorization"],
    [`Authorization: Made-Up.Scheme ${T}`, T, "header authorization"],
    [`Authorization: Token token=${T}`, T, "header authorization"],
    [`Authorization: Token token="${T}", nonce="x"`, T, "header authorization"],
    [`Authorization: OAuth realm="a, b", oauth_token="${T}"`, T, "header authorization"],
    [`X-Key: token="a,${T}"`, `a,${T}`, "header x-key"],
    [`X-Key: a, ${T}, b`, T, "header x-key"],
    [`X-Key: a, Bearer ${T}`, T, "header x-key"],
    [`X-Key: a; key=${T}; v=1`, T, "header x-key"],
    [`X-Key: a=${T}==`, `${T}==`, "header x-key"],
    [`X-Key: Bearer a,${T};b`, `a,${T};b`, "header x-key"],
    [`Referer: http://x/?a=b&key=${T}`, T, "header referer"],
    [`Authorization: Bearer\t${T}`, T, "header authorization"],
    [
      `Authorization: Bearer eyJhIjoxfQ.eyJhIjoxfQ.c2ln`,
      "eyJhIjoxfQ.eyJhIjoxfQ.c2ln",
      "header authorization",
    ],
    [`Cookie: sid=${T}`, T, "cookie sid"],
    [`Cookie: a=b; sid="${T}"; c=d`, T, "cookie sid"],
    [`Cookie: sid=a=${T}`, `a=${T}`, "cookie sid"],
    [`Cookie: sid=%6dade-up-0001`, T, "cookie sid"],
    [`Cookie: ${T}`, T, "header cookie"],
  ])("%s holds %s", (field, value, point) => {
    expect(pointsOf(inHead(head("/", field)), value)).toContain(point);
  });

  test.each([
    `X-Key: ${T}x`,
    `X-Key: x${T}`,
    `X-Key: ${T}.x`,
    `X-Key: a ${T} b`,
    `X-Key: "a, ${T}"`,
    `X-Key: "a; key=${T}; b"`,
    `X-${T}: x`,
    `Cookie: ${T}=x`,
    `Authorization: Basic ${base64(`${T}:`)}`,
    `X-Key: ${base64(T)}`,
    "X-Key: %6dade-up-0001",
  ])("%s does not", (field) => {
    expect(texts(inHead(head("/", field)))).not.toContain(T);
  });

  test.each([
    [`${T}:`, T],
    [`me:${T}`, T],
    [`${T}:x:y`, T],
    [`x:y:${T}`, T],
    [`x:${T}:y`, `${T}:y`],
    [`me:${T}`, `me:${T}`],
    [T, T],
    ["me:m\u00e4de-up", "m\u00e4de-up"],
  ])("Basic %s holds %s", (credentials, value) => {
    const found = inHead(head("/"), [base64(credentials)]);
    expect(pointsOf(found, value)).toContain("header authorization");
  });

  test("Basic does not hold a piece of a user or password", () => {
    expect(texts(inHead(head("/"), [base64(`a${T}:${T}b`)]))).not.toContain(T);
  });
});

describe("a target", () => {
  test.each([
    [`/?key=${T}`, T, "query key"],
    [`/?a=b&key=${T}&c`, T, "query key"],
    [`/?key=%6Dade%2dup-0001`, T, "query key"],
    [`/?key=%6Dade%2dup-0001`, "%6Dade%2dup-0001", "query key"],
    ["/?key=made+up", "made+up", "query key"],
    ["/?key=made+up", "made up", "query key"],
    ["/?key=made%2Bup", "made+up", "query key"],
    [`/?key="${T}"`, T, "query key"],
    [`/?auth=Bearer+${T}`, T, "query auth"],
    [`/?auth=Bearer%20${T}`, T, "query auth"],
    [`/?key=a=${T}`, `a=${T}`, "query key"],
    [`/?${T}`, T, `query ${T}`],
    [`/${T}`, T, "path"],
    [`/a/${T}/b`, T, "path"],
    [`/a/%6dade-up-0001`, T, "path"],
    [`/a;key=${T}/b`, T, "path"],
    ["/bot1234567:AmadeUp/send", "1234567:AmadeUp", "path"],
  ])("%s holds %s", (target, value, point) => {
    expect(pointsOf(inHead(head(target)), value)).toContain(point);
  });

  test.each([`/?key=${T}x`, `/?${T}=x`, `/a${T}/`, `/${T}.json`, "/?key=%256dade-up-0001", "/"])(
    "%s does not",
    (target) => {
      expect(texts(inHead(head(target)))).not.toContain(T);
    },
  );
});

test("likely values come first, and what every client sends last, so that padding hides nothing", () => {
  const padding = Array.from({ length: 90 }, (_, index) => `X-Made-Up-${index}: made-up-value-${index}`);
  const found = texts(
    inHead(head(`/made-up-path?q=made-up-query&api_key=${T}-q`, ...padding, `Authorization: Bearer ${T}`)),
  );
  expect(found.indexOf(T)).toBeLessThan(4);
  expect(found.indexOf(`${T}-q`)).toBeLessThan(4);
  const agent = texts(inHead(head("/", "User-Agent: made-up/1.0", "X-Whatever: made-up-value")));
  expect(agent.indexOf("made-up/1.0")).toBeGreaterThan(agent.indexOf("made-up-value"));
});

const json = "application/json";
describe("a body", () => {
  const form = "application/x-www-form-urlencoded";
  test.each([
    [json, `{"key":"${T}"}`, T, "body"],
    [json, `{"a":[{"b":["x","${T}"]}]}`, T, "body"],
    [json, `"${T}"`, T, "body"],
    [json, `{"key":"\\u006dade-up\\u002d0001"}`, T, "body"],
    [json, '{"key":"made\\/up\\"x"}', 'made/up"x', "body"],
    [json, '{"key":"m\\u00e4de-up"}', "m\u00c3\u00a4de-up", "body"],
    [json, '{"key":"\\ud83d\\ude00made-up"}', "\u00f0\u009f\u0098\u0080made-up", "body"],
    [json, `{"auth":"Bearer ${T}"}`, T, "body"],
    [json, `{"key":"${T}`, T, "body"],
    [json, `{"key":"${T}","key":"made-up-0002"}`, T, "body"],
    ["", `\u00ef\u00bb\u00bf [{"key":"${T}"}]`, T, "body"],
    [form, `a=b&key=${T}`, T, "body form key"],
    [form, "key=%6dade-up-0001&a=b", T, "body form key"],
    [form, "key=made+up", "made up", "body form key"],
    [form, `key=${T}\r\n`, T, "body form key"],
    ["", `a=b&key=${T}`, T, "body form key"],
    ["text/plain", T, T, "body"],
    ["", `${T}\r\n`, T, "body"],
    ["text/plain", `Bearer ${T}`, T, "body"],
  ])("of %j: %j holds %j", (type, body, value, point) => {
    expect(pointsOf(candidatesInBody(type, body), value)).toContain(point);
  });

  test.each([
    [json, `{"${T}":"x"}`],
    [json, `{"key":"${T}x"}`],
    [json, `{"query":"{ a(key: \\"${T}\\") }"}`],
    [json, `{"key":"{\\"a\\":\\"${T}\\"}"}`],
    [form, `${T}=x`],
    [form, `key=x${T}`],
    ["text/plain", `a ${T} b`],
    ["application/xml", `<a>${T}</a>`],
    ["multipart/form-data; boundary=x", `--x\r\n\r\n${T}\r\n--x--`],
    ["", ""],
  ])("of %j: %j does not", (type, body) => {
    expect(texts(candidatesInBody(type, body))).not.toContain(T);
  });

  test("likely names come first", () => {
    const many = Array.from({ length: 1_000 }, (_, index) => `"a${index}":"made-up-value-${index}"`).join(
      ",",
    );
    expect(texts(candidatesInBody(json, `{${many},"access_token":"${T}"}`))[0]).toBe(T);
    const pairs = Array.from({ length: 1_000 }, (_, index) => `a${index}=made-up-value-${index}`).join("&");
    expect(texts(candidatesInBody(form, `${pairs}&access_token=${T}`))[0]).toBe(T);
  });
});

test("shorter and longer values than tokens are left out", () => {
  const long = "made-up".repeat(600);
  expect(texts(inHead(head("/a?b=12345&c=d", "X-Key: a, b, 12345", `X-Long: ${long}`)))).toEqual([
    "a, b, 12345",
  ]);
  expect(texts(candidatesInBody(json, `{"a":"12345","b":"123456","c":"${long}"}`))).toEqual(["123456"]);
  expect(texts(inHead(head("/", `X-Key: ${long.slice(0, 4_096)}`)))).toHaveLength(1);
});

test.each([
  T,
  `/a/${T}/b`,
  `/a/%6dade-up-0001/b`,
  `(${T})`,
  `made-up/1.0 key=${T}; x`,
  `"${T}"`,
  `/a?b=c&d=${T}`,
  `Bearer ${T}`,
  `x:${T}`,
])("a text to be recorded: %j holds it", (text) => {
  expect([...candidatesInText(text)]).toContain(T);
});
