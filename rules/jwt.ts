/** The year 9999: what lies beyond has no ISO 8601 form of four digits. */
const EXPIRY_S_MAX = 253_402_300_800;

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

/** When a JWT, or its signing input, expires (`exp`, RFC 7519 section 4.1.4; in ms); null where it does not say. */
export function expiryOf(signed: string): number | null {
  const payload = decodePart(signed.split(".", 2)[1] ?? "");
  if (typeof payload !== "object" || payload === null || !("exp" in payload)) return null;
  const { exp } = payload;
  return typeof exp === "number" && exp >= 0 && exp < EXPIRY_S_MAX ? Math.floor(exp * 1000) : null;
}

function decodePart(part: string): unknown {
  if (!/^[A-Za-z0-9_-]+$/.test(part)) return undefined;
  try {
    return JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
  } catch {
    return undefined;
  }
}
