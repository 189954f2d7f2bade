import fc from "fast-check";
import pino from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { proxySchema } from "../proxy/config.ts";
import { Gateway } from "../proxy/gateway.ts";
import { Policy } from "../proxy/policy.ts";
import { digestTokens } from "../rules/digest.ts";
import type { Decision, LeakStatus } from "../rules/leak.ts";
import { Matcher } from "../rules/matcher.ts";
import type { RuleMode } from "../rules/rule.ts";
import { plainUpstream, planeOf, RawClient, type RawUpstream, TestGateway, until } from "./support.ts";
import { isThorough } from "./thorough.ts";

/** Few tokens and few leaks, so that their sets overlap nearly always. */
const TOKENS = [
  "made-up-token-000a",
  "made-up-token-000b",
  "made-up-token-000c",
  "made-up-token-000cd",
  "mk0001",
];
const LEAKS_MAX = 3;
/** How many sequences of random steps are played, in either way. */
const RUNS = isThorough ? 60 : 25;

type Step =
  | { readonly kind: "register"; readonly tokens: readonly number[] }
  | { readonly kind: "decide"; readonly leak: number; readonly decision: Decision; readonly mode: RuleMode }
  | { readonly kind: "add"; readonly leak: number; readonly tokens: readonly number[] }
  | { readonly kind: "remove"; readonly leak: number; readonly token: number };

/** What a leak must be after the steps so far; `tokens` by their number in the leak, null where removed. */
interface Expected {
  readonly id: string;
  status: LeakStatus;
  mode: RuleMode;
  readonly tokens: (number | null)[];
}

const someTokens = fc.uniqueArray(fc.nat(TOKENS.length - 1), { minLength: 1, maxLength: 3 });
const anyLeak = fc.nat(LEAKS_MAX - 1);
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("register"), tokens: someTokens }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("decide"),
      leak: anyLeak,
      decision: fc.constantFrom<Decision>("vpatch", "vpatch", "vpatch", "mark_false", "close", "reopen"),
      mode: fc.constantFrom<RuleMode>("block", "block", "monitor"),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("add"), leak: anyLeak, tokens: someTokens }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("remove"), leak: anyLeak, token: fc.nat(TOKENS.length - 1) }),
  },
);

const NEXT: Record<LeakStatus, Partial<Record<Decision, LeakStatus>>> = {
  opened: { vpatch: "patched", mark_false: "marked_false", close: "closed" },
  patched: { vpatch: "patched", mark_false: "marked_false", close: "closed" },
  closed: { reopen: "opened" },
  marked_false: { reopen: "opened" },
};

let upstream: RawUpstream;
beforeAll(async () => {
  upstream = await plainUpstream();
});
afterAll(() => upstream.close());

/** One gateway, the model of its leaks, and a connection that asks with each token. */
class Run {
  readonly gateway: TestGateway;
  readonly leaks: Expected[] = [];
  revision = 0;

  constructor(gateway: TestGateway) {
    this.gateway = gateway;
  }

  /** Takes the step in the store and in the model. */
  async take(step: Step): Promise<void> {
    if (step.kind === "register") return this.register(step.tokens);
    const leak = this.leaks[step.leak];
    if (leak === undefined) return;
    if (step.kind === "decide") await this.decide(leak, step.decision, step.mode);
    else if (step.kind === "add") await this.add(leak, step.tokens);
    else await this.remove(leak, leak.tokens.indexOf(step.token) + 1);
  }

  /** Which tokens some patched leak in block mode holds. */
  get blocked(): boolean[] {
    const inForce = this.leaks.filter((leak) => leak.status === "patched" && leak.mode === "block");
    return TOKENS.map((_token, index) => inForce.some((leak) => leak.tokens.includes(index)));
  }

