import { z } from "zod";

/** A part of the OpenAPI document. */
export type Node = Record<string, unknown>;

/**
 * JSON Schema of it; what has an id is moved to `schemas`, and a reference stands in its place. Answers may gain fields: clients must not
 * mind.
 */
export function schemaOf(schema: z.ZodType, io: "input" | "output", schemas: Node): Node {
  const made = z.toJSONSchema(schema, { io, unrepresentable: "any" }) as Node;
  const { $schema: _, $defs = {}, ...rest } = moved(io === "output" ? withoutClosing(made) : made) as Node;
  for (const [id, definition] of Object.entries($defs as Record<string, Node>))
    schemas[id] = withoutId(definition);
  // zod leaves out the examples of what is sent where a field of it becomes something else.
  const examples = io === "input" ? schema.meta()?.examples : undefined;
  return examples === undefined || "$ref" in rest ? rest : { ...rest, examples };
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
