/** A made-up token of one format. `text` is what a client sends; a change within `[0, signed)` makes it another token. */
export interface TokenKind {
  readonly name: string;
  readonly text: string;
  readonly signed: number;
}

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const signingInput = `${part({ alg: "HS256", typ: "JWT" })}.${part({ sub: "made-up", name: "Made Up" })}`;
const pieces = Array.from({ length: 100 }, (_, index) => `made-up_${index}-`).join("");

const kind = (name: string, text: string, signed = text.length): TokenKind => ({ name, text, signed });

export const KINDS: readonly TokenKind[] = [
  kind("opaque", "made-up_Opaque-Tok_en-01"),
  kind("github", "ghp_MadeUpMadeUpMadeUpMadeUpMadeUp000001"),
  kind("telegram", "1234567890:AAmade-up_telegram_token_0000000001"),
  kind("jwt", `${signingInput}.bWFkZS11cC1zaWduYXR1cmUtbWFkZS11cC1zaWduYXQ`, signingInput.length),
  kind("short", "Sh0rt7"),
  kind("base64", "bWFkZS11cA/bWFkZS+11cC90b2tlbg=="),
  kind("long", `${pieces.slice(0, 996)}_end`),
];

export const POSITIONS = ["first", "middle", "last"] as const;
export type Position = (typeof POSITIONS)[number];

/** The token with one character changed: another token, which nobody leaked. */
export function twin({ text, signed }: TokenKind, position: Position): string {
  const at = position === "first" ? 0 : position === "last" ? signed - 1 : Math.floor(signed / 2);
  return text.slice(0, at) + otherCharacter(text[at]!) + text.slice(at + 1);
}

/** What looks like the token and is none: it goes on, is cut short, or differs in the case of one letter. */
export function lookAlikes({ text, signed }: TokenKind): readonly (readonly [string, string])[] {
  const token = text.slice(0, signed);
  const rest = text.slice(signed);
  const letter = token.search(/[A-Za-z]/);
  const flipped = String.fromCharCode(token.charCodeAt(letter) ^ 0x20);
  return [
    ["with a letter after it", `${token}x${rest}`],
    ["with a low line after it", `${token}_${rest}`],
    ["cut by its last character", token.slice(0, -1) + rest],
    ["cut by its first character", token.slice(1) + rest],
    ["with one letter in the other case", token.slice(0, letter) + flipped + token.slice(letter + 1) + rest],
  ];
}

/** Another character of the same class, so that the twin may stand wherever the token may. */
function otherCharacter(character: string): string {
  if (/[a-y]|[A-Y]|[0-8]/.test(character)) return String.fromCharCode(character.charCodeAt(0) + 1);
  const others: Record<string, string> = { z: "a", Z: "A", "9": "0", "-": "_", _: "-" };
  return others[character] ?? "Q";
}
