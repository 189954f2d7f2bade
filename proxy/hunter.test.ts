import pino from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { digestTokens } from "../rules/digest.ts";
import { addressesOf, type HuntAnswer, type HuntRequest, wantedOf } from "../rules/hunt.ts";
import { Matcher } from "../rules/matcher.ts";
import { Pepper } from "../rules/pepper.ts";
import { Runtime } from "../rules/runtime.ts";
import { RulesStore } from "../rules/store.ts";
import { digestHashes } from "../rules/tokenhash.ts";
import { temporaryFolder, until } from "../test/support.ts";
import { Hunter, type HuntingGround } from "./hunter.ts";
import { RequestHead } from "./normalize.ts";
import { addressBit, SeenValues } from "./seen.ts";

const NOW = 1_800_000_000_000;
const HOST = "api.example.com";
const logger = pino({ level: "silent" });
let folder: ReturnType<typeof temporaryFolder>;
let runtime: Runtime;
let hunter: Hunter;
let grounds: { [Name in "default" | "acme" | "off"]: HuntingGround & { pepper: Pepper } };

beforeEach(async () => {
  folder = temporaryFolder();
  runtime = await Runtime.open(folder.path);
  grounds = {
    default: await open("default", 65_536),
    acme: await open("acme", 1_024),
    off: await open("off", 0),
  };
  hunter = new Hunter(runtime, 7, Object.values(grounds), logger);
  hunter.start();
});
afterEach(async () => {
  hunter.close();
  for (const { store } of Object.values(grounds)) await store.close();
  await runtime.close();
  folder.remove();
});

async function open(tenant: string, values: number) {
  const pepper = Pepper.fromBytes(Buffer.alloc(32, tenant));
  const store = await RulesStore.open(`${folder.path}/${tenant}`, pepper.id);
  const seen = values === 0 ? null : new SeenValues(pepper, values, NOW);
  return { tenant, pepper, store, seen, matcher: new Matcher(pepper) };
}

function present(ground: HuntingGround, token: string, host = HOST, from = "192.0.2.1"): void {
  const head = new RequestHead();
  head.host = host;
  head.presented = ["X-Api-Key", token];
  ground.seen!.note(head, addressBit(from), NOW);
}

async function register(tenant: keyof typeof grounds, tokens: readonly string[], hashes: string[] = []) {
  const { pepper, store } = grounds[tenant];
  const digests = (await digestTokens(tokens, pepper)).concat(await digestHashes(hashes, pepper));
  const input = { name: "test leak", description: "", risk: 5, source: "custom", tokens: digests };
  return (await store.register("test", input)).leak.id;
}

let asked = 0;
async function ask(
  tenant: string,
  leak: string | null,
  more: Partial<HuntRequest> = {},
): Promise<HuntAnswer> {
  const id = `hunt-${asked++}`;
  const wanted = new Uint8Array(0);
  await runtime.ask({ id, tenant, leak, wanted, hosts: [], askedAt: Date.now(), ...more });
  await until("the worker answers", () => runtime.answersTo(id).length > 0);
  const [answer] = runtime.answersTo(id);
  await runtime.endHunt(id);
  return answer!;
}

const numbersIn = ({ met }: HuntAnswer) => [...new Uint32Array(Uint8Array.from(met).buffer)];

