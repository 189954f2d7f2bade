import type { Case } from "./case.ts";
import { basicCases, fieldCases } from "./fields.ts";
import { formCases, multipartCases } from "./forms.ts";
import { dialectCases, jsonCases, typeCases } from "./json.ts";
import { messageCases } from "./messages.ts";
import { codingCases, framingCases } from "./streams.ts";
import { pathCases, queryCases } from "./targets.ts";
import { xmlCases } from "./xml.ts";

/** The whole table: every named way to write a request around a token. */
export const GROUPS: Readonly<Record<string, readonly Case[]>> = {
  "header fields": fieldCases,
  Basic: basicCases,
  paths: pathCases,
  queries: queryCases,
  JSON: jsonCases,
  "types and charsets": typeCases,
  "dialects, texts and trailers": dialectCases,
  forms: formCases,
  multipart: multipartCases,
  XML: xmlCases,
  framings: framingCases,
  "content codings": codingCases,
  "binary messages": messageCases,
};
