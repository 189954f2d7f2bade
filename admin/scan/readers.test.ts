import { describe, expect, test } from "vitest";
import type { SourceRecord } from "../../rules/source.ts";
import { scanSchema } from "./config.ts";
import { readerOf } from "./readers.ts";
import { AllowList } from "./remote/allow.ts";
import { RemoteClient } from "./remote/client.ts";

describe("a watched repository", () => {
  const watched = (address: string, credential: boolean, config: object = {}) => {
    const source = {
      kind: "git",
      address,
      credential: credential ? { kind: "sealed" } : null,
    } as SourceRecord;
    return readerOf(source, {
      config: scanSchema.parse(config),
      cache: "/nowhere",
      client: new RemoteClient({ allow: AllowList.parse(["git.internal"]) }),
      unseal: () => "made-up",
    });
  };

  test.each([
    ["http://git.example/a.git", true, "over https only"],
    ["http://ann:made-up@git.example/a.git", false, "over https only"],
    ["ssh://git@git.example/a.git", false, "scan.ssh"],
    ["git@git.example:a.git", false, "scan.ssh"],
    ["git://git.example/a.git", false, "none of the schemes"],
  ])("is refused as %s", (address, credential, why) => {
    let failure: unknown;
    try {
      watched(address, credential);
    } catch (error) {
      failure = error;
    }
    expect(failure).toMatchObject({ message: expect.stringContaining(why), isLasting: true });
  });

  test("is taken where its credential goes over https or to a named host, and over SSH where that is allowed", () => {
    for (const address of ["https://git.example/a.git", "http://git.internal:3000/a.git"])
      expect(watched(address, true).label).toBe(address);
    expect(watched("http://git.example/a.git", false).label).toBe("http://git.example/a.git");
    expect(watched("git@git.example:a.git", false, { ssh: true }).label).toBe("ssh://git@git.example/a.git");
  });
});
