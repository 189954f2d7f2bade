/** The kinds of receivers, as log, metrics and journal name them. */
export type Kind = "github_partner" | "github_alerts" | "gitlab" | "gitguardian" | "oauth" | "generic";

/** What came in since the start, for the metrics. */
export class IntakeCounts {
  /** Requests by receiver and outcome: `accepted`, or why not. */
  readonly requests = new Map<Kind, Map<string, number>>();
  /** Findings by receiver and what became of them. */
  readonly findings = new Map<Kind, Map<string, number>>();

  request(kind: Kind, outcome: string): void {
    add(this.requests, kind, outcome, 1);
  }

  finding(kind: Kind, outcome: string, count: number): void {
    if (count > 0) add(this.findings, kind, outcome, count);
  }
}

function add(all: Map<Kind, Map<string, number>>, kind: Kind, outcome: string, count: number): void {
  const ofKind = all.get(kind) ?? new Map<string, number>();
  ofKind.set(outcome, (ofKind.get(outcome) ?? 0) + count);
  all.set(kind, ofKind);
}
