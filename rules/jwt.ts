/**
 * The signing input of a JWT (RFC 7515 section 5.1), or null where the text is none. A signature has many accepted
 * spellings, the text it signs has one. Other formats have three dotted parts too, so part one must decode to a JSON
 * object with `alg` and part two to JSON.
 */
export function signingInput(text: string): string | null {
  const first = text.indexOf(".");
  const second = text.indexOf(".", first + 1);
  if (first <= 0 || second <= first + 1 || text.includes(".", second + 1)) return null;
  const header = decodePart(text.slice(0, first));
  const payload = decodePart(text.slice(first + 1, second));
  if (typeof header !== "object" || header === null || !("alg" in header) || payload === undefined)
    return null;
  return text.slice(0, second);
}

function decodePart(part: string): unknown {
  if (!/^[A-Za-z0-9_-]+$/.test(part)) return undefined;
  try {
    return JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
  } catch {
    return undefined;
  }
}
