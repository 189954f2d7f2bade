import { STATUS_CODES } from "node:http";
import type { ZodError } from "zod";
import { LineRefused, LinesRefused } from "../rules/linerefused.ts";
import { Refusal, type RefusalCode } from "../rules/refusal.ts";
import { HashRefused } from "../rules/tokenhash.ts";

/** One field that was refused: a JSON pointer into the body (`#/tokens/3`), or the name of a parameter. */
export interface FieldError {
  readonly pointer: string;
  readonly detail: string;
}

/** What of a refusal is shown; the rest of a list with 100,000 wrong entries would only repeat it. */
export const errorsShown = 50;

/** Why a call is not carried out; becomes `application/problem+json` (RFC 9457). */
export class Problem extends Error {
  readonly status: number;
  readonly errors: readonly FieldError[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    detail: string,
    errors: readonly FieldError[] = [],
    headers: Record<string, string> = {},
  ) {
    super(detail);
    this.status = status;
    this.errors = errors;
    this.headers = headers;
  }
}

/** Which status a refusal of the rules becomes, and its words where those of the rules repeat what came in. */
const REFUSALS: Record<RefusalCode, { readonly status: number; readonly detail?: string }> = {
  LeakUnknown: { status: 404, detail: "No leak has this id." },
  TokenUnknown: { status: 404, detail: "The leak holds no token of this id." },
  RuleUnknown: { status: 404, detail: "No rule has this id." },
  EventUnknown: { status: 404, detail: "No event has this id; events are dropped when they are old." },
  FalsePositiveRuleUnknown: { status: 404, detail: "No rule of the intake has this id." },
  PolicyUnknown: { status: 404, detail: "No policy of the intake has this id." },
  SourceUnknown: { status: 404, detail: "No watched source has this id." },
  InventoryUnknown: { status: 404, detail: "The inventory lists no tokens under this name." },
  KeyUnknown: { status: 404, detail: "No access key has this id." },
  KeyRevoked: { status: 409 },
  SessionUnknown: { status: 404, detail: "No session has this id." },
  TenantUnknown: { status: 404, detail: "No tenant has this name." },
  TenantTaken: { status: 409 },
  HookUnknown: { status: 404, detail: "No destination has this id." },
  DeliveryUnknown: { status: 404, detail: "No dead letter has this id." },
  VersionConflict: { status: 412 },
  DecisionRefused: { status: 409 },
  CursorInvalid: { status: 400 },
  InputRefused: { status: 400 },
  StoreAbsent: { status: 503 },
  PepperMismatch: { status: 503 },
  SchemaTooNew: { status: 503 },
  SchemaOutdated: { status: 503 },
  StoreFailed: { status: 503 },
};

/** The problem that an error is; an unexpected one becomes a 500 that says nothing of its cause. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof LineRefused) return refusedProblem([error], false);
  if (error instanceof LinesRefused) return refusedProblem(error.refused, error.isCut);
  if (error instanceof Refusal) {
    const { status, detail } = REFUSALS[error.code];
    return new Problem(status, detail ?? sentence(error.message), fieldOf(error));
  }
  // The refusal of the events' cursor lives outside those of the store.
  if (error instanceof Error && "code" in error && error.code === "CursorInvalid")
    return new Problem(400, sentence(error.message), [{ pointer: "cursor", detail: error.message }]);
  return new Problem(500, "The call failed; the log of the admin process says why under this request id.");
}

/** Tokens and hashes that were refused, each with its place. */
function refusedProblem(refused: readonly LineRefused[], isCut: boolean): Problem {
  const hashes = refused.filter((error) => error instanceof HashRefused).length;
  const what = [counted(refused.length - hashes, "token", "tokens"), counted(hashes, "hash", "hashes")];
  const verb = refused.length === 1 ? "was" : "were";
  const cut = isCut ? ", and what comes after them was not looked at" : "";
  const detail = `${what.filter(Boolean).join(" and ")} ${verb} refused${cut}; nothing of this call was registered.`;
  const errors = refused.map((error) => {
    const field = error instanceof HashRefused ? "hashes" : "tokens";
    const pointer = error.line === null ? `#/${field}` : `#/${field}/${error.line - 1}`;
    return { pointer, detail: error.message };
  });
  return new Problem(400, sentence(detail), errors);
}

function counted(count: number, one: string, several: string): string {
  if (count === 0) return "";
  return count === 1 ? `a ${one}` : `${count} ${several}`;
}

/** What zod found wrong, a line for each field; `place` tells a body from the parameters. */
export function invalid(error: ZodError, place: "body" | "parameters"): Problem {
  const errors = error.issues.slice(0, errorsShown).map(({ path, message }) => ({
    pointer:
      place === "body" ? `#${path.map((name) => `/${pointed(name)}`).join("")}` : path.map(String).join("."),
    detail: message,
  }));
  const what = place === "body" ? "The body" : "A parameter";
  return new Problem(400, `${what} is not what this call takes.`, errors);
}

/** The answer to a problem; with the request id, under which the log has more. */
export function problemAnswer(problem: Problem, requestId: string): Response {
  const body = {
    ...problemNames(problem.status),
    status: problem.status,
    detail: problem.message,
    requestId,
    ...(problem.errors.length > 0 ? { errors: problem.errors } : {}),
  };
  return new Response(JSON.stringify(body), {
    status: problem.status,
    headers: { ...problem.headers, "content-type": "application/problem+json" },
  });
}

/** What a problem of this status is called. */
export function problemNames(status: number): { type: string; title: string } {
  const title = STATUS_CODES[status] ?? "Error";
  return { type: `urn:leakgate:admin:${title.toLowerCase().replaceAll(/[^a-z]+/g, "-")}`, title };
}

/** The field that a refusal of the rules names: `scope.hosts[0]` is `#/scope/hosts/0`. */
function fieldOf(error: Refusal): FieldError[] {
  if (error.code === "CursorInvalid") return [{ pointer: "cursor", detail: error.message }];
  if (!("field" in error) || typeof error.field !== "string") return [];
  const path = error.field.replaceAll(/\[([0-9]+)\]/g, ".$1").replaceAll(".", "/");
  return [{ pointer: `#/${path}`, detail: error.message }];
}

/** RFC 6901 section 3. */
function pointed(name: PropertyKey): string {
  return String(name).replaceAll("~", "~0").replaceAll("/", "~1");
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith(".") ? "" : "."}`;
}