  private async register(tokens: readonly number[]): Promise<void> {
    if (this.leaks.length === LEAKS_MAX) return;
    const input = {
      name: "a leak",
      description: "",
      risk: 5,
      source: "custom",
      tokens: await this.digests(tokens),
    };
    const { leak, revision } = await this.gateway.store.register("test", input);
    this.leaks.push({ id: leak.id, status: "opened", mode: "block", tokens: [...tokens] });
    this.revision = revision;
  }

  private async decide(leak: Expected, decision: Decision, mode: RuleMode): Promise<void> {
    const { store } = this.gateway;
    const status = NEXT[leak.status][decision];
    const options = decision === "vpatch" ? { mode } : {};
    if (status === undefined) {
      await this.refused(() => store.decide("test", leak.id, decision, options), "DecisionRefused");
      return;
    }
    this.revision = (await store.decide("test", leak.id, decision, options)).revision;
    leak.status = status;
    if (decision === "vpatch") leak.mode = mode;
  }

  private async add(leak: Expected, tokens: readonly number[]): Promise<void> {
    const fresh = tokens.filter((token) => !leak.tokens.includes(token));
    const changed = await this.gateway.store.addTokens("test", leak.id, await this.digests(tokens));
    expect([changed.added, changed.already]).toEqual([fresh.length, tokens.length - fresh.length]);
    leak.tokens.push(...fresh);
    this.revision = changed.revision;
  }

  private async remove(leak: Expected, number: number): Promise<void> {
    const { store } = this.gateway;
    if (number === 0) {
      await this.refused(() => store.removeToken("test", leak.id, leak.tokens.length + 1), "TokenUnknown");
      return;
    }
    this.revision = (await store.removeToken("test", leak.id, number)).revision;
    leak.tokens[number - 1] = null;
  }

  /** A refusal changes nothing: not the leak, its rule, its tokens, the counts, the revision. */
  private async refused(change: () => Promise<unknown>, code: string): Promise<void> {
    const before = this.stored();
    await expect(change()).rejects.toMatchObject({ code });
    expect(this.stored()).toEqual(before);
  }

  private stored(): unknown {
    const { store } = this.gateway;
    const revision = store.revision();
    const leaks = this.leaks.map(({ id }) => [
      store.leak(id),
      store.ruleOf(id),
      store.tokenPage(id, 0).count,
    ]);
    return { revision, leaks, counts: store.counts() };
  }

  private digests(tokens: readonly number[]) {
    return digestTokens(
      tokens.map((token) => TOKENS[token]!),
      this.gateway.pepper,
    );
  }
}

/** Asks once with each token, on one connection; answers which were blocked. */
async function blockedAt(client: RawClient): Promise<boolean[]> {
  const before = client.statuses.length;
  client.write(TOKENS.map((token) => `GET / HTTP/1.1\r\nHost: api\r\nX-Key: ${token}\r\n\r\n`).join(""));
  await until("every token was answered", () => client.statuses.length === before + TOKENS.length);
  return client.statuses.slice(before).map((status) => {
    if (status !== 200 && status !== 403) throw new Error(`answered ${status}`);
    return status === 403;
  });
}

/** What a worker that starts now on the same store would block. */
async function blockedAfresh(test: TestGateway): Promise<boolean[]> {
  const logger = pino({ level: "silent" });
  const policy = new Policy(test.store, new Matcher(test.pepper), logger);
  const config = proxySchema.parse({ listen: "127.0.0.1:0", upstream: { url: upstream.url } });
  const gateway = new Gateway({ config, planes: [planeOf(policy, test.recorder)], logger, worker: 2 });
  await policy.start();
  const client = new RawClient((await gateway.listen()).port);
  try {
    return await blockedAt(client);
  } finally {
    client.socket.destroy();
    await gateway.drain();
    policy.close();
  }
}

