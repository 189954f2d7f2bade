import pino from "pino";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Policy } from "../proxy/policy.ts";
import { digestTokens } from "../rules/digest.ts";
import { Matcher } from "../rules/matcher.ts";
import { plainUpstream, RawClient, type RawUpstream, TestGateway, until } from "./support.ts";

const TOKENS = ["made-up-token-0001", "made-up-token-0002", "made-up-token-0003"] as const;

let upstream: RawUpstream;
let gateway: TestGateway;
beforeEach(async () => {
  upstream = await plainUpstream();
  gateway = await TestGateway.start(upstream);
});
afterEach(async () => {
  await gateway.close();
  await upstream.close();
});

async function status(token: string): Promise<number> {
  const client = new RawClient(gateway.port);
  client.socket.write(
    `GET / HTTP/1.1\r\nHost: api.example\r\nX-Api-Key: ${token}\r\nConnection: close\r\n\r\n`,
  );
  await until("the answer has come", () => client.ended);
  client.socket.destroy();
  return Number(client.text.slice("HTTP/1.1 ".length, "HTTP/1.1 200".length));
}

const statuses = async () => [await status(TOKENS[0]), await status(TOKENS[1]), await status(TOKENS[2])];

async function enforced(change: Promise<{ readonly revision: number }>): Promise<void> {
  const { revision } = await change;
  await until("the revision is enforced", () => gateway.policy.enforcedRevision >= revision);
}

describe("a token decided alone", () => {
  test("passes while the rest of its leak is blocked, and is blocked again once reopened", async () => {
    const leak = await gateway.leak(...TOKENS);
    expect(await statuses()).toEqual([403, 403, 403]);
    await enforced(gateway.store.decideToken("test", leak, 2, "mark_false", { reason: "test_value" }));
    expect(await statuses()).toEqual([403, 200, 403]);
    await enforced(gateway.store.decideToken("test", leak, 3, "close"));
    expect(await statuses()).toEqual([403, 200, 200]);
    await enforced(gateway.store.decideToken("test", leak, 2, "reopen"));
    expect(await statuses()).toEqual([403, 403, 200]);
  });

  test("is left out when its leak is patched later, and stays blocked where another leak holds it", async () => {
    const leak = await gateway.register(...TOKENS);
    await enforced(gateway.store.decideToken("test", leak, 1, "close"));
    await gateway.decide(leak, "vpatch");
    expect(await statuses()).toEqual([200, 403, 403]);
    const other = await gateway.leak(TOKENS[0]);
    expect(await statuses()).toEqual([403, 403, 403]);
    await gateway.decide(other, "close");
    expect(await statuses()).toEqual([200, 403, 403]);
  });

  test("is forgotten when it is removed, and may be given again", async () => {
    const leak = await gateway.leak(...TOKENS);
    await enforced(gateway.store.decideToken("test", leak, 1, "close"));
    await enforced(gateway.store.removeToken("test", leak, 1));
    expect(await status(TOKENS[0])).toBe(200);
    const again = await digestTokens([TOKENS[0]], gateway.pepper);
    await enforced(gateway.store.addTokens("test", leak, again));
    expect(await statuses()).toEqual([403, 403, 403]);
    await enforced(gateway.store.decideToken("test", leak, 4, "mark_false"));
    expect(await statuses()).toEqual([200, 403, 403]);
    await gateway.decide(leak, "close");
    await gateway.decide(leak, "reopen");
    await gateway.decide(leak, "vpatch");
    expect(await statuses()).toEqual([200, 403, 403]);
  });
});

describe("a watched leak", () => {
  test("blocks nothing, and its attempts are recorded", async () => {
    const leak = await gateway.leak(TOKENS[0]);
    await gateway.decide(leak, "close");
    expect(await status(TOKENS[0])).toBe(200);
    await enforced(gateway.store.watch("test", leak, { on: true }));
    expect(await status(TOKENS[0])).toBe(200);
    expect(await status(TOKENS[1])).toBe(200);
    const [event, ...more] = await gateway.recorded();
    expect(more).toEqual([]);
    expect(event).toMatchObject({ action: "watched", leak, rule: null, point: "header x-api-key", count: 1 });
    expect(JSON.stringify(event)).not.toContain(TOKENS[0]);
    await enforced(gateway.store.watch("test", leak, { on: false }));
    expect(await status(TOKENS[0])).toBe(200);
    expect((await gateway.recorded()).length).toBe(1);
  });

  test("is told apart from another one, and from a leak that blocks the same token", async () => {
    const first = await gateway.leak(TOKENS[0], TOKENS[1]);
    const second = await gateway.register(TOKENS[0]);
    for (const leak of [first, second]) {
      await gateway.decide(leak, "close");
      await enforced(gateway.store.watch("test", leak, { on: true }));
    }
    expect(await status(TOKENS[0])).toBe(200);
    const leaks = (await gateway.recorded()).map((event) => event.leak);
    expect(leaks.sort()).toEqual([first, second]);
    await gateway.decide(second, "reopen");
    await gateway.decide(second, "vpatch");
    expect(await status(TOKENS[0])).toBe(403);
    expect(await status(TOKENS[1])).toBe(200);
  });

  test("is watched by a worker that starts later too", async () => {
    const leak = await gateway.register(TOKENS[0]);
    await gateway.store.decide("test", leak, "mark_false");
    await enforced(gateway.store.watch("test", leak, { on: true }));
    const later = new Policy(gateway.store, new Matcher(gateway.pepper), pino({ level: "silent" }));
    await later.start();
    later.close();
    expect(later.tokenCount).toBe(1);
    expect(later.ruleAt(0)).toEqual({ leak, rule: null, mode: "monitor", scope: {} });
  });
});
