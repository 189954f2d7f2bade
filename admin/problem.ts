import { STATUS_CODES } from "node:http";
import type { Context } from "hono";
import type { ZodError } from "zod";
import { Refusal, type RefusalCode } from "../rules/refusal.ts";
import { TokenRefused } from "../rules/token.ts";

/** One field that was refused: a JSON pointer into the body, or the name of a parameter. */
export interface FieldError {
  readonly pointer: string;
  readonly detail: string;
}

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

/** Which status a refusal of the rules becomes. */
const STATUS: Record<RefusalCode, number> = {
  LeakUnknown: 404,
  TokenUnknown: 404,
  RuleUnknown: 404,
  KeyUnknown: 404,
  VersionConflict: 412,
  DecisionRefused: 409,
  CursorInvalid: 400,
  InputRefused: 400,
  StoreAbsent: 503,
  PepperMismatch: 503,
  SchemaTooNew: 503,
  StoreFailed: 503,
};

/** The problem that an error is; an unexpected one becomes a 500 that says nothing of its cause. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof TokenRefused) {
    const pointer = error.line === null ? "#/tokens" : `#/tokens/${error.line - 1}`;
    return new Problem(400, "A token was refused; nothing was registered.", [
      { pointer, detail: error.message },
    ]);
  }
  if (error instanceof Refusal) {
    const field = "field" in error && typeof error.field === "string" ? error.field : null;
    const errors =
      field === null ? [] : [{ pointer: `#/${field.replaceAll(".", "/")}`, detail: error.message }];
    return new Problem(STATUS[error.code], sentence(error.message), errors);
  }
  // The events' own cursor refusal lives outside the store's.
  if (error instanceof Error && "code" in error && error.code === "CursorInvalid")
    return new Problem(400, sentence(error.message));
  return new Problem(500, "The call failed; the log of the admin process says why.");
}

/** What zod found wrong, one line a field. */
export function invalid(error: ZodError, place: "#" | "?"): Problem {
  const errors = error.issues.map((issue) => {
    const names =
      issue.code === "unrecognized_keys" ? [...issue.path, ...issue.keys.slice(0, 1).map(shown)] : issue.path;
    const pointer =
      place === "#" ? `#${names.map((name) => `/${String(name)}`).join("")}` : names.map(String).join(".");
    return { pointer, detail: issue.message };
  });
  return new Problem(
    400,
    place === "#" ? "The body is not what this call takes." : "A parameter is not what this call takes.",
    errors,
  );
}

export function send(context: Context, problem: Problem, requestId: string): Response {
  const title = STATUS_CODES[problem.status] ?? "Error";
  const slug = title.toLowerCase().replaceAll(/[^a-z]+/g, "-");
  const body = {
    type: `urn:leakgate:admin:${slug}`,
    title,
    status: problem.status,
    detail: problem.message,
    requestId,
    ...(problem.errors.length > 0 ? { errors: problem.errors } : {}),
  };
  const headers = { ...problem.headers, "content-type": "application/problem+json" };
  return context.newResponse(JSON.stringify(body), problem.status as 400, headers);
}

/** The name of an unknown field, unless it is as long as a token that was put in the wrong place. */
function shown(name: string): string {
  return name.length <= 20 ? name : "...";
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith(".") ? "" : "."}`;
}
