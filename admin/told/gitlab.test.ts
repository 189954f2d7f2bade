import { expect, test } from "vitest";
import { InputRefused, StoreFailed } from "../../rules/refusal.ts";
import { Problem } from "../problem.ts";
import { retryLater } from "./gitlab.ts";

function told(error: unknown): { answer: unknown; lines: string[] } {
  const lines: string[] = [];
  try {
    return retryLater(error, { error: (line: unknown) => lines.push(JSON.stringify(line)) }, "made-up-id");
  } catch (answer) {
    return { answer, lines };
  }
}

test.each([
  ["a full disk", new StoreFailed("store it", new Error("made-up ENOSPC")), "60", "made-up ENOSPC"],
  ["an unexpected error", new Error("made-up cause"), "60", "made-up cause"],
  ["a slow body", new Problem(408, "The body did not come in time."), "60", "in time"],
  ["too much at a time", new Problem(503, "Too much.", [], { "retry-after": "5" }), "5", null],
])("GitLab comes again after %s", (_, error, after, logged) => {
  const { answer, lines } = told(error);
  expect(answer).toMatchObject({ status: 429, headers: { "retry-after": after } });
  if (logged === null) expect(lines).toEqual([]);
  else expect(lines).toEqual([expect.stringContaining(logged)]);
});

test("what another try does not mend is answered as it is", () => {
  for (const error of [new Problem(400, "None of them."), new InputRefused("made-up", "is wrong")])
    expect(told(error)).toEqual({ answer: error, lines: [] });
});
