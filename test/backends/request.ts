/** Which made-up token a spelling needs: some can only spell certain letters. */
export type Sort = "plain" | "slashed" | "hex";

/** One way to send a token, as the bytes of a whole request. */
export interface Spelling {
  readonly name: string;
  /** `plain` unless said. */
  readonly sort?: Sort;
  /** The status with which the gateway may refuse it, whatever the token: two readers would understand it differently. */
  readonly refused?: number;
  readonly request: (token: string) => Buffer;
}

/** The made-up tokens, and a twin of each that differs in one letter; the last six letters are the same. */
export const TOKENS: Readonly<Record<Sort, { readonly token: string; readonly twin: string }>> = {
  plain: { token: "made-up-token-0001", twin: "made-up-tokem-0001" },
  slashed: { token: "made/up/token-0002", twin: "made/up/tokem-0002" },
  hex: { token: "decafbad00c0ffee00c0ffee0003", twin: "decafbad00c0ffea00c0ffee0003" },
};

const HEAD = "Host: api.test\r\nConnection: close\r\n";

/** A request without a body; `fields` are lines with their ends. */
export function get(target: string, fields = "", method = "GET"): Buffer {
  return Buffer.from(`${method} ${target} HTTP/1.1\r\n${HEAD}${fields}\r\n`, "latin1");
}

/** A request with a body of known length; text is latin1. */
export function post(type: string, body: string | Buffer, fields = "", method = "POST"): Buffer {
  const bytes = typeof body === "string" ? Buffer.from(body, "latin1") : body;
  const line = type === "" ? "" : `Content-Type: ${type}\r\n`;
  const head = `${method} /v1/messages HTTP/1.1\r\n${HEAD}${line}${fields}Content-Length: ${bytes.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head, "latin1"), bytes]);
}

/** The same in chunks of so many bytes; each size line ends with `extension`. */
export function chunked(
  type: string,
  body: string | Buffer,
  { size = 1, extension = "", trailers = "", fields = "" } = {},
): Buffer {
  const bytes = typeof body === "string" ? Buffer.from(body, "latin1") : body;
  const head = `POST /v1/messages HTTP/1.1\r\n${HEAD}Content-Type: ${type}\r\n${fields}Transfer-Encoding: chunked\r\n\r\n`;
  const parts: Buffer[] = [Buffer.from(head, "latin1")];
  for (let at = 0; at < bytes.length; at += size) {
    const piece = bytes.subarray(at, at + size);
    parts.push(Buffer.from(`${piece.length.toString(16)}${extension}\r\n`), piece, Buffer.from("\r\n"));
  }
  parts.push(Buffer.from(`0\r\n${trailers}\r\n`, "latin1"));
  return Buffer.concat(parts);
}

export const FORM = "application/x-www-form-urlencoded";
export const JSON_TYPE = "application/json";

/** A spelling in a POST's body of known length. */
export function body(
  name: string,
  type: string,
  of: (token: string) => string | Buffer,
  more: Partial<Spelling> = {},
): Spelling {
  return { name, request: (token) => post(type, of(token)), ...more };
}

/** The least JSON with a token in it. */
export function key(token: string): string {
  return `{"key":"${token}"}`;
}

/** Undici looks for the boundary without its dashes, so it must be a rare one. */
export const BOUNDARY = "made-up-boundary-of-thirty-two-x";
export const PARTS = `multipart/form-data; boundary=${BOUNDARY}`;

/** A multipart body of one part with these parameters and head lines. */
export function part(lines: string, content: string, end = "\r\n"): string {
  const open = [`--${BOUNDARY}`, `Content-Disposition: form-data; name="key"${lines}`, "", content];
  return [...open, `--${BOUNDARY}--`, ""].join(end);
}
