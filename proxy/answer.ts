import { Field, fieldKindAt } from "./fields.ts";
import { OK, type Parser, spans } from "./llhttp.ts";
import { FIELDS_MAX, kept, keptFields, lengthOf, listHas, nameAt, valueAt } from "./normalize.ts";

/** How the end of an answer's body is told (RFC 9112 section 6.3). */
export const Ending = { none: 0, length: 1, chunked: 2, close: 3 } as const;

/** The head of an upstream's answer. */
export class AnswerHead {
  status = 0;
  reason = "";
  minor = 1;
  ending = 0;
  contentLength = -1;
  /** The upstream lets the connection be used again, for at most so long. */
  keepAlive = true;
  keepAliveMs = Number.POSITIVE_INFINITY;
  isWebSocket = false;
  /** The fields that go on unchanged, each as `Name: value` with CRLF. */
  fields = "";
}

/**
 * Reads the answer head `bytes[from, to)` to a request made with `method`; null where two readers could take its
 * framing for different things (RFC 9112 section 6.3), which becomes a 502.
 */
export function readAnswer(
  parser: Parser,
  bytes: Buffer,
  from: number,
  to: number,
  method: string,
): AnswerHead | null {
  const text = bytes.latin1Slice(from, to);
  const head = new AnswerHead();
  if (!readStatusLine(head, text) || parser.executeHead(bytes, from, to) !== OK) return null;
  if (parser.headerCount > FIELDS_MAX) return null;
  let lengths = 0;
  let encodings = 0;
  let connection = "";
  let upgrade = "";
  for (let index = 0; index < parser.headerCount; index++) {
    if (kindAt(text, index, from) === Field.connection) {
      const value = valueAt(text, index, from);
      connection = connection === "" ? value : `${connection},${value}`;
    }
  }
  const named = connection.includes(",") || isNaming(connection) ? connection.toLowerCase() : "";
  for (let index = 0; index < parser.headerCount; index++) {
    kept[index] = 0;
    switch (kindAt(text, index, from)) {
      case Field.contentLength: {
        const length = lengthOf(valueAt(text, index, from));
        if (length < 0 || (lengths > 0 && head.contentLength !== length)) return null;
        lengths++;
        head.contentLength = length;
        break;
      }
      case Field.transferEncoding:
        if (valueAt(text, index, from).toLowerCase() !== "chunked") return null;
        encodings++;
        break;
      case Field.upgrade:
        upgrade = valueAt(text, index, from).toLowerCase();
        break;
      case Field.connection:
        break;
      case Field.hopByHop:
        if (nameAt(text, index, from).length === 10)
          head.keepAliveMs = keepAliveMs(valueAt(text, index, from));
        break;
      default:
        if (named === "" || !listHas(named, nameAt(text, index, from).toLowerCase())) kept[index] = 1;
    }
  }
  head.fields = keptFields(text, parser.headerCount, from);
  if (encodings > 1 || (encodings === 1 && (lengths > 0 || head.minor === 0))) return null;
  const isClosing = connection !== "" && listHas(connection, "close");
  head.keepAlive = head.minor === 1 ? !isClosing : listHas(connection, "keep-alive");
  head.isWebSocket = head.status === 101 && upgrade === "websocket";
  head.ending = endingOf(head, encodings, method);
  return head;
}

function kindAt(text: string, index: number, from: number): number {
  return fieldKindAt(text, spans[index * 4]! - from, spans[index * 4 + 1]! - from);
}

/** `HTTP/1.1 200 OK`; the reason, and the blank before it, may be absent. */
function readStatusLine(head: AnswerHead, text: string): boolean {
  if (text.startsWith("HTTP/1.1 ")) head.minor = 1;
  else if (text.startsWith("HTTP/1.0 ")) head.minor = 0;
  else return false;
  const hundreds = text.charCodeAt(9) - 48;
  const tens = text.charCodeAt(10) - 48;
  const ones = text.charCodeAt(11) - 48;
  if (!(hundreds >= 1 && hundreds <= 9 && tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9)) return false;
  head.status = hundreds * 100 + tens * 10 + ones;
  const end = text.indexOf("\r\n", 12);
  if (end > 12 && text[12] !== " ") return false;
  head.reason = text.slice(13, end);
  return true;
}

function endingOf(head: AnswerHead, encodings: number, method: string): number {
  const { status } = head;
  if (method === "HEAD" || status < 200 || status === 204 || status === 304) return Ending.none;
  if (encodings === 1) return Ending.chunked;
  if (head.contentLength >= 0) return head.contentLength === 0 ? Ending.none : Ending.length;
  return Ending.close;
}

function isNaming(connection: string): boolean {
  const word = connection.toLowerCase();
  return word !== "" && word !== "keep-alive" && word !== "close" && word !== "upgrade";
}

/** The `timeout` parameter of `Keep-Alive`, less a second so that our end closes first; infinite without one. */
function keepAliveMs(value: string): number {
  const match = /(?:^|[,\s])timeout=([0-9]{1,6})/i.exec(value);
  return match === null ? Number.POSITIVE_INFINITY : Math.max(0, Number(match[1]) * 1000 - 1000);
}
