import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Json, TestAdmin } from "../test/admin.ts";

const NOW = Date.now();
const HOUR = 3_600_000;

let admin: TestAdmin;
beforeAll(async () => {
  admin = await TestAdmin.start();
  await admin.attempt(NOW - 30 * HOUR, { requestId: "e1" });
  await admin.attempt(NOW - 5 * HOUR, {
    requestId: "e2",
    leak: "leak-2",
    rule: "rule-2",
    action: "monitored",
  });
  await admin.attempt(NOW - 4 * HOUR, { requestId: "e3", point: "query api_key", count: 7 });
  await admin.attempt(NOW - 1_000, { requestId: "e4", ip: "2001:db8::1", point: "header x-api-key" });
});
afterAll(() => admin.stop());

describe("GET /events", () => {
  type Events = { events: Json[]; next: string | null };
  const found = async (query: string) => {
    const { status, body } = await admin.call<Events>("GET", `/api/v1/events${query}`);
    expect([query, status]).toEqual([query, 200]);
    return body.events.map(({ requestId }) => requestId);
  };

  test("newest first, with every field", async () => {
    expect(await found("")).toEqual(["e4", "e3", "e2", "e1"]);
    const { body } = await admin.call<Events>("GET", "/api/v1/events?limit=1");
    expect(body.events[0]).toEqual({
      type: "vpatch",
      id: expect.any(String),
      at: new Date(NOW - 1_000).toISOString(),
      lastAt: new Date(NOW - 1_000).toISOString(),
      count: 1,
      leak: "leak-1",
      rule: "rule-1",
      action: "blocked",
      point: "header x-api-key",
      method: "GET",
      host: "api.example.com",
      path: "/orders",
      query: ["page"],
      userAgent: "made-up/1.0",
      ip: "2001:db8::1",
      requestId: "e4",
      worker: 1,
    });
  });

  test("filters, alone and together", async () => {
    expect(await found("?type=vpatch")).toHaveLength(4);
    expect(await found("?leak=leak-2")).toEqual(["e2"]);
    expect(await found("?rule=rule-1&action=blocked")).toEqual(["e4", "e3", "e1"]);
    expect(await found("?action=monitored")).toEqual(["e2"]);
    expect(await found("?ip=2001:db8::1")).toEqual(["e4"]);
    expect(await found("?point=header")).toEqual(["e4", "e2", "e1"]);
    expect(await found("?point=query%20api_key")).toEqual(["e3"]);
    expect(await found("?leak=leak-9")).toEqual([]);
  });

  test("stretches of time in each spelling; the start counts, the end does not", async () => {
    const at = (ms: number) => new Date(NOW - ms).toISOString();
    expect(await found(`?from=${NOW - 5 * HOUR}&to=${NOW - 1_000}`)).toEqual(["e3", "e2"]);
    expect(await found(`?from=${at(5 * HOUR)}&to=${at(1_000)}`)).toEqual(["e3", "e2"]);
    // 2 h ahead of UTC: the same moments, with the plus percent-encoded or not.
    const ahead = (ms: number) => at(ms - 2 * HOUR).replace("Z", "+02:00");
    expect(await found(`?from=${encodeURIComponent(ahead(5 * HOUR))}&to=${ahead(1_000)}`)).toEqual([
      "e3",
      "e2",
    ]);
    expect(await found("?to=2020-01-01")).toEqual([]);
    expect(await found("?from=2020-01-01")).toHaveLength(4);
  });

  test("cursors lead through all of it while attempts come in", async () => {
    const seen: unknown[] = [];
    let cursor = "";
    for (let page = 0; page < 10; page++) {
      const { body } = await admin.call<Events>("GET", `/api/v1/events?limit=1${cursor}`);
      seen.push(...body.events.map(({ requestId }) => requestId));
      if (body.next === null) break;
      cursor = `&cursor=${body.next}`;
      await admin.attempt(NOW + page, { requestId: "later", leak: "leak-later" });
    }
    expect(seen).toEqual(["e4", "e3", "e2", "e1"]);
  });
});

