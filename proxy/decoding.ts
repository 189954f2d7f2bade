import type { InspectConfig } from "./config.ts";
import { type Coding, codingsOf, type InflateOutcome, Inflation } from "./inflate.ts";
import type { RequestHead } from "./normalize.ts";
import type { ReplyKind } from "./reply.ts";

/** Why the decoded bytes of a body were not, or not all, inspected. */
export type Undecoded = "coding unknown" | "coding broken" | "coding over budget" | "charset unknown";

/** What is done about a body that is not decoded: refused with this reply, or passed. */
export interface Undecodable {
  readonly why: Undecoded;
  /** null: it passes, counted and told of. */
  readonly reply: ReplyKind | null;
}

/** How a request's body is to be decoded: by its content codings, or its gRPC messages by theirs; null where there is none. */
export function decodingOf(head: RequestHead, config: InspectConfig): Inflation | Undecodable | null {
  const value = head.contentEncoding === "" ? head.grpcEncoding : head.contentEncoding;
  if (value === "") return null;
  const { depth, ratio, ratioBaseBytes, decodedBytes, decodeMs } = config.codings;
  const codings: readonly Coding[] | "unknown" | "too_deep" | null = codingsOf(value, depth);
  if (codings === null) return null;
  if (codings === "unknown") return undecodable("coding unknown", config);
  if (codings === "too_deep") return undecodable("coding over budget", config);
  return new Inflation(codings, {
    depthMax: depth,
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
  const isBroken = outcome === "broken" || outcome === "truncated";
  return undecodable(isBroken ? "coding broken" : "coding over budget", config);
}

/** What the content type's charset leads to, where it is none of which ASCII can be seen. */
export function unreadableCharset(config: InspectConfig): Undecodable {
  return undecodable("charset unknown", config);
}

function undecodable(why: Undecoded, { codings, unknownCharset }: InspectConfig): Undecodable {
  switch (why) {
    case "charset unknown":
      return { why, reply: unknownCharset === "block" ? "charset_unknown" : null };
    case "coding unknown":
      return { why, reply: codings.unknown === "block" ? "coding_unknown" : null };
    case "coding broken":
      return { why, reply: codings.broken === "block" ? "coding_broken" : null };
    default:
      return { why, reply: codings.overBudget === "block" ? "coding_budget" : null };
  }
}
