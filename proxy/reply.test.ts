import { describe, expect, test } from "vitest";
import { localReply, replyKinds, replyStatus } from "./reply.ts";

const DATE = "Tue, 01 Dec 2026 10:00:00 GMT";

function parsed(reply: Buffer): { status: number; fields: Map<string, string>; body: string } {
  const [head, body] = reply.toString().split("\r\n\r\n") as [string, string];
  const [line, ...lines] = head.split("\r\n") as [string, ...string[]];
  const fields = lines.map((field) => field.split(": ") as [string, string]);
  return { status: Number(line.split(" ")[1]), fields: new Map(fields), body };
}

describe("a local reply", () => {
  test.each(replyKinds)("of the kind %s names the request in a body as long as it says", (kind) => {
    // Ids of two lengths in turn, so that a form is made anew and used again.
    for (const id of ["abc-1", "abc-2", "abc-10", "abc-11", "a:b/c=d+e_f.g", "abc-3"]) {
      const { status, fields, body } = parsed(localReply(kind, id, DATE, false, true));
      expect(status).toBe(replyStatus(kind));
      expect(Number(fields.get("Content-Length"))).toBe(body.length);
      expect(fields.get("Date")).toBe(DATE);
      expect(fields.has("Connection")).toBe(false);
      expect(JSON.parse(body)).toMatchObject({ status, requestId: id });
    }
  });

  test("has no body for HEAD, and the length that it would have", () => {
    const whole = localReply("blocked", "abc-1", DATE, false, true).toString();
    const head = localReply("blocked", "abc-1", DATE, false, false).toString();
    expect(head).toBe(whole.slice(0, whole.indexOf("\r\n\r\n") + 4));
  });

  test("says so where the connection closes", () => {
    expect(parsed(localReply("blocked", "abc-1", DATE, true, true)).fields.get("Connection")).toBe("close");
    expect(localReply("blocked", "abc-1", DATE, true, false).toString()).toMatch(/: close\r\n\r\n$/);
  });

  test("follows the clock", () => {
    localReply("blocked", "abc-1", DATE, false, true);
    const later = DATE.replace("10:00:00", "10:00:01");
    expect(parsed(localReply("blocked", "abc-1", later, false, true)).fields.get("Date")).toBe(later);
  });

  test("leaves those that were given before as they were", () => {
    const first = localReply("blocked", "abc-1", DATE, false, true);
    localReply("blocked", "abc-2", DATE, false, true);
    expect(JSON.parse(parsed(first).body).requestId).toBe("abc-1");
  });
});
