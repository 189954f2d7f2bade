import { crc32 } from "node:zlib";

/** `valid` or `invalid` where the format has a checksum that can be told offline, else `none`. */
export type Checksum = "none" | "valid" | "invalid";

/** One known format of tokens. Several rows may have the same kind. */
interface Format {
  readonly kind: string;
  /** How it begins: enough to know the kind. */
  readonly start: RegExp;
  /** All of it, where its shape is known; a token that begins so and is shorter than any such is cut. */
  readonly whole?: RegExp;
  /** Characters of the shortest whole one; 0 where nobody knows. */
  readonly charsMin: number;
  /** Whether the checksum in it is right; asked of whole ones only. */
  readonly isRight?: (text: string) => boolean;
}

const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** In order: the first row whose start fits decides. The shapes are those that public scanners look for. */
const FORMATS: readonly Format[] = [
  format("github", /^gh[opusr]_/, /^gh[opusr]_[0-9A-Za-z]{36}$/, 40, endsInBase62),
  format("github", /^github_pat_/, /^github_pat_[0-9A-Za-z]{22}_[0-9A-Za-z]{59}$/, 93),
  // An old one of 20 characters looks the same as a routable one that a scanner cut to 20: both are told of.
  format(
    "gitlab",
    /^gl(?:pat|dt|rt|ptt|cbt|ft|imt|agent|oas|soat)-/,
    /^gl[a-z]+-[\w-]{27,300}\.[0-9a-z]{2}\.[0-9a-z]{9}$/,
    27,
    (text) => text.slice(-7) === crc32(text.slice(0, -7)).toString(36).padStart(7, "0"),
  ),
  format("slack", /^xox[abeprs][-.]|^xapp-/, /^(?:xox[abeprs][-.]|xapp-)[\w.-]{20,}$/, 24),
  format("stripe", /^[sr]k_(?:test|live|prod)_/, /^[sr]k_(?:test|live|prod)_[0-9A-Za-z]{10,99}$/, 18),
  format("aws", /^(?:A3T.|AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}$/, /^(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}$/, 20),
  format("aws", /^ABSK/, /^ABSK[\w+/]{109,}={0,2}$/, 113),
  format("google", /^AIza/, /^AIza[\w-]{35}$/, 39),
  format("anthropic", /^sk-ant-/, /^sk-ant-[a-z]+[0-9]{2}-[\w-]{93}AA$/, 108),
  format("openai", /^sk-/, /^sk-[\w-]{20,}T3BlbkFJ[\w-]{20,}$/, 51),
  format("npm", /^npm_/, /^npm_[0-9A-Za-z]{36}$/, 40, endsInBase62),
  format("sendgrid", /^SG\./, /^SG\.[\w.-]{66}$/, 69),
  format("vault", /^hvs\./, /^hvs\.[\w-]{90,}$/, 94),
  format("vault", /^hvb\./, /^hvb\.[\w-]{138,}$/, 142),
  format("grafana", /^glsa_/, /^glsa_[0-9A-Za-z]{32}_[0-9A-Fa-f]{8}$/, 46, (text) => {
    const sum = Buffer.alloc(4);
    sum.writeUInt32LE(crc32(text.slice(0, 37)));
    return sum.toString("hex") === text.slice(-8).toLowerCase();
  }),
  format("grafana", /^glc_|^eyJrIjoi/, /^(?:glc_|eyJrIjoi)[\w+/]{32,}={0,3}$/, 40),
  format("atlassian", /^ATATT3/, /^ATATT3[\w=-]{30,}[0-9A-Fa-f]{8}$/, 44, (text) => {
    const sum = crc32(text.slice(0, -8)).toString(16).padStart(8, "0");
    const withoutMark = crc32(text.slice(0, -9)).toString(16).padStart(8, "0");
    return [sum, withoutMark].includes(text.slice(-8).toLowerCase());
  }),
  format("digitalocean", /^do[por]_v1_/, /^do[por]_v1_[0-9a-f]{64}$/, 71),
  format("shopify", /^shp(?:at|ca|pa|ss)_/, /^shp(?:at|ca|pa|ss)_[0-9A-Fa-f]{32}$/, 38),
  format("pypi", /^pypi-/, /^pypi-AgEIcHlwaS5vcmc[\w-]{50,}$/, 70),
  format("huggingface", /^hf_/, /^hf_[A-Za-z]{34}$/, 37),
  format("telegram", /^[0-9]{5,16}:A[\w-]{34}$/, /^[0-9]{5,16}:A[\w-]{34}$/, 0),
  format("databricks", /^dapi[0-9a-f]{32}/, /^dapi[0-9a-f]{32}(?:-[0-9])?$/, 36),
  format("linear", /^lin_api_/, /^lin_api_[0-9A-Za-z]{40}$/, 48),
  format("postman", /^PMAK-/, /^PMAK-[0-9A-Fa-f]{24}-[0-9A-Fa-f]{34}$/, 64),
  format("pulumi", /^pul-[0-9a-f]{8}/, /^pul-[0-9a-f]{40}$/, 44),
  format("rubygems", /^rubygems_/, /^rubygems_[0-9a-f]{48}$/, 57),
  format("notion", /^ntn_/, /^ntn_[0-9A-Za-z]{46}$/, 50),
  format("newrelic", /^NRAK-/, /^NRAK-[0-9A-Za-z]{27}$/, 32),
  format("sentry", /^sntry[su]_/, /^sntry[su]_[\w+/=]{64,}$/, 71),
  format("flyio", /^fm[12][ar]?_/, /^fm[12][ar]?_[\w+/=,]{100,}$/, 104),
  format("twilio", /^SK[0-9a-f]{32}$/, /^SK[0-9a-f]{32}$/, 34),
  format("mailgun", /^key-[0-9a-f]{32}$/, /^key-[0-9a-f]{32}$/, 36),
  format("heroku", /^HRKU-AA/, /^HRKU-AA[\w-]{58}$/, 65),
  format("dynatrace", /^dt0[a-z][0-9]{2}\./, /^dt0[a-z][0-9]{2}\.[0-9A-Z]{24}\.[0-9A-Z]{64}$/, 96),
  format("uuid", /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i),
  format("hex", /^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})$/i),
];

