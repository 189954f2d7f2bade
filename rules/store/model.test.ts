import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { isThorough } from "../../test/thorough.ts";
import type { TokenDigest } from "../digest.ts";
import { type Decision, decisions, type LeakStatus, timeBoxOf, watchOf } from "../leak.ts";
import { Refusal } from "../refusal.ts";
import type { RuleMode } from "../rule.ts";
import { RulesStore } from "../store.ts";
import type { AloneStatus } from "./pages.ts";
import type { TokenDecision } from "./tokenchanges.ts";

/** What a leak should be, kept in the plainest way. */
interface ModelLeak {
  status: LeakStatus;
  mode: RuleMode | null;
  version: number;
  /** number -> token; a removed one is gone. */
  live: Map<number, string>;
  /** What was decided of live tokens alone. */
  alone: Map<number, AloneStatus>;
  ever: number;
  /** When what was decided ends; the clock stands still. */
  until: number | null;
  watched: boolean;
}

const NOW = 1_000;
const LATER = 2_000;

type Step =
  | { do: "register"; tokens: string[] }
  | { do: "add"; leak: number; tokens: string[]; ifVersion: number | undefined }
  | { do: "remove"; leak: number; number: number }
  | {
      do: "decide";
      leak: number;
      decision: Decision;
      mode: RuleMode | undefined;
      until: number | null | undefined;
      ifVersion: number | undefined;
    }
  | { do: "decideToken"; leak: number; number: number; decision: TokenDecision }
  | { do: "watch"; leak: number; on: boolean }
  | { do: "expire"; leak: number };

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
        until: fc.constantFrom<(number | null | undefined)[]>(undefined, undefined, null, LATER),
        ifVersion,
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant("decideToken" as const),
        leak,
        number: fc.integer({ min: 0, max: 9 }),
        decision: fc.constantFrom<TokenDecision[]>("close", "mark_false", "reopen"),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant("watch" as const), leak, on: fc.boolean() }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("expire" as const), leak }) },
  ),
  { minLength: 5, maxLength: 40 },
);

/** Applies a step to the model; the code of the refusal, or null when it is taken. */
function applyToModel(model: ModelLeak[], step: Step): string | null {
  if (step.do === "register") {
    const distinct = [...new Set(step.tokens)];
    const live = new Map(distinct.map((token, i) => [i + 1, token]));
    const fresh = { version: 1, live, alone: new Map(), ever: live.size, until: null, watched: false };
    model.push({ status: "opened", mode: null, ...fresh });
    return null;
  }
  if (step.do === "decide" && step.decision === "reopen" && typeof step.until === "number")
    return "InputRefused";
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
    known.alone.delete(step.number);
    known.version++;
    return null;
  }
  if (step.do === "decideToken") return decideTokenInModel(known, step.number, step.decision);
  const isOver = known.status === "closed" || known.status === "marked_false";
  if (step.do === "watch") {
    if (!isOver) return "DecisionRefused";
    if (known.watched !== step.on) known.version++;
    known.watched = step.on;
    return null;
  }
  if (step.do === "expire") {
    if (known.until === null) return null;
    Object.assign(known, { status: "opened", mode: null, until: null, watched: false });
    known.version++;
    return null;
  }
  return decideInModel(known, step.decision, step.mode, step.until, isOver);
}

function decideTokenInModel(known: ModelLeak, number: number, decision: TokenDecision): string | null {
  if (!known.live.has(number)) return "TokenUnknown";
  if (known.status !== "opened" && known.status !== "patched") return "DecisionRefused";
  if (known.alone.has(number) !== (decision === "reopen")) return "DecisionRefused";
  if (decision === "reopen") known.alone.delete(number);
  else known.alone.set(number, decision === "close" ? "closed" : "marked_false");
  known.version++;
  return null;
}

function decideInModel(
  known: ModelLeak,
  decision: Decision,
  wished: RuleMode | undefined,
  until: number | null | undefined,
  isOver: boolean,
): string | null {
  if (isOver !== (decision === "reopen")) return "DecisionRefused";
  const modeBefore = known.mode;
  const untilBefore = known.until;
  const keeps = decision === "vpatch" && known.status === "patched" && until === undefined;
  if (!keeps) known.until = until ?? null;
  known.watched = false;
  known.mode = decision === "vpatch" ? (wished ?? modeBefore ?? "block") : null;
  known.status = (
    { vpatch: "patched", mark_false: "marked_false", close: "closed", reopen: "opened" } as const
  )[decision];
  if (decision !== "vpatch" || known.mode !== modeBefore || known.until !== untilBefore) known.version++;
  return null;
}

async function applyToStore(store: RulesStore, step: Step, clock: { now: number }): Promise<string | null> {
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
    else if (step.do === "decideToken")
      await store.decideToken("system", `leak-${step.leak}`, step.number, step.decision);
    else if (step.do === "watch") await store.watch("system", `leak-${step.leak}`, { on: step.on });
    else if (step.do === "expire") {
      clock.now = LATER;
      await store.expire({ leak: `leak-${step.leak}`, what: "decision" });
    } else
      await store.decide("system", `leak-${step.leak}`, step.decision, {
        mode: step.mode,
        until: step.until,
        ifVersion: step.ifVersion,
      });
    return null;
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  } finally {
    clock.now = NOW;
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
  const alone = new Map<number, AloneStatus>();
  let ever = 0;
  for (let p = 0; p < store.tokenPageCount(id); p++) {
    const page = store.tokenPage(id, p);
    for (let i = 0; i < page.count; i++) {
      ever++;
      if (page.removedAt(i)) continue;
      live.set(page.numberAt(i), page.digestAt(i).toString("hex"));
      const status = page.aloneAt(i);
      if (status !== null) alone.set(page.numberAt(i), status);
      expect(page.countsAt(i)).toBe(status === null);
    }
  }
  expect(found.tokenCount).toBe(live.size);
  expect(found.tokensClosed + found.tokensFalse).toBe(alone.size);
  const { status, version } = found;
  const until = timeBoxOf(found)?.until ?? null;
  const watched = watchOf(found) !== null;
  return { status, mode: store.ruleOf(id)?.mode ?? null, version, live, alone, ever, until, watched };
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
      const clock = { now: NOW };
      const store = await RulesStore.open(dir, "0123456789abcdef", { now: () => clock.now });
      const model: ModelLeak[] = [];
      try {
        for (const step of sequence)
          expect(await applyToStore(store, step, clock)).toBe(applyToModel(model, step));
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
    { numRuns: isThorough ? 60 : 30 },
  );
});
