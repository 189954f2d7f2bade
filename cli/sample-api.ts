import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A running sample API; only this machine reaches it. */
export interface SampleApi {
  readonly url: string;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

interface Order {
  readonly id: number;
  readonly user: number;
  readonly item: string;
  readonly pieces: number;
}

const ORDERS_MAX = 1_000;

const USERS = [
  { id: 1, name: "Ada" },
  { id: 2, name: "Grace" },
] as const;

/** Nothing else can be ordered, so that nothing a client sent is ever shown again. */
const ITEMS: readonly unknown[] = ["coffee", "tea", "cake"];

/** The names that the echo may tell; a token may stand in the place of any other name. */
const KNOWN_HEADERS: readonly string[] = [
  "accept",
  "authorization",
  "content-length",
  "content-type",
  "cookie",
  "host",
  "user-agent",
  "x-api-key",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-request-id",
];

const CALLS = [
  "GET /",
  "GET /users",
  "GET /users/1",
  "GET /orders",
  "GET /orders/1",
  'POST /orders {"user":1,"item":"tea","pieces":2}',
  "any /echo: what arrived, without its values",
];

/**
 * A small shop's API, for the first run of a gateway that has no upstream yet: users, orders, and an echo that tells
 * what kind of thing arrived and never a value, so that no token comes back. Keeps its orders in memory.
 */
export async function startSampleApi(): Promise<SampleApi> {
  const orders: Order[] = [
    { id: 1, user: 1, item: "coffee", pieces: 1 },
    { id: 2, user: 2, item: "tea", pieces: 3 },
  ];
  const server = createServer((request, response) => {
    answerTo(request, orders).then(
      (answer) => send(request, response, answer),
      () => response.destroy(),
    );
  });
  // The gateway in front has the limits and closes idle connections after at most 4 s: were this end the first, a
  // request could meet a closed connection.
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answerTo(request: IncomingMessage, orders: Order[]): Promise<Answer> {
  const [path = "/", query = ""] = (request.url ?? "/").split("?", 2);
  const [, place = "", id, more] = path.split("/");
  const body = await bodyOf(request);
  const method = request.method === "HEAD" ? "GET" : request.method;
  if (more !== undefined) return notFound();
  switch (`${method} ${place}`) {
    case "GET ":
      return ok({ api: "Leakgate's sample API", calls: CALLS });
    case "GET users":
      return id === undefined ? ok({ users: USERS }) : one(USERS, id);
    case "GET orders":
      return id === undefined ? ok({ orders }) : one(orders, id);
    case "POST orders":
      return id === undefined ? addOrder(orders, body) : notFound();
  }
  if (place !== "echo") return notFound();
  return ok({
    method: request.method,
    headers: KNOWN_HEADERS.filter((name) => request.headers[name] !== undefined),
    otherHeaders: Object.keys(request.headers).filter((name) => !KNOWN_HEADERS.includes(name)).length,
    queryParameters: query === "" ? 0 : query.split("&").length,
    bodyBytes: body?.length ?? null,
  });
}

/** The body up to 64 KiB; null when it was longer. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= 65_536) chunks.push(chunk);
  }
  return bytes <= 65_536 ? Buffer.concat(chunks) : null;
}

function addOrder(orders: Order[], body: Buffer | null): Answer {
  if (body === null) return { status: 413, body: { error: "an order has at most 65536 bytes" } };
  const wish = parsed(body);
  const user = USERS.find(({ id }) => id === wish?.user);
  if (wish === null || user === undefined || !ITEMS.includes(wish.item) || !isPieces(wish.pieces)) {
    const error = `an order has a user (1 or 2), an item (${ITEMS.join(", ")}) and pieces (1 to 99)`;
    return { status: 422, body: { error } };
  }
  if (orders.length >= ORDERS_MAX)
    return { status: 409, body: { error: "the sample API takes no more orders" } };
  const order = {
    id: orders.length + 1,
    user: user.id,
    item: String(wish.item),
    pieces: Number(wish.pieces),
  };
  orders.push(order);
  return { status: 201, body: order };
}

function parsed(body: Buffer): { user?: unknown; item?: unknown; pieces?: unknown } | null {
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

function isPieces(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 99;
}

function one(all: readonly { readonly id: number }[], id: string): Answer {
  const found = all.find((each) => String(each.id) === id);
  return found === undefined ? notFound() : ok(found);
}

function ok(body: unknown): Answer {
  return { status: 200, body };
}

function notFound(): Answer {
  return { status: 404, body: { error: "the sample API has no such thing; GET / lists what it has" } };
}

function send(request: IncomingMessage, response: ServerResponse, { status, body }: Answer): void {
  const text = `${JSON.stringify(body, null, 2)}\n`;
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
  });
  response.end(request.method === "HEAD" ? undefined : text);
}