describe("searches", () => {
  const ids = async (query: string) => {
    const { status, body } = await admin.call<{ events: Json[] }>("GET", `/api/v1/events?${query}`);
    expect([query, status]).toEqual([query, 200]);
    return body.events.map(({ requestId }) => requestId).filter((each) => /^e\d$/.test(String(each)));
  };

  test("by a line, by parameters, and by both together", async () => {
    const line = encodeURIComponent("!ip:2001:db8::/32 point:header last 2 days");
    expect(await ids(`search=${line}`)).toEqual(["e2", "e1"]);
    expect(await ids(`search=${line}&action=monitored`)).toEqual(["e2"]);
    expect(await ids(`search=${line}&from=${NOW - 6 * HOUR}`)).toEqual(["e2"]);
    expect(await ids("ip=!2001:db8::/32,10.0.0.0/8&point=header,cookie")).toEqual(["e2", "e1"]);
    expect(await ids("count=>=7")).toEqual(["e3"]);
    expect(await ids("path=/ord*&userAgent=made*&host=API.*&method=GET&worker=1&requestId=e4")).toEqual([
      "e4",
    ]);
    expect(await ids("query=page&action=!blocked")).toEqual(["e2"]);
  });

  test("oldest first", async () => {
    expect(await ids("sort=at")).toEqual(["e1", "e2", "e3", "e4"]);
    const { body } = await admin.call<{ events: Json[]; next: string }>(
      "GET",
      "/api/v1/events?sort=at&limit=1",
    );
    expect(await ids(`sort=at&cursor=${body.next}`)).toEqual(["e2", "e3", "e4"]);
  });

  test.each([
    ["search=colour:red", "search", "at character 1: there is no such field; the known ones are type"],
    ["search=path:/a%20ip:made-up-token-0001", "search", "at character 12: ip is an address"],
    ["search=last%20day&from=2999-01-01&to=2020-01-01", "from", "must be before to"],
    ["ip=made-up-token-0001", "ip", "at character 1: ip is an address"],
    ["action=made-up-token-0001", "action", "at character 1: action is one of"],
    ["leak=made-up-token-0001", "leak", "at character 1: leak is an id"],
    ["count=>", "count", "at character 1: a number is written"],
    ["sort=ip", "sort", ""],
    ["made-up-token-0001=1", "", "has an unknown field"],
  ])("%s is refused with its place, and not repeated", async (query, pointer, detail) => {
    const { status, body, text } = await admin.call<{ errors: Json[] }>("GET", `/api/v1/events?${query}`);
    expect(status).toBe(400);
    expect(body.errors[0]).toMatchObject({ pointer, detail: expect.stringContaining(detail) });
    expect(text).not.toContain("made-up-token");
  });
});

test("one event by its id", async () => {
  const { body } = await admin.call<{ events: Json[] }>("GET", "/api/v1/events?requestId=e3");
  const one = await admin.call("GET", `/api/v1/events/${body.events[0]!.id}`);
  expect([one.status, one.body]).toEqual([200, body.events[0]]);
  for (const id of ["made-up", "a-1-1", "..%2f"])
    expect((await admin.call("GET", `/api/v1/events/${id}`)).status).toBe(404);
});

