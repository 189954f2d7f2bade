import type { Part } from "./head.ts";

/** The parts of a multipart body (RFC 7578; RFC 2046 section 5.1), the last of which may be cut. */
export function* partsOfMultipart(contentType: string, text: string): Generator<Part> {
  const boundary = /boundary=(?:"([^"]{1,70})"|([^\s;]{1,70}))/i.exec(contentType);
  if (boundary === null) return;
  for (const part of text.split(`--${boundary[1] ?? boundary[2]}`).slice(1)) {
    const headEnd = part.indexOf("\r\n\r\n");
    const head = headEnd < 0 ? part : part.slice(0, headEnd);
    const isFile = /;[ \t]*filename\*?=/i.test(head);
    const name = /;[ \t]*name="?([^";\r\n]*)/i.exec(head)?.[1] ?? "";
    yield { point: `body multipart ${isFile ? "file" : "field"} ${name}`, text: part };
  }
}
