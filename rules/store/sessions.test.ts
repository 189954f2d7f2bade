import { afterEach, beforeEach, expect, test } from "vitest";
import { temporaryFolder } from "../../test/support.ts";
import { mintKey, mintSecret } from "../access.ts";
import { Pepper } from "../pepper.ts";
import { KeyUnknown, SessionUnknown } from "../refusal.ts";
import { mintSession, type SessionOwner, sessionDigest } from "../session.ts";
import { RulesStore } from "../store.ts";

const pepper = Pepper.fromBytes(Buffer.alloc(32, 7));
const owner: SessionOwner = { kind: "key", key: "key-1" };
const person: SessionOwner = { kind: "person", subject: "made-up-subject", name: "Ann", role: "analyst" };
const IDLE_MS = 60_000;

let now: number;
let folder: { path: string; remove(): void };
let store: RulesStore;
beforeEach(async () => {
  now = 1000;
  folder = temporaryFolder();
  store = await RulesStore.open(folder.path, pepper.id, { now: () => now });
  await store.createKey("system", mintKey(pepper, "administrator", "Ann").record);
});
afterEach(async () => {
  expect(await store.audit()).toMatchObject({ ok: true });
  await store.close();
  folder.remove();
});

async function start(of: SessionOwner = owner, more: object = {}) {
  const { clear, digest } = mintSession(pepper);
  const draft = { digest, owner: of, expiresAt: now + 3_600_000, idleMs: IDLE_MS, replaces: null, ...more };
  return { clear, ...(await store.startSession({ actor: "key-1 (Ann)", from: "192.0.2.1" }, draft)) };
}

const ids = () => store.sessions().map(({ id }) => id);

test("a session is found by its secret, which is stored nowhere and has 256 random bits", async () => {
  const { clear, ...session } = await start();
  expect(Buffer.from(clear, "base64url")).toHaveLength(32);
  expect(session).toMatchObject({
    id: "session-1",
    owner,
    from: "192.0.2.1",
    createdAt: 1000,
    lastSeenAt: 1000,
  });
  expect(store.session(sessionDigest(pepper, clear)!)).toEqual(session);
  expect(JSON.stringify([store.sessions(), store.entriesAfter(0, 10)])).not.toContain(clear);
  expect(store.entriesAfter(1, 10)).toMatchObject([
    { action: "session.start", subject: "session-1", actor: "key-1 (Ann)", from: "192.0.2.1" },
  ]);
  for (const wrong of ["", "made-up-token-0001", `${clear}0`, ` ${clear}`, `${clear.slice(0, -1)}=`])
    expect(sessionDigest(pepper, wrong)).toBeNull();
});

test("signing out and revoking end it for good, and say which it was", async () => {
  await start();
  await start();
  await store.endSession("key-1 (Ann)", "session-1");
  await store.revokeSession("key-2 (Bob)", "session-2");
  expect(ids()).toEqual([]);
  for (const id of ["session-1", "session-9", "made-up-token-0001"])
    await expect(store.endSession("system", id)).rejects.toThrow(SessionUnknown);
  expect(store.entriesAfter(3, 10).map(({ action, subject }) => `${action} ${subject}`)).toEqual([
    "session.end session-1",
    "session.revoke session-2",
  ]);
});

test.each<[string, () => Promise<unknown>]>([
  ["revoking", () => store.revokeKey("system", "key-1")],
  ["disabling", () => store.updateKey("system", "key-1", { disabled: true })],
  ["rotating", () => store.rotateKey("system", "key-1", mintSecret(pepper).secret, 1000)],
])("ASVS 7.4.1: %s the key ends its sessions, and no other's", async (_, change) => {
  await start();
  await start(person);
  await change();
  expect(ids()).toEqual(["session-2"]);
});

test("a renamed key keeps its sessions", async () => {
  await start();
  await store.updateKey("system", "key-1", { name: "Anne" });
  expect(ids()).toEqual(["session-1"]);
});

test("a key that does not count signs nobody in, and none outlives it", async () => {
  await store.updateKey("system", "key-1", { expiresAt: 5000 });
  expect((await start()).expiresAt).toBe(5000);
  now = 5000;
  await expect(start()).rejects.toThrow(KeyUnknown);
  await expect(start({ kind: "key", key: "key-9" })).rejects.toThrow(KeyUnknown);
});

test("ASVS 7.2.4: a new sign-in ends the session that it replaces", async () => {
  await start();
  await start();
  expect((await start(owner, { replaces: "session-2" })).id).toBe("session-3");
  expect(ids()).toEqual(["session-1", "session-3"]);
  expect(store.entriesAfter(0, 10).at(-1)).toMatchObject({ after: { ends: ["session-2"] } });
});

test("a sign-in clears away what is over by itself, and the oldest beyond 32 of one owner", async () => {
  await start(person, { expiresAt: now + 10 });
  const kept = await start(person);
  now += IDLE_MS;
  await store.noteSeen(sessionDigest(pepper, kept.clear)!, now);
  for (let i = 0; i < 33; i++) await start();
  expect(ids()).toHaveLength(33);
  expect(ids()).toContain(kept.id);
  expect(ids()).not.toContain("session-3");
  now += 3 * IDLE_MS;
  await start();
  expect(ids()).toEqual(["session-36"]);
});

test("being seen does not bring back a session that has ended", async () => {
  const { clear } = await start();
  await store.endSession("system", "session-1");
  await store.noteSeen(sessionDigest(pepper, clear)!, now + 1);
  expect(ids()).toEqual([]);
});
