import { z } from "zod";
import { problemAnswerSchema } from "./answers.ts";
import { SESSION_COOKIE } from "./auth.ts";
import { type Answer, type AnswerHeader, type Call, call, rolesOf } from "./call.ts";
import { exampleOf } from "./examples.ts";
import { problemNames } from "./problem.ts";
import { type Node, schemaOf } from "./schemas.ts";

type Asked = Pick<Call, "method" | "access" | "takesIfMatch" | "streams">;
type OfCall = (call: Asked) => boolean;
const always: OfCall = () => true;
const changes: OfCall = ({ method }) => method !== "get";
const once: OfCall = ({ method, access, streams }) =>
  method === "post" && access !== "open" && streams === undefined;

/** What may be refused, and of which calls. */
const PROBLEMS: readonly (readonly [
  status: number,
  when: string,
  of: OfCall,
  headers?: readonly AnswerHeader[],
])[] = [
  [400, "A field, parameter, cursor or header is not what the call takes", always],
  [401, "No key, or none that is valid", always, ["WWW-Authenticate"]],
  [403, "The key's role does not allow it", always],
  [404, "No such thing, or another tenant's", always],
  [409, "What the call is about is not in a state that allows it", changes],
  [412, "If-Match names a version that is not the current one", ({ takesIfMatch }) => takesIfMatch === true],
  [413, "The body is larger than admin.bodyBytes, or of a report than admin.reportBytes", changes],
  [415, "The body is not of a type that the call takes, or is compressed", changes],
  [422, "The Idempotency-Key was used with another request", once],
  [429, "Too many wrong keys from this address, or Idempotency-Keys within a day", always, ["Retry-After"]],
  [500, "A failure nobody foresaw; the log has it under the request id", always],
  [503, "The store could not write; nothing was changed", always],
];

const HEADERS: Readonly<Record<AnswerHeader, Node>> = {
  ETag: {
    description: "The version of what is shown, for If-Match.",
    schema: { type: "string", examples: ['"3"'] },
  },
  "Idempotency-Replayed": {
    description: "`true`: the answer to an earlier call with this Idempotency-Key; nothing was done again.",
    schema: { type: "string", enum: ["true"] },
  },
  Location: {
    description: "Where what was made is found.",
    schema: { type: "string", examples: ["/api/v1/leaks/leak-1"] },
  },
  "Retry-After": {
    description: "Seconds after which to try again.",
    schema: { type: "integer", minimum: 0 },
  },
  "WWW-Authenticate": {
    description: "How to say who calls.",
    schema: { type: "string", examples: ['Bearer realm="leakgate"'] },
  },
  "X-Request-Id": {
    description: "Under which the log has the call.",
    schema: { type: "string", examples: ["d623eb62e85574c4"] },
  },
};

/** The statuses with which the call may be refused. */
export function problemsOf(call: Asked): number[] {
  return PROBLEMS.filter(([, , of]) => of(call)).map(([status]) => status);
}

/** `GET /openapi.json`: this API as an OpenAPI 3.1 document, made of the same declarations as its routes. */
export function openApiCall(calls: readonly Call[], version: string): Call {
  const own: Call = call({
    method: "get",
    path: "/openapi.json",
    tag: "Status",
    summary: "This document",
    access: "known",
    answers: { 200: { description: "OpenAPI 3.1", schema: z.record(z.string(), z.unknown()) } },
    handle: ({ context }) => {
      document ??= openApi([...calls, own], version);
      return context.json(document);
    },
  });
  let document: Node | undefined;
  return own;
}

/** The document. Schemas that have an id stand once, under `components`. */
export function openApi(calls: readonly Call[], version: string): Node {
  const schemas: Node = {};
  const paths: Record<string, Node> = {};
  for (const each of calls) {
    const path = `/api/v1${each.path}`;
    paths[path] = { ...paths[path], [each.method]: operation(each, schemas) };
  }
  const problemSchema = schemaOf(problemAnswerSchema, "output", schemas);
  const problemContent = (status: number, detail: string) => ({
    "application/problem+json": { schema: problemSchema, example: problemExample(status, detail) },
  });
  const tags = [...new Set(calls.map(({ tag }) => tag))];
  return {
    openapi: "3.1.0",
    info: {
      title: "Leakgate admin API",
      version,
      description:
        "Leaked API tokens: register, patch, mark false, close, reopen, and look at every attempt.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    security: [{ key: [] }, { session: [] }],
    tags: tags.map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        key: { type: "http", scheme: "bearer", description: "An access key, `lgk_...`" },
        session: {
          type: "apiKey",
          in: "cookie",
          name: SESSION_COOKIE,
          description: "Of `POST /api/v1/session`, for the console's own pages.",
        },
      },
      responses: Object.fromEntries(
        PROBLEMS.map(([status, description, , headers = []]) => [
          `Problem${status}`,
          { description, headers: headersOf(headers), content: problemContent(status, description) },
        ]),
      ),
      headers: HEADERS,
      schemas,
    },
  };
}