describe("sums", () => {
  const until = `to=${NOW - 1}&leak=leak-1,leak-2`;

  test("counts of records and of attempts", async () => {
    expect((await admin.call("GET", `/api/v1/events/count?${until}`)).body).toEqual({
      events: 4,
      attempts: 10,
      firstAt: new Date(NOW - 30 * HOUR).toISOString(),
      lastAt: new Date(NOW - 1_000).toISOString(),
    });
    expect((await admin.call("GET", "/api/v1/events/count?leak=leak-77")).body).toEqual({
      events: 0,
      attempts: 0,
      firstAt: null,
      lastAt: null,
    });
  });

  test("groups by a field, the most attempts first", async () => {
    const { body } = await admin.call("GET", `/api/v1/events/groups?by=point&limit=2&${until}`);
    expect(body).toMatchObject({ by: "point", events: 4, attempts: 10, values: 3 });
    expect(body.groups).toMatchObject([
      { value: "query api_key", events: 1, attempts: 7 },
      { value: "header authorization", events: 2, attempts: 2 },
    ]);
    expect((await admin.call("GET", "/api/v1/events/groups?by=requestId")).status).toBe(400);
    expect((await admin.call("GET", "/api/v1/events/groups")).status).toBe(400);
  });

  test("stretches of time, of all and by action", async () => {
    const stretch = `from=${NOW - 6 * HOUR}&to=${NOW}&buckets=3&leak=leak-1,leak-2`;
    const { body } = await admin.call("GET", `/api/v1/events/histogram?${stretch}`);
    expect(body).toMatchObject({
      bucketMs: 2 * HOUR,
      events: [1, 1, 1],
      attempts: [1, 7, 1],
      byAction: { monitored: { attempts: [1, 0, 0] }, blocked: { events: [0, 1, 1], attempts: [0, 7, 1] } },
    });
  });
});

describe("export", () => {
  const exported = (query: string) => admin.call("GET", `/api/v1/events/export?${query}`);

  test("as CSV, a line each, in which nothing that a client sent becomes a formula", async () => {
    await admin.attempt(NOW - 900, {
      requestId: "formula",
      userAgent: '=1+1,"made up"\r\n',
      path: "/@a",
      query: [],
      leak: "leak-8",
    });
    await admin.attempt(NOW - 901, {
      requestId: "-1",
      userAgent: null,
      query: ["a", "b"],
      leak: "leak-8",
      host: "+x",
    });
    const { status, headers, text } = await exported("format=csv&leak=leak-8");
    expect(status).toBe(200);
    expect(headers.get("content-type")).toBe("text/csv; charset=utf-8; header=present");
    expect(headers.get("content-disposition")).toBe('attachment; filename="events.csv"');
    const at = new Date(NOW - 900).toISOString();
    const before = new Date(NOW - 901).toISOString();
    expect(text.replaceAll(/^[0-9a-z]+-1-[0-9a-z]+/gm, "ID")).toBe(
      "id,at,lastAt,count,type,leak,rule,action,point,method,host,path,query,userAgent,ip,requestId,worker\r\n" +
        `ID,${at},${at},1,vpatch,leak-8,rule-1,blocked,header authorization,GET,api.example.com,/@a,,"'=1+1,""made up""\r\n",192.0.2.1,formula,1\r\n` +
        `ID,${before},${before},1,vpatch,leak-8,rule-1,blocked,header authorization,GET,'+x,/orders,a&b,,192.0.2.1,'-1,1\r\n`,
    );
  });

  test("as a JSON object a line, oldest first if so asked", async () => {
    const { headers, text } = await exported("format=ndjson&sort=at&search=requestId:e*");
    expect(headers.get("content-type")).toBe("application/x-ndjson");
    const lines = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Json);
    expect(lines.map(({ requestId }) => requestId)).toEqual(["e1", "e2", "e3", "e4"]);
    const { body } = await admin.call<{ events: Json[] }>("GET", "/api/v1/events?requestId=e1");
    expect(lines[0]).toEqual(body.events[0]);
  });

  test("of nothing is a head line, or nothing", async () => {
    expect((await exported("format=csv&leak=leak-77")).text).toMatch(/^id,at,[^\n]*\r\n$/);
    expect((await exported("format=ndjson&leak=leak-77")).text).toBe("");
    expect((await exported("format=xml")).status).toBe(400);
    expect((await exported("format=csv&limit=1")).status).toBe(400);
  });
});

