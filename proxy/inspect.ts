import { Inspection, type Matcher, Scan, type ScanOutcome, worse } from "../rules/matcher.ts";
import { inScope, type RuleScope } from "../rules/rule.ts";
import { BodyInspection } from "./bodyinspection.ts";
import type { InspectConfig } from "./config.ts";
import { hostName } from "./host.ts";
import type { RequestHead } from "./normalize.ts";
import { hasLengthPrefix } from "./points/binary.ts";
import { partsOfBody } from "./points/body.ts";
import { type Part, partsOfHead, pointInHead } from "./points/head.ts";
import { plainPath } from "./points/path.ts";
import { Language } from "./points/unspell.ts";
import type { EnforcedRule, Policy } from "./policy.ts";
import { holdsValue, ValueInspection } from "./valueinspection.ts";
import { type Looking, lookInside, lookIntoRuns } from "./views.ts";

/** One enforced rule's token, found at one point. */
export interface Hit {
  readonly rule: EnforcedRule;
  point: string;
}

const View = { head: 0, headDecoded: 1, path: 2, credentials: 3, body: 4, trailers: 5, value: 6 } as const;

/** What may be undone in a head: no server reads entities there. */
const HEAD_LANGUAGES = Language.percent | Language.escape;
const NONE: Hit[] = [];
/** Beyond so many parts a hit is named no closer than its head or body: about a millisecond. */
const PARTS_MAX = 1_000;
const FIELD_DEPTH = 4;
const FIELD_BUDGET = 4_000_000;

/**
 * inspect: one request's scans under one work budget. `hits` are the rules met so far, each once; `blocking` is the
 * first whose mode is `block`. The methods answer the matcher's outcome; `exhausted` means that the budget is spent.
 */
export class RequestInspection extends Inspection {
  readonly policy: Policy;
  readonly config: InspectConfig;
  readonly method: string;
  readonly host: string;
  /** The Host that goes out. Scopes name what clients ask for, or what the upstream hears: either counts. */
  readonly outgoingHost: string;
  readonly contentType: string;
  hits: Hit[] | null = null;
  blocking: Hit | null = null;
  /** Looks for the tokens of which only a hash is known; null while none are loaded. */
  readonly values: ValueInspection | null;
  private body: BodyInspection | null = null;
  private decodedBody: BodyInspection | null = null;
  private view = 0;
  private binaryPiece: Buffer | null = null;
  private text = "";
  /** Hits found in a decoded view, or in a body: where that was is looked for once the scan is over. */
  private unnamed: Hit[] = NONE;

  constructor(policy: Policy, config: InspectConfig, head: RequestHead, outgoingHost = head.host) {
    super();
    this.policy = policy;
    this.config = config;
    this.method = head.method;
    this.host = head.host;
    this.outgoingHost = outgoingHost;
    this.contentType = head.contentType;
    this.budget = config.budgetBase;
    this.values = policy.matcher.hashes.count > 0 ? new ValueInspection(this) : null;
  }

  /** The serialised outgoing head, then the views of it that a server would decode. */
  head(bytes: Buffer, text: string, head: RequestHead): ScanOutcome {
    this.text = text;
    this.view = View.head;
    let outcome = this.whole(bytes);
    if (outcome === Scan.clear) outcome = this.headViews(bytes, text, head);
    if (this.unnamed.length > 0) this.nameBy(() => partsOfHead(text));
    if (this.values !== null && outcome === Scan.clear) outcome = this.values.head(text, head.basic);
    this.text = "";
    return outcome;
  }

  /** The next bytes of the body, as a server reads them once the transfer coding is off. */
  chunk(bytes: Buffer, isLast: boolean): ScanOutcome {
    this.view = View.body;
    this.budget += bytes.length * this.config.budgetPerByte;
    this.body ??= new BodyInspection(this, this.policy.matcher);
    const outcome = this.body.take(bytes, isLast);
    if (this.values === null || outcome >= Scan.stopped) return outcome;
    return worse(outcome, this.values.chunk(bytes, isLast));
  }

  /** A whole value, against the tokens of which only a hash is known. */
  value(bytes: Buffer, point: string): ScanOutcome {
    this.view = View.value;
    this.text = point;
    return this.policy.matcher.hashes.look(bytes, this);
  }

