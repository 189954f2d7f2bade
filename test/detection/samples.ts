import { crc32 } from "node:zlib";
import type { Random } from "../spellings/random.ts";

/** How surely a made-up token of a format can be told from other text. */
export type SampleClass = "checksum" | "prefix";

/** A vendor's format as its documentation describes it: written down apart from the detector's table, which it tests. */
export interface Sample {
  readonly rule: string;
  readonly class: SampleClass;
  /** Text, with `{alphabet:count}` for what is random, and `{sum}` for the checksum. */
  readonly template: string;
  readonly sum?: (text: string, random: Random) => string;
  /** What must stand on the same line. */
  readonly beside?: string;
}

const DIGITS = "0123456789";
const LOWER = "abcdefghijklmnopqrstuvwxyz";
const UPPER = LOWER.toUpperCase();
const ALPHABETS: Readonly<Record<string, string>> = {
  digit: DIGITS,
  hex: `${DIGITS}abcdef`,
  HEX: `${DIGITS}ABCDEF`,
  lower: DIGITS + LOWER,
  upper: DIGITS + UPPER,
  letters: UPPER + LOWER,
  base32: `${UPPER}234567`,
  base62: DIGITS + UPPER + LOWER,
  base64: `${DIGITS}${UPPER}${LOWER}+/`,
  url: `${DIGITS}${UPPER}${LOWER}-_`,
  word: `${DIGITS}${UPPER}${LOWER}_`,
  dollar: "$",
  bech: "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
};
const BASE62 = DIGITS + UPPER + LOWER;

function base62(value: number, digits: number): string {
  let text = "";
  for (let rest = value; text.length < digits; rest = Math.floor(rest / 62)) text = BASE62[rest % 62] + text;
  return text;
}

const github = (text: string) => base62(crc32(text.slice(text.indexOf("_") + 1)), 6);
const littleEndian = (text: string) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(crc32(text.slice(0, -1)));
  return bytes.toString("hex");
};

/** A random text over a named alphabet. */
export function randomText(random: Random, alphabet: string, count: number): string {
  const letters = ALPHABETS[alphabet]!;
  return Array.from({ length: count }, () => letters[random.below(letters.length)]).join("");
}

function jwt(_: string, random: Random): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = {
    sub: randomText(random, "hex", 12),
    iat: 1_700_000_000 + random.below(1e7),
    scope: "read",
  };
  return `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}.${randomText(random, "url", 43)}`;
}

function uuid(random: Random): string {
  const hex = (count: number) => randomText(random, "hex", count);
  return `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`;
}

const checksum = (rule: string, template: string, sum: Sample["sum"]): Sample => ({
  rule,
  class: "checksum",
  template,
  sum: sum!,
});
const prefix = (rule: string, template: string, beside?: string): Sample => ({
  rule,
  class: "prefix",
  template,
  ...(beside !== undefined && { beside }),
});

