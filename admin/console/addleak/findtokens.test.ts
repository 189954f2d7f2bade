import { describe, expect, test } from "vitest";
import { findTokens, kindOf, masked } from "./findtokens.ts";

const GITHUB = `ghp_${"madeUp0001".repeat(3)}abcdef`;
const JWT = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJtYWRlLXVwIn0.made-up-signature";
const texts = (pasted: string) => findTokens(pasted).map(({ text }) => text);

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
    expect(findTokens(log)).toEqual([
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

test("kinds and masks of single tokens", () => {
  expect([kindOf(GITHUB), kindOf(JWT), kindOf("made-up-token-0001")]).toEqual(["github", "jwt", "opaque"]);
  expect(masked("made-up-token-0001")).toBe("made****(18)");
  expect(masked("made-up")).toBe("****(7)");
});
