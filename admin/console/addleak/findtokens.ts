/** A token that was found in what somebody pasted. */
export interface FoundToken {
  readonly text: string;
  /** What kind of token it looks like: `github`, `jwt`, ... or `opaque`. */
  readonly kind: string;
}

/** How tokens of known providers look, as they stand in a text. */
const KNOWN: readonly (readonly [string, RegExp])[] = [
  ["github", /\b(?:gh[opusr]_[0-9A-Za-z]{36}|github_pat_[0-9A-Za-z_]{82})\b/g],
  ["gitlab", /\bgl(?:pat|dt|rt|ptt|cbt|ft|imt|agent|oas|soat)-[\w-]{20,300}(?:\.[0-9a-z]{2}\.[0-9a-z]{9})?/g],
  ["slack", /\b(?:xox[abeprs][-.]|xapp-)[\w.-]{20,}/g],
  ["stripe", /\b[sr]k_(?:test|live|prod)_[0-9A-Za-z]{10,99}\b/g],
  ["aws", /\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b/g],
  ["google", /\bAIza[\w-]{35}/g],
  ["anthropic", /\bsk-ant-[\w-]{80,}/g],
  ["openai", /\bsk-[\w-]{20,}T3BlbkFJ[\w-]{20,}/g],
  ["npm", /\bnpm_[0-9A-Za-z]{36}\b/g],
  ["sendgrid", /\bSG\.[\w-]{20,24}\.[\w-]{39,50}/g],
  ["vault", /\bhv[sb]\.[\w-]{24,}/g],
  ["jwt", /\beyJ[\w-]{6,}\.eyJ[\w-]{6,}\.[\w-]*/g],
  ["telegram", /\b[0-9]{5,16}:A[\w-]{34}\b/g],
  ["pypi", /\bpypi-AgEIcHlwaS5vcmc[\w-]{50,}/g],
  ["shopify", /\bshp(?:at|ca|pa|ss)_[0-9A-Fa-f]{32}\b/g],
  ["digitalocean", /\bdo[por]_v1_[0-9a-f]{64}\b/g],
  ["grafana", /\bglsa_[0-9A-Za-z]{32}_[0-9A-Fa-f]{8}\b/g],
  ["huggingface", /\bhf_[A-Za-z]{34}\b/g],
];

/** Names whose value is a secret: in a header, an assignment, a parameter, a field of JSON. */
const SECRET_NAME =
  "[\\w.-]*(?:authorization|api[_-]?key|apikey|access[_-]?key|token|secret|password|passwd|credential|private[_-]?key|session)[\\w.-]*";
const VALUE = "[^\\s\"'`,;&<>{}()\\\\]{6,4096}";
const ASSIGNED = new RegExp(
  `(?:^|[\\s"'\`?&;{,(/])(${SECRET_NAME})["']?\\s*[:=]\\s*["'\`]?(?:(?:bearer|token|basic|apikey|bot|oauth|ssws)\\s+)?(${VALUE})`,
  "gim",
);
const SCHEME = new RegExp(`\\b(?:bearer|ssws|geniekey)\\s+(${VALUE})`, "gi");
const NOT_SECRET =
  /^(?:true|false|null|none|undefined|bearer|basic|token|required|optional|\d{1,9}|\*+|x+|\$\{?\w+\}?|<.*>|https?:.*|application\/.*|text\/.*)$/i;
/** A line that is one word and looks like no prose. */
const BARE = /^["'`]?([^\s"'`]{6,4096})["'`]?,?$/;
const MASK = /\*{3}|^REDACTED$|\.{3}$/i;

/**
 * Tokens in what was pasted: one a line, a curl command, a `.env`, a HAR, a log. Known formats are found anywhere; others by
 * the name before them. A text of plain single words, a line each, is a list of tokens. In order, each once.
 */
export function findTokens(text: string): FoundToken[] {
  const found = new Map<string, { readonly kind: string; readonly at: number }>();
  const take = (token: string, kind: string, at: number) => {
    if (!found.has(token)) found.set(token, { kind, at });
  };
  for (const [kind, shape] of KNOWN)
    for (const match of text.matchAll(shape)) take(match[0], kind, match.index);
  const isInside = (value: string) =>
    [...found.keys()].some((token) => token !== value && token.includes(value));
  // Names and values of a HAR stand in fields of their own: `"name": "authorization", "value": "Bearer ..."`.
  const plain = text.replaceAll(/"name"\s*:\s*"([^"]+)"\s*,\s*"value"\s*:\s*"/g, '"$1": "');
  for (const shape of [ASSIGNED, SCHEME]) {
    for (const match of plain.matchAll(shape)) {
      const value = (match[2] ?? match[1])!;
      if (!isSecret(value) || isInside(value) || holdsKnown(found, value)) continue;
      take(value, "opaque", text.indexOf(value));
    }
  }
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  if (lines.every((line) => BARE.test(line.trim()) && !/^[\w.-]{1,64}[=:]/.test(line.trim())))
    for (const line of lines) {
      const word = BARE.exec(line.trim())![1]!;
      if (!MASK.test(word) && !holdsKnown(found, word)) take(word, "opaque", text.indexOf(word));
    }
  return [...found]
    .sort(([, { at }], [, { at: other }]) => at - other)
    .map(([token, { kind }]) => ({ text: token, kind }));
}

/** What kind of token a single text is. */
export function kindOf(text: string): string {
  for (const [kind, shape] of KNOWN) {
    const [match] = text.match(shape) ?? [];
    if (match === text) return kind;
  }
  return "opaque";
}

/** What may be shown of a token: at most four leading characters, and only of longer ones. */
export function masked(text: string): string {
  const length = new TextEncoder().encode(text).length;
  return `${length >= 16 ? text.slice(0, 4) : ""}****(${length})`;
}

function isSecret(value: string): boolean {
  return !NOT_SECRET.test(value) && !MASK.test(value);
}

/** `Bearer ghp_...` is the token that was found already. */
function holdsKnown(found: ReadonlyMap<string, unknown>, value: string): boolean {
  return [...found.keys()].some((token) => value.includes(token));
}
