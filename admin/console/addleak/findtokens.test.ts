import { describe, expect, test } from "vitest";
import { findTokens, findTokensInTurns } from "./findtokens.ts";
import { kindOf, masked } from "./knowntokens.ts";

const GITHUB = `ghp_${"madeUp0001".repeat(3)}abcdef`;
const JWT = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJtYWRlLXVwIn0.made-up-signature";
const texts = (pasted: string) => findTokens(pasted).tokens.map(({ text }) => text);

describe("what is pasted is searched for tokens", () => {
  test("a list, one a line", () => {
    expect(texts('made-up-token-0001\n\n  made-up-token-0002\r\n"made-up-token-0003",\n')).toEqual([
      "made-up-token-0001",
      "made-up-token-0002",
      "made-up-token-0003",
    ]);
  });

  test("a curl command", () => {
    const command = `curl -X POST 'https://api.example/orders?api_key=made-up-token-0001&page=2' \\
      -H 'Authorization: Bearer made-up-token-0002' -H "X-Api-Key: made-up-token-0003" -H 'Accept: application/json'`;
    expect(texts(command)).toEqual(["made-up-token-0001", "made-up-token-0002", "made-up-token-0003"]);
  });

  test("a .env file", () => {
    const file = `# production
DEBUG=true
PORT=8080
DATABASE_HOST=db.example
API_TOKEN="made-up-token-0001"
export STRIPE_SECRET=made-up-token-0002
SESSION_SECRET=\${FROM_ELSEWHERE}
`;
    expect(texts(file)).toEqual(["made-up-token-0001", "made-up-token-0002"]);
  });

  test("a HAR", () => {
    const har = JSON.stringify({
      log: {
        entries: [
          {
            request: {
              url: "https://api.example/",
              headers: [
                { name: "authorization", value: "Bearer made-up-token-0001" },
                { name: "accept", value: "text/html" },
                { name: "x-api-key", value: "made-up-token-0002" },
              ],
              queryString: [{ name: "access_token", value: "made-up-token-0003" }],
            },
          },
        ],
      },
    });
    expect(texts(har)).toEqual(["made-up-token-0001", "made-up-token-0002", "made-up-token-0003"]);
  });

  test("a log, where known formats stand anywhere", () => {
    const log = `10:00:01 INFO calling /v1 with ${GITHUB}\n10:00:02 WARN session ${JWT} was refused\n10:00:03 INFO done`;
    expect(findTokens(log).tokens).toEqual([
      { text: GITHUB, kind: "github" },
      { text: JWT, kind: "jwt" },
    ]);
  });

  test("each once, and not a part of another", () => {
    expect(texts(`token=${GITHUB}\nAuthorization: Bearer ${GITHUB}\n`)).toEqual([GITHUB]);
  });

  test("masks, placeholders and prose are no tokens", () => {
    expect(
      texts("token: ****\npassword=<your password>\nplease rotate the token soon\nAPI_KEY=$API_KEY\n"),
    ).toEqual([]);
  });
});

