import { expect, test } from "vitest";
import { plainPath } from "./path.ts";

test.each<[string, string | null]>([
  ["/services/T0/B0/made-up", null],
  ["/", null],
  ["*", null],
  ["/a?b=//;%41", null],
  ["/services//T0/./B0/made-up", "/services/T0/B0/made-up"],
  ["/services/T0%2FB0%2fmade-up?x", "/services/T0/B0/made-up"],
  ["/services/T0%252FB0/made-up", "/services/T0/B0/made-up"],
  ["/x/../services/T0;a=b/B0;c/made-up;", "/services/T0/B0/made-up"],
  ["/services/T0\\B0\\made-up", "/services/T0/B0/made-up"],
  ["/../../a//", "/a"],
  ["/a/%2e%2e/b", "/b"],
  ["/.well-known/a", null],
  ["/%zz//a", "/%zz/a"],
])("%j reads as %j", (target, plain) => {
  expect(plainPath(target)).toBe(plain);
});
