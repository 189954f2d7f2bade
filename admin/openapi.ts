import { z } from "zod";
import { problemAnswerSchema } from "./answers.ts";
import { SESSION_COOKIE } from "./auth.ts";
import { type Answer, type Call, call, rolesOf } from "./call.ts";

type Node = Record<string, unknown>;

const PROBLEMS: readonly (readonly [status: number, when: string])[] = [
  [400, "A field, parameter, cursor or header is not what the call takes"],
  [401, "No key, or none that is valid"],
  [403, "The key's role does not allow it"],
  [404, "No such thing, or another tenant's"],
  [429, "Too many wrong keys from this address"],
];

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
  const problem = {
    "application/problem+json": { schema: schemaOf(problemAnswerSchema, "output", schemas) },
  };
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
        PROBLEMS.map(([status, description]) => [`Problem${status}`, { description, content: problem }]),
      ),
      schemas,
    },
  };
}

function operation(each: Call, schemas: Node): Node {
  const { method, path, tag, summary, description, access, query, body } = each;
  const parts = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
  const parameters = [
    ...parts.map((name) => ({ name, in: "path", required: true, schema: { type: "string" } })),
    ...(query === undefined ? [] : queryParameters(query, schemas)),
    ...(access.startsWith("global") || access === "known" || access === "open" ? [] : [TENANT]),
    ...(each.takesIfMatch ? [IF_MATCH] : []),
  ];
  return {
    operationId: operationId(method, path),
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(access === "open" ? { security: [] } : { "x-leakgate-roles": rolesOf[access] }),
    parameters,
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: !body.safeParse({}).success,
            content: { "application/json": { schema: schemaOf(body, "input", schemas) } },
          },
        }),
    responses: {
      ...Object.fromEntries(
        Object.entries(each.answers).map(([status, answer]) => [status, response(answer, schemas)]),
      ),
      ...Object.fromEntries(
        PROBLEMS.map(([status]) => [status, { $ref: `#/components/responses/Problem${status}` }]),
      ),
    },
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

function queryParameters(query: z.ZodType, schemas: Node): Node[] {
  const { properties = {}, required = [] } = schemaOf(query, "input", schemas) as {
    properties?: Record<string, Node>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, schema]) => {
    const { description, ...rest } = schema;
    return {
      name,
      in: "query",
      required: required.includes(name),
      ...(description === undefined ? {} : { description }),
      schema: rest,
    };
  });
}

function response({ description, schema, content }: Answer, schemas: Node): Node {
  if (schema === undefined && content === undefined) return { description };
  const type = content ?? "application/json";
  const shape = schema === undefined ? { type: "string" } : schemaOf(schema, "output", schemas);
  return { description, content: { [type]: { schema: shape } } };
}

/** JSON Schema of it; those inside that have an id are moved to `schemas`. Answers may gain fields: clients must not mind. */
function schemaOf(schema: z.ZodType, io: "input" | "output", schemas: Node): Node {
  const made = z.toJSONSchema(schema, { io, unrepresentable: "any" }) as Node;
  const { $schema: _, $defs = {}, ...rest } = moved(io === "output" ? withoutClosing(made) : made) as Node;
  for (const [id, definition] of Object.entries($defs as Record<string, Node>))
    schemas[id] = withoutId(definition);
  const id = schema.meta()?.id;
  if (id === undefined) return rest;
  schemas[id] = withoutId(rest);
  return { $ref: `#/components/schemas/${id}` };
}

/** zod writes the name of a schema into it, where it is no keyword. */
function withoutId({ id: _, ...rest }: Node): Node {
  return rest;
}

/** References to where the schemas are moved. */
function moved(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(moved);
  if (typeof node !== "object" || node === null) return node;
  return Object.fromEntries(
    Object.entries(node).map(([name, value]) =>
      name === "$ref" && typeof value === "string"
        ? [name, value.replace("#/$defs/", "#/components/schemas/")]
        : [name, moved(value)],
    ),
  );
}

function withoutClosing(node: unknown): Node {
  if (Array.isArray(node)) return node.map(withoutClosing) as unknown as Node;
  if (typeof node !== "object" || node === null) return node as unknown as Node;
  const entries = Object.entries(node).filter(
    ([name, value]) => !(name === "additionalProperties" && value === false),
  );
  return Object.fromEntries(entries.map(([name, value]) => [name, withoutClosing(value)]));
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