describe("what was lost or cut", () => {
  const A = "made-up-np-001";
  const B = "made-up-np-0010";
  const C = "made-up-np-00100";
  test.each([
    ["tokens that are the start of others", `${A}\n${B}\n${C}\n`, [A, B, C]],
    ["others before the start of theirs", `${C}\nTOKEN=${B}\n${A}`, [C, B, A]],
    ["a comment in a list", `# of the shop\n${A}\n${B}`, [A, B]],
    ["a line of prose over a list", `Tokens of the shop\n${A}\n${B}`, [A, B]],
    [
      "base64 with its padding",
      "bWFkZS11cC0wMDE=\nbWFkZS11cC0wMQ==\n",
      ["bWFkZS11cC0wMDE=", "bWFkZS11cC0wMQ=="],
    ],
    ["an assignment amid bare tokens", `${A}\nTOKEN=${B}\n${C}`, [A, B, C]],
    ["several on a line", `${A}, ${B}, ${C}`, [A, B, C]],
    ["an array of JSON", JSON.stringify([A, B]), [A, B]],
    ["bullets", `- ${A}\n- ${B}\n1. ${C}`, [A, B, C]],
    ["a quoted value with blanks", "API_TOKEN='made-up env'\nX_TOKEN=\"made-up-0001 env\"", []],
    ["a quoted value with signs", `PASSWORD="made(up);&0001"`, ["made(up);&0001"]],
    [
      "an unquoted value with signs",
      "PASSWORD=made,up;&0001\nB_TOKEN=made-up # new",
      ["made,up;&0001", "made-up"],
    ],
    ["escapes of JSON", String.raw`{"token":"made\/up+0001\u003d"}`, ["made/up+0001="]],
    ["JSON in JSON", JSON.stringify({ text: JSON.stringify({ token: A, page: 2 }) }), [A]],
    ["a key", `STRIPE_KEY=${A}`, [A]],
    ["a key in a query", `GET /v1/orders?page=2&key=${A} HTTP/1.1`, [A]],
    ["curl -u", `curl -u shop:${A} https://api.example/`, [A]],
    ["curl -u with the token as user", `curl -u '${A}:' https://api.example/`, [A]],
    ["curl -b", `curl -b 'theme=dark; sid=${A}' https://api.example/`, [A]],
    ["a header of one's own", `curl -H 'X-Auth: ${A}' https://api.example/`, [A]],
    ["the password in a URL", `DATABASE_URL=postgres://shop:${A}%40@db.example:5432/shop`, [`${A}@`]],
    ["a whole word only", `AIza${"x0".repeat(25)}`, [`AIza${"x0".repeat(25)}`]],
    [
      "prose after a colon",
      "the password: please change\npassword: please change it\nthe token: well-known",
      [],
    ],
    ["prose after a scheme", "we refused the bearer tokens of all", []],
    ["a short word that is all of the value", "password: please", ["please"]],
    ["code", "const token = readToken(file);\nif (token === other) return;\ntoken: string;", []],
    ["what is about a token", "token_type=bearer-0001\ntoken_url=made-up-0001\nmax_tokens: 4096", []],
    ["two columns", `${A};alice\n${B};bob`, [A, B]],
    ["a table with a heading", `owner,Secret,line\nalice,${A},3\n"bob","${B}",4`, [A, B]],
    ["times of a log", "2026-11-30T10:00:00Z,INFO,started\n2026-11-30T10:00:01Z,INFO,stopped", []],
    ["a mailbox and its password, which is not one token", "shop@mail.example:made-up-0001", []],
    ["a private key", "-----BEGIN MADE UP KEY-----\nbWFkZS11cC0wMDEwMDE\n-----END MADE UP KEY-----", []],
    ["a pretty HAR", JSON.stringify({ headers: [{ name: "x-auth", value: A }] }, null, 2), [A]],
    ["a scheme with a parameter", `Authorization: Token token="${A}"`, [A]],
  ])("%s", (_, pasted, expected) => {
    expect(texts(pasted)).toEqual(expected);
  });

  test("what was made of the lines is counted", () => {
    const { tokens, ...counts } = findTokens(`# all\n${A}\n\n${B}\nAPI_TOKEN='made-up env'\n${A}\n`);
    expect(tokens).toHaveLength(2);
    expect(counts).toEqual({ lines: 5, barrenLines: 2, spacedValues: 1 });
  });
});

describe("large texts", () => {
  const numbered = (made: (number: number) => string, count = 100_000) =>
    Array.from({ length: count }, (_, number) => made(number));

  test.each([
    ["a list", (number: number) => `made-up-${number}`, "\n"],
    ["a log", (number: number) => `10:00:01 GET /v1 Bearer made-up-${number} 200`, "\r\n"],
    [
      "one line",
      (number: number) => `{"n":1,"name":"authorization","value":"Bearer made-up-${number}"}`,
      ",",
    ],
  ])("%s of 100,000 tokens: none is lost or cut, and the page lives on", async (_, made, between) => {
    const text = numbered(made).join(between);
    const shares: number[] = [];
    const began = performance.now();
    const found = await findTokensInTurns(text, (share) => shares.push(share), new AbortController().signal);
    // A tenth of that on a quiet machine; it was many minutes.
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(found.tokens.map((token) => token.text)).toEqual(numbered((number) => `made-up-${number}`));
    expect(found.lines).toBe(between === "," ? 1 : 100_000);
    expect(found.barrenLines).toBe(0);
    expect(shares.length).toBeGreaterThan(1);
    expect(shares).toEqual([...shares].sort((one, other) => one - other));
  });

  test("nothing is looked for once nobody waits for it", async () => {
    const leaving = new AbortController();
    const text = numbered((number) => `Bearer made-up-${number}`).join("\n");
    await expect(findTokensInTurns(text, () => leaving.abort(), leaving.signal)).rejects.toThrow(/abort/);
  });

  test.each([
    ["blanks", " ".repeat(300_000)],
    ["names", "key=".repeat(75_000)],
    ["backslashes", `token${"\\".repeat(300_000)}`],
    ["quotes", 'token="'.repeat(40_000)],
    ["parts of a JWT", "-eyJ".repeat(75_000)],
    ["commas", "a,".repeat(150_000)],
  ])("%s without end take no longer", (_, text) => {
    const began = performance.now();
    findTokens(text);
    expect(performance.now() - began).toBeLessThan(10_000);
  });
});

test("kinds and masks of single tokens", () => {
  expect([kindOf(GITHUB), kindOf(JWT), kindOf("made-up-token-0001")]).toEqual(["github", "jwt", "opaque"]);
  expect(masked("made-up-token-0001")).toBe("made****(18)");
  expect(masked("made-up")).toBe("****(7)");
});
