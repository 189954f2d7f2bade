import { bearer, listedToken, unlistedToken } from "../tokens.ts";

/** One request of a workload, as autocannon takes it. */
export interface LoadRequest {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Requests of one pattern; of so many, `blockedPercent` carry a listed token. */
const PATTERN = 20;

/** GETs with a head of about 0.5 KB, each with a token of its own; `blockedPercent` of them (in steps of 5) are listed. */
export function workload(blockedPercent: number): LoadRequest[] {
  const blocked = Math.round((PATTERN * blockedPercent) / 100);
  return Array.from({ length: PATTERN }, (_, index) => {
    // Spread over the pattern, so that blocked requests do not come in a row.
    const isBlocked = Math.floor(((index + 1) * blocked) / PATTERN) > Math.floor((index * blocked) / PATTERN);
    return request(isBlocked ? listedToken(0) : unlistedToken(index));
  });
}

/** One request with this token, as the workload sends it. */
export function request(token: string): LoadRequest {
  return {
    method: "GET",
    path: "/api/v1/orders/8c4b1f0e-6f1b-4d8e-9a52-1f6c1f0f9e51?expand=items&page=2",
    headers: {
      "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0",
      accept: "application/json, text/plain, */*",
      "accept-language": "en-GB,en;q=0.9",
      authorization: bearer(token),
      cookie: "session=made-up-session-0123456789; theme=dark; consent=yes",
      referer: "https://app.example.com/orders",
    },
  };
}

/** GETs of so many bytes, with unlisted tokens. */
export function downloads(bytes: number): LoadRequest[] {
  return workload(0).map((each) => ({ ...each, path: `/bytes/${bytes}` }));
}

/** POSTs of a JSON document of exactly so many bytes, with unlisted tokens. */
export function posts(bytes: number): LoadRequest[] {
  const body = orders(bytes);
  return workload(0).map(({ headers, path }) => ({
    method: "POST",
    path,
    headers: { ...headers, "content-type": "application/json" },
    body,
  }));
}

/** An order list as an API would take it: ids, names, numbers, times, an escape here and there. */
export function orders(bytes: number): string {
  const items: string[] = [];
  let length = '{"orders":[]}'.length;
  for (let number = 1; ; number++) {
    const item = JSON.stringify({
      id: `8c4b1f0e-6f1b-4d8e-9a52-${(0x1f6c1f0f9e51 + number).toString(16)}`,
      customer: { name: `Made-up Person ${number}`, mail: `person.${number}@example.com` },
      items: [{ sku: `SKU-${10_000 + number * 7}`, count: (number % 5) + 1, cents: 1_999 + number }],
      note: number % 8 === 0 ? 'left at the "back" door\nas asked' : "leave at the front door",
      placedAt: new Date(1_750_000_000_000 + number * 61_000).toISOString(),
      paid: number % 3 === 0,
    });
    if (length + item.length + 1 > bytes - FILL_LEAST) break;
    items.push(item);
    length += item.length + 1;
  }
  const text = `{"orders":[${items.join(",")}],"fill":""}`;
  return `${text.slice(0, -2)}${" ".repeat(Math.max(0, bytes - text.length))}"}`;
}

/** Room for the member that makes the length exact. */
const FILL_LEAST = 16;

/** The bytes of one request on the wire. */
export function wireOf(each: LoadRequest, host: string, isLast: boolean): string {
  const headers = Object.entries(each.headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const length = each.body === undefined ? "" : `content-length: ${Buffer.byteLength(each.body)}\r\n`;
  const close = isLast ? "connection: close\r\n" : "";
  return `${each.method} ${each.path} HTTP/1.1\r\nhost: ${host}\r\n${headers.join("")}${close}${length}\r\n${each.body ?? ""}`;
}
