import { Random } from "./random.ts";

export type Field = readonly [name: string, value: string];

/** How a body is cut on the wire. */
export interface Framing {
  readonly name: string;
  field(body: Buffer): Field;
  write(body: Buffer, trailers: readonly Field[]): Buffer;
}

/** One request as its sender means it; `encode` writes it. */
export interface Request {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly host: string;
  readonly fields: readonly Field[];
  readonly body: Buffer | null;
  readonly framing: Framing;
  readonly trailers: readonly Field[];
}

export const byLength: Framing = {
  name: "content-length",
  field: (body) => ["Content-Length", String(body.length)],
  write: (body) => body,
};

/** `cuts` makes, for a body, what answers how many bytes the next chunk has; `extension` follows each size. */
function chunked(name: string, cuts: (body: Buffer) => () => number, extension = ""): Framing {
  return {
    name,
    field: () => ["Transfer-Encoding", "chunked"],
    write: (body, trailers) => {
      const pieces: Buffer[] = [];
      const cut = cuts(body);
      for (let at = 0; at < body.length; ) {
        const size = Math.min(cut(), body.length - at);
        pieces.push(Buffer.from(`${size.toString(16)}${extension}\r\n`, "latin1"));
        pieces.push(body.subarray(at, at + size), Buffer.from("\r\n"));
        at += size;
      }
      const end = trailers.map(([field, value]) => `${field}: ${value}\r\n`).join("");
      pieces.push(Buffer.from(`0\r\n${end}\r\n`, "latin1"));
      return Buffer.concat(pieces);
    },
  };
}

export const oneChunk = chunked("one chunk", (body) => () => body.length);
export const chunkPerByte = chunked("a chunk a byte", () => () => 1);
/** The same body is cut at the same places. */
export const randomChunks = chunked("chunks of random sizes", (body) => {
  const random = new Random(body.length);
  return () => 1 + random.below(24);
});
export const extendedChunks = chunked("chunks with extensions", () => () => 7, ';made="up";a=b;c');

export const FRAMINGS: readonly Framing[] = [byLength, oneChunk, chunkPerByte, randomChunks, extendedChunks];

/** A GET without a body, changed as told. */
export function get(target: string, fields: readonly Field[] = [], rest: Partial<Request> = {}): Request {
  const plain = { method: "GET", version: "HTTP/1.1", host: "api", body: null, trailers: [] };
  return { ...plain, framing: byLength, target, fields, ...rest };
}

/** A POST of this body; no Content-Type where `type` is empty. */
export function post(
  type: string,
  body: string | Buffer,
  rest: Partial<Request> & { readonly extra?: readonly Field[] } = {},
): Request {
  const { extra = [], ...changes } = rest;
  const fields: Field[] = type === "" ? [] : [["Content-Type", type]];
  const bytes = typeof body === "string" ? Buffer.from(body, "latin1") : body;
  return get("/api", [...fields, ...extra], { method: "POST", body: bytes, ...changes });
}

/** The bytes of the request; `id` tells it apart from all others at the upstream. */
export function encode(request: Request, id: string): Buffer {
  const { body, framing, trailers } = request;
  const fields: Field[] = [["Host", request.host], ["X-Case", id], ...request.fields];
  if (body !== null) fields.push(framing.field(body));
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const head = Buffer.from(
    `${request.method} ${request.target} ${request.version}\r\n${lines}\r\n`,
    "latin1",
  );
  return body === null ? head : Buffer.concat([head, framing.write(body, trailers)]);
}
