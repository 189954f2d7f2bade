import type { z } from "zod";
import { invalid, Problem } from "../problem.ts";
import { parseJson } from "../request.ts";

/** Arrays and objects one inside the other: no service sends more than ten. */
const DEPTH_MAX = 32;

/** The body as JSON, checked; its bytes are overwritten. Throws Problem 400, which repeats nothing of it. */
export function parseSent<Schema extends z.ZodType>(bytes: Buffer, schema: Schema): z.output<Schema> {
  if (depthOf(bytes) > DEPTH_MAX)
    throw new Problem(400, `The body is nested deeper than ${DEPTH_MAX} levels.`);
  const parsed = schema.safeParse(parseJson(bytes));
  if (!parsed.success) throw invalid(parsed.error, "body");
  return parsed.data;
}

/** How deep brackets are nested, those within strings aside. Stops where it is beyond the limit. */
export function depthOf(bytes: Uint8Array): number {
  let depth = 0;
  let deepest = 0;
  let isText = false;
  for (let at = 0; at < bytes.length && deepest <= DEPTH_MAX; at++) {
    const byte = bytes[at];
    if (isText) {
      if (byte === 0x5c) at++;
      else if (byte === 0x22) isText = false;
    } else if (byte === 0x22) isText = true;
    else if (byte === 0x7b || byte === 0x5b) deepest = Math.max(deepest, ++depth);
    else if (byte === 0x7d || byte === 0x5d) depth--;
  }
  return deepest;
}