function operation(each: Call, schemas: Node): Node {
  const { method, path, tag, summary, description, access, query } = each;
  const content = contentOf(each, schemas);
  const parts = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
  const parameters = [
    ...parts.map((name) => ({ name, in: "path", required: true, schema: { type: "string" } })),
    ...(query === undefined ? [] : queryParameters(query, schemas)),
    ...(access.startsWith("global") || access === "known" || access === "open" ? [] : [TENANT]),
    ...(each.takesIfMatch ? [IF_MATCH] : []),
    ...(once(each) ? [IDEMPOTENCY_KEY] : []),
  ];
  return {
    operationId: operationId(method, path),
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(access === "open" ? { security: [] } : { "x-leakgate-roles": rolesOf[access] }),
    parameters,
    ...(content === null ? {} : { requestBody: content }),
    responses: {
      ...Object.fromEntries(
        Object.entries(each.answers).map(([status, answer]) => [status, response(each, answer, schemas)]),
      ),
      ...Object.fromEntries(
        problemsOf(each).map((status) => [status, { $ref: `#/components/responses/Problem${status}` }]),
      ),
    },
  };
}

/** What the call takes, or null where it takes no body. */
function contentOf({ body, streams }: Call, schemas: Node): Node | null {
  if (streams !== undefined) {
    const content = Object.entries(streams).map(([type, example]) => [
      type,
      { schema: typeof example === "string" ? { type: "string" } : {}, example },
    ]);
    return { required: true, content: Object.fromEntries(content) };
  }
  if (body === undefined) return null;
  return {
    required: !body.safeParse({}).success,
    content: { "application/json": withExample(schemaOf(body, "input", schemas), schemas) },
  };
}

const TENANT = {
  name: "tenant",
  in: "query",
  required: false,
  description: "For keys of a global role; a tenant's key acts on its own.",
  schema: { type: "string", default: "default" },
};
const IF_MATCH = {
  name: "If-Match",
  in: "header",
  required: false,
  description: 'The ETag that was seen, as `"3"`; 412 when it changed since.',
  schema: { type: "string" },
};

const IDEMPOTENCY_KEY = {
  name: "Idempotency-Key",
  in: "header",
  required: false,
  description:
    "New for each thing to be done: for 24 hours the same call with the same key is carried out once.",
  schema: { type: "string", pattern: "^[!-~]{1,255}$" },
};

function queryParameters(query: z.ZodType, schemas: Node): Node[] {
  const { properties = {}, required = [] } = schemaOf(query, "input", schemas) as {
    properties?: Record<string, Node>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, schema]) => {
    const { description, ...rest } = schema;
    const isRequired = required.includes(name);
    return {
      name,
      in: "query",
      required: isRequired,
      ...(description === undefined ? {} : { description }),
      ...(isRequired ? { example: exampleOf(rest, schemas) } : {}),
      schema: rest,
    };
  });
}

function response(call: Call, answer: Answer, schemas: Node): Node {
  const { description, schema, content, headers = [] } = answer;
  const replayed: readonly AnswerHeader[] = once(call) ? ["Idempotency-Replayed"] : [];
  const said = { description, headers: headersOf([...headers, ...replayed]) };
  if (schema === undefined && content === undefined) return said;
  const type = content ?? "application/json";
  const shape = schema === undefined ? { type: "string" } : schemaOf(schema, "output", schemas);
  return {
    ...said,
    content: { [type]: schema === undefined ? { schema: shape } : withExample(shape, schemas) },
  };
}

/** Every answer has a request id; the others are named by the call. */
function headersOf(names: readonly AnswerHeader[]): Node {
  const all: readonly AnswerHeader[] = [...names, "X-Request-Id"];
  return Object.fromEntries(all.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

function withExample(schema: Node, schemas: Node): Node {
  return { schema, example: exampleOf(schema, schemas) };
}

function problemExample(status: number, when: string): Node {
  const { title, type } = problemNames(status);
  return { type, title, status, detail: `${when}.`, requestId: "d623eb62e85574c4" };
}

/** `GET /leaks/{id}/tokens` is `getLeaksTokens`. */
function operationId(method: string, path: string): string {
  const words = path.split(/[/.-]/).filter((word) => word !== "" && !word.startsWith("{"));
  const isOne = /\}$/.test(path);
  const name = [method, ...words].map((word, at) =>
    at === 0 ? word : word[0]!.toUpperCase() + word.slice(1),
  );
  return name.join("") + (isOne ? "One" : "");
}
