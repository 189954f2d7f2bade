import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { gather } from "../../../test/hosts/gathered.ts";
import { type Answering, Host } from "../../../test/hosts/host.ts";
import { until } from "../../../test/support.ts";
import { defaultLimits } from "../source.ts";
import { AllowList } from "./allow.ts";
import { RemoteClient } from "./client.ts";
import { NotRead } from "./failure.ts";
import { readerOf } from "./readers.ts";

const secret = { authorization: "Bearer made-up-token-0001" };
const signal = new AbortController().signal;
const limits = { ...defaultLimits, textBytesMax: 1024 * 1024 };
const pages = new Map<string, Answering>();
const answering: Answering = (asked, answer) => {
  const page = pages.get(asked.url.pathname);
  return page === undefined ? { status: 404 } : page(asked, answer);
};
let host: Host;
let other: Host;
/** Of this machine it may reach what is called so, and no address. */
const client = new RemoteClient({ allow: AllowList.parse(["localhost"]), answerMs: 1_500 });

beforeAll(async () => {
  host = await Host.start(answering);
  other = await Host.start(() => ({ body: "of the other" }));
});
afterEach(() => {
  pages.clear();
  host.taken();
  other.taken();
});
afterAll(async () => {
  await client.close();
  await host.stop();
  await other.stop();
});

const refusal = async (address: string) => {
  const error = await client.get(new URL(address), { signal, limits }).catch((failure: unknown) => failure);
  expect(error).toBeInstanceOf(NotRead);
  return error as NotRead;
};
const redirect =
  (location: string): Answering =>
  () => ({ status: 302, headers: { location } });

test.each([
  "127.0.0.1",
  "169.254.169.254",
  "[::ffff:127.0.0.1]",
  "[::1]",
  "2130706433",
  "0x7f.1",
  "10.0.0.1",
  "224.0.0.1",
])("a redirect to %s is not followed", async (name) => {
  pages.set("/away", redirect(host.url("/secret", name)));
  const { why, isLasting } = await refusal(host.url("/away"));
  expect([why, isLasting]).toEqual(["refused_address", true]);
  expect(host.taken()).toEqual(["/away"]);
  expect((await refusal(host.url("/secret", name))).why).toBe("refused_address");
  expect(host.taken()).toEqual([]);
});

test("a name that has a private address is refused, also where a redirect leads to it", async () => {
  const near = await Host.start(redirect(host.url("/")), "127.0.0.2");
  const strict = new RemoteClient({ allow: AllowList.parse(["127.0.0.2"]) });
  for (const address of [host.url("/"), near.url("/", "127.0.0.2")]) {
    const why = await strict.get(new URL(address), { signal, limits }).catch((error: NotRead) => error.why);
    expect(why, address).toBe("refused_address");
  }
  expect([near.taken(), host.taken()]).toEqual([["/"], []]);
  await strict.close();
  await near.stop();
});

test("schemes other than http are refused, user info of a redirect is not sent", async () => {
  pages.set("/file", redirect("file:///etc/passwd"));
  expect((await refusal(host.url("/file"))).why).toBe("refused_address");
  pages.set("/user", redirect(`http://me:made-up@localhost:${host.port}/plain`));
  pages.set("/plain", () => ({ body: "plain" }));
  const answer = await client.get(new URL(host.url("/user")), { signal, limits });
  expect((await answer!.body.whole()).toString()).toBe("plain");
  expect(host.asked.at(-1)!.headers.authorization).toBeUndefined();
});

test("credentials and no cookies go to the origin; another one gets neither, also on the way back", async () => {
  pages.set("/a", () => ({ status: 301, headers: { location: "/b", "set-cookie": "sid=made-up" } }));
  pages.set("/b", redirect(other.url("/")));
  await (await client.get(new URL(host.url("/a")), { signal, limits, credentials: secret }))!.body.whole();
  expect(host.asked.map(({ headers }) => headers.authorization)).toEqual([
    secret.authorization,
    secret.authorization,
  ]);
  expect(host.asked.map(({ headers }) => headers.cookie)).toEqual([undefined, undefined]);
  expect(other.asked.map(({ headers }) => headers.authorization)).toEqual([undefined]);

  other.answering = redirect(host.url("/end"));
  pages.set("/end", () => ({ body: "end" }));
  await (await client.get(new URL(host.url("/b")), { signal, limits, credentials: secret }))!.body.whole();
  expect(host.asked.at(-1)).toMatchObject({ path: "/end", headers: { "user-agent": "leakgate" } });
  expect(host.asked.at(-1)!.headers.authorization).toBeUndefined();
});

test("redirects end after five", async () => {
  pages.set("/loop", redirect("/loop"));
  expect((await refusal(host.url("/loop"))).why).toBe("too_many");
  expect(host.taken()).toHaveLength(6);
});

test("an endless answer is cut at the limit, and the connection is closed", async () => {
  let isClosed = false;
  pages.set("/endless", (_asked, answer) => {
    answer.on("close", () => {
      isClosed = true;
    });
    const more = () => {
      while (answer.write(Buffer.alloc(64 * 1024, "a")));
    };
    answer.on("drain", more);
    answer.writeHead(200);
    more();
    return null;
  });
  const reader = readerOf("url", host.url("/endless"), { client });
  const { texts, skipped, error } = await gather(reader, { limits });
  expect(texts.get("endless")).toHaveLength(limits.textBytesMax);
  expect([skipped, error]).toEqual([["endless: too_large"], null]);
  await until("the host sees the end", () => isClosed);
});

