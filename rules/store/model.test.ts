import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { TokenDigest } from "../digest.ts";
import { type Decision, decisions, type LeakStatus } from "../leak.ts";
import { Refusal } from "../refusal.ts";
import type { RuleMode } from "../rule.ts";
import { RulesStore } from "../store.ts";

/** What a leak should be, kept in the plainest way. */
interface ModelLeak {
  status: LeakStatus;
  mode: RuleMode | null;
  version: number;
  /** number -> token; a removed one is gone. */
  live: Map<number, string>;
  ever: number;
}

type Step =
  | { do: "register"; tokens: string[] }
  | { do: "add"; leak: number; tokens: string[]; ifVersion: number | undefined }
  | { do: "remove"; leak: number; number: number }
  | {
      do: "decide";
      leak: number;
      decision: Decision;
      mode: RuleMode | undefined;
      ifVersion: number | undefined;
    };

const tokenNames = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 6 });
const tokens = tokenNames.map((numbers) => numbers.map((n) => `made-up-token-${n}`));
const leak = fc.integer({ min: 1, max: 5 });
const ifVersion = fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined, freq: 2 });
const mode = fc.option(fc.constantFrom<RuleMode>("block", "monitor"), { nil: undefined });
const steps = fc.array(
  fc.oneof(
    { weight: 1, arbitrary: fc.record({ do: fc.constant("register" as const), tokens }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("add" as const), leak, tokens, ifVersion }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant("remove" as const),
        leak,
        number: fc.integer({ min: 0, max: 9 }),
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant("decide" as const),
        leak,
        decision: fc.constantFrom(...decisions),
        mode,
        ifVersion,
      }),
    },
  ),
  { minLength: 5, maxLength: 40 },
);

/** Applies a step to the model; the code of the refusal, or null when it is taken. */
function applyToModel(model: ModelLeak[], step: Step): string | null {
  if (step.do === "register") {
    const distinct = [...new Set(step.tokens)];
    const live = new Map(distinct.map((token, i) => [i + 1, token]));
    model.push({ status: "opened", mode: null, version: 1, live, ever: live.size });
    return null;
  }
  const known = model[step.leak - 1];
  if (known === undefined) return "LeakUnknown";
  if ("ifVersion" in step && step.ifVersion !== undefined && step.ifVersion !== known.version)
    return "VersionConflict";
  if (step.do === "add") {
    const held = new Set(known.live.values());
    const fresh = [...new Set(step.tokens)].filter((token) => !held.has(token));
    for (const token of fresh) known.live.set(++known.ever, token);
    if (fresh.length > 0) known.version++;
    return null;
  }
  if (step.do === "remove") {
    if (!known.live.delete(step.number)) return "TokenUnknown";
    known.version++;
    return null;
  }
  return decideInModel(known, step.decision, step.mode);
}

function decideInModel(known: ModelLeak, decision: Decision, wished: RuleMode | undefined): string | null {
  const isOver = known.status === "closed" || known.status === "marked_false";
  if (isOver !== (decision === "reopen")) return "DecisionRefused";
  const modeBefore = known.mode;
  known.mode = decision === "vpatch" ? (wished ?? modeBefore ?? "block") : null;
  known.status = (
    { vpatch: "patched", mark_false: "marked_false", close: "closed", reopen: "opened" } as const
  )[decision];
  if (decision !== "vpatch" || known.mode !== modeBefore) known.version++;
  return null;
}

async function applyToStore(store: RulesStore, step: Step): Promise<string | null> {
  try {
    if (step.do === "register")
      await store.register("system", {
        name: "made up",
        description: "",
        risk: 5,
        source: "custom",
        tokens: step.tokens.map(digestFor),
      });
    else if (step.do === "add")
      await store.addTokens("system", `leak-${step.leak}`, step.tokens.map(digestFor), step.ifVersion);
    else if (step.do === "remove") await store.removeToken("system", `leak-${step.leak}`, step.number);
    else
      await store.decide("system", `leak-${step.leak}`, step.decision, {
        mode: step.mode,
        ifVersion: step.ifVersion,
      });
    return null;
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

function digestFor(token: string): TokenDigest {
  const digest = createHash("sha256").update(token).digest();
  return {
    digest,
    anchor: 1,
    fingerprint: 1,
    length: token.length,
    mark: 1,
    preview: "made****",
    kind: "opaque",
  };
}

function seenIn(store: RulesStore, index: number): ModelLeak {
  const id = `leak-${index + 1}`;
  const found = store.leak(id);
  if (found === null) throw new Error(`${id} is missing`);
  const live = new Map<number, string>();
  let ever = 0;
  for (let p = 0; p < store.tokenPageCount(id); p++) {
    const page = store.tokenPage(id, p);
    for (let i = 0; i < page.count; i++) {
      ever++;
      if (!page.removedAt(i)) live.set(page.numberAt(i), page.digestAt(i).toString("hex"));
    }
  }
  expect(found.tokenCount).toBe(live.size);
  return { status: found.status, mode: store.ruleOf(id)?.mode ?? null, version: found.version, live, ever };
}

function asStored(model: ModelLeak): ModelLeak {
  const live = [...model.live].map(([number, token]): [number, string] => [
    number,
    digestFor(token).digest.toString("hex"),
  ]);
  return { ...model, live: new Map(live) };
}

test("after any decisions the store is what a plain model says, and its journal agrees", async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (sequence: Step[]) => {
      const dir = mkdtempSync(join(tmpdir(), "leakgate-model-"));
      const store = await RulesStore.open(dir, "0123456789abcdef");
      const model: ModelLeak[] = [];
      try {
        for (const step of sequence) expect(await applyToStore(store, step)).toBe(applyToModel(model, step));
        for (const [index, expected] of model.entries())
          expect(seenIn(store, index)).toEqual(asStored(expected));
        expect(store.rules().rules).toHaveLength(model.filter((known) => known.status === "patched").length);
        expect(store.revision()).toBe(model.reduce((sum, known) => sum + known.version, 0));
        expect(await store.audit()).toMatchObject({ ok: true });
      } finally {
        await store.close();
        rmSync(dir, { recursive: true, force: true });
      }
    }),
    { numRuns: 60 },
  );
});