test("counts the requests of a leak's live tokens, by point, host and token", async () => {
  const tokens = ["made-up-token-0001", "made-up-token-0002", "made-up-token-0003", "made-up-token-0004"];
  const leak = await register("default", tokens, [`sha256:${"0".repeat(64)}`]);
  await grounds.default.store.removeToken("test", leak, 4);
  for (let index = 0; index < 5; index++) present(grounds.default, tokens[0]!, HOST, `192.0.2.${index}`);
  present(grounds.default, tokens[2]!, "b.example.com");
  present(grounds.default, tokens[3]!);
  const answer = await ask("default", leak);
  expect(answer).toMatchObject({
    worker: 7,
    kind: "looked",
    since: NOW,
    forgotten: 0,
    tokens: 3,
    unknown: 1,
    requests: 6,
    first: NOW,
    last: NOW,
    points: { "header x-api-key": 6 },
    hosts: { [HOST]: 5, "b.example.com": 1 },
    most: [
      { token: 1, requests: 5 },
      { token: 3, requests: 1 },
    ],
  });
  expect(numbersIn(answer)).toEqual([1, 3]);
  expect(addressesOf(answer.addresses)).toBeGreaterThanOrEqual(4);

  const scoped = await ask("default", leak, { hosts: ["*.example.com"] });
  expect(scoped).toMatchObject({ requests: 6 });
  expect(numbersIn(await ask("default", leak, { hosts: ["b.example.com"] }))).toEqual([3]);
  expect(await ask("default", leak, { hosts: ["example.org"] })).toMatchObject({ requests: 0, first: null });
});

test("one tenant knows nothing of what another's requests carried", async () => {
  const leaks = [
    await register("default", ["made-up-token-0001"]),
    await register("acme", ["made-up-token-0001"]),
  ];
  present(grounds.acme, "made-up-token-0001");
  expect(await ask("default", leaks[0]!)).toMatchObject({ requests: 0 });
  expect(await ask("acme", leaks[1]!)).toMatchObject({ requests: 1 });
});

test("what keeps nothing says so, an unknown leak has no tokens, a tenant that is not served no answer", async () => {
  const leak = await register("off", ["made-up-token-0001"]);
  expect(await ask("off", leak)).toMatchObject({ kind: "off", requests: 0 });
  await runtime.ask({
    id: "strange",
    tenant: "strange",
    leak,
    wanted: new Uint8Array(0),
    hosts: [],
    askedAt: Date.now(),
  });
  expect(await ask("default", "leak-99")).toMatchObject({ kind: "looked", tokens: 0 });
  expect(runtime.answersTo("strange")).toEqual([]);
});

test("tokens that no leak holds yet are looked for by their places", async () => {
  present(grounds.default, "made-up-token-0002");
  const digests = await digestTokens(["made-up-token-0001", "made-up-token-0002"], grounds.default.pepper);
  const answer = await ask("default", null, { wanted: wantedOf(digests) });
  expect(numbersIn(answer)).toEqual([2]);
});

test("a host that holds a loaded token is masked", async () => {
  const { matcher } = grounds.default;
  const token = "made-up-token-0001";
  const leak = await register("default", [token]);
  const [made] = await digestTokens([token], grounds.default.pepper);
  const { digest, anchor, fingerprint, length, mark } = made!;
  matcher.add(matcher.openSlot(), digest, anchor, fingerprint, length, mark);
  present(grounds.default, token, `${token}.example.com`);
  expect((await ask("default", leak)).hosts).toEqual({ "***": 1 });
});

test("many tokens are looked for in slices, with turns for requests between", async () => {
  const tokens = Array.from({ length: 20_000 }, (_, index) => `made-up-token-${index}`);
  const leak = await register("default", tokens);
  for (const token of tokens) present(grounds.default, token);
  let turns = 0;
  let isOver = false;
  const turn = () => {
    turns++;
    if (!isOver) setImmediate(turn);
  };
  const id = "many";
  await runtime.ask({
    id,
    tenant: "default",
    leak,
    wanted: new Uint8Array(0),
    hosts: [],
    askedAt: Date.now(),
  });
  // From its first token on: each turn that follows is one between two slices.
  const { of } = grounds.default.seen!;
  grounds.default.seen!.of = (...value) => {
    if (turns === 0) turn();
    return of.apply(grounds.default.seen!, value);
  };
  await until("the worker answers", () => runtime.answersTo(id).length > 0);
  isOver = true;
  const [answer] = runtime.answersTo(id);
  expect(answer).toMatchObject({ tokens: 20_000 });
  expect(answer!.requests).toBeGreaterThan(19_000);
  expect(answer!.most).toHaveLength(1_000);
  expect(turns).toBeGreaterThan(3);
});