/** Plays the steps on a gateway of their own; compares after each of them, or only after the last. */
async function play(steps: readonly Step[], compares: "each" | "last"): Promise<void> {
  const gateway = await TestGateway.start(upstream);
  const client = new RawClient(gateway.port);
  try {
    const run = new Run(gateway);
    const compare = async () => {
      await until("the step is enforced", () => gateway.policy.enforcedRevision >= run.revision);
      expect(await blockedAt(client)).toEqual(run.blocked);
    };
    for (const step of steps) {
      await run.take(step);
      if (compares === "each") await compare();
    }
    await compare();
    expect(await blockedAfresh(gateway)).toEqual(run.blocked);
  } finally {
    client.socket.destroy();
    await gateway.close();
  }
}

const first: Step = { kind: "register", tokens: [0, 2] };
const second: Step = { kind: "register", tokens: [2, 3] };
const apply = (leak: number, mode: RuleMode = "block"): Step => ({
  kind: "decide",
  leak,
  decision: "vpatch",
  mode,
});
const decide = (leak: number, decision: Decision): Step => ({
  kind: "decide",
  leak,
  decision,
  mode: "block",
});

describe("a token is blocked exactly when some patched leak in block mode holds it", () => {
  test.each<[string, Step[]]>([
    ["two leaks share a token, and one is closed", [first, second, apply(0), apply(1), decide(0, "close")]],
    [
      "monitor in one, block in the other",
      [first, second, apply(0, "monitor"), apply(1), decide(1, "mark_false")],
    ],
    ["block becomes monitor and block again", [first, apply(0), apply(0, "monitor"), apply(0)]],
    [
      "reopened: passes until it is applied again",
      [first, apply(0), decide(0, "close"), decide(0, "reopen"), apply(0)],
    ],
    [
      "a token removed and given again",
      [first, apply(0), { kind: "remove", leak: 0, token: 2 }, { kind: "add", leak: 0, tokens: [2, 0] }],
    ],
    [
      "removed while closed",
      [
        first,
        apply(0),
        decide(0, "close"),
        { kind: "remove", leak: 0, token: 0 },
        decide(0, "reopen"),
        apply(0),
      ],
    ],
    [
      "decisions that the lifecycle refuses",
      [first, decide(0, "reopen"), apply(0), decide(0, "close"), apply(0)],
    ],
  ])("%s", (_name, steps) => play(steps, "each"));

  test("random steps, looked at after each", async () => {
    const steps = fc.array(anyStep, { minLength: 10, maxLength: 14, size: "max" });
    await fc.assert(
      fc.asyncProperty(steps, (given) => play([first, second, ...given], "each")),
      { numRuns: RUNS, endOnFailure: true },
    );
  });

  test("random steps in a row, looked at after the last", async () => {
    const steps = fc.array(anyStep, { minLength: 15, maxLength: 25, size: "max" });
    await fc.assert(
      fc.asyncProperty(steps, (given) => play([first, second, ...given], "last")),
      { numRuns: RUNS, endOnFailure: true },
    );
  });
});

test("a token removed and given again while a starting worker still loads is held", async () => {
  const gateway = await TestGateway.start(upstream);
  try {
    const { store, pepper } = gateway;
    const [token] = await digestTokens([TOKENS[0]!], pepper);
    const many = Array.from({ length: 100_000 }, (_none, index) => {
      const digest = Buffer.alloc(32, 7);
      digest.writeUInt32LE(index);
      return { ...token!, digest, anchor: index, fingerprint: index };
    });
    const input = { name: "a leak", description: "", risk: 5, source: "custom" };
    await store.register("test", { ...input, tokens: many });
    const { leak } = await store.register("test", { ...input, tokens: [token!] });

    const policy = new Policy(store, new Matcher(pepper), pino({ level: "silent" }));
    // The first slice of loading runs at once: the change falls between two slices.
    const started = policy.start();
    await store.removeToken("test", leak.id, 1);
    await store.addTokens("test", leak.id, [token!]);
    await started;
    const { revision } = await store.decide("test", leak.id, "vpatch");
    await until("all its tokens are in force", () => policy.enforcedRevision >= revision);
    policy.close();
    expect(policy.matcher.tokenCount).toBe(many.length + 1);
  } finally {
    await gateway.close();
  }
});
