import { randomBytes } from "node:crypto";
import pino from "pino";
import { inspectSchema } from "../proxy/config.ts";
import { RequestInspection } from "../proxy/inspect.ts";
import { RequestHead } from "../proxy/normalize.ts";
import { Policy } from "../proxy/policy.ts";
import { digestToken } from "../rules/digest.ts";
import { Matcher, Scan, type ScanOutcome } from "../rules/matcher.ts";
import { Pepper } from "../rules/pepper.ts";
import type { RulesStore } from "../rules/store.ts";
import { Token } from "../rules/token.ts";
import { digestHash } from "../rules/tokenhash.ts";
import { median } from "./stats/spread.ts";
import { type Case, measure } from "./turns.ts";

/**
 * Micro-benchmark of a request's inspection with its decoded views: `npm run bench:views`.
 *
 * Heads and bodies without a mark, beside the raw scan alone; and bodies that are spelled otherwise. Processor time of
 * this process, the median of several rounds, the cases taking turns; 1,000 tokens of 40 bytes are loaded.
 */
const TOKENS = 1_000;
const BODY_BYTES = 64 * 1024;

const pepper = Pepper.fromBytes(randomBytes(32));
const matcher = new Matcher(pepper);
const slot = matcher.openSlot();
for (let index = 0; index < TOKENS; index++) {
  const token = `made-up-${randomBytes(32).toString("base64url")}`.slice(0, 40);
  const made = digestToken(Token.parse(token), pepper);
  matcher.add(slot, made.digest, made.anchor, made.fingerprint, made.length, made.mark);
}
matcher.setEnforced(slot, true);
// Nothing here reads the store: the tokens are loaded by hand.
const policy = new Policy({} as RulesStore, matcher, pino({ level: "silent" }));
/** The same with tokens of which only a hash is known. */
const hashes = new Matcher(pepper);
for (let index = 0; index < TOKENS; index++) {
  const made = digestHash({ algorithm: "sha256", hex: randomBytes(32).toString("hex") }, pepper);
  hashes.hashes.add(hashes.openSlot(), made.digest, made.anchor, "sha256");
}
const hashPolicy = new Policy({} as RulesStore, hashes, pino({ level: "silent" }));
const config = inspectSchema.parse({});

function headOf(target: string, fields: string): { head: RequestHead; text: string; bytes: Buffer } {
  const head = new RequestHead();
  head.method = "GET";
  head.target = target;
  const text = `GET ${target} HTTP/1.1\r\nHost: api.example.com\r\n${fields}X-Forwarded-For: 127.0.0.1\r\nX-Request-Id: 0f3a\r\n\r\n`;
  return { head, text, bytes: Buffer.from(text, "latin1") };
}

const FIELDS =
  "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0\r\n" +
  "Accept: application/json, text/plain, */*\r\nAccept-Encoding: gzip, deflate, br\r\n" +
  `Authorization: Bearer ${"made-up-unlisted-token".padEnd(40, "0")}\r\n` +
  "Cookie: session=made-up-session-0123456789; theme=dark\r\n";
const TARGET = "/api/v1/orders/8c4b1f0e-6f1b-4d8e-9a52-1f6c1f0f9e51?expand=items&page=2";

function expectClear(name: string, outcome: ScanOutcome): void {
  if (outcome !== Scan.clear)
    throw new Error(`${name}: the bytes were to be clean, the scan said ${outcome}`);
}

function headCase(name: string, target: string, fields: string, by = policy): Case {
  const { head, text, bytes } = headOf(target, fields);
  const run = () => expectClear(name, new RequestInspection(by, config, head).head(bytes, text, head));
  return { name, bytes: bytes.length, run, times: [] };
}

function rawHead(): Case {
  const { head, bytes } = headOf(TARGET, FIELDS);
  const run = () => {
    const inspection = new RequestInspection(policy, config, head);
    expectClear("raw", matcher.scanWhole(bytes, 0, bytes.length, inspection));
  };
  return { name: "head, raw scan alone", bytes: bytes.length, run, times: [] };
}

function bodyCase(name: string, text: string, contentType: string): Case {
  const head = new RequestHead();
  head.contentType = contentType;
  const bytes = Buffer.from(text.repeat(Math.ceil(BODY_BYTES / text.length)).slice(0, BODY_BYTES), "latin1");
  const run = () => expectClear(name, new RequestInspection(policy, config, head).chunk(bytes, true));
  return { name, bytes: bytes.length, run, times: [] };
}

function rawBody(text: string): Case {
  const { head } = headOf("/", "");
  const bytes = Buffer.from(text.repeat(Math.ceil(BODY_BYTES / text.length)).slice(0, BODY_BYTES), "latin1");
  const run = () => {
    const inspection = new RequestInspection(policy, config, head);
    inspection.budget = 1_000_000_000;
    expectClear("raw", matcher.scanWhole(bytes, 0, bytes.length, inspection));
  };
  return { name: "JSON, raw scan alone", bytes: bytes.length, run, times: [] };
}

const ROW = JSON.stringify({
  id: 4711,
  name: "customer number 4711",
  email: "user4711@example.com",
  total: 12.5,
  tags: ["new", "gold"],
  note: "called twice, wants an offer by the end of the week",
});
const everyLetter = (text: string, spell: (code: number) => string) =>
  text.replaceAll(/[a-z]/g, (letter) => spell(letter.charCodeAt(0)));
const hex = (code: number, digits: number) => code.toString(16).padStart(digits, "0");

const cases = [
  rawHead(),
  headCase("head, no mark", TARGET, FIELDS),
  headCase("head, hash-only tokens", TARGET, FIELDS, hashPolicy),
  headCase("head, percent in the query", `${TARGET}&q=a%20b`, FIELDS),
  headCase("head, percent in a cookie", TARGET, `${FIELDS}Cookie: a=%7B%22b%22%7D\r\n`),
  rawBody(`${ROW},`),
  bodyCase("JSON, no mark", `${ROW},`, "application/json"),
  bodyCase("JSON, some escapes", `${ROW.replace("called", 'said \\"no\\" on C:\\\\x')},`, "application/json"),
  bodyCase(
    "JSON, every letter escaped",
    `${everyLetter(ROW, (code) => `\\u${hex(code, 4)}`)},`,
    "application/json",
  ),
  bodyCase(
    "form, every letter encoded",
    `${everyLetter(ROW, (code) => `%${hex(code, 2)}`)}&`,
    "application/x-www-form-urlencoded",
  ),
  bodyCase("base64 of text", Buffer.from(ROW.repeat(200)).toString("base64"), "text/plain"),
  bodyCase("base64 of noise", randomBytes(60_000).toString("base64"), "text/plain"),
];
measure(cases);
console.log(`node ${process.version}; ${TOKENS} tokens; processor time, median\n`);
for (const { name, bytes, times } of cases) {
  const us = median(times);
  const rate = bytes > 10_000 ? `${(bytes / us).toFixed(0)} MB/s` : `${us.toFixed(2)} us`;
  console.log(`${name.padEnd(32)} ${rate.padStart(12)}`);
}
