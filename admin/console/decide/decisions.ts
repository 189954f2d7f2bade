import { api } from "../api.ts";
import type { BulkOutcome, Leak, LeakChanged } from "../shapes.ts";
import { counted } from "../words.ts";

/** What people decide about a leak; the path of the call. */
export type Decision = "vpatch" | "mark-false" | "close" | "reopen";

export interface DecisionWords {
  readonly label: string;
  /** Of several leaks. */
  readonly title: (leaks: number) => string;
  /** What follows from it for the traffic, said before it is done; `whose` is `its token`, `any of their tokens`, ... */
  readonly consequence: (whose: string) => string;
  readonly done: string;
  /** The API's words for why, and ours for them. */
  readonly reasons: Readonly<Record<string, string>>;
  readonly protects: boolean;
  /** Whether it may end by itself. */
  readonly takesEnd: boolean;
}

/** The tokens of one leak, in words. */
export const itsTokens = (tokens: number) =>
  tokens === 1 ? "its token" : `any of its ${counted(tokens, "token")}`;
const some = (leaks: number) => (leaks === 1 ? "this leak" : counted(leaks, "leak"));

export const decisions: Readonly<Record<Decision, DecisionWords>> = {
  vpatch: {
    label: "Apply virtual patch",
    title: (leaks) => `Apply the virtual patch to ${some(leaks)}?`,
    consequence: (whose) =>
      `From now on every request that carries ${whose} is stopped, wherever it stands in the request. Whoever still uses such a token for honest work is stopped as well.`,
    done: "Virtual patch applied",
    reasons: {},
    protects: true,
    takesEnd: true,
  },
  "mark-false": {
    label: "Mark as false",
    title: (leaks) => `Mark ${some(leaks)} as false?`,
    consequence: (whose) =>
      `You say that this is no leak. The virtual patch, where there is one, is removed: requests with ${whose} pass again.`,
    done: "Marked false",
    reasons: {
      test_value: "A test value",
      placeholder: "A placeholder",
      public_by_design: "Public by design",
      not_a_secret: "Not a secret",
      other: "Something else",
    },
    protects: false,
    takesEnd: true,
  },
  close: {
    label: "Close leak",
    title: (leaks) => `Close ${some(leaks)}?`,
    consequence: (whose) =>
      `You say that the danger is over, because the tokens were revoked or rotated. The virtual patch, where there is one, is removed: requests with ${whose} pass again.`,
    done: "Closed",
    reasons: {
      revoked: "The tokens were revoked",
      rotated: "The tokens were rotated",
      expired: "The tokens have expired",
      accepted: "The risk is accepted",
      other: "Something else",
    },
    protects: false,
    takesEnd: true,
  },
  reopen: {
    label: "Reopen",
    title: (leaks) => `Reopen ${some(leaks)}?`,
    consequence: (whose) =>
      `It stands as Opened again and is unprotected: requests with ${whose} pass until you apply the virtual patch again.`,
    done: "Reopened",
    reasons: { regression: "The tokens came again", mistake: "A mistake", other: "Something else" },
    protects: false,
    takesEnd: false,
  },
};

/** What may be decided in which status; of a patched leak, the rule is changed where it is shown. */
export function decisionsFor(status: string): readonly Decision[] {
  if (status === "opened") return ["vpatch", "mark-false", "close"];
  return status === "patched" ? ["close", "mark-false"] : ["reopen"];
}

/** Of some statuses, those in which it may be decided. */
export function statusesFor(decision: Decision, statuses: readonly string[]): string[] {
  return statuses.filter((status) => decisionsFor(status).includes(decision));
}

/** Carries out a decision and waits until the workers enforce it. Throws ApiProblem. */
export function decide(leak: Leak, decision: Decision, body: object): Promise<LeakChanged> {
  return api<LeakChanged>("POST", `/leaks/${leak.id}/${decision}`, {
    ...ENFORCED,
    body,
    ifMatch: leak.version,
  });
}

/** What a decision about all leaks of a filter would be about; decides nothing. Throws ApiProblem. */
export function foresee(filter: object, decision: Decision, signal: AbortSignal): Promise<BulkOutcome> {
  const body = { filter, decision: wordOf(decision), dryRun: true };
  return api<BulkOutcome>("POST", "/leaks/bulk", { body, signal });
}

/** Decides about exactly the leaks that were foreseen. Throws ApiProblem (409: they are others by now). */
export function decideAll(
  filter: object,
  decision: Decision,
  { count, selection }: BulkOutcome,
  grounds: object,
): Promise<BulkOutcome> {
  const body = { ...grounds, filter, decision: wordOf(decision), expect: count, selection };
  return api<BulkOutcome>("POST", "/leaks/bulk", { ...ENFORCED, body });
}

/** What came of a decision, for a moment in the corner. */
export function enforcementWords({ enforced, detail }: LeakChanged["enforcement"]): string {
  return enforced ? "enforced by every worker" : detail;
}

const ENFORCED = { query: { wait: "enforced" } };

/** As it stands in a body; in a path it has a hyphen. */
const wordOf = (decision: Decision) => decision.replace("-", "_");
