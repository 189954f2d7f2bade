import type { InspectConfig } from "./config.ts";
import { type Coding, codingsOf, type InflateOutcome, Inflation } from "./inflate.ts";
import type { ReplyKind } from "./reply.ts";

/** Why the decoded bytes of a body were not, or not all, inspected. */
export type Undecoded = "unknown" | "broken" | "over_budget";

/** What is done about a body that is not decoded: refused with this reply, or passed. */
export interface Undecodable {
  readonly why: Undecoded;
  /** null: it passes, counted and told of. */
  readonly reply: ReplyKind | null;
}

/** How a body with these content codings is to be decoded; null where there is none. */
export function decodingOf(contentEncoding: string, config: InspectConfig): Inflation | Undecodable | null {
  if (contentEncoding === "") return null;
  const { depth, ratio, ratioBaseBytes, decodedBytes, decodeMs } = config.codings;
  const codings: readonly Coding[] | "unknown" | "too_deep" | null = codingsOf(contentEncoding, depth);
  if (codings === null) return null;
  if (codings === "unknown") return undecodable("unknown", config);
  if (codings === "too_deep") return undecodable("over_budget", config);
  return new Inflation(codings, {
    ratioMax: ratio,
    ratioBaseBytes,
    decodedBytesMax: decodedBytes,
    ms: decodeMs,
  });
}

/** What an outcome other than `ok` and `stopped` leads to. */
export function afterDecoding(
  outcome: Exclude<InflateOutcome, "ok" | "stopped">,
  config: InspectConfig,
): Undecodable {
  return undecodable(outcome === "broken" || outcome === "truncated" ? "broken" : "over_budget", config);
}

function undecodable(why: Undecoded, { codings }: InspectConfig): Undecodable {
  switch (why) {
    case "unknown":
      return { why, reply: codings.unknown === "block" ? "coding_unknown" : null };
    case "broken":
      return { why, reply: codings.broken === "block" ? "coding_broken" : null };
    default:
      return { why, reply: codings.overBudget === "block" ? "coding_budget" : null };
  }
}
