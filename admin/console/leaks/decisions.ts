import { api } from "../api.ts";
import type { Leak, LeakChanged } from "../shapes.ts";
import { counted } from "../words.ts";

/** What people decide about a leak; the path of the call. */
export type Decision = "vpatch" | "mark-false" | "close" | "reopen";

export interface DecisionWords {
  readonly label: string;
  /** Of several leaks. */
  readonly title: (leaks: number) => string;
  /** What follows from it for the traffic, said before it is done. */
  readonly consequence: (tokens: number) => string;
  readonly done: string;
  /** The API's words for why, and ours for them. */
  readonly reasons: Readonly<Record<string, string>>;
  readonly protects: boolean;
}

const theirs = (tokens: number) => (tokens === 1 ? "its token" : `any of the ${counted(tokens, "token")}`);
const some = (leaks: number) => (leaks === 1 ? "this leak" : counted(leaks, "leak"));

export const decisions: Readonly<Record<Decision, DecisionWords>> = {
  vpatch: {
    label: "Apply virtual patch",
    title: (leaks) => `Apply the virtual patch to ${some(leaks)}?`,
    consequence: (tokens) =>
      `From now on every request that carries ${theirs(tokens)} is stopped, wherever it stands in the request. Whoever still uses such a token for honest work is stopped as well.`,
    done: "Virtual patch applied",
    reasons: {},
    protects: true,
  },
  "mark-false": {
    label: "Mark as false",
    title: (leaks) => `Mark ${some(leaks)} as false?`,
    consequence: (tokens) =>
      `You say that this is no leak. The virtual patch, where there is one, is removed: requests with ${theirs(tokens)} pass again.`,
    done: "Marked false",
    reasons: {
      test_value: "A test value",
      placeholder: "A placeholder",
      public_by_design: "Public by design",
      not_a_secret: "Not a secret",
      other: "Something else",
    },
    protects: false,
  },
  close: {
    label: "Close leak",
    title: (leaks) => `Close ${some(leaks)}?`,
    consequence: (tokens) =>
      `You say that the danger is over, because the tokens were revoked or rotated. The virtual patch, where there is one, is removed: requests with ${theirs(tokens)} pass again.`,
    done: "Closed",
    reasons: {
      revoked: "The tokens were revoked",
      rotated: "The tokens were rotated",
      expired: "The tokens have expired",
      accepted: "The risk is accepted",
      other: "Something else",
    },
    protects: false,
  },
  reopen: {
    label: "Reopen",
    title: (leaks) => `Reopen ${some(leaks)}?`,
    consequence: (tokens) =>
      `It stands as Opened again and is unprotected: requests with ${theirs(tokens)} pass until you apply the virtual patch again.`,
    done: "Reopened",
    reasons: { regression: "The tokens came again", mistake: "A mistake", other: "Something else" },
    protects: false,
  },
};

/** What may be decided in which status. */
export function decisionsFor(status: string): readonly Decision[] {
  if (status === "opened") return ["vpatch", "mark-false", "close"];
  return status === "patched" ? ["close", "mark-false"] : ["reopen"];
}

/** Carries out a decision and waits until the workers enforce it. Throws ApiProblem. */
export function decide(leak: Leak, decision: Decision, body: object): Promise<LeakChanged> {
  return api<LeakChanged>("POST", `/leaks/${leak.id}/${decision}`, {
    query: { wait: "enforced" },
    body,
    ifMatch: leak.version,
  });
}
