import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RulesStore } from "../rules/store.ts";
import { isThorough } from "./thorough.ts";

const pepperId = "0123456789abcdef";
const writerPath = new URL("durability-writer.mjs", import.meta.url).pathname;
const kills = isThorough ? 60 : 20;

/** What a writer said it was promised. */
interface Acknowledged {
  readonly revision: number;
  readonly id: string;
  readonly version: number;
  readonly status: string;
  readonly tokens: number;
}

let dir: string;
const started = new Set<ChildProcess>();

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "leakgate-durability-"));
});

afterEach(() => {
  for (const child of started) child.kill("SIGKILL");
  rmSync(dir, { recursive: true, force: true });
});

/** A writing process whose words can be waited for. */
class Writer {
  readonly said: unknown[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #waiting: (() => void)[] = [];

  constructor(mode: "stream" | "count" | "fill", seed: number, shell?: string) {
    const command = [process.execPath, writerPath, dir, pepperId, mode, String(seed)];
    const [file, ...args] =
      shell === undefined ? command : ["sh", "-c", `${shell} exec "$@"`, "sh", ...command];
    const stdio = ["ignore", "pipe", shell === undefined ? "inherit" : "ignore"] as const;
    this.#child = spawn(file, args, { stdio: [...stdio] });
    started.add(this.#child);
    const lines = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream });
    lines.on("line", (line) => {
      // The kill may cut the last line; what was not said in full was not promised.
      if (line.endsWith("}")) this.said.push(JSON.parse(line));
      for (const wake of this.#waiting.splice(0)) wake();
    });
    this.#ended = Promise.all([once(this.#child, "exit"), once(lines, "close")]).then(([exit]) => {
      started.delete(this.#child);
      for (const wake of this.#waiting.splice(0)) wake();
      return exit;
    });
  }

  /** Until it has said `count` things more than `since`. */
  async saysMore(count: number, since = this.said.length): Promise<void> {
    while (this.said.length < since + count) {
      if (this.#child.exitCode !== null)
        throw new Error(`the writer ended by itself: ${this.#child.exitCode}`);
      await new Promise<void>((wake) => this.#waiting.push(wake));
    }
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }

  async exitCode(): Promise<number | null> {
    await this.#ended;
    return this.#child.exitCode;
  }
}

function openReader(): Promise<RulesStore> {
  return RulesStore.open(dir, pepperId, { readOnly: true });
}

function expectKept(store: RulesStore, promised: readonly Acknowledged[]): void {
  const { revision: newest } = store.head();
  for (const { revision, id, version, status, tokens } of promised) {
    expect(revision).toBeLessThanOrEqual(newest);
    const [entry] = store.entriesAfter(revision - 1, 1);
    expect(entry).toMatchObject({ revision, subject: id, after: { version } });
    const leak = store.leak(id);
    expect(leak?.version).toBeGreaterThanOrEqual(version);
    if (leak?.version === version) expect(leak).toMatchObject({ status, tokenCount: tokens });
  }
}

/** A vpatch that changes nothing answers the newest revision: the same promise twice, and never two with one revision. */
function expectOneRevisionEach(promised: readonly Acknowledged[]): void {
  const distinct = new Set(promised.map((change) => JSON.stringify(change)));
  expect(new Set(promised.map((change) => change.revision)).size).toBe(distinct.size);
}

describe("kill -9 in a stream of changes", () => {
  test(`loses nothing that was acknowledged and leaves nothing half done, ${kills} times`, async () => {
    const promised: Acknowledged[] = [];
    for (let killed = 0; killed < kills; killed += 2) {
      const first = new Writer("stream", killed);
      const second = new Writer("stream", killed + 1);
      await Promise.all([first.saysMore(1, 0), second.saysMore(1, 0)]);
      // A reader that is there all the while in one half of the rounds; in the other the folder is opened anew.
      const reader = killed % 4 === 0 ? await openReader() : null;
      await first.saysMore(Math.floor(Math.random() * 25));
      await new Promise((resume) => setTimeout(resume, Math.random() * 10));
      await first.kill();
      // The other writer goes on, whatever the dead one held.
      await second.saysMore(1 + Math.floor(Math.random() * 10));
      await second.kill();

      const round = [...first.said, ...second.said] as Acknowledged[];
      promised.push(...round);
      const store = reader ?? (await openReader());
      expectKept(store, round);
      expect(await store.audit()).toEqual({ ok: true, entries: store.revision() });
      await store.close();
    }
    const store = await RulesStore.open(dir, pepperId);
    expectKept(store, promised);
    expectOneRevisionEach(promised);
    const last = await store.updateLeak("system", "leak-1", { name: "still writable" });
    expect(last.revision).toBe(store.revision());
    await store.close();
    console.log(`${promised.length} changes acknowledged, ${last.revision} in the journal, ${kills} kills`);
  });
});

describe("opening beside a stream of changes", () => {
  // LMDB's ITS#9496, see rules/gate.ts: without the gate each run of this loses changes within a second or two.
  test("takes no change back, in any of the processes", async () => {
    const writers = [new Writer("stream", 1), new Writer("stream", 2)];
    await Promise.all(writers.map((writer) => writer.saysMore(1, 0)));
    let opened = 0;
    for (const end = performance.now() + 3_000; performance.now() < end; opened++) {
      const reader = await openReader();
      await new Promise((resume) => setImmediate(resume));
      await reader.close();
    }
    for (const writer of writers) await writer.kill();
    const promised = writers.flatMap((writer) => writer.said) as Acknowledged[];
    const store = await openReader();
    expectKept(store, promised);
    expectOneRevisionEach(promised);
    expect(await store.audit()).toMatchObject({ ok: true });
    await store.close();
    console.log(`${promised.length} changes beside ${opened} openings`);
  });
});

describe("two processes", () => {
  test("that count in one leak lose no step", async () => {
    const store = await RulesStore.open(dir, pepperId);
    const digest = Buffer.alloc(32, 1);
    const token = {
      digest,
      anchor: 1,
      fingerprint: 1,
      length: 18,
      mark: 1,
      preview: "made****",
      kind: "opaque",
    };
    await store.register("system", {
      name: "0",
      description: "",
      risk: 1,
      source: "custom",
      tokens: [token],
    });
    const writers = [new Writer("count", 1), new Writer("count", 2)];
    expect(await Promise.all(writers.map((writer) => writer.exitCode()))).toEqual([0, 0]);
    expect(store.revision()).toBe(201);
    expect(store.leak("leak-1")).toMatchObject({ name: "200", version: 201 });
    expect(await store.audit()).toEqual({ ok: true, entries: 201 });
    await store.close();
  });
});

describe("a full disk", () => {
  test("refuses the change by name, keeps what was there, and does not end the process", async () => {
    // A limit on the size of files stands for the full disk; ignoring SIGXFSZ turns it into a failed write.
    const writer = new Writer("fill", 1, "trap '' XFSZ; ulimit -f 16384;");
    expect(await writer.exitCode()).toBe(0);
    const outcome = writer.said.pop() as { refused: number; verdict: { ok: boolean } };
    expect(outcome.refused).toBeGreaterThanOrEqual(9);
    expect(outcome.verdict).toMatchObject({ ok: true });
    const promised = writer.said as Acknowledged[];
    expect(promised.length).toBeGreaterThan(3);

    const store = await RulesStore.open(dir, pepperId);
    expectKept(store, promised);
    expect(store.revision()).toBe(promised.length);
    const updated = await store.updateLeak("system", "leak-1", { name: "room again" });
    expect(updated.revision).toBe(promised.length + 1);
    expect(await store.audit()).toMatchObject({ ok: true });
    await store.close();
  });
});
