import { STATUS_CODES } from "node:http";

/** What of the JSON comes after the request id. */
const AFTER_ID = '"}';

/** Who is at fault: the client in front, the API behind, or the gateway. */
export type Source = "downstream" | "upstream" | "internal";

interface ReplyRow {
  readonly status: number;
  readonly source: Source;
  readonly detail: string;
  readonly retryAfterS?: number;
  readonly allow?: string;
}

/** The one table of responses that the gateway makes itself. Adding an error is adding a row. */
const ROWS = {
  blocked: row(403, "downstream", "The request carries a credential that is blocked."),
  broken_request: row(400, "downstream", "The request could not be read without ambiguity."),
  broken_body: row(400, "downstream", "The framing of the request body is broken."),
  missing_host: row(400, "downstream", "The request must name exactly one valid Host."),
  unknown_host: row(421, "downstream", "The gateway has no route for this Host."),
  head_timeout: row(408, "downstream", "The request head did not arrive in time."),
  body_timeout: row(408, "downstream", "The request body stopped arriving."),
  budget_body: row(413, "downstream", "The request body asks for more inspection than is granted."),
  coding_budget: row(413, "downstream", "The request body decodes to more than is inspected."),
  coding_broken: row(
    415,
    "downstream",
    "The request body could not be decoded as its Content-Encoding says.",
  ),
  charset_unknown: row(415, "downstream", "The charset of the request body is not known."),
  coding_unknown: row(415, "downstream", "The Content-Encoding of the request body is not known."),
  budget_head: row(431, "downstream", "The request head asks for more inspection than is granted."),
  target_too_long: row(414, "downstream", "The request target is too long."),
  expectation: row(417, "downstream", "Only the expectation 100-continue can be met."),
  head_too_large: row(431, "downstream", "The request head is too large."),
  too_many_fields: row(431, "downstream", "The request has too many header fields."),
  connect: row(405, "downstream", "The method CONNECT is not offered.", {
    allow: "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
  }),
  unknown_method: row(501, "downstream", "The request method is not known."),
  upstream_unreachable: row(502, "upstream", "The API behind the gateway could not be reached."),
  upstream_broken: row(
    502,
    "upstream",
    "The API behind the gateway answered in a form that could not be read.",
  ),
  upstream_closed: row(
    502,
    "upstream",
    "The API behind the gateway closed the connection before it answered.",
  ),
  connect_timeout: row(504, "upstream", "The API behind the gateway could not be reached in time."),
  answer_timeout: row(504, "upstream", "The API behind the gateway did not answer in time."),
  queue_full: row(503, "internal", "The gateway has too many requests waiting.", { retryAfterS: 1 }),
  queue_timeout: row(503, "internal", "The request waited too long for its turn.", { retryAfterS: 1 }),
  too_many_connections: row(503, "internal", "The gateway has too many connections.", { retryAfterS: 1 }),
  internal: row(500, "internal", "The gateway failed."),
} satisfies Record<string, ReplyRow>;

export type ReplyKind = keyof typeof ROWS;

export const replyKinds = Object.keys(ROWS) as readonly ReplyKind[];

/** Status of a reply, for counters and logs. */
export function replyStatus(kind: ReplyKind): number {
  return ROWS[kind].status;
}

export function replySource(kind: ReplyKind): Source {
  return ROWS[kind].source;
}

/** A reply of which only the request id is left to write. */
interface Form {
  readonly date: string;
  readonly idBytes: number;
  readonly bytes: Buffer;
}

/** The last form of each kind, with and without a close, and of each with and without a body. */
const forms = new Map<ReplyKind, (Form | undefined)[]>(replyKinds.map((kind) => [kind, []]));

/**
 * A LocalReply as bytes: `application/problem+json` (RFC 9457) with the request id, and no word of which leak,
 * rule or token was meant. `withBody` is false for HEAD. The id is ours, or one that `isRequestId` let through: it
 * stands in JSON as it is.
 */
export function localReply(
  kind: ReplyKind,
  requestId: string,
  date: string,
  close: boolean,
  withBody: boolean,
): Buffer {
  const known = forms.get(kind)!;
  const which = (close ? 2 : 0) + (withBody ? 1 : 0);
  let form = known[which];
  if (form === undefined || form.date !== date || form.idBytes !== requestId.length) {
    form = formOf(kind, requestId.length, date, close, withBody);
    known[which] = form;
  }
  const { bytes } = form;
  const reply = Buffer.allocUnsafe(bytes.length);
  reply.set(bytes);
  if (withBody) reply.latin1Write(requestId, bytes.length - AFTER_ID.length - requestId.length);
  return reply;
}

function formOf(kind: ReplyKind, idBytes: number, date: string, close: boolean, withBody: boolean): Form {
  const { status, detail, retryAfterS, allow }: ReplyRow = ROWS[kind];
  const title = STATUS_CODES[status]!;
  const type = `urn:leakgate:${kind.replaceAll("_", "-")}`;
  // The id comes last, so that its place is found from the end.
  const body = JSON.stringify({ type, title, status, detail, requestId: " ".repeat(idBytes) });
  const text =
    `HTTP/1.1 ${status} ${title}\r\nContent-Type: application/problem+json\r\nContent-Length: ${body.length}\r\n` +
    `Date: ${date}\r\nCache-Control: no-store\r\n` +
    (allow === undefined ? "" : `Allow: ${allow}\r\n`) +
    (retryAfterS === undefined ? "" : `Retry-After: ${retryAfterS}\r\n`) +
    (close ? "Connection: close\r\n\r\n" : "\r\n") +
    (withBody ? body : "");
  return { date, idBytes, bytes: Buffer.from(text, "latin1") };
}

function row(status: number, source: Source, detail: string, extra: Partial<ReplyRow> = {}): ReplyRow {
  return { status, source, detail, ...extra };
}
