import { beforeEach, describe, expect, test } from "vitest";
import { digestToken } from "../rules/digest.ts";
import { Pepper } from "../rules/pepper.ts";
import { Token } from "../rules/token.ts";
import { RequestHead } from "./normalize.ts";
import { addressBit, type SeenPlace, SeenValues } from "./seen.ts";

const NOW = 1_800_000_000_000;
const TOKEN = "made-up-token-0001";
const pepper = Pepper.fromBytes(Buffer.alloc(32, 7));
const address = addressBit("192.0.2.1");
let seen: SeenValues;

beforeEach(() => {
  seen = new SeenValues(pepper, 1_024, NOW);
});

interface Given {
  readonly target?: string;
  readonly fields?: readonly string[];
  readonly basic?: string;
  readonly host?: string;
}

/** A head as normalize makes it. */
function headOf({ target = "/", fields = [], basic, host = "api.example.com" }: Given): RequestHead {
  const head = new RequestHead();
  head.target = target;
  head.host = host;
  const presented = basic === undefined ? [...fields] : [...fields, "Authorization", `Basic ${basic}`];
  if (presented.length > 0) head.presented = presented;
  if (basic !== undefined) head.basic = [basic];
  return head;
}

function note(given: Given, at = NOW, from = address): void {
  seen.note(headOf(given), from, at);
}

