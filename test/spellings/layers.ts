import type { Random } from "./random.ts";
import * as spell from "./spell.ts";

/** Text written in another way, with its name; `random` decides how. */
export interface Layer {
  readonly name: string;
  write(text: string, random: Random): string;
}

type Write = (text: string) => string;
const oneOf = (name: string, writes: readonly Write[]): Layer => ({
  name,
  write: (text, random) => random.pick(writes)(text),
});

export const plain: Layer = { name: "plain", write: (text) => text };

const percents: readonly Write[] = [spell.percentAll, spell.percentLower, spell.percentMixed];
export const percent = oneOf("percent", [...percents, spell.percentFirst, spell.percentLast]);
/** The same, for texts that hold more than a token: what must be encoded is. */
export const percentText = oneOf("percent", [...percents, spell.percentNeeded]);
export const percentTwice = oneOf("percent twice", [
  spell.percentTwice,
  (text) => spell.percentMixed(text).replaceAll("%", "%25"),
  (text) => spell.percentNeeded(spell.percentLower(text)),
]);

export const escapes = oneOf("JSON escapes", [
  spell.jsonLower,
  spell.jsonUpper,
  spell.jsonMixed,
  spell.jsonFirst,
  spell.jsonLast,
]);

export const entities = oneOf("entities", [
  spell.entityDecimal,
  spell.entityHex,
  spell.entityHexUpper,
  spell.entityPadded,
  spell.entityMixed,
  spell.entityFirst,
  spell.entityLast,
]);

export const cdata: Layer = {
  name: "CDATA",
  write(text, random) {
    const at = random.below(text.length + 1);
    const [before, after] = [text.slice(0, at), text.slice(at)];
    return random.chance(0.5) ? `<![CDATA[${before}]]>${after}` : `${before}<![CDATA[${after}]]>`;
  },
};

/** Base64 of the text among others, at any alignment, in either alphabet, with or without padding. */
export const base64: Layer = {
  name: "base64",
  write(text, random) {
    const around = random.pick(["", "?", "??", "key=", `{"${random.word(9)}": "`, `${random.word(40)}: `]);
    const after = random.pick(["", "", "~", "\n", `" and ${random.word(30)}`]);
    const writes = [spell.base64, spell.base64NoPadding, spell.base64Url, spell.base64UrlPadded];
    return random.pick(writes)(`${around}${text}${after}`);
  },
};

/** Base64 that needs no encoding of its own in a target or a header. */
export const base64Url: Layer = {
  name: "base64url",
  write: (text, random) => spell.base64Url(`${random.pick(["", "?", "??"])}${text}`),
};

export const json: Layer = {
  name: "JSON",
  write: (text, random) => `{"${random.word(8)}":${random.below(1000)},"${random.word(8)}":"${text}"}`,
};

export const jsonEscaped: Layer = {
  name: "JSON with escapes",
  write: (text, random) => json.write(escapes.write(text, random), random),
};

export const url: Layer = {
  name: "a URL",
  write: (text, random) => `https://${random.word(9)}.made.up/?${random.word(6)}=${text}&x`,
};

export const urlEscaped: Layer = {
  name: "a URL with percent",
  write: (text, random) => url.write(percent.write(text, random), random),
};

export const quoted = oneOf("quoted-printable", [
  spell.quotedPrintable,
  spell.quotedPrintableAll,
  spell.quotedPrintableMixed,
  (text) => spell.quotedPrintable(text, 5),
]);