function format(
  kind: string,
  start: RegExp,
  whole?: RegExp,
  charsMin = 0,
  isRight?: (text: string) => boolean,
): Format {
  return { kind, start, charsMin, ...(whole && { whole }), ...(isRight && { isRight }) };
}

/** What can be told of a token from its text alone. */
export interface Recognized {
  /** `github`, `npm`, ... or `opaque`. */
  readonly kind: string;
  readonly checksum: Checksum;
  /** It begins as a known format and is too short for it. */
  readonly looksTruncated: boolean;
}

/** Recognizes the format of a token's canonical form. */
export function recognize(text: string): Recognized {
  for (const { kind, start, whole, charsMin, isRight } of FORMATS) {
    if (!start.test(text)) continue;
    const isWhole = whole?.test(text) ?? false;
    const checksum = !isWhole || isRight === undefined ? "none" : isRight(text) ? "valid" : "invalid";
    return { kind, checksum, looksTruncated: !isWhole && text.length < charsMin };
  }
  return { kind: "opaque", checksum: "none", looksTruncated: false };
}

/**
 * The kind of token that a word of a text plainly is, or null: a whole one of a format that nothing else looks like.
 * For texts that people write, where no token may stand.
 */
export function plainlyToken(word: string): string | null {
  const found = FORMATS.find(({ whole, start }) => start.test(word) && whole?.test(word));
  return found?.kind ?? null;
}

/** GitHub's and npm's: CRC-32 of the 30 characters before, in base 62, six digits. */
function endsInBase62(text: string): boolean {
  let rest = crc32(text.slice(-36, -6));
  let digits = "";
  for (; digits.length < 6; rest = Math.floor(rest / 62)) digits = BASE62[rest % 62] + digits;
  return digits === text.slice(-6);
}

/** Shannon's entropy of the text's characters, in bits a character. */
export function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / total) * Math.log2(count / total);
  return bits;
}

/** Bits a character, and in all, below which a text is easily met by chance: `changeme`, `aaaaaaaaaaaa`. */
const BITS_A_CHARACTER = 2.2;
const BITS_IN_ALL = 30;

export function isLowEntropy(text: string): boolean {
  const bits = entropyOf(text);
  return bits < BITS_A_CHARACTER || bits * text.length < BITS_IN_ALL;
}
