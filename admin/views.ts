import type { AccessKey } from "../rules/access.ts";
import type { VpatchEvent } from "../rules/events.ts";
import type { JournalEntry } from "../rules/journal.ts";
import { type Leak, remediationOf, riskLevel, timeBoxOf, watchOf } from "../rules/leak.ts";
import type { Rule } from "../rules/rule.ts";
import { defaultLevels, type RiskLevels } from "../rules/settings.ts";
import type { TokenRecordView } from "../rules/store/pages.ts";

/** What the API shows of each thing; built field by field, so that nothing new is shown by accident. */
export type View = Readonly<Record<string, unknown>>;

/** `rule` is the one in force for the leak; the levels are the tenant's. */
export function leakView(leak: Leak, rule: Rule | null, levels: RiskLevels = defaultLevels): View {
  const watch = watchOf(leak);
  return {
    id: leak.id,
    name: leak.name,
    description: leak.description,
    risk: leak.risk,
    riskLevel: riskLevel(leak.risk, levels),
    source: leak.source,
    sourceUrl: leak.sourceUrl,
    sourceAuthor: leak.sourceAuthor,
    sourceAt: isoOrNull(leak.sourceAt),
    target: leak.target,
    assignee: leak.assignee,
    remediation: remediationOf(leak),
    remediationReason: leak.notApplicable,
    status: leak.status,
    rule: rule === null ? null : ruleView(rule),
    until: isoOrNull(timeBoxOf(leak)?.until ?? null),
    watch: watch && { until: isoOrNull(watch.until) },
    tokenCount: leak.tokenCount,
    tokensClosed: leak.tokensClosed,
    tokensFalse: leak.tokensFalse,
    warnings: leak.warnings,
    regression: leak.regressionOf.length > 0,
    regressionOf: leak.regressionOf,
    version: leak.version,
    createdAt: iso(leak.createdAt),
    updatedAt: iso(leak.updatedAt),
  };
}

export function tokenView(token: TokenRecordView): View {
  return {
    id: String(token.number),
    preview: token.preview,
    kind: token.kind,
    // Of a token that is known by its hash nobody knows how long it is.
    length: token.hash === null ? token.length : null,
    addedAt: iso(token.addedAt),
    status: token.alone,
    checksum: token.checksum,
  };
}

export function ruleView(rule: Rule): View {
  return {
    id: rule.id,
    leak: rule.leak,
    mode: rule.mode,
    scope: rule.scope,
    appliedAt: iso(rule.appliedAt),
    appliedBy: rule.appliedBy,
    revision: rule.revision,
    removedAt: isoOrNull(rule.removedAt),
  };
}

export function historyView(entry: JournalEntry): View {
  return {
    revision: entry.revision,
    at: iso(entry.at),
    actor: entry.actor,
    ...(entry.from === undefined ? {} : { from: entry.from }),
    action: entry.action,
    before: entry.before,
    after: entry.after,
    ...(entry.token === undefined ? {} : { token: String(entry.token) }),
    ...(entry.tokens === undefined ? {} : { tokens: entry.tokens }),
    ...(entry.reason === undefined ? {} : { reason: entry.reason }),
    ...(entry.comment === undefined ? {} : { comment: entry.comment }),
    ...(entry.policy === undefined ? {} : { policy: entry.policy }),
    ...(entry.decided === undefined ? {} : { decided: entry.decided }),
  };
}

export function eventView(event: VpatchEvent): View {
  return {
    type: event.type,
    id: event.id,
    at: iso(event.at),
    lastAt: iso(event.lastAt),
    count: event.count,
    leak: event.leak,
    rule: event.rule,
    action: event.action,
    point: event.point,
    method: event.method,
    host: event.host,
    path: event.path,
    query: event.query,
    userAgent: event.userAgent,
    ip: event.ip,
    requestId: event.requestId,
    worker: event.worker,
  };
}

/** `prefix` tells which key a text found somewhere is; it opens nothing. */
export function keyView(key: AccessKey, lastUsedAt: number | null): View {
  return {
    id: key.id,
    name: key.name,
    role: key.role,
    prefix: `lgk_${key.publicPart}`,
    createdAt: iso(key.createdAt),
    createdBy: key.createdBy,
    expiresAt: isoOrNull(key.expiresAt),
    lastUsedAt: isoOrNull(lastUsedAt),
    disabledAt: isoOrNull(key.disabledAt),
    revokedAt: isoOrNull(key.revokedAt),
    graceUntil: isoOrNull(key.graceUntil),
  };
}

export function iso(at: number): string {
  return new Date(at).toISOString();
}

export function isoOrNull(at: number | null): string | null {
  return at === null ? null : iso(at);
}
