import { hash, verify } from "node:crypto";
import type { Context } from "hono";
import { z } from "zod";

import { digestToken, type Judge } from "../../rules/digest.ts";
import { judgeOf } from "../../rules/intake.ts";
import type { Tenant } from "../../rules/tenants.ts";
import { Token, TokenRefused } from "../../rules/token.ts";
import { digestHash, hashAlgorithms } from "../../rules/tokenhash.ts";
import { Problem } from "../problem.ts";
import type { Env } from "../services.ts";
import type { PartnerConfig } from "./config.ts";
import type { GithubKeys } from "./githubkeys.ts";
import { parseSent } from "./json.ts";
import type { Reception } from "./reception.ts";
import { kindOf, placeOf } from "./words.ts";

const MATCHES_MAX = 10_000;
const TEXT_CHARS = 16_384;
/** Tokens labelled in one turn of the event loop: some milliseconds. */
const TOKENS_A_TURN = 200;

const text = z.string().max(TEXT_CHARS);
const matchesSchema = z
  .array(
    z.object({
      token: text,
      type: text,
      url: text.nullable().optional(),
      source: text.nullable().optional(),
    }),
  )
  .max(MATCHES_MAX);
type Match = z.output<typeof matchesSchema>[number];

/** Where GitHub looks, in its words. */
const SOURCES: ReadonlySet<string> = new Set([
  "content",
  "commit",
  "pull_request_title",
  "pull_request_description",
  "pull_request_comment",
  "issue_title",
  "issue_description",
  "issue_comment",
  "discussion_title",
  "discussion_body",
  "discussion_comment",
  "commit_comment",
  "gist_content",
  "gist_comment",
  "npm",
]);

/** What GitHub is told of a match. */
interface Feedback {
  readonly token_hash: string;
  readonly token_type: string;
  readonly label: "true_positive" | "false_positive";
}

/**
 * `/intake/github/partner`: GitHub tells whose formats it looks for what it found. The signature is ECDSA P-256 with
 * SHA-256 over the bytes as they came.
 */
export function githubPartnerReceiver(reception: Reception, config: PartnerConfig, keys: GithubKeys) {
  const sender = { tenant: config.tenant, actor: "intake:github" };
  const refused = (context: Context<Env>, why: string) =>
    reception.unverified(context, "github_partner", why);

  return async (context: Context<Env>): Promise<Response> => {
    const id = context.req.header("github-public-key-identifier") ?? "";
    const signature = context.req.header("github-public-key-signature") ?? "";
    if (!/^[0-9A-Za-z_-]{1,128}$/.test(id) || !/^[0-9A-Za-z+/]{8,120}={0,2}$/.test(signature))
      throw refused(context, "headers");
    return reception.withJson(context, false, async (bytes) => {
      const key = await keys.key(id);
      if (key === undefined)
        throw new Problem(503, "The public keys cannot be had now.", [], { "retry-after": "60" });
      if (key === null) throw refused(context, "key");
      if (!verify("sha256", bytes, key, Buffer.from(signature, "base64")))
        throw refused(context, "signature");
      const matches = parseSent(bytes, matchesSchema);
      const tenant = await reception.tenantOf(sender);
      // Before they are taken in: then each of them is known.
      const labels = await feedbackOf(tenant, matches, config.unknown);
      await reception.takeIn(context, "github_partner", sender, tenant, matches.map(findingOf));
      return context.json(labels);
    });
  };
}

function findingOf({ token, type, url, source }: Match) {
  const word = (source ?? "").toLowerCase();
  const where = SOURCES.has(word) ? word.replaceAll("_", " ") : "a place it does not name";
  return {
    token,
    kind: kindOf(type),
    description: `GitHub found it in ${where}.`,
    sighting: { source: "github", ...placeOf(url ?? "") },
  };
}

/** One label for each token and type of which there is something to say. */
async function feedbackOf(
  tenant: Tenant,
  matches: readonly Match[],
  unknown: PartnerConfig["unknown"],
): Promise<Feedback[]> {
  const judge = judgeOf(tenant.store.falsePositiveRules());
  const labels = new Map<string, Feedback>();
  for (const [index, { token, type }] of matches.entries()) {
    const label = labelOf(tenant, token, judge) ?? (unknown === "none" ? null : unknown);
    const token_hash = hash("sha256", token, "hex");
    if (label !== null) labels.set(`${token_hash} ${type}`, { token_hash, token_type: type, label });
    if (index % TOKENS_A_TURN === TOKENS_A_TURN - 1) await new Promise((resume) => setImmediate(resume));
  }
  return [...labels.values()];
}

/**
 * What people here said of a token: it is listed as live, or a leak that somebody decided about, or that others than GitHub
 * told of, holds it.
 * Null where nobody said anything; what GitHub alone told of is no better known for it.
 */
function labelOf({ store, pepper }: Tenant, text: string, judge: Judge | null): Feedback["label"] | null {
  try {
    const { digest, isFalse } = digestToken(Token.parse(text), pepper, judge);
    if (isFalse) return "false_positive";
    if (store.inventory.holds(digest)) return "true_positive";
    const hashes = store.hasHashes() ? hashAlgorithms : [];
    const ofHashes = hashes.map((algorithm) =>
      digestHash({ algorithm, hex: hash(algorithm, text, "hex") }, pepper),
    );
    const standings = [digest, ...ofHashes.map((each) => each.digest)].flatMap((each) =>
      store.standings(each),
    );
    if (standings.length > 0 && standings.every(({ standing }) => standing === "marked_false"))
      return "false_positive";
    const isOurs = standings.some(({ leak: id, standing }) => {
      const leak = store.leak(id);
      return standing !== "marked_false" && (leak?.status !== "opened" || leak.source !== "github");
    });
    return isOurs ? "true_positive" : null;
  } catch (error) {
    if (!(error instanceof TokenRefused)) throw error;
    return error.reason === "false_positive" ? "false_positive" : null;
  }
}
