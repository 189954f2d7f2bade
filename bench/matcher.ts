import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { digestToken } from "../rules/digest.ts";
import { Inspection, Matcher, Scan } from "../rules/matcher.ts";
import { Pepper } from "../rules/pepper.ts";
import { Token } from "../rules/token.ts";
import { median } from "./stats/spread.ts";
import { type Case, measure } from "./turns.ts";

/**
 * Micro-benchmark of the matcher: `npm run bench:matcher [-- --large] [--json]`.
 *
 * ns per 534-byte head and MB/s of JSON body for 1 to 1,000,000 tokens (10,000,000 with --large); floods of known
 * endings and of look-alikes against clean bytes of the same shape; bytes per token; the longest pause of `add`.
 * Each figure is processor time of this process, the best and the median of several rounds, the cases interleaved.
 */
class Passing extends Inspection {
  // A small integer, as in the proxy.
  override budget = 1_000_000_000;
  override onMatch(): boolean {
    return true;
  }
}

const pepper = Pepper.fromBytes(randomBytes(32));

const headBytes = Buffer.from(
  `${(
    "GET /api/v1/orders/8c4b1f0e-6f1b-4d8e-9a52-1f6c1f0f9e51?expand=items&page=2 HTTP/1.1\r\nHost: api.example.com\r\n" +
      "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0\r\n" +
      "Accept: application/json, text/plain, */*\r\nAccept-Encoding: gzip, deflate, br\r\n" +
      `Authorization: Bearer ${"made-up-unlisted-token".padEnd(40, "0")}\r\n` +
      "Cookie: session=made-up-session-0123456789; theme=dark\r\nX-Forwarded-For: 127.0.0.1\r\nX-Request-Id: 0f3a"
  ).padEnd(530, "0")}\r\n\r\n`,
  "latin1",
);

function jsonBody(bytes: number): Buffer {
  const rows: string[] = [];
  for (let index = 0, length = 0; length < bytes; index++) {
    const row = JSON.stringify({
      id: index,
      name: `customer number ${index}`,
      email: `user${index}@example.com`,
      total: index * 1.25,
      tags: ["new", "gold"],
      note: "called twice, wants an offer by the end of the week",
    });
    rows.push(row);
    length += row.length + 1;
  }
  return Buffer.from(`[${rows.join(",")}]`).subarray(0, bytes);
}

function scanning(name: string, matcher: Matcher, bytes: Buffer): Case {
  const run = () => {
    const outcome = matcher.scanWhole(bytes, 0, bytes.length, new Passing());
    if (outcome !== Scan.clear)
      throw new Error(`${name}: the bytes were to be clean, the scan said ${outcome}`);
  };
  return { name, bytes: bytes.length, run, times: [] };
}

interface Loaded {
  readonly matcher: Matcher;
  readonly longestAddMs: number;
}

/** Tokens at random (only their digests count): anchor, fingerprint and digest as a real one would have. */
function load(count: number): Loaded {
  const matcher = new Matcher(pepper);
  const slot = matcher.openSlot();
  const random = randomBytes(1 << 20);
  let longestAddMs = 0;
  for (let index = 0; index < count; index++) {
    const at = (index * 24) % (random.length - 24);
    const digest = Buffer.from(random.subarray(at, at + 16));
    digest.writeUInt32LE(index, 0);
    const anchor = Math.floor(Math.random() * 2 ** 32);
    const fingerprint = Math.floor(Math.random() * 2_147_475_439);
    const began = performance.now();
    matcher.add(slot, digest, anchor, fingerprint, 20 + (index % 60), 1 + (index % 255));
    const took = performance.now() - began;
    if (took > longestAddMs) longestAddMs = took;
  }
  matcher.setEnforced(slot, true);
  return { matcher, longestAddMs };
}

function word(length: number): string {
  return randomBytes(length).toString("base64url").slice(0, length);
}

