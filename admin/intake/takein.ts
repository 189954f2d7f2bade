import { digestToken, type Judge, type TokenDigest } from "../../rules/digest.ts";
import { type Finding, type FindingRefusal, namedMax, type TakenIn } from "../../rules/finding.ts";
import { judgeOf } from "../../rules/intake.ts";
import type { Actor } from "../../rules/journal.ts";
import type { LeakId } from "../../rules/leak.ts";
import { isKind, KIND_REFUSED } from "../../rules/policy.ts";
import type { SightingInput } from "../../rules/sighting.ts";
import type { Tenant } from "../../rules/tenants.ts";
import { TOKEN_BYTES_MAX, Token, TokenRefused } from "../../rules/token.ts";
import { digestHash, HashRefused, parseTokenHash } from "../../rules/tokenhash.ts";
import { type Common, warnOfCommon } from "../hunt.ts";
import { Masks } from "./masks.ts";
import { nameOf, riskOf } from "./words.ts";

/** A finding as an intake reads it from whatever tells of it. */
export interface GivenFinding {
  /** In clear, as it was found; or, where nobody has it in clear, its hash: `sha256:` or `sha1:` and hex digits. */
  readonly token: string | { readonly hash: string } | Unusable;
  /** What the source takes it for (`a-z 0-9 _ -`); stands where its format tells nothing. */
  readonly kind?: string | undefined;
  /** The source has tried it, and it works. */
  readonly verified?: boolean | undefined;
  /** Where it was seen. Texts may hold the token, and URLs a user name: both are taken out. */
  readonly sighting: SightingInput;
  /** Of the leak, should it become one. Left out, they are made of the kind, the place and `verified`. */
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly risk?: number | undefined;
}

/** What a source tells without a token to work with: refused, and counted by this reason. */
export interface Unusable {
  readonly unusable: string;
  readonly detail: string;
}

/** How far it has come: sums so far. */
export type TakeInProgress = Pick<TakenIn, "leaks" | "patched" | "sightings" | "unchanged"> & {
  readonly findings: number;
  readonly refusedCount: number;
};

export interface TakeInOptions {
  /** Called after each batch. */
  readonly onProgress?: ((progress: TakeInProgress) => void) | undefined;
  /** Tokens that begin as a known format and are too short for it are refused (`looks_truncated`). Default false. */
  readonly refusesTruncated?: boolean | undefined;
  /**
   * Changes nothing and tells what would be: a token counts once in each batch, sightings and policies are not foretold.
   * Default false.
   */
  readonly isDry?: boolean | undefined;
}

/** See `TakenIn`; `known` counts a token once in each batch that it comes in. */
export interface TakeInOutcome extends TakenIn {
  readonly findings: number;
}

/** What it works with of the services, and of the tenant. */
export type TakeInServices = Common;
export type TakeInTenant = Pick<Tenant, "name" | "pepper" | "store">;

/** Findings digested, looked at and stored together: memory is bounded by them, whatever comes. */
const BATCH = 2_000;
/** How long the event loop is kept by digesting before others have their turn. */
const SLICE_MS = 5;
/** How long workers are waited for, at first and once one of them was too slow. */
const HUNT_MS = 500;
const HUNT_AGAIN_MS = 100;

/**
 * Takes in what a source found: the one way by which scanners, webhooks and imports make leaks.
 *
 * Findings are read one by one from an array, a generator or a stream, which is asked for more only as they are stored,
 * so that any number needs the memory of one batch (2,000). For each batch: tokens are digested under the tenant's
 * pepper and judged by its false-positive rules; texts lose the tokens and user names in them; tokens that nobody knows
 * are looked for in the traffic (`common_in_traffic`); then `RulesStore.takeIn` decides, some hundred in a durable
 * transaction, whether each is a new leak, a sighting more, or nothing new. The event loop is free in between.
 *
 * A finding that cannot be taken in is refused alone: `refused` counts by reason (`too_short`, `redacted`,
 * `false_positive`, `not_hex`, `kind`, `sighting`, `source`, `name`, `risk`, ...), `refusals` names the first 1,000 by
 * their place among the findings, from 0, with a detail that repeats nothing of them.
 *
 * Rejects with StoreFailed, and with what reading `findings` throws. What was taken in before stays so, and the same
 * findings once more change nothing: whoever was interrupted starts again from the beginning.
 */
export async function takeInFindings(
  services: TakeInServices,
  tenant: TakeInTenant,
  actor: Actor,
  findings: AsyncIterable<GivenFinding> | Iterable<GivenFinding>,
  options: TakeInOptions = {},
): Promise<TakeInOutcome> {
  const sums = new Sums(tenant.store.revision());
  let huntMs = HUNT_MS;
  const takeBatch = async (batch: readonly GivenFinding[]) => {
    const { prepared, refusals } = await prepare(tenant, batch, options.refusesTruncated ?? false);
    if (options.isDry) {
      sums.add(batch.length, refusals, prepared, tenant.store.foretell(prepared));
      options.onProgress?.(sums.progress());
      return;
    }
    const asked = performance.now();
    const warned = await warn(services, tenant, prepared, huntMs);
    // A worker that hangs must not keep every batch waiting.
    if (performance.now() - asked >= huntMs) huntMs = HUNT_AGAIN_MS;
    sums.add(batch.length, refusals, warned, await tenant.store.takeIn(actor, warned));
    options.onProgress?.(sums.progress());
  };
  let batch: GivenFinding[] = [];
  for await (const finding of findings) {
    batch.push(finding);
    if (batch.length < BATCH) continue;
    await takeBatch(batch);
    batch = [];
  }
  if (batch.length > 0) await takeBatch(batch);
  return sums.outcome();
}

