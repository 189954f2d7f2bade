// A process that changes the rules until it is killed. It runs from dist and says on standard output, one JSON line
// each, which changes were acknowledged. Arguments: data folder, pepper id, mode, seed.
import { createHash } from "node:crypto";
import { writeSync } from "node:fs";
import { RulesStore } from "../dist/rules/store.js";

const [dataDir, pepperId, mode, seedText] = process.argv.slice(2);
const store = await RulesStore.open(dataDir, pepperId);
let seed = Number(seedText);

/** Numbers that only look random (mulberry32), so that a failing run can be repeated. */
function random(below) {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % below;
}

function tokens(count) {
  return Array.from({ length: count }, () => {
    const text = `made-up-token-${process.pid}-${random(5000)}-${count > 100 ? random(1e9) : 0}`;
    const digest = createHash("sha256").update(text).digest();
    return {
      digest,
      anchor: digest.readUInt32LE(0),
      fingerprint: 1,
      length: text.length,
      preview: "made****",
      kind: "opaque",
    };
  });
}

// writeSync: the line is in the pipe before anything else happens, and a pipe outlives its writer.
function say(line) {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

function acknowledge(changed) {
  const { leak, revision } = changed;
  say({ revision, id: leak.id, version: leak.version, status: leak.status, tokens: leak.tokenCount });
}

async function change() {
  const id = `leak-${1 + random(Math.max(1, store.counts().leaks))}`;
  switch (random(8)) {
    case 0:
    case 1: {
      const count = random(20) === 0 ? 20_000 : 1 + random(600);
      const facts = {
        name: `made up ${random(100)}`,
        description: "",
        risk: 1 + random(10),
        source: "custom",
      };
      return acknowledge(await store.register("system", { ...facts, tokens: tokens(count) }));
    }
    case 2: {
      const added = await store.addTokens("system", id, tokens(1 + random(600)));
      return added.added > 0 && acknowledge(added);
    }
    case 3:
      return acknowledge(await store.removeToken("system", id, 1 + random(50)));
    case 4: {
      const mode = random(2) === 0 ? "block" : "monitor";
      const applied = await store.decide("system", id, "vpatch", { mode });
      // The same vpatch again is no change: nothing was promised.
      return applied.rule?.revision === applied.revision && acknowledge(applied);
    }
    case 5:
      return acknowledge(await store.decide("system", id, random(2) === 0 ? "close" : "mark_false"));
    case 6:
      return acknowledge(await store.decide("system", id, "reopen"));
    default:
      return acknowledge(
        await store.updateLeak("system", id, { name: `made up ${process.pid} ${random(1e9)}` }),
      );
  }
}

const expected = ["LeakUnknown", "TokenUnknown", "DecisionRefused", "VersionConflict"];

async function stream() {
  for (;;) {
    try {
      await change();
    } catch (error) {
      if (!expected.includes(error.code)) throw error;
    }
  }
}

/** Counts in the name of leak-1, from what it reads, a hundred times: none may be lost to another process. */
async function count() {
  for (let done = 0; done < 100; ) {
    await new Promise((resume) => setImmediate(resume));
    const leak = store.leak("leak-1");
    try {
      await store.updateLeak("system", leak.id, { name: String(Number(leak.name) + 1) }, leak.version);
      done++;
    } catch (error) {
      if (error.code !== "VersionConflict") throw error;
    }
  }
}

/** Registers until the disk refuses, several changes at once, and then tries small ones. */
async function fill() {
  const facts = { name: "made up", description: "", risk: 1, source: "custom" };
  let refused = 0;
  for (let round = 0; round < 200 && refused < 9; round++) {
    const changes = [1, 2, 3].map(() => store.register("system", { ...facts, tokens: tokens(3000) }));
    for (const outcome of await Promise.allSettled(changes)) {
      if (outcome.status === "fulfilled") acknowledge(outcome.value);
      else if (outcome.reason.code === "StoreFailed") refused++;
      else throw outcome.reason;
    }
  }
  say({ refused, verdict: await store.audit() });
}

if (mode === "count") await count();
else if (mode === "fill") await fill();
else await Promise.all([stream(), stream(), stream()]);
await store.close();
