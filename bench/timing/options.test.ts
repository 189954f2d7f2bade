import { expect, test } from "vitest";
import { parseOptions } from "./options.ts";

test("a million tokens by default, fewer with --quick", () => {
  expect(parseOptions([])).toMatchObject({ tokens: 1_000_000, requests: { blocks: 4_000 }, seed: "1" });
  expect(parseOptions(["--quick"])).toMatchObject({ tokens: 100_000, requests: { blocks: 300 } });
  expect(parseOptions(["--quick", "--tokens", "1000", "--seed", "7"])).toMatchObject({
    tokens: 1_000,
    seed: "7",
  });
});

test("a table too small for its first and last entries is refused", () => {
  expect(() => parseOptions(["--tokens", "100"])).toThrow("--tokens");
});
