import type { Part } from "./head.ts";
import { partsOfJson } from "./json.ts";
import { partsOfMultipart } from "./multipart.ts";

/**
 * The parts of a body, or of as much of it as has arrived, as far as its content type, or the look of it, says how to
 * take it apart. Runs only after a hit. The names in the points are the client's: the caller masks them.
 */
export function partsOfBody(contentType: string, text: string): Iterable<Part> {
  const type = contentType.toLowerCase();
  if (type.startsWith("multipart/")) return partsOfMultipart(contentType, text);
  if (/^\uFEFF?\s*[[{"]/.test(text) || /^\u00ef\u00bb\u00bf\s*[[{"]/.test(text)) return partsOfJson(text);
  if (type.includes("form-urlencoded")) return partsOfForm(text);
  if (type.includes("xml") || /^\s*</.test(text)) return [{ point: "body xml", text }];
  return [];
}

function* partsOfForm(text: string): Generator<Part> {
  for (const pair of text.split("&")) yield { point: `body form ${pair.split("=", 1)[0]}`, text: pair };
}
