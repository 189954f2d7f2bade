import { gzipSync } from "node:zlib";
import { bearer } from "../tokens.ts";
import type { Asked } from "./ask.ts";

/** A place in a request, or a spelling, in which a leaked token can come. */
export type PlaceName = (typeof placeNames)[number];

export const placeNames = [
  "bearer",
  "bearer-lower-case",
  "authorization-listed-first",
  "authorization-listed-last",
  "basic",
  "x-api-key",
  "cookie",
  "path",
  "query",
  "query-percent-encoded",
  "json",
  "json-escaped",
  "form",
  "chunk-border",
  "gzip",
] as const;

/** Each place as a table names it. */
export const placeTitles: Readonly<Record<PlaceName, string>> = {
  bearer: "`Authorization: Bearer`",
  "bearer-lower-case": "`bearer` in small letters",
  "authorization-listed-first": "two Authorization headers, the first",
  "authorization-listed-last": "two Authorization headers, the last",
  basic: "Basic credentials (base64)",
  "x-api-key": "`X-Api-Key`",
  cookie: "cookie",
  path: "path",
  query: "query",
  "query-percent-encoded": "query, percent-encoded",
  json: "JSON body",
  "json-escaped": "JSON body, `\\u` escapes",
  form: "form body",
  "chunk-border": "chunked body, cut within the token",
  gzip: "gzip body",
};

const TARGET = "/api/v1/orders";
/** Beside a listed token in a second Authorization header; nobody lists it. */
const OTHER = "made-up-other-credential";

/** The request that carries a token in this place. */
export function requestWith(token: string, place: PlaceName): Asked {
  const json = JSON.stringify({ note: "made-up", credentials: { token } });
  switch (place) {
    case "bearer":
      return head([["Authorization", bearer(token)]]);
    case "bearer-lower-case":
      return head([["Authorization", `bearer ${token}`]]);
    case "authorization-listed-first":
      return head([
        ["Authorization", bearer(token)],
        ["Authorization", bearer(OTHER)],
      ]);
    case "authorization-listed-last":
      return head([
        ["Authorization", bearer(OTHER)],
        ["Authorization", bearer(token)],
      ]);
    case "basic":
      return head([["Authorization", `Basic ${Buffer.from(`user:${token}`).toString("base64")}`]]);
    case "x-api-key":
      return head([["X-Api-Key", token]]);
    case "cookie":
      return head([["Cookie", `theme=dark; session=${token}`]]);
    case "path":
      return head([], `${TARGET}/${token}/items`);
    case "query":
      return head([], `${TARGET}?page=2&api_key=${token}`);
    case "query-percent-encoded":
      return head([], `${TARGET}?page=2&api_key=${percentEncoded(token)}`);
    case "json":
      return body("application/json", [Buffer.from(json)]);
    case "json-escaped":
      return body("application/json", [Buffer.from(json.replace(token, unicodeEscaped(token)))]);
    case "form":
      return body("application/x-www-form-urlencoded", [Buffer.from(`grant=client&token=${token}&page=2`)]);
    case "chunk-border": {
      const border = json.indexOf(token) + (token.length >> 1);
      return body("application/json", [Buffer.from(json.slice(0, border)), Buffer.from(json.slice(border))]);
    }
    case "gzip":
      return body("application/json", [gzipSync(json)], [["Content-Encoding", "gzip"]]);
  }
}

function head(fields: Asked["fields"], target = TARGET): Asked {
  return { method: "GET", target, fields, pieces: [] };
}

function body(type: string, pieces: readonly Buffer[], fields: Asked["fields"] = []): Asked {
  return { method: "POST", target: TARGET, fields: [["Content-Type", type], ...fields], pieces };
}

function percentEncoded(token: string): string {
  return token.replaceAll(/./g, (letter) => `%${hexOf(letter, 2)}`);
}

function unicodeEscaped(token: string): string {
  return token.replaceAll(/./g, (letter) => `\\u${hexOf(letter, 4)}`);
}

function hexOf(letter: string, digits: number): string {
  return letter.charCodeAt(0).toString(16).padStart(digits, "0");
}
