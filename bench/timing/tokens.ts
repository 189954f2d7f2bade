import { createHash } from "node:crypto";

/**
 * Made-up tokens of 40 bytes for timing. Where a listed one has a small letter every unlisted one has a capital, and the
 * other way round, so that an unlisted token shares no byte with any listed one, and both are of one look.
 */
const MARK = "mAdE-Up-";
const ENDING = 6;
const BEGINNING = 2;

/** Of the table's tokens the one with this number, from 0. */
export function listed(seed: string, number: number): string {
  return madeUp(`${seed} listed ${number}`);
}

/** One that nobody registers, and that shares no byte with any that is. */
export function unlisted(seed: string, number: number): string {
  return turned(madeUp(`${seed} unlisted ${number}`));
}

/** The listed token but for its first byte: it ends alike, so its anchor is the same. */
export function allButFirst(token: string): string {
  return turned(token.slice(0, 1)) + token.slice(1);
}

/** The listed token but for its last byte: another anchor. */
export function allButLast(token: string): string {
  return token.slice(0, -1) + turned(token.slice(-1));
}

/** An unlisted token with the listed one's last six bytes: the anchor alone is the same. */
export function endsAs(token: string, other: string): string {
  return other.slice(0, -ENDING) + token.slice(-ENDING);
}

/** The same with its first two bytes, the mark: all that the matcher looks at before it makes a fingerprint. */
export function beginsAndEndsAs(token: string, other: string): string {
  return token.slice(0, BEGINNING) + other.slice(BEGINNING, -ENDING) + token.slice(-ENDING);
}

function madeUp(seed: string): string {
  const digest = createHash("sha256").update(seed).digest();
  // The mark has an even length, so that letters go on in turn.
  const letters = Array.from(digest, (byte, at) =>
    String.fromCharCode((at % 2 === 0 ? 97 : 65) + (byte % 26)),
  );
  return MARK + letters.join("");
}

/** Small letters and capitals change places, and so do `-` and `_`. */
function turned(text: string): string {
  return text.replaceAll(/[-_a-zA-Z]/g, (letter) => {
    if (letter === "-") return "_";
    if (letter === "_") return "-";
    return letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase();
  });
}
