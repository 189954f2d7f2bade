/** Why a call was not carried out, as the API says it (problem+json). */
export class ApiProblem extends Error {
  readonly status: number;
  readonly errors: readonly FieldError[];

  constructor(status: number, detail: string, errors: readonly FieldError[] = []) {
    super(detail);
    this.status = status;
    this.errors = errors;
  }
}

export interface FieldError {
  /** `#/tokens/3`; a parameter by its name. */
  readonly pointer: string;
  readonly detail: string;
}

/** Why a call was not carried out, and by which field where the API names one. */
export function whyOf(error: unknown): string {
  const { message, errors = [] } = error as Partial<ApiProblem> & Error;
  const [first] = errors;
  // A refusal by the rules says all of it already; that of a malformed body only that something is wrong.
  if (first === undefined || message.toLowerCase().startsWith(first.detail.toLowerCase())) return message;
  const field = first.pointer.replace(/^#\//, "");
  return `${message} ${field === "" ? "" : `${field}: `}${first.detail}`;
}

export type QueryValue = string | number | boolean | readonly string[] | undefined | null;

export interface ApiOptions {
  readonly query?: Readonly<Record<string, QueryValue>>;
  readonly body?: unknown;
  /** In place of `body`, sent as it is. */
  readonly file?: { readonly type: string; readonly content: Blob };
  /** The version that was seen; another one answers 412. */
  readonly ifMatch?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const hooks = { onSignedOut: () => {} };
let tenant: string | null = null;

/** Called whenever the API says that nobody is signed in any more. */
export function onSignedOut(then: () => void): void {
  hooks.onSignedOut = then;
}

/** Every call is about this tenant from now on; null: the caller's own. */
export function chooseTenant(name: string | null): void {
  tenant = name;
}

/** After so long without a hand on mouse or keys a call is the page's own, and keeps no session awake. */
const ATTENDED_MS = 60_000;
let touchedAt = Date.now();
for (const kind of ["pointerdown", "keydown", "pointermove"] as const)
  addEventListener(kind, () => (touchedAt = Date.now()), { passive: true });
const isAttended = () => Date.now() - touchedAt < ATTENDED_MS;

/** Calls the API as the one who is signed in. Throws ApiProblem, also where the admin does not answer (status 0). */
export async function api<T>(method: string, path: string, options: ApiOptions = {}): Promise<T> {
  const answer = await send(method, urlOf(path, options.query), options);
  const text = await answer.text();
  const isJson = /json/.test(answer.headers.get("content-type") ?? "");
  const body: unknown = isJson && text !== "" ? JSON.parse(text) : null;
  if (answer.ok) return body as T;
  // A refused sign-in is not the end of a session.
  if (answer.status === 401 && !(method === "POST" && path === "/session")) hooks.onSignedOut();
  const { detail = `The admin answered ${answer.status}.`, errors = [] } = (body ?? {}) as {
    detail?: string;
    errors?: FieldError[];
  };
  throw new ApiProblem(answer.status, detail, errors);
}

async function send(
  method: string,
  url: string,
  { body, file, ifMatch, signal }: ApiOptions,
): Promise<Response> {
  try {
    return await fetch(url, {
      method,
      credentials: "same-origin",
      cache: "no-store",
      headers: {
        ...(isAttended() ? {} : { "leakgate-unattended": "1" }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(file === undefined ? {} : { "content-type": file.type }),
        ...(ifMatch === undefined ? {} : { "if-match": `"${ifMatch}"` }),
      },
      body: file?.content ?? (body === undefined ? null : JSON.stringify(body)),
      signal: signal ?? null,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiProblem(0, "The admin does not answer. Is it running, and is the network up?");
  }
}

/** The address of a call, with the tenant that is looked at. */
export function urlOf(path: string, query: ApiOptions["query"] = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...query, ...(tenant === null ? {} : { tenant }) })) {
    if (value === undefined || value === null || value === "") continue;
    const text = Array.isArray(value) ? value.join(",") : String(value);
    if (text !== "") search.set(name, text);
  }
  const text = search.toString();
  return `/api/v1${path}${text === "" ? "" : `?${text}`}`;
}

/** What is held against single fields, by their names; what is held against an entry of a list, by the list's. */
export function refusalsOf(errors: readonly FieldError[]): Record<string, string> {
  return Object.fromEntries(
    errors.map(({ pointer, detail }) => [pointer.replace(/^#\//, "").replace(/\/\d+$/, ""), detail]),
  );
}