describe("tail", () => {
  test("tells what is stored, and after a cut goes on where it was", async () => {
    const first = await Listener.open("search=leak:leak-5");
    for (const n of [1, 2, 3])
      await admin.attempt(Date.now(), { requestId: `t${n}`, leak: n === 2 ? "leak-6" : "leak-5" });
    await expect.poll(() => first.messages.length).toBe(2);
    expect(first.messages.map(({ event, data }) => [event, data.requestId, data.leak])).toEqual([
      ["attempt", "t1", "leak-5"],
      ["attempt", "t3", "leak-5"],
    ]);
    await first.close();
    await admin.attempt(Date.now(), { requestId: "t4", leak: "leak-5" });
    const again = await Listener.open("leak=leak-5", { "last-event-id": first.messages[0]!.id });
    await expect.poll(() => again.messages.length).toBe(2);
    expect(again.messages.map(({ data }) => data.requestId)).toEqual(["t3", "t4"]);
    await again.close();
    const { body } = await admin.call<{ events: Json[] }>("GET", "/api/v1/events?requestId=t4");
    expect(again.messages[1]!.data).toEqual(body.events[0]);
  });

  test("refuses a place that is none of ours before it begins", async () => {
    for (const after of ["made-up-token-0001!", "a~b~"])
      expect((await admin.call("GET", `/api/v1/events/tail?after=${after}`)).status).toBe(400);
    expect((await admin.call("GET", "/api/v1/events/tail?limit=1")).status).toBe(400);
    expect((await admin.call("GET", "/api/v1/events/tail", { key: null })).status).toBe(401);
  });

  test("ends when the key of who listens is revoked, and then tells nothing", async () => {
    const made = await admin.call<{ id: string; key: string }>("POST", "/api/v1/keys", {
      body: { name: "Eve", role: "analyst" },
    });
    const listener = await Listener.open("leak=leak-9", { authorization: `Bearer ${made.body.key}` });
    const other = await Listener.open("leak=leak-9");
    await admin.call("DELETE", `/api/v1/keys/${made.body.id}`);
    await listener.ended;
    await admin.attempt(Date.now(), { requestId: "after", leak: "leak-9" });
    await expect.poll(() => other.messages.length).toBe(1);
    expect(listener.messages).toEqual([]);
    await other.close();
  });

  test("ends when the admin closes, which does not wait for it", async () => {
    const other = await TestAdmin.start();
    const listener = await Listener.open("", {}, other);
    const began = performance.now();
    await other.close();
    await listener.ended;
    expect(performance.now() - began).toBeLessThan(1_900);
    await other.stop();
  });
});

interface Message {
  readonly id: string;
  readonly event: string;
  readonly data: Json;
}

/** Reads server-sent events. */
class Listener {
  readonly messages: Message[] = [];
  readonly ended: Promise<void>;
  private readonly aborter = new AbortController();

  private constructor(answer: Response, aborter: AbortController) {
    this.aborter = aborter;
    this.ended = this.read(answer);
  }

  /** Resolves when it is listened: what is stored from then on is told. */
  static async open(query: string, headers: Record<string, string> = {}, from = admin): Promise<Listener> {
    const aborter = new AbortController();
    const answer = await fetch(`${from.url}/api/v1/events/tail?${query}`, {
      headers: { authorization: `Bearer ${from.analyst}`, ...headers },
      signal: aborter.signal,
    });
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    return new Listener(answer, aborter);
  }

  async close(): Promise<void> {
    this.aborter.abort();
    await this.ended;
  }

  private async read(answer: Response): Promise<void> {
    let text = "";
    const decoder = new TextDecoder();
    try {
      for await (const chunk of answer.body!) {
        text += decoder.decode(chunk, { stream: true });
        for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
          this.take(text.slice(0, end));
          text = text.slice(end + 2);
        }
      }
    } catch (error) {
      if (!this.aborter.signal.aborted) throw error;
    }
  }

  private take(message: string): void {
    const fields = new Map(message.split("\n").map((line) => line.split(": ", 2) as [string, string]));
    const data = message.split("\ndata: ")[1];
    if (data !== undefined)
      this.messages.push({
        id: fields.get("id")!,
        event: fields.get("event")!,
        data: JSON.parse(data) as Json,
      });
  }
}
