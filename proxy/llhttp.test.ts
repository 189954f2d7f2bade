import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, expect, test } from "vitest";
import { giveParser, OK, type Parser, REQUEST, RESPONSE, spans, takeParser } from "./llhttp.ts";

const load = createRequire(import.meta.url);
/** Node's types leave out what a module says of itself. */
const { exports: exportsOf, imports: importsOf } = WebAssembly.Module as unknown as {
  exports(module: WebAssembly.Module): { readonly name: string }[];
  imports(module: WebAssembly.Module): { readonly module: string; readonly name: string }[];
};

function fields(parser: Parser, bytes: Buffer): [string, string][] {
  return Array.from({ length: parser.headerCount }, (_none, index) => [
    bytes.latin1Slice(spans[index * 4], spans[index * 4 + 1]),
    bytes.latin1Slice(spans[index * 4 + 2], spans[index * 4 + 3]),
  ]);
}

function bodyOf(parser: Parser, bytes: Buffer): string {
  let text = "";
  for (let index = 0; index < parser.body.length; index += 2)
    text += bytes.latin1Slice(parser.body[index], parser.body[index + 1]);
  return text;
}

/** A parser whose head asked for a chunked body. */
function chunkedParser(): Parser {
  const parser = takeParser(REQUEST);
  const head = Buffer.from("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  expect(parser.executeHead(head, 0, head.length)).toBe(OK);
  expect(parser.complete).toBe(false);
  return parser;
}

describe("what undici's package must hold", () => {
  test.each(["llhttp_simd-wasm.js", "llhttp-wasm.js"])("%s: exports and imports", (file) => {
    const module = new WebAssembly.Module(load(`undici/lib/llhttp/${file}`) as Uint8Array);
    const exported = exportsOf(module).map(({ name }) => name);
    expect(exported).toEqual(
      expect.arrayContaining([
        "memory",
        "_initialize",
        "malloc",
        "free",
        "llhttp_alloc",
        "llhttp_reset",
        "llhttp_execute",
        "llhttp_get_error_pos",
        "llhttp_get_error_reason",
      ]),
    );
    const imported = importsOf(module).map(({ module: from, name }) => `${from}.${name}`);
    expect(imported.sort()).toEqual([
      "env.wasm_on_body",
      "env.wasm_on_header_field",
      "env.wasm_on_header_value",
      "env.wasm_on_headers_complete",
      "env.wasm_on_message_begin",
      "env.wasm_on_message_complete",
      "env.wasm_on_status",
      "env.wasm_on_url",
    ]);
  });

  test("the names of methods, and one exact version", () => {
    const { METHODS, METHODS_HTTP } = load("undici/lib/llhttp/constants.js");
    expect(METHODS_HTTP).toContain(METHODS.GET);
    expect(METHODS_HTTP).toContain(METHODS.PATCH);
    const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
    expect(manifest.dependencies.undici).toBe(load("undici/package.json").version);
  });
});

describe("a head", () => {
  test("names and values are spans of the bytes given, wherever they start", () => {
    const text = "GET /a?b HTTP/1.1\r\nHost: a\r\nX-Empty:\r\nX-Blank:  b c \t\r\nx-one: 1\r\n\r\n";
    for (const before of ["", "left over from another"]) {
      const bytes = Buffer.from(before + text);
      const parser = takeParser(REQUEST);
      expect(parser.executeHead(bytes, before.length, bytes.length)).toBe(OK);
      const trimmed = fields(parser, bytes).map(([name, value]) => [name, value.trim()]);
      expect(trimmed).toEqual([
        ["Host", "a"],
        ["X-Empty", ""],
        ["X-Blank", "b c"],
        ["x-one", "1"],
      ]);
      expect([parser.complete, parser.consumed]).toEqual([true, bytes.length]);
      giveParser(parser);
    }
  });

  test("more fields than the table of spans had room for", () => {
    const lines = Array.from({ length: 1_000 }, (_none, index) => `X-${index}: ${index}\r\n`).join("");
    const bytes = Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`);
    const parser = takeParser(REQUEST);
    expect(parser.executeHead(bytes, 0, bytes.length)).toBe(OK);
    expect(fields(parser, bytes)[1_000]).toEqual(["X-999", "999"]);
    giveParser(parser);
  });

  test("one that is larger than the input buffer", () => {
    const bytes = Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\nX: ${"b".repeat(200_000)}\r\n\r\n`);
    const parser = takeParser(REQUEST);
    expect(parser.executeHead(bytes, 0, bytes.length)).toBe(OK);
    expect(fields(parser, bytes)[1]![1].length).toBe(200_000);
    giveParser(parser);
  });

  test("an answer", () => {
    const bytes = Buffer.from("HTTP/1.1 200 OK\r\nServer: a\r\nContent-Length: 0\r\n\r\n");
    const parser = takeParser(RESPONSE);
    expect(parser.executeHead(bytes, 0, bytes.length)).toBe(OK);
    expect(fields(parser, bytes)[0]).toEqual(["Server", "a"]);
    giveParser(parser);
  });

  test.each([
    "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nX\0: b\r\n\r\n",
    "GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "GET / HTTP/1.1\nHost: a\n\n",
    "made up\r\n\r\n",
  ])("%j is an error, and the next parser works", (text) => {
    const parser = takeParser(REQUEST);
    const bytes = Buffer.from(text, "latin1");
    expect(parser.executeHead(bytes, 0, bytes.length)).not.toBe(OK);
    giveParser(parser);
    const next = takeParser(REQUEST);
    const good = Buffer.from("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(next.executeHead(good, 0, good.length)).toBe(OK);
    expect(next.complete).toBe(true);
    giveParser(next);
  });
});

describe("a chunked body", () => {
  const BODY = '5\r\nhello\r\n1;x="y"\r\n \r\n6\r\nworld!\r\n0\r\nX-Sum: a b\r\nX-Two:\r\n\r\n';
  const TRAILERS = ["X-Sum", "a b", "X-Two", ""];

  test("its stretches, trailers and end", () => {
    const parser = chunkedParser();
    const bytes = Buffer.from(BODY);
    expect(parser.execute(bytes, 0, bytes.length)).toBe(OK);
    expect([bodyOf(parser, bytes), parser.bodyBytes]).toEqual(["hello world!", 12]);
    expect([parser.trailers, parser.complete, parser.consumed]).toEqual([TRAILERS, true, bytes.length]);
    giveParser(parser);
  });

  test("cut into any two or three pieces", () => {
    for (let first = 1; first < BODY.length - 1; first++) {
      for (let second = first + 1; second < BODY.length; second += 5) {
        const parser = chunkedParser();
        let body = "";
        for (const [from, to] of [
          [0, first],
          [first, second],
          [second, BODY.length],
        ] as const) {
          const bytes = Buffer.from(BODY.slice(from, to));
          expect(parser.execute(bytes, 0, bytes.length)).toBe(OK);
          body += bodyOf(parser, bytes);
        }
        expect([first, second, body, parser.trailers]).toEqual([
          first,
          second,
          "hello world!",
          withEmpty(parser),
        ]);
        expect(parser.complete).toBe(true);
        giveParser(parser);
      }
    }
    function withEmpty(parser: Parser): string[] {
      // A last empty value is told of or not, as the pieces fall; either reading is an empty field.
      return parser.trailers.length === 3 ? TRAILERS.slice(0, 3) : TRAILERS;
    }
  });

  test("byte by byte", () => {
    const parser = chunkedParser();
    let body = "";
    for (const letter of BODY) {
      const bytes = Buffer.from(letter);
      expect(parser.complete).toBe(false);
      expect(parser.execute(bytes, 0, 1)).toBe(OK);
      body += bodyOf(parser, bytes);
    }
    expect([body, parser.complete]).toEqual(["hello world!", true]);
    expect(parser.trailers.slice(0, 3)).toEqual(TRAILERS.slice(0, 3));
    giveParser(parser);
  });

  test("ends where the next message of the pipeline begins", () => {
    const next = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n";
    for (const body of [
      BODY,
      "0\r\n\r\n",
      `${(100_000).toString(16)}\r\n${"a".repeat(100_000)}\r\n0\r\n\r\n`,
    ]) {
      const parser = chunkedParser();
      const bytes = Buffer.from(`before${body}${next}`);
      expect(parser.execute(bytes, 6, bytes.length)).toBe(OK);
      expect(parser.complete).toBe(true);
      expect(bytes.latin1Slice(parser.consumed, bytes.length)).toBe(next);
      giveParser(parser);
    }
  });

  test("larger than the input buffer, from anywhere in the bytes given", () => {
    const parser = chunkedParser();
    const text = "made up ".repeat(40_000);
    const bytes = Buffer.from(`before${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`);
    expect(parser.execute(bytes, 6, bytes.length)).toBe(OK);
    expect(bodyOf(parser, bytes) === text).toBe(true);
    expect([parser.complete, parser.consumed]).toEqual([true, bytes.length]);
    giveParser(parser);
  });

  test.each(["x\r\n", "5\r\nhelloX", "-1\r\n", "5 \r\nhello\r\n", "ffffffffffffffffff\r\n", "5\nhello\n"])(
    "%j is an error",
    (text) => {
      const parser = chunkedParser();
      const bytes = Buffer.from(text);
      expect(parser.execute(bytes, 0, bytes.length)).not.toBe(OK);
      giveParser(parser);
    },
  );
});

describe("parsers", () => {
  test("one that is taken again remembers nothing", () => {
    const first = chunkedParser();
    const bytes = Buffer.from("1\r\na\r\n0\r\nX-Sum: b\r\n");
    expect(first.execute(bytes, 0, bytes.length)).toBe(OK);
    giveParser(first);
    const again = chunkedParser();
    expect(again).toBe(first);
    const end = Buffer.from("0\r\n\r\n");
    expect(again.execute(end, 0, end.length)).toBe(OK);
    expect([again.complete, again.trailers, again.trailerBytes, again.body]).toEqual([true, [], 0, []]);
    giveParser(again);
  });

  test("5,000 at once, each amid its body while the memory grows, parse on", () => {
    const parsers = Array.from({ length: 5_000 }, () => chunkedParser());
    const bodies = parsers.map(() => "");
    const feed = (index: number, text: string) => {
      const bytes = Buffer.from(text);
      expect(parsers[index]!.execute(bytes, 0, bytes.length)).toBe(OK);
      bodies[index] += bodyOf(parsers[index]!, bytes);
    };
    for (const piece of ["4\r\nma", "de\r\n5\r", "\n"])
      for (const index of parsers.keys()) feed(index, piece);
    for (const index of parsers.keys())
      feed(index, `${String(index).padStart(5, "0")}\r\n0\r\nX-N: ${index}\r\n\r\n`);
    parsers.forEach((parser, index) => {
      expect([parser.complete, parser.trailers[1]]).toEqual([true, String(index)]);
      expect(bodies[index]).toBe(`made${String(index).padStart(5, "0")}`);
      giveParser(parser);
    });
  });
});