/** What is kept of a token, as somebody would register it. */
function placesOf(token: string): SeenPlace[] {
  const { anchor, fingerprint, length } = digestToken(Token.parse(token), pepper);
  return seen.of(anchor, fingerprint, length) ?? [];
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
const jwt = (signature: string) => `${part({ alg: "HS256" })}.${part({ sub: "made-up" })}.${signature}`;

describe("a registered token is found where it was presented", () => {
  const basic = (text: string) => Buffer.from(text).toString("base64");
  test.each<[string, Given, string, string?]>([
    ["Bearer", { fields: ["Authorization", `Bearer ${TOKEN}`] }, "header authorization"],
    ["any scheme", { fields: ["authorization", `Made-Up  ${TOKEN}`] }, "header authorization"],
    ["no scheme", { fields: ["Authorization", TOKEN] }, "header authorization"],
    ["Rails' way", { fields: ["Authorization", `Token token="${TOKEN}"`] }, "header authorization"],
    ["Basic, password", { basic: basic(`somebody:${TOKEN}`) }, "header authorization"],
    ["Basic, user", { basic: basic(`${TOKEN}:`) }, "header authorization"],
    [
      "Basic, as it is",
      { basic: "bWFkZS11cDp0b2tlbi0wMDAx" },
      "header authorization",
      "bWFkZS11cDp0b2tlbi0wMDAx",
    ],
    ["a known field", { fields: ["X-API-Key", TOKEN] }, "header x-api-key"],
    ["a field that sounds so", { fields: ["X-Made-Up-Token", TOKEN] }, "header other"],
    ["a quoted field", { fields: ["X-Api-Key", `"${TOKEN}"`] }, "header x-api-key"],
    ["the query", { target: `/a?b=1&access_token=${TOKEN}&c=2` }, "query access_token"],
    ["the query, encoded", { target: `/?key=${TOKEN.replace("-", "%2d")}` }, "query key"],
    ["a name that sounds so", { target: `/?my_secret_v2=${TOKEN}` }, "query other"],
    ["a cookie", { fields: ["Cookie", `theme=dark; sid=${TOKEN}; lang=en`] }, "cookie sid"],
    [
      "the path of a bot",
      { target: "/bot12345:Amade-up-token-0001/send" },
      "path",
      "12345:Amade-up-token-0001",
    ],
  ])("%s", (_, given, point, token = TOKEN) => {
    note(given);
    expect(placesOf(token)).toMatchObject([
      { point, requests: 1, host: "api.example.com", addresses: address },
    ]);
  });

  test("a JWT, whatever the signature's spelling, and what only looks like one", () => {
    note({ fields: ["Authorization", `Bearer ${jwt("made-up-1")}`] });
    note({ fields: ["Authorization", `Bearer ${jwt("made-up-2")}`] });
    expect(placesOf(jwt("another"))).toMatchObject([{ requests: 2 }]);
    const other = "eyJmade-up.no-json.0001";
    note({ fields: ["Authorization", `Bearer ${other}`] });
    note({ fields: ["Authorization", `Bearer ${other}`] });
    expect(placesOf(other)).toMatchObject([{ requests: 2 }]);
    expect(placesOf("eyJmade-up.no-json.0002")).toEqual([]);
  });
});

test("values under other names, texts of several words and short values are not kept", () => {
  note({ target: `/${TOKEN}?page_token=${TOKEN}&q=${TOKEN}&${TOKEN}` });
  note({ fields: ["X-CSRF-Token", TOKEN, "Idempotency-Key", TOKEN, "Cookie", `_ga=${TOKEN}; ${TOKEN}`] });
  note({ fields: ["Authorization", `Digest username="x", nonce="${TOKEN}", uri="/"`] });
  note({ fields: ["X-Api-Key", "short"] });
  expect(placesOf(TOKEN)).toEqual([]);
});

test("requests are counted by place, with the first and the last time", () => {
  note({ fields: ["X-Api-Key", TOKEN] });
  note({ fields: ["X-Api-Key", TOKEN], host: "API.example.com:8080" }, NOW + 5_000, addressBit("192.0.2.2"));
  note({ target: `/?token=${TOKEN}`, host: "b.example.com" }, NOW + 9_999);
  const addresses = address | addressBit("192.0.2.2");
  expect(placesOf(TOKEN)).toEqual([
    {
      requests: 2,
      first: NOW,
      last: NOW + 5_000,
      point: "header x-api-key",
      host: "api.example.com",
      addresses,
    },
    {
      requests: 1,
      first: NOW + 9_000,
      last: NOW + 9_000,
      point: "query token",
      host: "b.example.com",
      addresses: address,
    },
  ]);
});

test("a value that is sent to many hosts takes no more than four places", () => {
  for (let host = 0; host < 100; host++) note({ fields: ["X-Api-Key", TOKEN], host: `h${host}.example.com` });
  const places = placesOf(TOKEN);
  expect(places.map(({ host }) => host)).toEqual([
    "h0.example.com",
    "h1.example.com",
    "h2.example.com",
    "other",
  ]);
  expect(places.reduce((sum, { requests }) => sum + requests, 0)).toBe(100);
});

test("many hosts have one name together", () => {
  for (let host = 0; host < 3_000; host++)
    note(
      { fields: ["X-Api-Key", `made-up-token-of-host-${host}`], host: `h${host}.example.com` },
      NOW + host * 50,
    );
  const known = Array.from({ length: 3_000 }, (_, host) => placesOf(`made-up-token-of-host-${host}`)).flat();
  expect(known.length).toBeGreaterThan(500);
  expect(new Set(known.map(({ host }) => host)).size).toBeLessThanOrEqual(1_024);
  // Hosts whose values are gone have made room for others.
  expect(known.filter(({ host }) => host !== "other").length).toBeGreaterThan(known.length / 4);
});

describe("a flood", () => {
  const regulars = Array.from({ length: 200 }, (_, index) => `made-up-regular-token-${index}`);
  const present = (token: string, at: number) => note({ fields: ["X-Api-Key", token] }, at);

  test("of values sent once pushes out none that came twice, and is counted", () => {
    for (const token of [...regulars, ...regulars]) present(token, NOW);
    for (let index = 0; index < 100_000; index++) present(`made-up-flood-${index}`, NOW + 1_000);
    expect(regulars.filter((token) => placesOf(token).length === 0)).toEqual([]);
    expect(seen.forgotten).toBeGreaterThan(98_000);
    // Who comes now is known too.
    present(TOKEN, NOW + 2_000);
    expect(placesOf(TOKEN)).toHaveLength(1);
  });

  test("of values sent twice pushes out none that is seen more often than they come", () => {
    for (const token of [...regulars, ...regulars]) present(token, NOW);
    for (let index = 0; index < 20_000; index++) {
      present(`made-up-flood-${index}`, NOW);
      present(`made-up-flood-${index}`, NOW);
      present(regulars[index % regulars.length]!, NOW);
      present(regulars[(index * 7) % regulars.length]!, NOW);
    }
    expect(regulars.filter((token) => placesOf(token).length === 0).length).toBeLessThan(5);
  });

  test("what is seen no more makes room for what is", () => {
    for (let index = 0; index < 2_000; index++) {
      present(`made-up-old-${index}`, NOW);
      present(`made-up-old-${index}`, NOW);
    }
    for (let round = 0; round < 20; round++) for (const token of regulars) present(token, NOW + 60_000);
    expect(regulars.filter((token) => placesOf(token).length === 0)).toEqual([]);
  });
});
