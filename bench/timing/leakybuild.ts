import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../machine.ts";

/** Tokens of the leaky build's table: its leak shall be some microseconds, near the limit and not far beyond it. */
export const LEAKY_TOKENS = 4_096;

const PATCHED = "rules/matcher.js";
const SOUND = "findToken(fingerprint, pair) {";
/**
 * Looks through the table from its first entry to the one that fits, as a plain loop over a list does. What it finds is
 * then looked up as ever: while a token is being added it would find that token itself.
 */
const LEAKY = `${SOUND}
        for (let token = 0; token < this.tokenEnd; token++) {
            const page = this.tokens[pageOf(token)];
            const row = placeIn(token);
            if (page.fingerprint[row] === fingerprint && page.pair[row] === pair) break;
        }`;

/** Copies the build into a folder and makes the copy leak; answers its `dist`. Throws if the code is not as expected. */
export function makeLeakyBuild(folder: string): string {
  const dist = join(folder, "dist");
  mkdirSync(folder, { recursive: true });
  cpSync(join(root, "dist"), dist, { recursive: true });
  cpSync(join(root, "package.json"), join(folder, "package.json"));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  const path = join(dist, PATCHED);
  writeFileSync(path, leaking(readFileSync(path, "utf8")));
  return dist;
}

/** The compiled matcher, made to leak. Throws unless the place is there, once. */
export function leaking(source: string): string {
  if (source.split(SOUND).length !== 2)
    throw new Error(`${PATCHED} does not have "${SOUND}" once: the leaky build wants another patch`);
  return source.replace(SOUND, () => LEAKY);
}
