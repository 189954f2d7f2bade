/**
 * Spellings that a backend reads and the gateway lets through: known, and open (docs/spellings.md). The list may only
 * become shorter; a spelling that is seen must be taken from it.
 */
export const UNSEEN: ReadonlySet<string> = new Set([
  // Encodings of single parts, which hardly any reader of forms undoes.
  "multipart, uuencoded",
  "multipart, part in UTF-7",
]);
