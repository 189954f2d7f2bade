import { describe, expect, test } from "vitest";
import { pointInHead, pointInTarget } from "./head.ts";

/** Splits at the mark that stands behind the token, and answers the text without it and the token's end. */
function marked(text: string): [string, number] {
  const end = text.indexOf("|");
  return [text.slice(0, end) + text.slice(end + 1), end];
}

describe("pointInHead", () => {
  test.each([
    ["GET /made-up-1| HTTP/1.1\r\nHost: a\r\n\r\n", "path"],
    ["GET /x/made-up-1|/y?a=b HTTP/1.1\r\nHost: a\r\n\r\n", "path"],
    ["GET /?key=made-up-1| HTTP/1.1\r\nHost: a\r\n\r\n", "query key"],
    ["GET /?a=b&key=made-up-1|&c=d HTTP/1.1\r\nHost: a\r\n\r\n", "query key"],
    ["GET / HTTP/1.1\r\nHost: made-up-1|\r\n\r\n", "header host"],
    ["GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer made-up-1|\r\n\r\n", "header authorization"],
    ["GET / HTTP/1.1\r\nHost: a\r\nX-Key:made-up-1|\r\nX-Other: b\r\n\r\n", "header x-key"],
    ["GET / HTTP/1.1\r\nHost: a\r\nX-A: b\r\nX-Key: c:d:made-up-1|:e\r\n\r\n", "header x-key"],
    ["GET / HTTP/1.1\r\nHost: a\r\nCookie: sid=made-up-1|\r\n\r\n", "cookie sid"],
    ["GET / HTTP/1.1\r\nHost: a\r\nCookie: a=b; sid=made-up-1|; c=d\r\n\r\n", "cookie sid"],
    ["GET / HTTP/1.1\r\nHost: a\r\nCOOKIE: a=b;sid=x=made-up-1|;c=d\r\n\r\n", "cookie sid"],
    ['GET / HTTP/1.1\r\nHost: a\r\nCookie: sid="made-up-1|"\r\n\r\n', "cookie sid"],
    ["GET / HTTP/1.1\r\nHost: a\r\nX: a;b\r\nCookie: sid=made-up-1|\r\n\r\n", "cookie sid"],
    ["GET / HTTP/1.1\r\nHost: a\r\nCookie: made-up-1|\r\n\r\n", "header cookie"],
    ["GET / HTTP/1.1\r\nHost: a\r\nCookie: a=b; made-up-1|=c\r\n\r\n", "header cookie"],
    ["GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.1, made-up-1|\r\n\r\n", "header x-forwarded-for"],
  ])("%j: %s", (text, point) => {
    const [head, end] = marked(text);
    // The name comes as the client wrote it: who records it looks for tokens in it first, then puts it in small letters.
    expect(pointInHead(head, end).toLowerCase()).toBe(point);
  });
});

describe("pointInTarget", () => {
  test.each([
    ["/made-up-1|", "path"],
    ["/made-up-1|?a=b", "path"],
    ["*|", "path"],
    ["/?made-up-1|", "query made-up-1"],
    ["/?made-up-1|=1", "query made-up-1"],
    ["/?a=made-up-1|", "query a"],
    ["/?a=b=made-up-1|&c", "query a"],
    ["/?a&b=made-up-1|", "query b"],
    ["/?a=?&b?c=made-up-1|", "query b?c"],
    ["/?=made-up-1|", "query "],
    ["/?a[]=x&a[]=made-up-1|", "query a[]"],
  ])("%j: %s", (text, point) => {
    const [target, end] = marked(text);
    expect(pointInTarget(target, end - 1)).toBe(point);
  });
});
