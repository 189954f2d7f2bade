import { elementsOf } from "./elements.ts";
import { fieldsOf, kindOf, lineOf, pathOf } from "./fields.ts";
import { type Reader, unusable, unusableFinding } from "./report.ts";

/** A baseline of detect-secrets: of each secret the SHA-1 alone, so the leaks are hash-only. */
export const readDetectSecrets: Reader = async function* (bytes, { source }) {
  for await (const { value, key } of elementsOf(bytes, ["results", "*", "[]"])) {
    if (value === undefined) {
      yield unusableFinding("too_large", source);
      continue;
    }
    const entry = fieldsOf(value);
    const { hashed_secret: hash, is_secret: isSecret } = entry;
    // What `detect-secrets audit` noted down.
    const isFalse = isSecret === false;
    const has = typeof hash === "string" && hash !== "";
    yield {
      token: isFalse ? unusable("judged_false") : has ? { hash: `sha1:${hash}` } : unusable("no_secret"),
      kind: kindOf(entry.type),
      verified: entry.is_verified === true,
      sighting: { source, path: pathOf(entry.filename) ?? pathOf(key), line: lineOf(entry.line_number) },
    };
  }
};
