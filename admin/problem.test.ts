import { describe, expect, test } from "vitest";
import { LinesRefused } from "../rules/linerefused.ts";
import {
  CursorInvalid,
  DecisionRefused,
  InputRefused,
  LeakUnknown,
  StoreFailed,
  VersionConflict,
} from "../rules/refusal.ts";
import { TokenRefused } from "../rules/token.ts";
import { HashRefused } from "../rules/tokenhash.ts";
import { answerOutside } from "./app.ts";
import { Problem, problemAnswer, problemOf } from "./problem.ts";

describe("problemOf", () => {
  test.each([
    [new LeakUnknown("made-up-token-0001"), 404, []],
    [new VersionConflict("leak-1", 2, 3), 412, []],
    [new DecisionRefused("leak-1", "close", "closed"), 409, []],
    [new InputRefused("scope.hosts[2]", "is not a valid entry"), 400, ["#/scope/hosts/2"]],
    [new CursorInvalid(), 400, ["cursor"]],
    [new TokenRefused("too_short", 4), 400, ["#/tokens/3"]],
    [new TokenRefused("too_short", null), 400, ["#/tokens"]],
    [new HashRefused("not_hex", 4), 400, ["#/hashes/3"]],
    [new HashRefused("not_hex", null), 400, ["#/hashes"]],
    [new StoreFailed("store the change", new Error("no space left on device")), 503, []],
    [new Error("made-up-token-0001"), 500, []],
    ["made-up-token-0001", 500, []],
  ])("%s", (error, status, pointers) => {
    const problem = problemOf(error);
    expect(problem.status).toBe(status);
    expect(problem.errors.map(({ pointer }) => pointer)).toEqual(pointers);
    expect(problem.message).not.toContain("made-up");
  });
});

test.each([
  [[new HashRefused("not_hex", 1)], false, "A hash was refused; nothing"],
  [
    [new TokenRefused("empty", 2), new HashRefused("not_hex", 2)],
    false,
    "A token and a hash were refused; nothing",
  ],
  [
    [new TokenRefused("empty", 2), new TokenRefused("empty", 3)],
    true,
    "2 tokens were refused, and what comes after them was not looked at; nothing",
  ],
])("what was refused is counted, and each has its place %#", (refused, isCut, words) => {
  const problem = problemOf(refused.length === 1 ? refused[0] : new LinesRefused(refused, isCut));
  expect(problem.message).toBe(`${words} of this call was registered.`);
  expect(problem.errors).toEqual(
    refused.map(({ code, line, message }) => ({
      pointer: `#/${code === "TokenRefused" ? "tokens" : "hashes"}/${(line ?? 0) - 1}`,
      detail: message,
    })),
  );
});

test("an answer is application/problem+json with all members of RFC 9457 that have a meaning here", async () => {
  const answer = problemAnswer(new Problem(412, "It changed.", [], { etag: '"3"' }), "r-1");
  expect([answer.status, answer.headers.get("etag")]).toEqual([412, '"3"']);
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  expect(await answer.json()).toEqual({
    type: "urn:leakgate:admin:precondition-failed",
    title: "Precondition Failed",
    status: 412,
    detail: "It changed.",
    requestId: "r-1",
  });
});

test("an error outside the app says nothing of its cause either", async () => {
  const answer = answerOutside(new Error("made-up-token-0001"));
  expect(answer.status).toBe(500);
  expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
  expect(await answer.text()).not.toContain("made-up");
});
