import type { JournalEntry } from "../rules/journal.ts";
import { type Leak, riskLevel } from "../rules/leak.ts";
import type { Rule } from "../rules/rule.ts";
import type { TokenRecordView } from "../rules/store/pages.ts";

/** What the API shows; built field by field, so that nothing new is shown by accident. */
export function leakView(leak: Leak): Record<string, unknown> {
  return {
    id: leak.id,
    name: leak.name,
    description: leak.description,
    risk: leak.risk,
    riskLevel: riskLevel(leak.risk),
    source: leak.source,
    status: leak.status,
    rule: leak.status === "patched" ? leak.rule : null,
    tokenCount: leak.tokenCount,
    version: leak.version,
    createdAt: iso(leak.createdAt),
    updatedAt: iso(leak.updatedAt),
  };
}

export function tokenView(token: TokenRecordView): Record<string, unknown> {
  return {
    id: String(token.number),
    preview: token.preview,
    kind: token.kind,
    length: token.length,
    addedAt: iso(token.addedAt),
  };
}

export function ruleView(rule: Rule): Record<string, unknown> {
  return {
    id: rule.id,
    leak: rule.leak,
    mode: rule.mode,
    scope: rule.scope,
    appliedAt: iso(rule.appliedAt),
    appliedBy: rule.appliedBy,
    revision: rule.revision,
    removedAt: rule.removedAt === null ? null : iso(rule.removedAt),
  };
}

export function historyView(entry: JournalEntry): Record<string, unknown> {
  return {
    revision: entry.revision,
    at: iso(entry.at),
    actor: entry.actor,
    action: entry.action,
    before: entry.before,
    after: entry.after,
    ...(entry.token === undefined ? {} : { token: String(entry.token) }),
  };
}

export function iso(at: number): string {
  return new Date(at).toISOString();
}
