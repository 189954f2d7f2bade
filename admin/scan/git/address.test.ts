import { describe, expect, test } from "vitest";
import { SourceFailed } from "../source.ts";
import { addressOf, commitUrl, fileUrl, gitSchemes } from "./address.ts";

describe("a repository that is elsewhere", () => {
  test.each([
    "ext::sh -c touch% /tmp/x",
    "ext::https://example.com/a",
    "--upload-pack=touch",
    "-x",
    "ftp://example.com/a",
    "https://example.com/a\nb",
    "https://-x/a",
    "ssh://-oProxyCommand=x/a",
    "ssh://-x@example.com/a",
    "https://example.com/%",
  ])("is refused with the address %j", (text) => {
    expect(() => addressOf(text, gitSchemes)).toThrow(SourceFailed);
  });

  test.each([
    [
      "https://github.com/acme/app.git",
      "https://github.com/acme/app/blob/c0/a%20b/c.ts",
      "https://github.com/acme/app/commit/c0",
    ],
    [
      "git@gitlab.example.com:acme/app.git",
      "https://gitlab.example.com/acme/app/-/blob/c0/a%20b/c.ts",
      "https://gitlab.example.com/acme/app/-/commit/c0",
    ],
    [
      "https://ann:pw@codeberg.org/acme/app",
      "https://codeberg.org/acme/app/src/commit/c0/a%20b/c.ts",
      "https://codeberg.org/acme/app/commit/c0",
    ],
    [
      "ssh://git@git.example.com:2222/acme/app.git",
      "ssh://git.example.com:2222/acme/app",
      "ssh://git.example.com:2222/acme/app",
    ],
    ["file:///srv/app.git", null, null],
  ])("of %s files and commits are found at their pages", (text, file, page) => {
    const address = addressOf(text, gitSchemes);
    expect(fileUrl(address, "c0", "a b/c.ts")).toBe(file);
    expect(commitUrl(address, "c0")).toBe(page);
    expect(address.url).not.toContain("pw");
  });
});
