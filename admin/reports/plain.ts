import { recordsOf } from "./records.ts";
import { type Reader, unusableFinding } from "./report.ts";

/** A token a line, or `sha256:` or `sha1:` and hex digits where nobody has it in clear. */
export const readLines: Reader = async function* (bytes, { source }) {
  for await (const { text } of recordsOf(bytes)) {
    if (text === null) {
      yield unusableFinding("too_large", source);
      continue;
    }
    const isHash = /^\s*sha(?:1|256):[0-9a-f]+\s*$/i.test(text);
    yield { token: isHash ? { hash: text } : text, sighting: { source } };
  }
};
