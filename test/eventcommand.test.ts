import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventId, type VpatchEvent } from "../rules/events.ts";
import { type Tenant, Tenants } from "../rules/tenants.ts";
import { type Ended, leakgate } from "./command.ts";
import { temporaryFolder, until } from "./support.ts";

const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const START = Date.UTC(2026, 10, 24, 12);

let folder: ReturnType<typeof temporaryFolder>;
let data: string;
let tenants: Tenants;
let acme: Tenant;
beforeAll(async () => {
  folder = temporaryFolder();
  data = join(folder.path, "data");
  tenants = await Tenants.open(data);
  acme = await tenants.create("cli:test", "acme");
  const paths = ["/orders", "/orders", "/users"];
  await tenants.default.events.append(
    Array.from({ length: 120 }, (_, n) => attempt(n, { path: paths[n % 3]!, count: 1 + (n % 2) })),
  );
  await acme.events.append([attempt(0, { path: "/=made-up" })]);
});
afterAll(async () => {
  await tenants.close();
  folder.remove();
});

function attempt(number: number, more: Partial<VpatchEvent> = {}): VpatchEvent {
  const at = START + number * 1_000;
  const where = { method: "GET", host: "api.example", path: "/", query: [], userAgent: null };
  const what = { leak: "leak-1", rule: "rule-1", action: "blocked", point: "header authorization" } as const;
  const id = eventId(at, 1, number);
  const who = { ip: `192.0.2.${number}`, requestId: `r-${number}`, worker: 1 };
  return { type: "vpatch", id, at, lastAt: at, count: 1, ...where, ...what, ...who, ...more };
}

function events(...args: string[]): Promise<Ended> {
  return leakgate(folder.path, ["events", ...args, "--data", data]);
}

function lines(text: string): Record<string, unknown>[] {
  return text
    .split("\n")
    .flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Record<string, unknown>]));
}

describe("leakgate events", () => {
  test("shows the newest in a table, and says that there are more", async () => {
    const { code, out, err } = await events();
    expect([code, err]).toEqual([0, "there are more than these 50; --limit shows more\n"]);
    const rows = out.trimEnd().split("\n");
    expect(rows).toHaveLength(51);
    expect(rows[1]).toMatch(
      /^2026-11-24 12:01:59 +blocked +2 +leak-1 +192\.0\.2\.119 +header authorization +GET +api\.example +\/users$/,
    );
  });

  test("finds by a search line, of one argument or several", async () => {
    const found = await events("path:/users ip:192.0.2.0/28", "!count:2", "--json");
    expect(lines(found.out).map(({ ip }) => ip)).toEqual(["192.0.2.14", "192.0.2.8", "192.0.2.2"]);
    const oldest = await events("path:/users", "--oldest", "--limit", "1", "--json");
    expect(lines(oldest.out)).toMatchObject([{ at: "2026-11-24T12:00:02.000Z", path: "/users" }]);
    expect(lines((await events("--json")).out)).toHaveLength(120);
    expect((await events("--csv", "--limit", "2")).out.trimEnd().split("\n")).toHaveLength(3);
  });

  test("counts and groups, exactly", async () => {
    expect((await events("--count")).out).toBe(
      "180 attempts in 120 events, from 2026-11-24 12:00:00 to 2026-11-24 12:01:59\n",
    );
    expect((await events("path:/nowhere", "--count")).out).toBe("0 attempts\n");
    expect(lines((await events("path:/users", "--count", "--json")).out)).toMatchObject([
      { events: 40, attempts: 60 },
    ]);
    const groups = await events("--group-by", "path");
    expect(groups.out).toMatch(/^PATH +ATTEMPTS +EVENTS +LAST\n\/orders +120 +80 +.*\n\/users +60 +40 +/);
    expect((await events("--group-by", "ip", "--limit", "3")).err).toContain("there are 120 values");
  });

  test("of the tenant alone", async () => {
    expect(lines((await events("--tenant", "acme", "--json")).out)).toHaveLength(1);
    expect(await events("--tenant", "nobody")).toMatchObject({ code: 3, out: "" });
  });

  test.each([
    [["colour:red"], "at character 1: there is no such field"],
    [["--group-by", "colour"], "group-by"],
    [["--count", "--follow"], "cannot be used with"],
    [["--csv", "--json"], "cannot be used with"],
  ])("refuses %j", async (args, why) => {
    const { code, out, err } = await events(...args);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain(why);
  });
});

describe("leakgate events --follow", () => {
  function following(...args: string[]): {
    child: ChildProcess;
    out: () => string;
    ended: Promise<number | null>;
  } {
    const child = spawn(process.execPath, [main, "events", ...args, "--follow", "--data", data]);
    let out = "";
    child.stdout.on("data", (chunk) => {
      out += chunk;
    });
    return { child, out: () => out, ended: new Promise((resolve) => child.once("exit", resolve)) };
  }

  test("tells what is stored from now on, until a signal", async () => {
    const { child, out, ended } = following("path:/followed", "--json", "--tenant", "acme");
    let number = 1_000;
    await until("the tail tells of an event", async () => {
      await acme.events.append([attempt(number++, { path: "/followed" }), attempt(number++)]);
      return out() !== "";
    });
    const told = lines(out());
    expect(new Set(told.map(({ path }) => path))).toEqual(new Set(["/followed"]));
    child.kill("SIGTERM");
    expect(await ended).toBe(0);
  });

  test("ends after so many where it is told to", async () => {
    const { out, ended } = following("--limit", "1", "--tenant", "acme");
    let number = 2_000;
    let code: number | null | undefined;
    void ended.then((ending) => {
      code = ending;
    });
    await until("it ends", async () => {
      await acme.events.append([attempt(number++)]);
      return code !== undefined;
    });
    expect(code).toBe(0);
    expect(out().trimEnd().split("\n")).toHaveLength(1);
  });
});
