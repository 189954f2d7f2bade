import type { Node } from "./schemas.ts";

/** Bounds what a schema that refers to itself would make. */
const DEPTH_MAX = 24;
const TIME = "2026-01-02T03:04:05.000Z";
const BY_FORMAT: Readonly<Record<string, string>> = {
  "date-time": TIME,
  date: TIME.slice(0, 10),
  uri: "https://made-up.example/",
  email: "ann@made-up.example",
};

/**
 * A value that the schema describes: the first of its `examples` where it has some, else made of its fields. What it
 * makes up of a text with a pattern need not match that: such a schema wants `.meta({ examples: [...] })`.
 */
export function exampleOf(schema: Node, schemas: Node, depth = 0): unknown {
  const { $ref, examples, anyOf, oneOf, allOf } = schema;
  if (Array.isArray(examples)) return examples[0];
  if (depth > DEPTH_MAX) return null;
  if (typeof $ref === "string") {
    const name = $ref.slice("#/components/schemas/".length);
    return exampleOf(schemas[name] as Node, schemas, depth + 1);
  }
  for (const given of ["const", "default"]) if (schema[given] !== undefined) return schema[given];
  if (Array.isArray(schema.enum)) return schema.enum[0];
  const choices = anyOf ?? oneOf ?? allOf;
  if (Array.isArray(choices)) return exampleOf(choices[0] as Node, schemas, depth + 1);
  return exampleOfType(schema, schemas, depth);
}

function exampleOfType(schema: Node, schemas: Node, depth: number): unknown {
  const { type, properties = {}, items, minimum, format } = schema;
  switch (Array.isArray(type) ? type[0] : type) {
    case "object":
      return Object.fromEntries(
        Object.entries(properties as Record<string, Node>).map(([name, each]) => [
          name,
          exampleOf(each, schemas, depth + 1),
        ]),
      );
    case "array":
      return items === undefined ? [] : [exampleOf(items as Node, schemas, depth + 1)];
    case "string":
      return BY_FORMAT[String(format)] ?? "text";
    case "integer":
    case "number":
      return typeof minimum === "number" && minimum > 0 ? minimum : 1;
    case "boolean":
      return true;
    default:
      return null;
  }
}
