import { expect, test } from "vitest";
import type { Leak } from "../../rules/leak.ts";
import { leakNotice, messageIdOf } from "./notice.ts";
import { nextTry } from "./retry.ts";
import { slackBody, wordsOf } from "./words.ts";

const at = Date.UTC(2026, 0, 2);
const leak: Leak = {
  id: "leak-7",
  seq: 7,
  name: "<!channel> & <https://evil.example|here>",
  description: "not told",
  risk: 9,
  source: "github",
  sourceUrl: "https://github.example/made/up",
  sourceAuthor: "not told",
  sourceAt: at,
  target: "not told",
  assignee: "not told",
  notApplicable: null,
  status: "opened",
  tokenCount: 2,
  tokensClosed: 0,
  tokensFalse: 0,
  warnings: {},
  regressionOf: [],
  version: 1,
  createdAt: at,
  updatedAt: at,
};

test("a message holds the fields that it is meant to, and no other", () => {
  const strange = { ...leak, secret: "made-up-token-0001" };
  expect(leakNotice("leak.created", at, "default", strange)).toEqual({
    type: "leak.created",
    timestamp: "2026-01-02T00:00:00.000Z",
    data: {
      tenant: "default",
      leak: {
        id: "leak-7",
        name: leak.name,
        risk: 9,
        level: "high",
        status: "opened",
        source: "github",
        tokenCount: 2,
        url: "https://github.example/made/up",
      },
    },
  });
});

test("what Slack would read as a mention or a link is escaped", () => {
  const { text } = JSON.parse(slackBody(leakNotice("leak.created", at, "default", leak))) as { text: string };
  expect(text).toContain("&lt;!channel&gt; &amp; &lt;https://evil.example|here&gt;");
  expect(text).not.toMatch(/[<>]/);
});

test("a name cannot begin a line of its own", () => {
  const name = "a\r\nBcc: evil@evil.example\u2028Risk: 1\u202e";
  const { title, lines } = wordsOf(leakNotice("leak.created", at, "default", { ...leak, name }));
  expect(title).toBe("New leak leak-7 (a Bcc: evil@evil.example Risk: 1 )");
  expect(lines.filter((line) => /^(?:Bcc|Risk)/.test(line))).toEqual(["Risk: 9 (high)"]);
});

test("ids are the same for the same, and differ between destinations, happenings and deployments", () => {
  const id = messageIdOf("a", "hook-1", "leak.created", "revision 1");
  expect(id).toMatch(/^msg_[A-Za-z0-9_-]{27}$/);
  expect(messageIdOf("a", "hook-1", "leak.created", "revision 1")).toBe(id);
  const others = [
    messageIdOf("b", "hook-1", "leak.created", "revision 1"),
    messageIdOf("a", "hook-2", "leak.created", "revision 1"),
    messageIdOf("a", "hook-1", "leak.decided", "revision 1"),
    messageIdOf("a", "hook-1", "leak.created", "revision 2"),
  ];
  expect(new Set([id, ...others]).size).toBe(5);
});

test("waits grow, with a fifth of chance, and give way to a receiver that asks for more", () => {
  const plan = { waitsMs: [5_000, 30_000], random: () => 0.5 };
  expect(nextTry(plan, 1, 0, null)).toBe(5_500);
  expect(nextTry(plan, 2, 0, null)).toBe(33_000);
  expect(nextTry(plan, 1, 0, 60_000)).toBe(60_000);
  expect(nextTry(plan, 1, 0, 1_000)).toBe(5_500);
  expect(nextTry(plan, 3, 0, null)).toBe(null);
});