export const SAMPLES: readonly Sample[] = [
  ...["ghp", "gho", "ghu", "ghs", "ghr"].map((start) =>
    checksum("github-token", `${start}_{base62:30}{sum}`, github),
  ),
  checksum("npm-token", "npm_{base62:30}{sum}", github),
  checksum("gitlab-routable-token", "glpat-{url:40}.01.0w{sum}", (text) =>
    crc32(text).toString(36).padStart(7, "0"),
  ),
  checksum("grafana-service-account", "glsa_{base62:32}_{sum}", littleEndian),
  checksum("atlassian-token", "ATATT3xFfGF0{url:172}={sum}", (text) =>
    crc32(text.slice(0, -1)).toString(16).toUpperCase().padStart(8, "0"),
  ),
  checksum("jwt", "{sum}", jwt),
  prefix("github-fine-grained", "github_pat_{base62:22}_{base62:59}"),
  prefix("gitlab-token", "glpat-{url:20}"),
  prefix("gitlab-token", "gldt-{url:20}"),
  prefix("gitlab-token", "glptt-{hex:40}"),
  prefix("gitlab-token", "glsoat-{url:20}"),
  prefix("gitlab-runner-registration", "GR1348941{url:20}"),
  prefix("slack-token", "xoxb-{digit:12}-{digit:13}-{base62:24}"),
  prefix("slack-token", "xoxp-{digit:12}-{digit:12}-{digit:13}-{hex:32}"),
  prefix("slack-app-token", "xapp-1-A{upper:10}-{digit:13}-{hex:64}"),
  prefix("slack-config-token", "xoxe.xoxp-1-{base62:166}"),
  prefix("slack-webhook", "https://hooks.slack.com/services/T{upper:10}/B{upper:10}/{base62:24}"),
  prefix("stripe-key", "sk_live_{base62:24}"),
  prefix("stripe-key", "rk_test_{base62:99}"),
  prefix("stripe-webhook-secret", "whsec_{base62:32}"),
  prefix("aws-access-key-id", "AKIA{base32:16}"),
  prefix("aws-access-key-id", "ASIA{base32:16}"),
  prefix("aws-bedrock-key", "ABSK{base62:128}"),
  prefix("google-api-key", "AIza{url:35}"),
  prefix("google-client-secret", "GOCSPX-{url:28}"),
  prefix("google-access-token", "ya29.{url:200}"),
  prefix("google-refresh-token", "1//0{url:98}"),
  prefix("anthropic-key", "sk-ant-api03-{url:93}AA"),
  prefix("anthropic-key", "sk-ant-admin01-{url:93}AA"),
  prefix("openrouter-key", "sk-or-v1-{hex:64}"),
  prefix("openai-key", "sk-proj-{url:74}T3BlbkFJ{url:74}"),
  prefix("openai-key", "sk-{base62:20}T3BlbkFJ{base62:20}"),
  prefix("perplexity-key", "pplx-{base62:48}"),
  prefix("groq-key", "gsk_{base62:52}"),
  prefix("replicate-token", "r8_{base62:37}"),
  prefix("xai-key", "xai-{base62:80}"),
  prefix("langsmith-key", "lsv2_pt_{hex:32}_{hex:10}"),
  prefix("nvidia-key", "nvapi-{url:64}"),
  prefix("tavily-key", "tvly-dev-{base62:32}"),
  prefix("pinecone-key", "pcsk_{base62:6}_{base62:63}"),
  prefix("sendgrid-key", "SG.{url:22}.{url:43}"),
  prefix("brevo-key", "xkeysib-{hex:64}-{base62:16}"),
  prefix("vault-service-token", "hvs.{url:95}"),
  prefix("vault-batch-token", "hvb.{url:160}"),
  prefix("terraform-cloud-token", "{base62:14}.atlasv1.{base62:67}"),
  prefix("grafana-cloud-token", "glc_{base64:120}"),
  prefix("bitbucket-app-password", "ATBB{base62:24}{HEX:8}"),
  prefix("trello-token", "ATTA{hex:64}{HEX:8}"),
  prefix("digitalocean-token", "dop_v1_{hex:64}"),
  prefix("shopify-token", "shpat_{hex:32}"),
  prefix("pypi-token", "pypi-AgEIcHlwaS5vcmc{url:150}"),
  prefix("huggingface-token", "hf_{letters:34}"),
  prefix("huggingface-org-token", "api_org_{letters:34}"),
  prefix("telegram-bot-token", "{digit:10}:AA{url:33}"),
  prefix("databricks-token", "dapi{hex:32}"),
  prefix("linear-key", "lin_api_{base62:40}"),
  prefix("postman-key", "PMAK-{hex:24}-{hex:34}"),
  prefix("pulumi-token", "pul-{hex:40}"),
  prefix("rubygems-key", "rubygems_{hex:48}"),
  prefix("notion-token", "ntn_{base62:46}"),
  prefix("newrelic-user-key", "NRAK-{upper:27}"),
  prefix("newrelic-insert-key", "NRII-{url:32}"),
  prefix("newrelic-browser-key", "NRJS-{hex:19}"),
  prefix("sentry-token", "sntryu_{hex:64}"),
  prefix("sentry-token", "sntrys_eyJ{base64:101}_{base64:43}"),
  prefix("flyio-token", "fm2_{base64:240}"),
  prefix("twilio-key-sid", "SK{hex:32}", "TWILIO_KEY"),
  prefix("mailgun-key", "key-{hex:32}", "MAILGUN"),
  prefix("heroku-key", "HRKU-AA{url:58}"),
  prefix("dynatrace-token", "dt0c01.{upper:24}.{upper:64}"),
  prefix("docker-token", "dckr_pat_{url:27}"),
  prefix("doppler-token", "dp.pt.{base62:43}"),
  prefix("figma-token", "figd_{url:40}"),
  prefix("airtable-token", "pat{base62:14}.{hex:64}"),
  prefix("typeform-token", "tfp_{base62:44}_{base62:14}"),
  prefix("square-token", "sq0csp-{url:43}"),
  prefix("facebook-token", "EAAM{base62:180}"),
  prefix("planetscale-token", "pscale_tkn_{base62:43}"),
  prefix("prefect-key", "pnu_{base62:36}"),
  prefix("readme-key", "rdme_{lower:70}"),
  prefix("shippo-token", "shippo_live_{hex:40}"),
  prefix("sonarqube-token", "squ_{hex:40}"),
  prefix("supabase-token", "sbp_{hex:40}"),
  prefix("tailscale-key", "tskey-auth-{base62:17}-{base62:32}"),
  prefix("adafruit-key", "aio_{base62:28}"),
  prefix("age-secret-key", "AGE-SECRET-KEY-1{bech:58}"),
  prefix("alibaba-access-key-id", "LTAI{base62:20}"),
  prefix("artifactory-key", "AKCp{base62:69}"),
  prefix("buildkite-token", "bkua_{hex:40}"),
  prefix("clojars-token", "CLOJARS_{hex:60}"),
  prefix("cloudflare-origin-ca-key", "v1.0-{hex:24}-{hex:146}"),
  prefix("contentful-token", "CFPAT-{url:43}"),
  prefix("crates-token", "cio{base62:32}"),
  prefix("circleci-token", "CCIPAT_{base62:22}_{hex:40}"),
  prefix("duffel-token", "duffel_live_{url:43}"),
  prefix("easypost-key", "EZAK{base62:54}"),
  prefix("flutterwave-key", "FLWSECK_TEST-{hex:32}-X"),
  prefix("frameio-token", "fio-u-{url:64}"),
  prefix("harness-token", "pat.{url:22}.{hex:24}.{base62:20}"),
  prefix("infracost-key", "ico-{base62:32}"),
  prefix("maxmind-license-key", "{base62:6}_{base62:29}_mmk"),
  prefix("nuget-key", "oy2{lower:43}"),
  prefix("1password-service-account", "ops_eyJ{base64:500}"),
  prefix("openshift-token", "sha256~{url:43}"),
  prefix("sourcegraph-token", "sgp_{hex:16}_{hex:40}"),
  prefix("hubspot-token", "pat-na1-{uuid:1}"),
  prefix("launchdarkly-key", "sdk-{uuid:1}", "LAUNCHDARKLY_SDK_KEY"),
  prefix("mapbox-secret-token", "sk.eyJ{base62:80}.{url:22}"),
  prefix("braintree-token", "access_token$production{dollar:1}{lower:16}{dollar:1}{hex:32}"),
  prefix("posthog-personal-key", "phx_{base62:43}"),
  prefix("resend-key", "re_{base62:8}_{base62:24}"),
  prefix("elevenlabs-key", "sk_{hex:48}"),
  prefix("klaviyo-key", "pk_{hex:34}"),
  prefix("azure-client-secret", "{base62:3}8Q~{base62:34}"),
  prefix("discord-webhook", "https://discord.com/api/webhooks/{digit:18}/{url:68}"),
];

/** A made-up token of the format; what stands before it, of addresses, is no part of it. */
export function madeUp(
  { template, sum }: Sample,
  random: Random,
): { readonly lead: string; readonly token: string } {
  const filled = template.replace(/\{(\w+):(\d+)\}/g, (_, alphabet: string, count: string) =>
    alphabet === "uuid" ? uuid(random) : randomText(random, alphabet, Number(count)),
  );
  const text = filled.includes("{sum}")
    ? filled.replace("{sum}", sum!(filled.slice(0, filled.indexOf("{sum}")), random))
    : filled;
  const lead = /^https:.*?\/(?:services|webhooks)\//.exec(text)?.[0] ?? "";
  return { lead, token: text.slice(lead.length) };
}
