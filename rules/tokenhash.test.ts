import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { digestToken } from "./digest.ts";
import { Pepper } from "./pepper.ts";
import { RulesStore } from "./store.ts";
import { Token } from "./token.ts";
import { digestHash, digestHashes, HashRefused, parseTokenHash } from "./tokenhash.ts";

const pepper = Pepper.fromBytes(Buffer.alloc(32, "made-up pepper"));
const other = Pepper.fromBytes(Buffer.alloc(32, "another made-up"));
const TOKEN = "made-up-token-0001";
const of = (algorithm: "sha256" | "sha1", text: string) =>
  `${algorithm}:${createHash(algorithm).update(text).digest("hex")}`;

describe("parsing", () => {
  test.each([
    [of("sha256", TOKEN), "sha256"],
    [of("sha256", TOKEN).toUpperCase(), "sha256"],
    [` ${of("sha1", TOKEN)}\r`, "sha1"],
    [of("sha1", TOKEN).replace("sha1", "SHA1"), "sha1"],
  ])("takes %j", (text, algorithm) => {
    const hex = createHash(algorithm).update(TOKEN).digest("hex");
    expect(parseTokenHash(text)).toEqual({ algorithm, hex });
  });

  const hex = "0123456789abcdef".repeat(4);
  test.each([
    ["", "no_algorithm"],
    [hex, "no_algorithm"],
    [`md5:${hex.slice(32)}`, "no_algorithm"],
    [`sha512:${hex}${hex}`, "no_algorithm"],
    [`sha-256:${hex}`, "no_algorithm"],
    ["sha256:", "sha256_length"],
    [`sha256:${hex.slice(1)}`, "sha256_length"],
    [`sha256:${hex}0`, "sha256_length"],
    [`sha256:${hex.slice(0, 40)}`, "sha256_length"],
    [`sha1:${hex}`, "sha1_length"],
    [`sha256:${hex.slice(1)}g`, "not_hex"],
    [`sha256: ${hex}`, "not_hex"],
    [`sha256:${hex.slice(1)}\u0660`, "not_hex"],
    [of("sha256", ""), "of_nothing"],
    [of("sha1", ""), "of_nothing"],
  ])("refuses %j: %s", (text, reason) => {
    const refusal = expect.objectContaining({ name: "Error", code: "HashRefused", reason, line: 3 });
    expect(() => parseTokenHash(text, 3)).toThrow(refusal);
    try {
      parseTokenHash(text, 3);
    } catch (error) {
      expect((error as HashRefused).message).toMatch(/^line 3: /);
      expect((error as HashRefused).message).not.toMatch(/[0-9a-f]{20}/);
    }
  });
});

describe("digesting", () => {
  test("shows neither the hash nor the token, and is of this pepper alone", () => {
    const hash = parseTokenHash(of("sha256", TOKEN));
    const made = digestHash(hash, pepper);
    expect(made).toMatchObject({ length: 0, preview: "sha256****", kind: "sha256", hash: "sha256" });
    expect(made.digest).toHaveLength(32);
    expect(made.digest.toString("hex")).not.toBe(hash.hex);
    const again = digestHash(hash, other);
    expect(again.digest.equals(made.digest)).toBe(false);
    expect(again.anchor).not.toBe(made.anchor);
  });

  test("is not the digest of the token, nor of the hash as a token, nor of another algorithm's", () => {
    const digests = [
      digestHash(parseTokenHash(of("sha256", TOKEN)), pepper),
      digestHash(parseTokenHash(of("sha1", TOKEN)), pepper),
      digestToken(Token.parse(TOKEN), pepper),
      digestToken(Token.parse(of("sha256", TOKEN)), pepper),
      digestToken(Token.parse(of("sha256", TOKEN).slice(7)), pepper),
    ];
    expect(new Set(digests.map(({ digest }) => digest.toString("hex"))).size).toBe(digests.length);
  });

  test("a list: the same hash twice is one, in any case; the first that is none is named", async () => {
    const list = [of("sha256", TOKEN), of("sha256", TOKEN).toUpperCase(), of("sha1", TOKEN)];
    expect((await digestHashes(list, pepper)).map(({ kind }) => kind)).toEqual(["sha256", "sha1"]);
    await expect(digestHashes([...list, TOKEN, "x"], pepper)).rejects.toThrow(HashRefused);
    await expect(digestHashes([...list, TOKEN, "x"], pepper)).rejects.toThrow("line 4: ");
  });
});

describe("in the store", () => {
  const dir = mkdtempSync(join(tmpdir(), "leakgate-tokenhash-"));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  test("a record says what it is, beside tokens; removed and given again it is another number", async () => {
    const store = await RulesStore.open(dir, pepper.id);
    const [sha256, sha1] = await digestHashes([of("sha256", TOKEN), of("sha1", TOKEN)], pepper);
    const token = digestToken(Token.parse(TOKEN), pepper);
    const input = { name: "made up", description: "", risk: 5, source: "custom" };
    const { leak } = await store.register("test", { ...input, tokens: [sha256!, token, sha1!, sha256!] });
    expect(leak.tokenCount).toBe(3);
    const page = store.tokenPage(leak.id, 0);
    expect([0, 1, 2].map((at) => page.hashAt(at))).toEqual(["sha256", null, "sha1"]);
    expect([0, 1, 2].map((at) => page.at(at).kind)).toEqual(["sha256", "opaque", "sha1"]);
    expect([0, 1, 2].map((at) => page.at(at).hash)).toEqual(["sha256", null, "sha1"]);
    expect(page.at(0)).toMatchObject({ preview: "sha256****", length: 0, anchor: sha256!.anchor });
    expect((await store.addTokens("test", leak.id, [sha1!])).added).toBe(0);
    await store.removeToken("test", leak.id, 1);
    expect(store.token(leak.id, 1)).toMatchObject({ hash: "sha256", removed: true });
    expect((await store.addTokens("test", leak.id, [sha256!])).added).toBe(1);
    expect(store.token(leak.id, 4)).toMatchObject({ hash: "sha256", removed: false });
    expect(await store.audit()).toMatchObject({ ok: true });
    await store.close();
  });
});
