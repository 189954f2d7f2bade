import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Case } from "./spellings/case.ts";
import { Client } from "./spellings/client.ts";
import { GROUPS } from "./spellings/groups.ts";
import { Judge } from "./spellings/judge.ts";
import { byLength, encode, type Request } from "./spellings/request.ts";
import { KINDS, lookAlikes, POSITIONS, type TokenKind, twin } from "./spellings/tokens.ts";
import { StrictUpstream } from "./spellings/upstream.ts";
import { exchange, TestGateway } from "./support.ts";

let upstream: StrictUpstream;
let gateway: TestGateway;
let client: Client;
let judge: Judge;

beforeAll(async () => {
  upstream = await StrictUpstream.start();
  // A body that pauses would go on unfinished: here none pauses, however busy the machine is.
  gateway = await TestGateway.start(upstream, { inspect: { holdMs: 10_000 } });
  await gateway.leak(...KINDS.map(({ text }) => text));
  client = new Client(gateway.port);
  judge = new Judge(upstream);
});
afterAll(async () => {
  client.close();
  await gateway.close();
  await upstream.close();
});

/**
 * Whether the bytes hold the token with no word character after it, as where the letter after it is encoded. That it
 * is blocked is what the scan of raw bytes promises, whatever a decoder would read.
 */
function standsRaw({ text, signed }: TokenKind, request: Request): boolean {
  const bytes = encode({ ...request, framing: byLength }, "").toString("latin1");
  const token = text.slice(0, signed);
  for (let at = bytes.indexOf(token); at >= 0; at = bytes.indexOf(token, at + 1)) {
    if (!/^[\w-]/.test(bytes.slice(at + token.length))) return true;
  }
  return false;
}

/** What goes wrong with a case, for every kind of token it can carry: the token itself, its twin, its look-alikes. */
async function complaintsOf({ spell, without }: Case, turn: number): Promise<string[]> {
  const complaints: string[] = [];
  for (const [index, kind] of KINDS.filter(({ name }) => !without.includes(name)).entries()) {
    const note = (what: string, complaint: string | null) => {
      if (complaint !== null) complaints.push(`${kind.name}, ${what}: ${complaint}`);
    };
    note("the token", await judge.blocks(client, spell(kind.text)));
    const position = POSITIONS[(turn + index) % POSITIONS.length]!;
    note(`its ${position} character changed`, await judge.passes(client, spell(twin(kind, position))));
    if (index > 0 && (turn + index) % KINDS.length !== 0) continue;
    for (const [name, text] of lookAlikes(kind)) {
      const request = spell(text);
      if (!standsRaw(kind, request)) note(name, await judge.passes(client, request));
    }
  }
  return complaints;
}

describe.each(Object.entries(GROUPS))("%s", (_group, cases) => {
  test.each(cases.map((one, turn) => [one.name, one, turn] as const))("%s", async (_name, one, turn) => {
    const complaints = await complaintsOf(one, turn);
    expect(complaints, complaints.join("\n")).toEqual([]);
  });
});

test("there are at least 400 cases, each with a name of its own", () => {
  const names = Object.entries(GROUPS).flatMap(([group, cases]) =>
    cases.map(({ name }) => `${group}: ${name}`),
  );
  expect(names.length).toBeGreaterThanOrEqual(400);
  expect(new Set(names).size).toBe(names.length);
});

test("an absolute target with user info is not forwarded", async () => {
  for (const { text } of KINDS) {
    const answer = await exchange(
      gateway.port,
      `GET http://${text}@api/ HTTP/1.1\r\nHost: api\r\nX-Case: u\r\n\r\n`,
    );
    expect([400, 403]).toContain(answer.status);
    expect(upstream.of("u")).toBeUndefined();
  }
});

test("nothing of a blocked request came later, and the upstream could read all it got", () => {
  expect(judge.blocked.filter((id) => judge.leftover(id, true) !== null)).toEqual([]);
  expect(upstream.complaints).toEqual([]);
});
