import { describe, expect, test } from "vitest";
import { digestTokens } from "./digest.ts";
import { LineRefusals, LinesRefused } from "./linerefused.ts";
import { Pepper } from "./pepper.ts";
import { TokenRefused } from "./token.ts";
import { digestHashes } from "./tokenhash.ts";

const pepper = Pepper.fromBytes(Buffer.alloc(32, "made-up pepper"));
const GOOD = "made-up-token-0001";

async function digested(max: number, tokens: readonly string[], hashes: readonly string[] = []) {
  const refusals = new LineRefusals(max);
  const found = await digestTokens(tokens, pepper, null, refusals);
  found.push(...(await digestHashes(hashes, pepper, refusals)));
  refusals.end();
  return found;
}

describe("refusals of lists", () => {
  test("all are told, in order, and none shows what was given", async () => {
    const lists = [["short", GOOD, "made-up token", "", GOOD], ["made-up"]] as const;
    const error = (await digested(50, ...lists).catch((thrown) => thrown)) as LinesRefused;
    expect(error).toBeInstanceOf(LinesRefused);
    expect(error.refused.map(({ message }) => message)).toEqual([
      "line 1: the token is shorter than 6 bytes",
      "line 3: the token holds white space",
      "line 4: the token is empty",
      "line 1: the hash names no algorithm: sha256: or sha1: stands before it",
    ]);
    expect([error.message, error.isCut]).toEqual(["4 lines are refused", false]);
  });

  test("one alone is told as itself; without one the list is what it is", async () => {
    await expect(digested(50, [GOOD, "short"])).rejects.toThrow(TokenRefused);
    await expect(digested(50, [GOOD, "short"])).rejects.toThrow("line 2: the token is shorter than 6 bytes");
    expect(await digested(50, [GOOD, GOOD])).toHaveLength(1);
  });

  test("no more are kept than were asked for, and the rest is not looked at", async () => {
    let looked = 0;
    const refusals = new LineRefusals(2);
    const judge = () => {
      looked++;
      throw new TokenRefused("false_positive", looked, "fpr-1");
    };
    expect(await digestTokens([GOOD, GOOD, GOOD, GOOD], pepper, judge, refusals)).toEqual([]);
    expect(await digestHashes(["made-up"], pepper, refusals)).toEqual([]);
    expect([looked, refusals.isFull]).toEqual([2, true]);
    expect(() => refusals.end()).toThrow("2 lines are refused; what comes after them was not looked at");
  });

  test("what is no refusal of a line passes through", async () => {
    const judge = () => {
      throw new RangeError("broken");
    };
    await expect(digestTokens([GOOD], pepper, judge, new LineRefusals(2))).rejects.toThrow(RangeError);
  });
});
