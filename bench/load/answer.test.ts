import { expect, test } from "vitest";
import { AnswerReader } from "./answer.ts";

const answers = [
  ["with a length", 200, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab\r\nc"],
  ["without a body", 403, "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n"],
  ["in chunks", 200, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"],
  ["in no chunk", 502, "HTTP/1.1 502 Bad\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
] as const;

test.each(answers)("an answer %s ends where it ends, wherever it is cut", (_, status, text) => {
  const bytes = Buffer.from(text);
  for (let cut = 1; cut < bytes.length; cut++) {
    const reader = new AnswerReader();
    expect(reader.take(bytes.subarray(0, cut))).toBe(0);
    expect(reader.take(bytes.subarray(cut))).toBe(status);
    expect(reader.take(bytes)).toBe(status);
  }
});

test("an answer without a length ends with its connection", () => {
  const reader = new AnswerReader();
  expect(reader.take(Buffer.from("HTTP/1.1 200 OK\r\n\r\nabc"))).toBe(0);
  expect(reader.end()).toBe(200);
  expect(reader.end()).toBe(0);
});
