/** Whether decoding the target would show anything that the raw bytes do not. */
export function hasPercent(target: string): boolean {
  return target.includes("%");
}

/**
 * Percent-decodes latin1 text into `out` (at least as long as the text) and answers the bytes written; a `%` that
 * no two hex digits follow stands for itself (RFC 3986 section 2.1). `+` stays: a token holds no blank, so the
 * form reading of `+` cannot complete one, and either reading ends a word. `origins`, where given, receives for
 * each byte written the index it was read from.
 */
export function percentDecode(text: string, out: Uint8Array, origins: number[] | null = null): number {
  let written = 0;
  for (let at = 0; at < text.length; at++) {
    const byte = text.charCodeAt(at);
    origins?.push(at);
    if (byte === 0x25 && at + 2 < text.length) {
      const high = hexDigit(text.charCodeAt(at + 1));
      const low = hexDigit(text.charCodeAt(at + 2));
      if (high >= 0 && low >= 0) {
        out[written++] = high * 16 + low;
        at += 2;
        continue;
      }
    }
    out[written++] = byte;
  }
  return written;
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
