import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const ID = /\d+\.\d+\.\d+/g;

test("docs/asvs.md has each requirement that is tested, with its file, and no other", () => {
  const rows = [
    ...readFileSync(`${root}docs/asvs.md`, "utf8").matchAll(/^\| (\d+\.\d+\.\d+) \|.*\| `([^`]+)` \|$/gm),
  ];
  const listed = rows.map(([, id, file]) => `${id} ${file}`);
  const files = readdirSync(`${root}test/asvs`).filter((name) => name.endsWith(".test.ts"));
  const tested = files.flatMap((name) =>
    [...readFileSync(`${root}test/asvs/${name}`, "utf8").matchAll(/\btest\("ASVS ([\d., ]+):/g)].flatMap(
      ([, ids]) => (ids!.match(ID) ?? []).map((id) => `${id} test/asvs/${name}`),
    ),
  );
  expect(tested.length).toBeGreaterThan(30);
  expect(listed.sort()).toEqual(tested.sort());
});
