import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, beforeEach, expect, test } from "vitest";
import { where } from "../rules/events/filter.ts";
import { type EventFilter, EventLog, type VpatchEvent } from "../rules/events.ts";
import { temporaryFolder, until } from "./support.ts";

/** Appends batches of events of one worker in a process of its own, and says how many are stored after each. */
const WRITER = `
  import { EventLog, eventId } from ${JSON.stringify(new URL("../dist/rules/events.js", import.meta.url).href)};
  const [folder, worker, batches, start] = process.argv.slice(-4);
  const log = EventLog.open(folder, { spareBytes: 0 });
  for (let batch = 0, n = 0; batch < Number(batches); batch++) {
    const events = Array.from({ length: 200 }, () => {
      const at = Number(start) + n;
      return { type: "vpatch", id: eventId(at, Number(worker), n++), at, lastAt: at, count: 1, leak: "leak-1",
        rule: "rule-1", action: "blocked", point: "body", method: "GET", host: "api.example.com", path: "/" + n,
        query: [], userAgent: null, ip: "192.0.2." + worker, requestId: "request-" + n, worker: Number(worker) };
    });
    await log.append(events);
    process.stdout.write(n + "\\n");
  }
  await log.close();
`;

const START = Date.UTC(2026, 10, 24, 12);
let folder: ReturnType<typeof temporaryFolder>;
let log: EventLog;
const children: ChildProcess[] = [];

beforeEach(() => {
  folder = temporaryFolder();
  log = EventLog.open(folder.path, { spareBytes: 0 });
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await log.close();
  folder.remove();
});

function write(worker: number, batches: number): { readonly child: ChildProcess; stored: number } {
  const args = ["--input-type=module", "-e", WRITER, "--", folder.path, worker, batches, START].map(String);
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  const writer = { child, stored: 0 };
  let text = "";
  child.stdout!.on("data", (chunk: Buffer) => {
    text += chunk;
    writer.stored = Number(text.trimEnd().split("\n").at(-1));
  });
  return writer;
}

async function all(filter: EventFilter = {}): Promise<VpatchEvent[]> {
  const events: VpatchEvent[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await log.query(filter, 5_000, { cursor });
    events.push(...page.events);
    if (page.next === null) return events;
    cursor = page.next;
  }
}

test("workers write one partition at once, and a reader that had it open sees all of it", async () => {
  const writers = [1, 2].map((worker) => write(worker, 40));
  const ended = Promise.all(writers.map(({ child }) => once(child, "exit")));
  await until("both write", () => writers.every((writer) => writer.stored > 0));
  // While they write: pages are whole and in order, and the file grows under the reader.
  const some = await all();
  const at = some.map((event) => event.at);
  expect(at).toEqual(at.toSorted((a, b) => b - a));
  await ended;
  for (const ip of ["192.0.2.1", "192.0.2.2"]) {
    const paths = new Set((await all(where({ ip }))).map((event) => event.path));
    expect(paths.size).toBe(8_000);
  }
});

test("a worker killed in the middle of writing loses nothing that was stored, and holds up nobody", async () => {
  for (let round = 1; round <= 3; round++) {
    const writer = write(round, 1_000);
    await until("some are stored", () => writer.stored >= 600);
    writer.child.kill("SIGKILL");
    await once(writer.child, "exit");
    expect((await all(where({ ip: `192.0.2.${round}` }))).length).toBeGreaterThanOrEqual(writer.stored);
    const [newest] = (await log.query({}, 1)).events;
    await log.append([{ ...newest!, count: 100 + round }]);
    expect((await log.query({}, 1)).events[0]!.count).toBe(100 + round);
  }
});

test("workers go on where the partition they write is dropped under them", async () => {
  const writer = write(1, 60);
  await until("it writes", () => writer.stored > 0);
  // A later partition, so that the one being written is not the newest.
  const [event] = (await log.query({}, 1)).events;
  const later = event!.at + 24 * 3_600_000;
  await log.append([{ ...event!, at: later, id: event!.id.replace(/^[^-]+/, later.toString(36)) }]);
  const stored = writer.stored;
  expect(await log.keepBytes(0)).toBe(1);
  await until("it goes on", () => writer.stored > stored + 400 || writer.child.exitCode !== null);
  const [code] = writer.child.exitCode === null ? await once(writer.child, "exit") : [writer.child.exitCode];
  expect(code).toBe(0);
  expect((await all()).length).toBeGreaterThan(1);
});
