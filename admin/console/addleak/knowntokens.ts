/** A token as a whole word: one that goes on behind its format is another token, and is not cut. */
const word = (shape: string) => new RegExp(`(?<!\\w)(?:${shape})(?!-?\\w)`, "g");

/** How tokens of known providers look, as they stand in a text. Runs are bounded, so that looking stays linear. */
const KNOWN: readonly (readonly [string, RegExp])[] = [
  ["github", word("gh[opusr]_[0-9A-Za-z]{36}|github_pat_[0-9A-Za-z_]{82}")],
  [
    "gitlab",
    word(
      String.raw`gl(?:pat|dt|rt|ptt|cbt|ft|imt|agent|oas|soat)-[\w-]{20,300}(?:\.[0-9a-z]{2}\.[0-9a-z]{9})?`,
    ),
  ],
  ["slack", word(String.raw`(?:xox[abeprs][-.]|xapp-)[\w.-]{19,500}\w`)],
  ["stripe", word("[sr]k_(?:test|live|prod)_[0-9A-Za-z]{10,99}")],
  ["aws", word("(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}")],
  ["google", word(String.raw`AIza[\w-]{35}`)],
  ["anthropic", word(String.raw`sk-ant-[\w-]{80,300}`)],
  ["openai", word(String.raw`sk-[\w-]{20,200}T3BlbkFJ[\w-]{20,200}`)],
  ["npm", word("npm_[0-9A-Za-z]{36}")],
  ["sendgrid", word(String.raw`SG\.[\w-]{20,24}\.[\w-]{39,50}`)],
  ["vault", word(String.raw`hv[sb]\.[\w-]{24,400}`)],
  ["jwt", word(String.raw`(?<!-)eyJ[\w-]{6,4096}\.eyJ[\w-]{6,4096}\.[\w-]{0,4096}`)],
  // Its place is the path, right behind `bot`.
  ["telegram", /(?<=(?<!\w)(?:bot)?)[0-9]{5,16}:A[\w-]{34}(?!-?\w)/g],
  ["pypi", word(String.raw`pypi-AgEIcHlwaS5vcmc[\w-]{50,1100}`)],
  ["shopify", word("shp(?:at|ca|pa|ss)_[0-9A-Fa-f]{32}")],
  ["digitalocean", word("do[por]_v1_[0-9a-f]{64}")],
  ["grafana", word("glsa_[0-9A-Za-z]{32}_[0-9A-Fa-f]{8}")],
  ["huggingface", word("hf_[A-Za-z]{34}")],
];

/** A stretch of a text that is a token. */
export interface Span {
  readonly start: number;
  readonly end: number;
  /** As a client sends it: without the escapes that it was written with. */
  readonly text: string;
  /** What kind of token it looks like: `github`, `jwt`, ... or `opaque`. */
  readonly kind: string;
}

/** Tokens of known formats, wherever they stand. */
export function* knownSpans(text: string): Generator<Span> {
  for (const [kind, shape] of KNOWN)
    for (const { 0: found, index } of text.matchAll(shape))
      yield { start: index, end: index + found.length, text: found, kind };
}

/** What kind of token a single text is. */
export function kindOf(text: string): string {
  for (const { kind, text: found } of knownSpans(text)) if (found === text) return kind;
  return "opaque";
}

/** What may be shown of a token: at most four leading characters, and only of longer ones. */
export function masked(text: string): string {
  const length = new TextEncoder().encode(text).length;
  return `${length >= 16 ? text.slice(0, 4) : ""}****(${length})`;
}
