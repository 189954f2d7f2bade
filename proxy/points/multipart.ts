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

/** The contents of the parts whose heads speak of base64; the last one may be cut. */
export function* encodedParts(bytes: Buffer): Generator<{ start: number; end: number }> {
  let small = 0;
  let capital = 0;
  for (let at = 0; ; ) {
    // What is not found once is not looked for again: many parts must not cost many passes.
    if (small >= 0 && small <= at) small = bytes.indexOf("ase64", at);
    if (capital >= 0 && capital <= at) capital = bytes.indexOf("ASE64", at);
    const named = small < 0 || (capital >= 0 && capital < small) ? capital : small;
    const headEnd = named < 0 ? -1 : bytes.indexOf("\r\n\r\n", named);
    if (headEnd < 0) return;
    const next = bytes.indexOf("\r\n--", headEnd);
    const end = next < 0 ? bytes.length : next;
    yield { start: headEnd + 4, end };
    at = end;
  }
}