  /** The next bytes of the body once its content coding is off. They belong to the caller again afterwards. */
  decoded(bytes: Buffer, isLast: boolean): ScanOutcome {
    this.view = View.body;
    this.budget += bytes.length * this.config.budgetPerByte;
    this.decodedBody ??= new BodyInspection(this, this.policy.matcher);
    const outcome = this.decodedBody.take(bytes, isLast);
    if (this.values === null || outcome >= Scan.stopped) return outcome;
    return worse(outcome, this.values.decoded(bytes, isLast));
  }

  /** A binary piece's places where a word goes on behind a token: a match if the token's text ends there. */
  embedded(piece: Buffer): ScanOutcome {
    this.binaryPiece = piece;
    const outcome = this.policy.matcher.scanEmbedded(piece, 0, piece.length, this);
    this.binaryPiece = null;
    return outcome;
  }

  /** Whether a request that has more values than are looked up, and so may hold a hash-only token, is refused. */
  get refusesUnseenValues(): boolean {
    if (this.config.hashOverflow === "pass") return false;
    for (const { mode, scope } of this.policy.hashRules())
      if (mode === "block" && this.isIn(scope)) return true;
    return false;
  }

  /** Trailers, serialised as they will be sent. */
  trailers(bytes: Buffer): ScanOutcome {
    this.view = View.trailers;
    const outcome = this.whole(bytes);
    if (outcome !== Scan.clear) return outcome;
    return lookInside(this.looking(HEAD_LANGUAGES, 1, false), bytes, this.config.decodeDepth, true);
  }

  /** Names the hits that were found in the body, of which `pieces` are all that came so far. */
  nameInBody(pieces: readonly Buffer[]): void {
    if (this.unnamed.length === 0) return;
    const text = Buffer.concat(pieces).toString("latin1");
    this.nameBy(() => partsOfBody(this.contentType, text));
  }

  override onMatch(slot: number, start: number, end: number): boolean {
    const rule = this.policy.ruleAt(slot);
    if (this.binaryPiece !== null && !hasLengthPrefix(this.binaryPiece, start, end)) return false;
    if (rule === null || !this.isIn(rule.scope)) return false;
    const isKnown = this.hits?.some((hit) => hit.rule === rule) ?? false;
    if (isKnown) return rule.mode === "block";
    const hit: Hit = { rule, point: this.pointOf(end) };
    this.hits ??= [];
    this.hits.push(hit);
    if (this.view === View.headDecoded || this.view === View.body) this.unnamed = [...this.unnamed, hit];
    if (rule.mode !== "block") return false;
    this.blocking ??= hit;
    return true;
  }

  private isIn(scope: RuleScope): boolean {
    const { method, host, outgoingHost } = this;
    // Most rules are in force for every host, whose name need not be made then.
    if (!scope.hosts?.length) return inScope(scope, method, "");
    return inScope(scope, method, hostName(outgoingHost)) || inScope(scope, method, hostName(host));
  }

  private headViews(bytes: Buffer, text: string, head: RequestHead): ScanOutcome {
    const { decodeDepth } = this.config;
    this.view = View.headDecoded;
    let languages = 0;
    if (text.includes("%")) languages |= Language.percent;
    if (text.includes("\\")) languages |= Language.escape;
    const looking = this.looking(languages, 1, false);
    // Most heads have no mark: then nothing but long runs of letters can hide a token.
    let outcome =
      languages === 0 ? lookIntoRuns(looking, bytes, decodeDepth, true) : this.headLayers(bytes, head);
    if (outcome !== Scan.clear) return outcome;
    const plain = plainPath(head.target);
    if (plain !== null) {
      this.view = View.path;
      outcome = this.whole(Buffer.from(plain, "latin1"));
      if (outcome !== Scan.clear) return outcome;
    }
    if (head.basic === null) return outcome;
    this.view = View.credentials;
    for (const credentials of head.basic) {
      outcome = this.basic(Buffer.from(credentials, "base64"));
      // The above reads either alphabet up to the first `=`; others pass over whatever is not of the first one.
      const strict = credentials.replaceAll(/[^A-Za-z0-9+/]/g, "");
      if (outcome === Scan.clear && strict.length < credentials.length)
        outcome = this.basic(Buffer.from(strict, "base64"));
      if (outcome !== Scan.clear) break;
    }
    return outcome;
  }

  private basic(decoded: Buffer): ScanOutcome {
    const outcome = this.whole(decoded);
    if (outcome !== Scan.clear) return outcome;
    return lookInside(this.looking(HEAD_LANGUAGES, 1, false), decoded, this.config.decodeDepth, true);
  }

