import type { LeakId } from "./leak.ts";
import { InputRefused } from "./refusal.ts";

export type RuleId = `rule-${number}`;
export type RuleMode = "block" | "monitor";

export const ruleModes: readonly RuleMode[] = ["block", "monitor"];
export const scopeEntriesMax = 64;

/** Where a rule applies; an absent or empty list means everywhere. */
export interface RuleScope {
  /** Lower-case host names without a port; `*.example.com` covers every name below, not `example.com` itself. */
  readonly hosts?: readonly string[];
  /** Upper-case method names. */
  readonly methods?: readonly string[];
}

/** What the proxy enforces for one leak. */
export interface Rule {
  readonly id: RuleId;
  readonly leak: LeakId;
  readonly mode: RuleMode;
  readonly scope: RuleScope;
  /** When mode and scope were last decided (ms), by whom, and in which revision. */
  readonly appliedAt: number;
  readonly appliedBy: string;
  readonly revision: number;
  /** When closing or marking false took the rule out of force (ms); null while it is in force. */
  readonly removedAt: number | null;
}

/** A scope in its one spelling: cases folded, sorted, each entry once, no empty list. Throws InputRefused. */
export function normalizeScope(scope: RuleScope): RuleScope {
  const hosts = entries("scope.hosts", scope.hosts, (host) => host.toLowerCase(), isHost);
  const methods = entries("scope.methods", scope.methods, (method) => method.toUpperCase(), isMethod);
  return { ...(hosts.length > 0 ? { hosts } : {}), ...(methods.length > 0 ? { methods } : {}) };
}

/** Whether a request with this method (as sent) and host (lower-case, no port) is inside the scope. */
export function inScope(scope: RuleScope, method: string, host: string): boolean {
  return (
    (!scope.methods?.length || scope.methods.includes(method)) &&
    (!scope.hosts?.length || scope.hosts.some((pattern) => covers(pattern, host)))
  );
}

export function sameScope(a: RuleScope, b: RuleScope): boolean {
  return sameList(a.hosts, b.hosts) && sameList(a.methods, b.methods);
}

function covers(pattern: string, host: string): boolean {
  if (!pattern.startsWith("*.")) return pattern === host;
  return host.length > pattern.length - 1 && host.endsWith(pattern.slice(1));
}

function entries(
  field: string,
  given: readonly string[] | undefined,
  fold: (entry: string) => string,
  valid: (entry: string) => boolean,
): string[] {
  if (given === undefined) return [];
  if (given.length > scopeEntriesMax)
    throw new InputRefused(field, `has more than ${scopeEntriesMax} entries`);
  const folded = given.map(fold);
  const wrong = folded.findIndex((entry) => !valid(entry));
  if (wrong >= 0) throw new InputRefused(`${field}[${wrong}]`, "is not a valid entry");
  return [...new Set(folded)].sort();
}

// Names, IPv4 addresses, and IPv6 addresses in brackets, as they stand in a Host header (RFC 9110 section 7.2).
function isHost(host: string): boolean {
  return host.length <= 255 && /^(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*$|^\[[0-9a-f:.]+\]$/.test(host);
}

function isMethod(method: string): boolean {
  return method.length <= 32 && /^[A-Z][A-Z-]*$/.test(method);
}

function sameList(a: readonly string[] = [], b: readonly string[] = []): boolean {
  return a.length === b.length && a.every((entry, i) => entry === b[i]);
}