test("a drip is cut when the time is over, what came is read, and the next look reads it again", async () => {
  const dripping: ReturnType<typeof setInterval>[] = [];
  pages.set("/drip", (_asked, answer) => {
    answer.writeHead(200, { etag: '"1"' });
    dripping.push(setInterval(() => answer.write("drop "), 50));
    return null;
  });
  pages.set("/silent", () => null);
  const reader = readerOf("url", host.url("/drip"), { client });
  const [drip, silent] = await Promise.all([gather(reader), refusal(host.url("/silent"))]);
  dripping.forEach(clearInterval);
  expect(drip.texts.get("drip")).toMatch(/^drop drop /);
  expect(drip.skipped).toEqual(["drip: time"]);
  expect([drip.error?.isLasting, drip.mark]).toEqual([false, null]);
  expect(silent.why).toBe("time");
});

test("a gzip bomb ends at the ratio, packed text at its limit", async () => {
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
  pages.set("/bomb", () => ({ headers: { "content-encoding": "gzip" }, body: bomb }));
  const reader = readerOf("url", host.url("/bomb"), { client });
  const { texts, skipped } = await gather(reader);
  expect(skipped).toEqual(["bomb: ratio"]);
  expect(texts.get("bomb")!.length).toBeLessThan(bomb.length * limits.ratioMax + 64 * 1024);
  expect((await gather(reader, { limits: { ...limits, ratioMax: 10_000 } })).skipped).toEqual([
    "bomb: too_large",
  ]);
  pages.set("/bomb", () => ({ headers: { "content-encoding": "gzip" }, body: "no gzip" }));
  expect((await gather(reader)).skipped).toEqual(["bomb: unreadable"]);
  pages.set("/bomb", () => ({ headers: { "content-encoding": "br" }, body: bomb }));
  expect((await gather(reader)).skipped).toEqual(["bomb: unsupported"]);
});

test.each([
  [429, { "retry-after": "7" }, false, 7_000],
  [429, {}, false, 60_000],
  [403, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1" }, false, 1_000],
  [503, { "retry-after": "30" }, false, 30_000],
  [500, {}, false, null],
  [403, {}, true, null],
  [404, {}, true, null],
])("what %i with %j says", async (status, headers, isLasting, retryAfterMs) => {
  pages.set("/failing", () => ({ status, headers: { ...headers } }));
  expect(await refusal(host.url("/failing?token=made-up"))).toMatchObject({
    status,
    isLasting,
    retryAfterMs,
  });
  expect((await refusal(host.url("/failing?token=made-up"))).message).not.toContain("made-up");
});

test("an unchanged page costs a request and gives nothing", async () => {
  pages.set("/docs/page", ({ headers }) =>
    headers["if-none-match"] === '"v1"'
      ? { status: 304 }
      : { headers: { etag: '"v1"', "last-modified": "Fri, 02 Jan 2026 00:00:00 GMT" }, body: "made-up text" },
  );
  const reader = readerOf("url", host.url("/docs/page?token=made-up#part"), { client });
  expect(reader.label).toBe(host.url("/docs/page"));
  const first = await gather(reader);
  expect(first.places.get("docs/page")).toMatchObject({
    source: "url",
    url: host.url("/docs/page?token=made-up"),
    seenAt: Date.UTC(2026, 0, 2),
  });
  const second = await gather(reader, { mark: first.mark });
  expect([second.texts.size, second.mark]).toEqual([0, first.mark]);
});

test("a look that is stopped ends without an error", async () => {
  const controller = new AbortController();
  pages.set("/silent", () => {
    controller.abort();
    return null;
  });
  for (const kind of ["url", "feed", "sitemap", "github"] as const) {
    const reader = readerOf(kind, host.url("/silent"), { client, base: host.url("/silent") });
    const { error, marks, skipped } = await gather(reader, { signal: controller.signal });
    expect([error, marks, skipped], kind).toEqual([null, [], []]);
  }
});

test("what is no address of the web, or holds a password, is refused without telling it", () => {
  for (const address of ["", "nonsense", "file:///etc/passwd", "https://me:made-up@host.example/"])
    expect(() => readerOf("url", address, { client })).toThrow(/^(?!.*made-up)the address/);
});

test("the list of what is allowed takes networks and hosts, and refuses the rest", () => {
  const list = AllowList.parse(["10.0.0.0/8", "::1", "Git.Internal"]);
  expect(list.covers("10.200.0.1", "a.example")).toBe(true);
  expect(list.covers("::1", "a.example")).toBe(true);
  expect(list.covers("192.168.0.1", "git.internal.")).toBe(true);
  expect(list.covers("192.168.0.1", "a.example")).toBe(false);
  expect([list.namesHost("[::1]"), list.namesHost("10.1.1.1"), list.namesHost("a.example")]).toEqual([
    true,
    true,
    false,
  ]);
  for (const entry of [
    "10.0.0.0/33",
    "10.0.0.0/x",
    "10.0.0.0/8/9",
    "git.internal/8",
    "https://git",
    "a b",
    "",
  ])
    expect(() => AllowList.parse([entry]), entry).toThrow(`${entry}: is `);
});