  /** The target apart from the fields: the marks of one are no reason to decode the other. */
  private headLayers(bytes: Buffer, head: RequestHead): ScanOutcome {
    const { decodeDepth } = this.config;
    const end = head.method.length + 1 + head.target.length;
    const looking = this.looking(HEAD_LANGUAGES, 1, false);
    let outcome = lookInside(looking, bytes.subarray(head.method.length + 1, end), decodeDepth, true);
    if (outcome === Scan.clear) outcome = lookInside(looking, bytes.subarray(end), decodeDepth, true);
    if (outcome !== Scan.clear || !bytes.includes("\\")) return outcome;
    // The same marks, read as quoted strings and cookies read them.
    const pairs = this.looking(Language.percent | Language.quotedPair, 1, false);
    return lookInside(pairs, bytes.subarray(end), decodeDepth, true);
  }

  /** See Looking; `share` of the bytes was not looked at before. */
  looking(languages: number, share: number, joinsLines: boolean): Looking {
    const { matcher } = this.policy;
    const embedded = (view: Buffer): ScanOutcome => this.embedded(view);
    return { matcher, inspection: this, languages, share, joinsLines, embedded };
  }

  private whole(bytes: Buffer): ScanOutcome {
    this.budget += bytes.length * this.config.budgetPerByte;
    return this.policy.matcher.scanWhole(bytes, 0, bytes.length, this);
  }

  /** Looks through the parts one by one for the token of each hit that has no name. */
  private nameBy(parts: () => Iterable<Part>): void {
    for (const hit of this.unnamed) {
      const { matcher } = this.policy;
      let left = PARTS_MAX;
      for (const { point, text } of parts()) {
        if (left-- === 0) break;
        if (!holds(new RuleInspection(this.policy, hit.rule), matcher, text)) continue;
        hit.point = point;
        break;
      }
    }
    this.unnamed = NONE;
  }

  private pointOf(end: number): string {
    switch (this.view) {
      case View.head:
        return pointInHead(this.text, end);
      case View.headDecoded:
        return "header";
      case View.path:
        return "path";
      case View.credentials:
        return "header authorization";
      case View.trailers:
        return "trailer";
      case View.value:
        return this.text;
      default:
        return "body";
    }
  }
}

/** Looks through the fields of an event for tokens, so that none is ever recorded. */
class FieldInspection extends Inspection {
  override readonly withUnenforced: boolean = true;
  found = false;
  override onMatch(_slot: number, _start: number, _end: number): boolean {
    this.found = true;
    return true;
  }
}

/** Looks for the tokens of one rule. */
class RuleInspection extends FieldInspection {
  override readonly withUnenforced = false;
  private readonly policy: Policy;
  private readonly rule: EnforcedRule;

  constructor(policy: Policy, rule: EnforcedRule) {
    super();
    this.policy = policy;
    this.rule = rule;
  }

  override onMatch(slot: number, _start: number, _end: number): boolean {
    if (this.policy.ruleAt(slot) !== this.rule) return false;
    this.found = true;
    return true;
  }
}

/** Whether text that is about to be recorded holds a loaded token, as it is or in any spelling that is looked into. */
export function holdsToken(matcher: Matcher, text: string): boolean {
  if (holds(new FieldInspection(), matcher, text)) return true;
  return matcher.hashes.count > 0 && holdsValue(matcher.hashes, new FieldInspection(), text);
}

function holds(inspection: FieldInspection, matcher: Matcher, text: string): boolean {
  inspection.budget = FIELD_BUDGET;
  const bytes = Buffer.from(text, "latin1");
  let outcome = matcher.scanWhole(bytes, 0, bytes.length, inspection);
  if (outcome === Scan.clear) {
    const languages = Language.percent | Language.escape | Language.markup | Language.quoted;
    const looking = { matcher, inspection, languages, share: 1, joinsLines: true, embedded: null };
    outcome = lookInside(looking, bytes, FIELD_DEPTH, true);
    if (outcome === Scan.clear && text.includes("\\")) {
      const pairs = { ...looking, languages: Language.percent | Language.quotedPair };
      outcome = lookInside(pairs, bytes, FIELD_DEPTH, true);
    }
  }
  return outcome !== Scan.clear || inspection.found;
}
