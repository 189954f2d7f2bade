import type { Random } from "../spellings/random.ts";
import { madeUp, randomText, SAMPLES, type Sample } from "./samples.ts";

/** Text that looks like a token to a plain pattern and is none. `value` may hold whatever a text may. */
export interface Decoy {
  readonly kind: string;
  readonly name: string;
  readonly value: string;
}

const FIXED = SAMPLES.filter(
  ({ rule, beside, template }) =>
    beside === undefined &&
    /^[\w.-]+_?\{(?:base62|hex|base32|upper|letters):\d+\}$/.test(template) &&
    // Not of those that come in many lengths: cut or grown they are still in shape.
    !/stripe|cloud-token|facebook|flyio|bedrock|slack|planetscale|posthog|vault/.test(rule),
);
const SUMMED = SAMPLES.filter(({ class: each, rule }) => each === "checksum" && rule !== "jwt");
const ANY = SAMPLES.filter(({ beside, template }) => beside === undefined && !template.startsWith("https:"));

const tokenOf = (samples: readonly Sample[], random: Random) => madeUp(random.pick(samples), random).token;
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const hex = (random: Random, count: number) => randomText(random, "hex", count);

function uuid(random: Random): string {
  return [8, 4, 4, 4, 12].map((count) => hex(random, count)).join("-");
}

const PLACEHOLDERS = [
  "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
  "ghp_YourPersonalAccessTokenGoesRightHere",
  "sk_live_YOUR_SECRET_KEY_GOES_HERE",
  "sk_test_xxxxxxxxxxxxxxxxxxxxxxxx",
  "AKIAXXXXXXXXXXXXXXXX",
  "glpat-XXXXXXXXXXXXXXXXXXXX",
  "glpat-your-access-token-00",
  "xoxb-your-bot-token-goes-here-please",
  "npm_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
  "hvs.CAESIEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAM",
  "dop_v1_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
  "AIzaSyXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
  "<your-token>",
  "changeme",
  "REPLACE_WITH_TOKEN",
  "hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
  "SG.xxxxxxxxxxxxxxxxxxxxxx.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
  "xoxb-123456789012-1234567890123-AbCdEfGhIjKlMnOpQrStUvWx",
  "shpat_00000000000000000000000000000000",
];
/** Of public documentation, taken apart so that no scanner takes this file for a leak. */
const EXAMPLES = [
  ["AKIA", "IOSFODNN7EXAMPLE"],
  ["AKIA", "I44QH8DHBEXAMPLE"],
  ["sk_test", "_4eC39HqLyjWDarjtT1zdp7dc"],
  ["sk_test", "_BQokikJOvBiI2HlWgH4olfQ2"],
  ["AIza", "SyDaGmWKa4JsXZ-HjGw7ISLn_3namBGewQe"],
  ["ghp", "_16C7e42F292c6912E7710c838347Ae178B4a"],
  ["123456:ABC", "-DEF1234ghIkl-zyx57W2v1u123ew11"],
  ["110201543:AA", "HdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"],
  [
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",
    ".eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c",
  ],
].map((parts) => parts.join(""));
const NAMES = [
  "npm_config_registry_for_all_of_the_workspaces",
  "sk_test_helper_for_the_payment_form",
  "hf_TransformersModelForSequenceClassify",
  "glpat-token-rotation-job-a",
  "pul-deployment-of-the-main-stack",
  "re_compiled_pattern_of_the_tokenizer_now",
  "shpat_migration_of_the_old_table",
  "r8_register_allocation_of_the_inner_loop",
  "xapp-navigation-toolbar-collapsed",
  "whsec_validation_of_the_incoming_event",
  "rdme_generator_for_the_packages_of_the_monorepo_with_all_of_their_dependencies",
  "phx_controller_action_fallback_for_the_whole_router",
  "gsk_to_gst_migration_helper_for_the_render_pipeline_tree",
];

const KINDS: readonly (readonly [string, (random: Random) => readonly [string, string]])[] = [
  ["git SHA", (random) => ["commit_token", hex(random, 40)]],
  ["UUID", (random) => ["api_key", uuid(random)]],
  ["service and UUID", (random) => ["request_token", `api-${uuid(random).replace(/(.{14})./, "$14")}`]],
  ["lockfile integrity", (random) => ["integrity", `sha512-${randomText(random, "base64", 86)}==`]],
  ["digest", (random) => ["token_digest", `sha256:${hex(random, 64)}`]],
  ["colour", (random) => ["secretColor", `#${hex(random, 6)}`]],
  ["image", (random) => ["icon", `data:image/png;base64,iVBORw0KGgo${randomText(random, "base64", 400)}=`]],
  ["placeholder", (random) => ["token", random.pick(PLACEHOLDERS)]],
  ["public example", (random) => ["token", random.pick(EXAMPLES)]],
  ["cut", (random) => ["token", tokenOf(FIXED, random).slice(0, -1 - random.below(6))]],
  [
    "grown",
    (random) => ["token", `${tokenOf(FIXED, random)}${randomText(random, "base62", 1 + random.below(3))}`],
  ],
  ["within a word", (random) => ["token", `x${tokenOf(FIXED, random)}`]],
  ["wrong checksum", (random) => ["token", mistyped(tokenOf(SUMMED, random), random)]],
  ["masked", (random) => ["token", masked(tokenOf(ANY, random), random)]],
  [
    "three parts, no JSON",
    (random) => ["jwt", [36, 90, 43].map((count) => `eyJ${randomText(random, "url", count)}`).join(".")],
  ],
  [
    "three parts, no alg",
    (random) => [
      "jwt",
      `${part({ typ: "JWT", kid: hex(random, 6) })}.${part({ sub: hex(random, 9) })}.${randomText(random, "url", 43)}`,
    ],
  ],
  ["JWT without an end", (random) => ["jwt", `${part({ alg: "HS256" })}.${part({ sub: hex(random, 9) })}`]],
  [
    "name of a variable",
    (random) => ["token", `\${${random.pick(["GITHUB_TOKEN", "secrets.NPM_TOKEN", "STRIPE_KEY"])}}`],
  ],
  ["long name", (random) => ["tokenHelper", random.pick(NAMES)]],
  [
    "test vector",
    (random) => [
      "secret",
      random.pick(["000102030405060708090a0b0c0d0e0f", "deadbeef".repeat(5), "0123456789abcdef".repeat(4)]),
    ],
  ],
  ["cache key", (random) => ["cache", `key-${hex(random, 32)}`]],
  ["part number", (random) => ["sku", `SK${hex(random, 32)}`]],
  ["address on a chain", (random) => ["wallet_token", `0x${hex(random, 40)}`]],
  [
    "public key",
    (random) => ["ssh", `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${randomText(random, "base64", 43)}`],
  ],
  ["random alone", (random) => ["etag", randomText(random, "base62", 24 + random.below(30))]],
];

export function decoy(random: Random, index: number): Decoy {
  const [kind, make] = KINDS[index % KINDS.length]!;
  const [name, value] = make(random);
  return { kind, name, value };
}

function mistyped(token: string, random: Random): string {
  const at = token.length - 10 - random.below(10);
  const other = token[at] === "a" ? "b" : "a";
  return token.slice(0, at) + other + token.slice(at + 1);
}

function masked(token: string, random: Random): string {
  const start = token.slice(0, 8);
  return random.pick([
    `${start}${"*".repeat(20)}`,
    `${start}...${token.slice(-4)}`,
    `${start}${"x".repeat(30)}`,
    `${start}…`,
  ]);
}