/** A flood against tokens of one length: their endings, and whole look-alikes with two bytes 32 apart swapped. */
function floods(length: number): Case[] {
  const matcher = new Matcher(pepper);
  const slot = matcher.openSlot();
  const tokens = Array.from({ length: 100 }, () => word(length));
  for (const token of tokens) {
    const made = digestToken(Token.parse(token), pepper);
    matcher.add(slot, made.digest, made.anchor, made.fingerprint, made.length, made.mark);
  }
  matcher.setEnforced(slot, true);
  const of = (words: readonly string[]) => {
    const text: string[] = [];
    for (let bytes = 0, index = 0; bytes < 256 * 1024; index++) {
      text.push(words[index % words.length]!);
      bytes += text[index]!.length + 1;
    }
    return Buffer.from(`${text.join(" ")} `);
  };
  const swapped = tokens.map((token) => {
    const letters = [...token];
    const at = length > 40 ? 7 : 1;
    [letters[at], letters[at + 32]] = [letters[at + 32]!, letters[at]!];
    return letters.join("");
  });
  const differing = swapped.filter((text, index) => text !== tokens[index]);
  const endings = tokens.map((token) => word(length - 6) + token.slice(-6));
  return [
    // Shorter than any token: let go before their ending is looked at.
    scanning(`clean words of 6, tokens of ${length}`, matcher, of(tokens.map(() => word(6)))),
    scanning(`endings alone of tokens of ${length}`, matcher, of(tokens.map((token) => token.slice(-6)))),
    scanning(`clean words of ${length}`, matcher, of(tokens.map(() => word(length)))),
    scanning(`endings of tokens of ${length}`, matcher, of(endings)),
    scanning(`clean words of ${length}`, matcher, of(tokens.map(() => word(length)))),
    scanning(`look-alikes of ${length}`, matcher, of(differing)),
  ];
}

function main(): void {
  const flags = new Set(process.argv.slice(2));
  const counts = [
    1,
    1_000,
    100_000,
    300_000,
    700_000,
    1_000_000,
    ...(flags.has("--large") ? [10_000_000] : []),
  ];
  const report: Record<string, unknown>[] = [];
  const body = jsonBody(256 * 1024);
  const loads = counts.map((count) => ({ count, ...load(count) }));
  const heads = loads.map(({ count, matcher }) => scanning(`${count}`, matcher, headBytes));
  const bodies = loads.map(({ count, matcher }) => scanning(`${count}`, matcher, body));
  measure([...heads, ...bodies]);
  console.log(
    `node ${process.version}; head of ${headBytes.length} bytes, JSON body of ${body.length} bytes; processor time, best (median)\n`,
  );
  console.log("    tokens   us a head        MB/s of body     bytes a token   longest add");
  for (const [index, { count, matcher, longestAddMs }] of loads.entries()) {
    const [headUs, bodyUs] = [heads[index]!.times, bodies[index]!.times];
    const rate = (us: number) => (body.length / us).toFixed(0);
    const perToken = (matcher.memoryBytes / count).toFixed(1);
    console.log(
      `${`${count.toString().padStart(10)}   ${Math.min(...headUs).toFixed(2)} (${median(headUs).toFixed(2)})      ${rate(Math.min(...bodyUs))} (${rate(median(bodyUs))})`.padEnd(
        50,
      )}${(count < 100_000 ? "-" : perToken).padStart(8)}        ${longestAddMs.toFixed(1)} ms`,
    );
    report.push({
      tokens: count,
      headUs: Math.min(...headUs),
      headUsMedian: median(headUs),
      bodyMBps: body.length / Math.min(...bodyUs),
      bodyMBpsMedian: body.length / median(bodyUs),
      bytesPerToken: matcher.memoryBytes / count,
      longestAddMs,
    });
  }
  const ratio = median(heads[counts.indexOf(1_000_000)]!.times) / median(heads[0]!.times);
  console.log(`\n1,000,000 tokens cost ${ratio.toFixed(2)} of what 1 costs, a head`);
  for (const length of [40, 4_000]) {
    const cases = floods(length);
    measure(cases);
    console.log(`\nfloods against tokens of ${length} bytes`);
    for (const [index, each] of cases.entries()) {
      const clean = cases[index - (index % 2)]!;
      const share = (median(clean.times) / median(each.times)) * (each.bytes / clean.bytes);
      const speed = each.bytes / median(each.times);
      console.log(
        `  ${each.name.padEnd(36)} ${speed.toFixed(0).padStart(6)} MB/s   ${index % 2 === 0 ? "" : `${share.toFixed(2)} of the clean speed`}`,
      );
      report.push({ flood: each.name, MBps: speed, shareOfClean: share });
    }
  }
  if (flags.has("--json")) {
    mkdirSync("bench/results", { recursive: true });
    writeFileSync(
      "bench/results/matcher.json",
      `${JSON.stringify({ node: process.version, at: new Date().toISOString(), report }, null, 2)}\n`,
    );
  }
}

main();
