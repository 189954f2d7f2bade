import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { statusesOf } from "./fuzz/answers.ts";
import { Oracle } from "./fuzz/oracle.ts";
import { fuzz, TOKENS } from "./fuzz/run.ts";
import type { Received } from "./spellings/strict.ts";

/** `npm run fuzz` runs for longer; this is what every change pays. */
const SECONDS = 10;

test(`${SECONDS} seconds of mutated requests show no fault`, async () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  const corpus = join(import.meta.dirname, "corpus");
  const report = await fuzz({ corpus, seconds: SECONDS, seed, isSaving: false, log: () => {} });
  const faults = report.findings.map(
    ({ fault, count, input }) => `${count} x ${fault}\n  ${JSON.stringify(input.toString("latin1"))}`,
  );
  expect(faults, `npm run fuzz -- --seed ${seed}\n${faults.join("\n")}`).toEqual([]);
  // Both halves were reached: what is forwarded, what is blocked, what is refused.
  for (const status of [200, 400, 403]) expect(report.statuses[status]).toBeGreaterThan(20);
});

describe("what judges the fuzzing", () => {
  const [token] = TOKENS;
  const oracle = new Oracle(TOKENS);
  const request = (changes: Partial<Received>): Received => ({
    method: "POST",
    target: "/",
    fields: [],
    body: Buffer.alloc(0),
    trailers: [],
    isComplete: true,
    ...changes,
  });

  const body = (type: string, text: string): Partial<Received> => ({
    fields: [["Content-Type", type]],
    body: Buffer.from(text),
  });

  test.each<[string, Partial<Received>, string | null]>([
    ["a raw token", { body: Buffer.from(`key=${token}`) }, "the body"],
    ["a longer word", { body: Buffer.from(`key=${token}x`) }, null],
    ["a field", { fields: [["X-Key", token]] }, "the field X-Key"],
    ["percent", { target: `/%6d${token.slice(1)}` }, "the target, percent-decoded"],
    ["percent twice", { target: `/%256d${token.slice(1)}` }, "the target, percent-decoded"],
    ["Basic", { fields: [["Authorization", `Basic ${btoa(`a:${token}`)}`]] }, "Basic credentials"],
    ["JSON", body("application/json", `["\\u006d${token.slice(1)}"]`), "JSON"],
    ["JSON in JSON", body("application/json", `["[\\"\\\\u006d${token.slice(1)}\\"]"]`), "JSON"],
    ["base64 in JSON", body("application/json", `{"a":"${btoa(`key=${token}`)}"}`), "JSON"],
    ["base64 of a longer word", body("application/json", `{"a":"${btoa(`key=${token}x`)}"}`), null],
    [
      "a form",
      body("application/x-www-form-urlencoded", `a=%6d${token.slice(1)}`),
      "a form, percent-decoded",
    ],
    ["XML", body("text/xml", `<a>&#109;${token.slice(1)}</a>`), "XML"],
  ])("%s", (_name, changes, how) => {
    expect(oracle.reads(request(changes))).toBe(how);
  });

  test("answers are read to the last byte", () => {
    const answers = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    expect(statusesOf(Buffer.from(`${answers}HTTP/1.1 400 No\r\nContent-Length: 2\r\n\r\n{}`))).toEqual([
      200, 400,
    ]);
    expect(() => statusesOf(Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"))).toThrow();
    expect(() => statusesOf(Buffer.from("ok"))).toThrow();
  });
});
