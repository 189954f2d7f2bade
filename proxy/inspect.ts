import { Inspection, type Matcher, Scan, type ScanOutcome, StreamView } from "../rules/matcher.ts";
import { inScope } from "../rules/rule.ts";
import type { InspectConfig } from "./config.ts";
import { pointInHead, pointInTarget } from "./points/head.ts";
import { hasPercent, percentDecode } from "./points/percent.ts";
import type { EnforcedRule, Policy } from "./policy.ts";

/** One enforced rule's token, found at one point. */
export interface Hit {
  readonly rule: EnforcedRule;
  readonly point: string;
}

const View = { head: 0, target: 1, credentials: 2, body: 3, trailers: 4, field: 5 } as const;

const scratch = Buffer.allocUnsafe(1024 * 1024);

/**
 * inspect: one request's scans under one work budget. `hits` are the rules met so far, each once; `blocking` is the
 * first whose mode is `block`. The methods answer the matcher's outcome; `exhausted` means that the budget is spent.
 */
export class RequestInspection extends Inspection {
  readonly policy: Policy;
  readonly config: InspectConfig;
  readonly method: string;
  readonly host: string;
  hits: Hit[] | null = null;
  blocking: Hit | null = null;
  private body: StreamView | null = null;
  private view = 0;
  private text = "";
  private origins: number[] | null = null;

  constructor(policy: Policy, config: InspectConfig, method: string, host: string) {
    super();
    this.policy = policy;
    this.config = config;
    this.method = method;
    this.host = host;
    this.budget = config.budgetBase;
  }

  /** The serialised outgoing head, then the views of it that a server would decode. */
  head(bytes: Buffer, text: string, target: string, basic: readonly string[] | null): ScanOutcome {
    this.text = text;
    let outcome = this.whole(View.head, bytes, bytes.length);
    if (outcome === Scan.clear && hasPercent(target)) {
      this.text = target;
      outcome = this.whole(View.target, scratch, percentDecode(target, scratch));
    }
    if (outcome === Scan.clear && basic !== null) {
      for (const credentials of basic) {
        const decoded = Buffer.from(credentials, "base64");
        outcome = this.whole(View.credentials, decoded, decoded.length);
        if (outcome !== Scan.clear) break;
      }
    }
    this.text = "";
    return outcome;
  }

  chunk(bytes: Buffer): ScanOutcome {
    this.body ??= new StreamView();
    this.view = View.body;
    this.budget += bytes.length * this.config.budgetPerByte;
    return this.policy.matcher.scanChunk(bytes, 0, bytes.length, this.body, this);
  }

  /** The body has ended: a token that ends with it counts. */
  end(): ScanOutcome {
    if (this.body === null) return Scan.clear;
    this.view = View.body;
    return this.policy.matcher.finish(this.body, this);
  }

  /** Trailers, serialised as they will be sent. */
  trailers(bytes: Buffer): ScanOutcome {
    return this.whole(View.trailers, bytes, bytes.length);
  }

  override onMatch(slot: number, _start: number, end: number): boolean {
    const rule = this.policy.ruleAt(slot);
    if (rule === null || !inScope(rule.scope, this.method, hostName(this.host))) return false;
    const isKnown = this.hits?.some((hit) => hit.rule === rule) ?? false;
    if (isKnown) return rule.mode === "block";
    const hit: Hit = { rule, point: this.pointOf(end) };
    this.hits ??= [];
    this.hits.push(hit);
    if (rule.mode !== "block") return false;
    this.blocking ??= hit;
    return true;
  }

  private whole(view: number, bytes: Buffer, length: number): ScanOutcome {
    this.view = view;
    this.budget += length * this.config.budgetPerByte;
    return this.policy.matcher.scanWhole(bytes, 0, length, this);
  }

  private pointOf(end: number): string {
    switch (this.view) {
      case View.head:
        return pointInHead(this.text, end);
      case View.target: {
        this.origins = [];
        percentDecode(this.text, scratch, this.origins);
        return pointInTarget(this.text, this.origins[end - 1] ?? 0);
      }
      case View.credentials:
        return "header authorization";
      case View.trailers:
        return "trailer";
      default:
        return "body";
    }
  }
}

/** A Host without its port, in small letters, as scopes name it. */
function hostName(host: string): string {
  return host.toLowerCase().replace(/:[0-9]{1,5}$/, "");
}

/** Looks through the fields of an event for enforced tokens, so that none is ever recorded. */
class FieldInspection extends Inspection {
  override readonly withUnenforced = true;
  found = false;
  override onMatch(): boolean {
    this.found = true;
    return true;
  }
}

/** Whether text that is about to be recorded holds an enforced token, as it is or percent-encoded once or twice. */
export function holdsToken(matcher: Matcher, text: string): boolean {
  let view = text;
  for (let depth = 0; ; depth++) {
    const inspection = new FieldInspection();
    inspection.budget = 1_000_000;
    const bytes = Buffer.from(view, "latin1");
    if (matcher.scanWhole(bytes, 0, bytes.length, inspection) !== Scan.clear || inspection.found) return true;
    if (depth === 2 || !hasPercent(view)) return false;
    view = scratch.latin1Slice(0, percentDecode(view, scratch));
  }
}
