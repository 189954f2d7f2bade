import { describe, expect, test } from "vitest";
import { FORMATS } from "../../rules/formats.ts";
import { madeUp, SAMPLES } from "../../test/detection/samples.ts";
import { Random } from "../../test/spellings/random.ts";
import { Detector } from "./detector.ts";
import type { Finding } from "./finding.ts";

const detector = Detector.of();
/** Made up; the checksum was computed with Python's zlib. */
const GITHUB = "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";

function textsOf(blob: Buffer, found: readonly Finding[]): string[] {
  return found.map(({ start, end }) => blob.toString("latin1", start, end));
}

function found(text: string, by = detector): string[] {
  const blob = Buffer.from(text);
  return textsOf(blob, by.find(blob, "made-up.txt"));
}

describe("the table", () => {
  test("has samples for all its rows that are found, but for a few", () => {
    const sampled = new Set(SAMPLES.map(({ rule }) => rule));
    const missing = FORMATS.filter(({ rule, body }) => body !== null && !sampled.has(rule)).map(
      ({ rule }) => rule,
    );
    expect(missing).toEqual(["plaid-token", "adobe-client-secret", "artifactory-reference-token"]);
    expect(FORMATS.filter(({ body }) => body !== null).length).toBeGreaterThanOrEqual(60);
  });

  test.each(SAMPLES.map((sample, index) => [sample.template, sample, index] as const))(
    "%s",
    (_, sample, index) => {
      const random = new Random(index);
      for (let round = 0; round < 5; round++) {
        const { lead, token } = madeUp(sample, random);
        const beside = sample.beside ?? "made_up";
        const blob = Buffer.from(`first line\n${beside} = "${lead}${token}"\n`);
        const findings = detector.find(blob, "made-up.env");
        expect(textsOf(blob, findings)).toEqual([token]);
        expect(findings[0]).toMatchObject({
          rule: sample.rule,
          line: 2,
          column: beside.length + 5 + lead.length,
          confidence: sample.class === "checksum" && sample.rule !== "jwt" ? "certain" : "likely",
        });
        // Cut, and grown: another token, or none.
        expect(textsOf(blob, detector.find(Buffer.from(`"${lead}x${token}z_"`), ""))).toEqual([]);
      }
    },
  );

  test("a wrong checksum is no finding", () => {
    for (const sample of SAMPLES.filter((each) => each.class === "checksum" && each.rule !== "jwt")) {
      const { token } = madeUp(sample, new Random(1));
      const other = token.slice(0, -1) + (token.endsWith("a") ? "b" : "a");
      expect(found(`key: ${other}`)).toEqual([]);
    }
  });

  test.each([
    ["AKIAIOSFODNN7EXAMPLE", "says so"],
    [`glpat-${"x".repeat(20)}`, "is x"],
    ["glpat-your-own-token-here-".slice(0, 26), "is words"],
    ["glpat-some-long-names-here".slice(0, 26), "is a name"],
    ["sk_live_12345678901234567890", "counts"],
    [`dop_v1_${"0123456789abcdef".repeat(4)}`, "counts in hex"],
    ["AKIAAAAAAAAAAAAAAAAA", "is one letter"],
    [
      "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c",
      "is known from documentation",
    ],
    ["eyJhbGciOiJub3RoaW5nIg.eyJzdWIiOiJtYWRlLXVwIn0.c2lnbmF0dXJlLW9mLW5vdGhpbmc5OTk", "is no JWT inside"],
    ["7c9e6679-7425-40de-944b-e07fc1f90ae7", "is a UUID"],
    ["0123456789abcdef0123456789abcdef01234567", "is hex"],
    ["SK0f1e2d3c4b5a69788796a5b4c3d2e1f0", "has no word beside it"],
  ])("%s is no finding: it %s", (text) => {
    expect(found(`token = "${text}"`)).toEqual([]);
  });

  test("escapes before a token are no part of a word", () => {
    for (const before of ["\\n", "\\r\\t", "%3D", "%0a", "\\u003d", "-", ":", "/", "="])
      expect(found(`"x${before}${GITHUB}"`), before).toEqual([GITHUB]);
    for (const before of ["n", "3D", "_", "9", "%D", "\\x"])
      expect(found(`"x${before}${GITHUB}"`), before).toEqual([]);
  });

  test("rules may be switched off", () => {
    expect(found(GITHUB, Detector.of({ disabled: ["github-token"] }))).toEqual([]);
  });

  test("a line may say that its token is known", () => {
    expect(found(`a ${GITHUB} # leakgate:allow\n`)).toEqual([]);
    expect(found(`# leakgate:allow\n${GITHUB}\n`)).toEqual([GITHUB]);
  });
});

describe("places", () => {
  test("lines end with LF or CRLF, columns count characters", () => {
    const blob = Buffer.from(`one\r\n\r\nä€😀 ${GITHUB}\r\n${GITHUB}`);
    const at = detector.find(blob, "").map(({ line, column }) => [line, column]);
    expect(at).toEqual([
      [3, 5],
      [4, 1],
    ]);
    expect(textsOf(blob, detector.find(blob, ""))).toEqual([GITHUB, GITHUB]);
  });

  test("a mark of UTF-8 is no column", () => {
    expect(detector.find(Buffer.from(`\ufeff${GITHUB}`), "")[0]).toMatchObject({
      line: 1,
      column: 1,
      start: 3,
    });
  });

  test("a line of a megabyte is a line", () => {
    const blob = Buffer.from(`${"x=1;".repeat(262_144)}"${GITHUB}"`);
    expect(detector.find(blob, "")).toMatchObject([{ line: 1, column: 1_048_578 }]);
  });
});

