import { afterEach, beforeEach, expect, test } from "vitest";
import { temporaryFolder } from "../../test/support.ts";
import { digestTokens } from "../digest.ts";
import { Pepper } from "../pepper.ts";
import { InputRefused, InventoryUnknown, SourceUnknown } from "../refusal.ts";
import { checkSource, type SourceInput, type SourceKind } from "../source.ts";
import { RulesStore } from "../store.ts";

const pepper = Pepper.fromBytes(Buffer.alloc(32, 7));
const options = { risk: null, rules: null, assignments: false };
const folder: SourceInput = {
  kind: "folder",
  address: "/srv/code",
  schedule: "0 3 * * *",
  enabled: true,
  options,
};
const sealed = (text: string) => ({ kind: "sealed", seal: (id: string) => `${text} for ${id}` }) as const;

let dir: ReturnType<typeof temporaryFolder>;
let store: RulesStore;
beforeEach(async () => {
  dir = temporaryFolder();
  store = await RulesStore.open(dir.path, pepper.id, { now: () => 1_000 });
});
afterEach(async () => {
  await store.close();
  dir.remove();
});

const address = (kind: SourceKind, given: string) => checkSource({ ...folder, kind, address: given }).address;

test("addresses in their one spelling, without what opens them", () => {
  expect(address("folder", "/srv//code/")).toBe("/srv/code");
  expect(address("git", "https://git.example/team/app.git")).toBe("https://git.example/team/app.git");
  expect(address("git", "git@git.example:team/app.git")).toBe("git@git.example:team/app.git");
  expect(address("git", "ssh://git@git.example/team/app.git")).toBe("ssh://git@git.example/team/app.git");
  expect(address("git", "/srv/app.git")).toBe("/srv/app.git");
  expect(address("npm", "@team/app@1.2.3")).toBe("@team/app@1.2.3");
  expect(address("feed", "HTTPS://Pastes.example/new?page=1")).toBe("https://pastes.example/new?page=1");
});

test.each<[SourceKind, string]>([
  ["folder", "code"],
  ["folder", "/srv/../etc"],
  ["archive", "https://files.example/a.zip"],
  ["git", "file:///srv/app.git"],
  ["git", "ext::sh -c id"],
  ["git", "--upload-pack=id"],
  ["git", "git@git.example:-x"],
  ["git", "https://made-up-token@git.example/app"],
  ["url", "http://ann:made-up@pages.example/"],
  ["url", "/etc/passwd"],
  ["url", "ftp://pages.example/"],
  ["sitemap", "https://pages.example/#made-up"],
  ["npm", "app; id"],
  ["github", ""],
])("refused: %s %s", (kind, given) => {
  expect(() => address(kind, given)).toThrow(InputRefused);
});

test("a source from its making to its end, in the journal without its secret, and the audit agrees", async () => {
  const { source } = await store.sources.add("ann", folder, sealed("made-up-secret"), 5_000);
  expect(source).toMatchObject({ id: "source-1", credential: { kind: "sealed" }, secretNumber: 1 });
  expect(store.sources.record("source-1")?.sealed).toBe("made-up-secret for source-1");
  expect(store.sources.states.due(4_999, 10)).toEqual([]);
  expect(store.sources.states.due(5_000, 10)).toEqual(["source-1"]);
  await store.sources.states.write(source, {
    mark: { at: 3 },
    failures: 2,
    nextRunAt: 9_000,
    isPaused: true,
  });
  expect(store.sources.states.due(5_000, 10)).toEqual([]);

  await store.sources.update("bob", "source-1", { schedule: "@hourly" }, 6_000);
  expect(store.sources.record("source-1")?.sealed).not.toBeNull();
  expect(store.sources.states.get("source-1")).toMatchObject({
    mark: { at: 3 },
    isPaused: false,
    nextRunAt: 6_000,
  });
  const { revision } = await store.sources.update("bob", "source-1", { schedule: "@hourly" }, 7_000);
  expect(revision).toBe(2);

  // What opens one place is not sent to another.
  await store.sources.update("bob", "source-1", { address: "/srv/other" }, 7_000);
  expect(store.sources.record("source-1")).toMatchObject({ credential: null, sealed: null });
  expect(store.sources.states.get("source-1")).toMatchObject({ mark: null, failures: 0 });
  expect(await store.sources.states.write(source, { mark: { at: 4 } })).toBeNull();

  await store.sources.update("bob", "source-1", { enabled: false }, 7_000);
  expect(store.sources.states.due(100_000, 10)).toEqual([]);
  await store.sources.remove("bob", "source-1");
  await expect(store.sources.update("bob", "source-1", { enabled: true }, 1)).rejects.toThrow(SourceUnknown);
  expect(store.sources.list().sources).toEqual([]);
  expect(store.sources.get("source-1")?.removedAt).toBe(1_000);

  expect(JSON.stringify(store.entriesAfter(0, 100))).not.toContain("made-up-secret");
  expect(await store.audit()).toEqual({ ok: true, entries: 5 });
});

test("thousands of sources are listed by pages, and what is due is found among them", async () => {
  await Promise.all(
    Array.from({ length: 1_500 }, (_, at) =>
      store.sources.add(
        "ann",
        { ...folder, address: `/srv/${at}` },
        null,
        at === 1_200 ? 50 : 1_000_000 + at,
      ),
    ),
  );
  expect(store.sources.states.due(100, 10)).toEqual(["source-1201"]);
  expect(store.sources.states.due(1_000_001, 10)).toHaveLength(3);
  await store.sources.remove("ann", "source-2");
  const first = store.sources.list({ limit: 1_000 });
  expect(first.sources.at(-1)?.id).toBe("source-1001");
  const rest = store.sources.list({ limit: 1_000, after: first.next ?? "" });
  expect(rest.sources[0]?.id).toBe("source-1002");
  expect(store.sources.count()).toBe(1_499);
});

test("the inventory keeps digests under names, and the audit agrees", async () => {
  const tokens = await digestTokens(
    ["made-up-token-0001", "made-up-token-0002", "made-up-token-0001"],
    pepper,
  );
  expect(await store.inventory.add("ann", "billing", tokens)).toMatchObject({ added: 2, known: 0 });
  const more = await digestTokens(["made-up-token-0002", "made-up-token-0003"], pepper);
  expect(await store.inventory.add("ann", "billing", more)).toMatchObject({ added: 1, known: 1 });
  await store.inventory.add("ann", "shop", more);
  expect(store.inventory.list().map(({ name, tokens: count }) => [name, count])).toEqual([
    ["billing", 3],
    ["shop", 2],
  ]);
  const listed = [...store.inventory.tokens()];
  expect(listed).toHaveLength(5);
  expect(listed.find(({ name }) => name === "shop")?.token.digest).toHaveLength(32);
  expect(await store.audit()).toMatchObject({ ok: true });

  await store.inventory.remove("ann", "billing");
  await expect(store.inventory.remove("ann", "billing")).rejects.toThrow(InventoryUnknown);
  await expect(store.inventory.add("ann", "No such Name", tokens)).rejects.toThrow(InputRefused);
  expect(store.inventory.list().map(({ name }) => name)).toEqual(["shop"]);
  expect(await store.audit()).toMatchObject({ ok: true });
});
