import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ensureSpace, openEnvironment } from "./environment.ts";
import { StoreFailed } from "./refusal.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "leakgate-environment-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("makes folder and files for their owner alone", async () => {
  const path = join(folder, "fresh");
  const database = openEnvironment<string, string>(path, "ordered", 0);
  await database.put("key", "value");
  expect(database.get("key")).toBe("value");
  await database.close();
  expect(statSync(path).mode & 0o777).toBe(0o700);
  expect(statSync(join(path, "data.mdb")).mode & 0o777).toBe(0o600);
  expect(statSync(join(path, "lock.mdb")).mode & 0o777).toBe(0o600);
});

test("refuses, with a reason and without ending the process, what LMDB would refuse", () => {
  const path = join(folder, "foreign");
  mkdirSync(path);
  writeFileSync(join(path, "data.mdb"), "x".repeat(20_000));
  expect(() => openEnvironment(path, "never", 0)).toThrow(StoreFailed);
  expect(() => openEnvironment(path, "never", 0)).toThrow("data.mdb is no database of LMDB");
});

test("refuses one whose making was cut short", async () => {
  const path = join(folder, "short");
  const database = openEnvironment<string, string>(join(folder, "whole"), "ordered", 0);
  await database.close();
  mkdirSync(path);
  const head = Buffer.alloc(4_096);
  head.writeUInt32LE(0xbeefc0de, 16);
  writeFileSync(join(path, "data.mdb"), head);
  expect(() => openEnvironment(path, "ordered", 0)).toThrow(StoreFailed);
});

test("refuses where too little is free, and says how much it wants", () => {
  expect(() => ensureSpace(folder, Number.MAX_SAFE_INTEGER)).toThrow(/less than \d+ MiB are free/);
  expect(() => ensureSpace(folder, 0)).not.toThrow();
});
