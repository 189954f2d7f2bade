import { expect, test } from "vitest";
import { isReadable } from "./charset.ts";

test.each<[string, boolean]>([
  ["application/json", true],
  ["application/json; charset=utf-8", true],
  ["text/plain;charset=UTF8", true],
  ['text/plain; charset="utf-16le"', true],
  ['text/plain; charset="utf\\-16"', true],
  ["text/plain; charset=utf-32be; x=y", true],
  ["text/plain; charset=ISO-8859-15", true],
  ["text/plain; charset=windows-1252", true],
  ["text/plain; charset=shift_jis", true],
  ["text/plain; charset=gb18030", true],
  ["text/plain; charset=", true],
  ["text/plain; charset=utf-7", false],
  ["text/plain; charset=utf-8; charset=utf-7", false],
  ['text/plain; CHARSET = "UTF-7"', false],
  ['text/plain; charset="u\\tf-7"', false],
  ["text/plain; charset=cp037", false],
  ["text/plain; charset=IBM1047", false],
  ["text/plain; charset=hex", false],
  ["text/plain; charset=base64", false],
  ["text/plain; charset=unicode_escape", false],
  ["text/plain; charset=rot13", false],
])("%s: %s", (contentType, is) => {
  expect(isReadable(contentType)).toBe(is);
});
