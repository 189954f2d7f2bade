import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CONSOLE_CSP } from "../admin/consolefiles.ts";
import { TestAdmin } from "./admin.ts";

let admin: TestAdmin;
beforeAll(async () => {
  admin = await TestAdmin.start();
});
afterAll(() => admin.stop());

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(admin.url + path, { headers, redirect: "manual" });

/** The assets that the page names. */
async function assets(): Promise<string[]> {
  const page = await (await get("/console/")).text();
  return [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path!);
}

describe("the console's files", () => {
  test("need no key; / leads to them", async () => {
    for (const path of ["/", "/console"]) {
      const answer = await get(path);
      expect([path, answer.status, answer.headers.get("location")]).toEqual([path, 302, "/console/"]);
    }
    expect((await get("/console/")).status).toBe(200);
  });

  test("the page is strict, and kept nowhere; a place within the console is the page", async () => {
    for (const path of ["/console/", "/console/index.html", "/console/leaks/leak-1", "/console/events"]) {
      const answer = await get(path);
      expect([path, answer.status]).toEqual([path, 200]);
      expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
      expect(answer.headers.get("content-security-policy")).toBe(CONSOLE_CSP);
      expect(answer.headers.get("cache-control")).toBe("no-store");
      expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
      const text = await answer.text();
      expect(text).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon[a-z]+=|https?:\/\//);
    }
  });

  test("assets are named by their content, kept for good, and compressed ready-made", async () => {
    const named = await assets();
    expect(named.length).toBeGreaterThan(1);
    for (const path of named) {
      const plain = await get(path, { "accept-encoding": "identity" });
      expect([path, plain.status]).toEqual([path, 200]);
      expect(plain.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
      const bytes = await plain.text();
      for (const coding of bytes.length < 1_000 ? [] : ["br", "gzip"]) {
        const packed = await get(path, { "accept-encoding": coding });
        expect([path, packed.headers.get("content-encoding")]).toEqual([path, coding]);
        expect(packed.headers.get("vary")).toContain("accept-encoding");
        expect(await packed.text()).toBe(bytes);
      }
      const refused = await get(path, { "accept-encoding": "br;q=0" });
      expect(refused.headers.get("content-encoding")).toBe(null);
    }
  });

  test("HEAD tells the same without a body", async () => {
    const answer = await fetch(`${admin.url}/console/`, { method: "HEAD" });
    expect([answer.status, await answer.text()]).toEqual([200, ""]);
    expect(answer.headers.get("content-security-policy")).toBe(CONSOLE_CSP);
  });

  test("an asset that is not there is none, and what is no console path needs a key", async () => {
    expect((await get("/console/assets/made-up.js")).status).toBe(404);
    for (const path of [
      "/consoles",
      "/Console/",
      "/console%2F",
      "/assets/index.js",
      "/console/../api/v1/leaks",
    ])
      expect([path, (await get(path)).status]).toEqual([path, 401]);
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS"])
      expect([method, (await fetch(`${admin.url}/console/`, { method })).status]).toEqual([method, 401]);
  });

  test("nothing outside of the folder is a file", async () => {
    for (const path of [
      "/console/..%2f..%2fcli/main.js",
      "/console/%2e%2e/console.js",
      "/console/assets/..%2f..%2findex.html",
    ]) {
      const answer = await get(path);
      const text = await answer.text();
      expect(text.startsWith("<!doctype html>") || answer.status >= 400, path).toBe(true);
    }
  });
});

test("a first visit loads at most 250 KiB, compressed", async () => {
  let bytes = 0;
  const seen = new Set<string>(["/console/"]);
  for (const path of seen) {
    const packed = await get(path, { "accept-encoding": "br" });
    // What crosses the network: fetch shows it in no other way.
    const plain = await get(path, { "accept-encoding": "identity" });
    bytes += Number(packed.headers.get("content-length"));
    const text = await plain.text();
    // Chunks that are loaded on demand count as well: the first page shows charts.
    for (const [name] of text.matchAll(/[\w-]+-[\w-]{8}\.(?:js|css|svg)\b/g))
      seen.add(`/console/assets/${name}`);
    await packed.arrayBuffer();
  }
  expect(bytes).toBeGreaterThan(20_000);
  expect(bytes).toBeLessThan(250 * 1024);
});