/** Of a token with what may stand around it. */
const TOKEN_CHARS_MAX = 4 * TOKEN_BYTES_MAX;
const TRUNCATED =
  "the token begins as a known format and is too short for it: the source seems to cut it off";

/** A finding with its place in the batch. */
interface Prepared extends Finding {
  readonly index: number;
}

/** Digests and cleans a batch. */
async function prepare(
  tenant: TakeInTenant,
  batch: readonly GivenFinding[],
  refusesTruncated: boolean,
): Promise<{ prepared: Prepared[]; refusals: FindingRefusal[] }> {
  const judge = judgeOf(tenant.store.falsePositiveRules());
  const refusals: FindingRefusal[] = [];
  const digests: (TokenDigest | null)[] = [];
  const rest = breather();
  for (const [index, given] of batch.entries()) {
    const digest = digestOf(given, tenant, judge, refusesTruncated);
    digests.push("reason" in digest ? null : digest);
    if ("reason" in digest) refusals.push({ index, ...digest });
    await rest();
  }
  const masks = new Masks(tenant, digests);
  const prepared: Prepared[] = [];
  for (const [index, given] of batch.entries()) {
    const token = digests[index];
    if (token === null || token === undefined) continue;
    const { sighting, description } = masks.clean(given);
    const name = masks.text(given, given.name) ?? nameOf(token.kind, sighting);
    const { verified = false } = given;
    prepared.push({ index, token, sighting, name, description, risk: given.risk ?? riskOf(given), verified });
    await rest();
  }
  return { prepared, refusals };
}

/** The token as it is stored, or why it cannot be. */
function digestOf(
  { token, kind }: GivenFinding,
  { pepper }: TakeInTenant,
  judge: Judge | null,
  refusesTruncated: boolean,
): TokenDigest | Omit<FindingRefusal, "index"> {
  if (typeof token !== "string" && "unusable" in token)
    return { reason: token.unusable, detail: token.detail };
  if (kind !== undefined && !isKind(kind)) return { reason: "kind", detail: `kind ${KIND_REFUSED}` };
  try {
    // Before it is looked at: what stands around a token is taken away layer by layer.
    if (typeof token === "string" && token.length > TOKEN_CHARS_MAX) throw new TokenRefused("too_long", null);
    const digest =
      typeof token === "string"
        ? digestToken(Token.parse(token), pepper, judge)
        : digestHash(parseTokenHash(token.hash), pepper);
    if (refusesTruncated && digest.warnings?.includes("looks_truncated"))
      return { reason: "looks_truncated", detail: TRUNCATED };
    const tellsKind = digest.kind !== "opaque" && digest.hash === undefined;
    return kind === undefined || tellsKind ? digest : { ...digest, kind };
  } catch (error) {
    if (error instanceof TokenRefused || error instanceof HashRefused)
      return { reason: error.reason, detail: error.message };
    throw error;
  }
}

/** The findings, those of tokens that nobody knows with a warning where they are common in traffic. */
async function warn(
  services: TakeInServices,
  { name, store }: TakeInTenant,
  prepared: readonly Prepared[],
  withinMs: number,
): Promise<readonly Prepared[]> {
  const unknown = new Map<string, TokenDigest>();
  for (const { token } of prepared)
    if (store.leaksHolding(token.digest).length === 0) unknown.set(token.digest.toString("latin1"), token);
  if (unknown.size === 0) return prepared;
  const warned = await warnOfCommon(services, name, [...unknown.values()], withinMs);
  const byDigest = new Map(warned.map((token) => [token.digest.toString("latin1"), token]));
  return prepared.map((each) => ({
    ...each,
    token: byDigest.get(each.token.digest.toString("latin1")) ?? each.token,
  }));
}

/** Gives way to other work every few milliseconds. */
export function breather(): () => Promise<void> | void {
  let until = performance.now() + SLICE_MS;
  return () => {
    if (performance.now() < until) return;
    return new Promise((resume) =>
      setImmediate(() => {
        until = performance.now() + SLICE_MS;
        resume();
      }),
    );
  };
}

/** What the batches came to together. */
class Sums {
  private readonly counts = { findings: 0, leaks: 0, patched: 0, known: 0, sightings: 0, unchanged: 0 };
  private readonly refused: Record<string, number> = {};
  private readonly refusals: FindingRefusal[] = [];
  private readonly ids: LeakId[] = [];
  private refusedCount = 0;
  private revision: number;

  constructor(revision: number) {
    this.revision = revision;
  }

  add(
    findings: number,
    early: readonly FindingRefusal[],
    prepared: readonly Prepared[],
    { revision, ids, refused, refusals, ...counts }: TakenIn,
  ): void {
    const late = refusals.map((each) => ({ ...each, index: prepared[each.index]!.index }));
    for (const each of [...early, ...late].sort((a, b) => a.index - b.index))
      if (this.refusals.length < namedMax)
        this.refusals.push({ ...each, index: this.counts.findings + each.index });
    for (const { reason } of early) this.refuse(reason, 1);
    for (const [reason, count] of Object.entries(refused)) this.refuse(reason, count);
    this.counts.findings += findings;
    for (const [name, count] of Object.entries(counts)) this.counts[name as keyof typeof counts] += count;
    this.ids.push(...ids.slice(0, namedMax - this.ids.length));
    this.revision = revision;
  }

  progress(): TakeInProgress {
    const { known: _, ...counts } = this.counts;
    return { ...counts, refusedCount: this.refusedCount };
  }

  outcome(): TakeInOutcome {
    const { refused, refusals, ids, revision } = this;
    return { ...this.counts, refused, refusals, ids, revision };
  }

  private refuse(reason: string, count: number): void {
    this.refused[reason] = (this.refused[reason] ?? 0) + count;
    this.refusedCount += count;
  }
}
