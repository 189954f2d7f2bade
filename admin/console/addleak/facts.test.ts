import { expect, test } from "vitest";
import { bodyOf, noFacts } from "./facts.ts";

test("what is written over several lines or with blanks is sent as the API takes it", () => {
  const body = bodyOf({ ...noFacts, name: " Key ", description: "Found\n  by hand \n", source: " My Tool " });
  expect(body).toMatchObject({
    name: "Key",
    description: "Found by hand",
    source: "my-tool",
    sourceUrl: null,
  });
});