describe("blobs", () => {
  test.each(["utf16le", "utf16be"])("%s, with a mark and without", (encoding) => {
    for (const mark of ["\ufeff", ""]) {
      const blob = Buffer.from(`${mark}first ä\r\nkey = ${GITHUB}\r\n`, "utf16le");
      if (encoding === "utf16be") blob.swap16();
      const [finding, ...more] = detector.find(blob, "");
      expect(more).toEqual([]);
      expect(finding).toMatchObject({ line: 2, column: 7, checksum: "valid" });
      const text = Buffer.from(blob.subarray(finding!.start, finding!.end));
      expect((encoding === "utf16be" ? text.swap16() : text).toString("utf16le")).toBe(GITHUB);
    }
  });

  test("Latin-1 is text", () => {
    expect(detector.find(Buffer.from(`é ${GITHUB} ü`, "latin1"), "")).toMatchObject([{ start: 2 }]);
  });

  test("binary ones are looked at as they are, or skipped, and said to be binary", () => {
    const blob = Buffer.concat([Buffer.from([0x7f, 0x45, 0, 0, 1]), Buffer.from(GITHUB), Buffer.alloc(9)]);
    for (const binary of ["scan", "skip"] as const) {
      const scanning = Detector.of({ binary }).open("made-up.bin");
      expect(scanning.end(blob)).toHaveLength(binary === "scan" ? 1 : 0);
      expect(scanning).toMatchObject({ encoding: "binary", isSkipped: binary === "skip" });
    }
  });

  test("in pieces of any size the same is found as at once", () => {
    const random = new Random(7);
    const tokens: string[] = [];
    const parts: string[] = [];
    for (let length = 0; length < 900_000; ) {
      const { token } = madeUp(SAMPLES[random.below(SAMPLES.length - 30)]!, random);
      const filler = `${"made up text, line by line\n".repeat(random.below(300))}k=`;
      tokens.push(token);
      parts.push(filler, token, "\n");
      length += filler.length + token.length + 1;
    }
    const blob = Buffer.from(parts.join(""));
    const whole = detector.find(blob, "");
    expect(whole.length).toBeGreaterThan(100);
    for (const pieceBytes of [1000, 65_537, 700_000]) {
      const scanning = detector.open("");
      const pieces: Finding[] = [];
      for (let at = 0; at < blob.length; at += pieceBytes) {
        // Written over afterwards, as a reader's buffer is.
        const piece = Buffer.from(blob.subarray(at, at + pieceBytes));
        pieces.push(...scanning.write(piece));
        piece.fill(0x20);
      }
      pieces.push(...scanning.end());
      const facts = (each: Finding) => [each.rule, each.start, each.end, each.line, each.column];
      expect(pieces.map(facts)).toEqual(whole.map(facts));
    }
  });

  test("a token across the border of two windows is found once, wherever it begins", () => {
    for (let shift = -60; shift <= 20; shift++) {
      const blob = Buffer.from(`${" ".repeat(262_144 + shift)}${GITHUB} `);
      expect(textsOf(blob, detector.find(blob, ""))).toEqual([GITHUB]);
    }
  });

  test("an empty one holds nothing", () => {
    expect(detector.find(Buffer.alloc(0), "")).toEqual([]);
  });
});

test.each(["-eyJ", "eyJ.", "-ghp_", "xoxb-1-1-", "1:AA", "token=", "ATATT3-"])(
  "a text of nothing but %s takes time linear to it",
  (text) => {
    const busy = Detector.of({ assignments: true });
    const usOf = (bytes: number) => {
      const blob = Buffer.from(text.repeat(Math.ceil(bytes / text.length)));
      const before = process.cpuUsage();
      busy.find(blob, "");
      return process.cpuUsage(before).user;
    };
    usOf(20_000);
    // Sixteen times the text; a machine that is busy with other things may count double.
    expect(usOf(320_000)).toBeLessThan(40 * usOf(20_000) + 500_000);
  },
);

test("a finding prints no token", () => {
  const [finding] = detector.find(Buffer.from(GITHUB), "");
  expect(JSON.stringify(finding)).not.toContain("madeUp");
  expect(String(finding!.token)).toBe("Token(masked)");
  expect(finding!.token.take((bytes) => bytes.toString())).toBe(GITHUB);
});

test("assignments are told of when that is asked for, as possible", () => {
  const text =
    'api_key = "q8Zt2mVx7Lw4Rk9Yb3Nc"\nsecretName: "not-a-random-value-here"\ntoken: "aaaaaaaaaaaaaaaaaaaa1"\n';
  expect(found(text)).toEqual([]);
  const findings = Detector.of({ assignments: true }).find(Buffer.from(text), "");
  expect(findings).toMatchObject([{ rule: "assignment", confidence: "possible", line: 1, column: 12 }]);
});
