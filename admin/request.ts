import type { IncomingMessage } from "node:http";
import type { Context } from "hono";
import type { z } from "zod";
import { invalid, Problem } from "./problem.ts";
import type { Env, Services } from "./services.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** The query parameters, checked; each may stand once. Throws Problem. */
export function query<Schema extends z.ZodType>(context: Context<Env>, schema: Schema): z.infer<Schema> {
  const all = [...new URL(context.req.url).searchParams];
  if (new Set(all.map(([name]) => name)).size < all.length)
    throw new Problem(400, "A parameter stands more than once; several values are joined with commas.");
  // Every call takes it, and call.ts has read it.
  const given = all.filter(([name]) => name !== "tenant");
  // fromEntries, because `__proto__` is a name like any other.
  const parsed = schema.safeParse(Object.fromEntries(given));
  if (!parsed.success) throw invalid(parsed.error, "parameters");
  return parsed.data;
}

/**
 * The JSON body, checked; without one it is `{}`. Reads at most `admin.bodyBytes`; `onBytes` sees them as they came.
 * Throws Problem.
 */
export async function body<Schema extends z.ZodType>(
  { config }: Services,
  context: Context<Env>,
  schema: Schema,
  onBytes: (bytes: Uint8Array) => void = () => {},
): Promise<z.infer<Schema>> {
  const length = context.req.header("content-length");
  const isChunked = context.req.header("transfer-encoding") !== undefined;
  const isEmpty = !isChunked && (length === undefined || length === "0");
  if (!isEmpty && !isJson(context.req.header("content-type")))
    throw new Problem(415, "The body must be JSON, with content-type application/json.");
  const limit = { bytesMax: config.bodyBytes, name: "admin.bodyBytes" };
  const bytes = isEmpty ? null : await readBody(context.env.incoming, limit);
  if (bytes !== null) onBytes(bytes);
  const parsed = schema.safeParse(bytes === null ? {} : parseJson(bytes));
  if (!parsed.success) throw invalid(parsed.error, "body");
  return parsed.data;
}

/** Whether a content type is that of JSON, or of something written in it. */
export function isJson(contentType = ""): boolean {
  return /^application\/(?:[a-z0-9.+-]+\+)?json[ \t]*(?:;|$)/i.test(contentType);
}

/**
 * The body's bytes as they come, asked for as they are used; the pieces are overwritten afterwards. Throws Problem: 415 for
 * another type or a coding, 413 beyond `reportBytes`, 400 where it breaks off.
 */
export async function* streamed(
  { config: { reportBytes } }: Pick<Services, "config">,
  context: Context<Env>,
  types: readonly string[],
): AsyncGenerator<Uint8Array> {
  const type = (context.req.header("content-type") ?? "").split(";", 1)[0]!.trim().toLowerCase();
  if (!types.includes(type)) throw new Problem(415, `The body must be one of ${types.join(", ")}.`);
  if ((context.req.header("content-encoding") ?? "identity") !== "identity")
    throw new Problem(415, "The body must not be compressed.");
  const tooLarge = () =>
    new Problem(413, `The body is larger than ${reportBytes} bytes (admin.reportBytes).`);
  if (Number(context.req.header("content-length") ?? 0) > reportBytes) throw tooLarge();
  const { incoming } = context.env;
  let bytes = 0;
  try {
    // Left early, it keeps its connection: the refusal is to reach the sender.
    for await (const chunk of incoming.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > reportBytes) throw tooLarge();
      yield chunk;
      chunk.fill(0);
    }
  } catch (error) {
    if (incoming.destroyed && !incoming.readableEnded)
      throw new Problem(400, "The body ended before its end.");
    throw error;
  }
}

/** The version that `If-Match` names; undefined without one or with `*` (RFC 9110 section 13.1.1). */
export function ifMatch(context: Context<Env>): number | undefined {
  const given = context.req.header("if-match")?.trim();
  if (given === undefined || given === "*") return undefined;
  const match = /^"([0-9]{1,15})"$/.exec(given);
  if (match === null)
    throw new Problem(400, 'If-Match must be one ETag that this API gave out, as "3", or *.');
  return Number(match[1]);
}

/** How much of a body is read, and how long it may take where that is said. */
export interface BodyLimit {
  readonly bytesMax: number;
  /** What it is called in the configuration. */
  readonly name: string;
  readonly withinMs?: number;
  /** Hears of each piece before it is kept, and may refuse it. */
  readonly onBytes?: (bytes: number) => Problem | null;
}

/**
 * The body's bytes. Read from the socket's stream itself, because the web stream around it can only be cut off
 * together with the connection, and the refusal is to reach the sender. Throws Problem 413, 408 and 400.
 */
export function readBody(
  incoming: IncomingMessage,
  { bytesMax, name, withinMs, onBytes }: BodyLimit,
): Promise<Buffer> {
  const declared = Number(incoming.headers["content-length"] ?? 0);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let late: NodeJS.Timeout | undefined;
    const settle = (then: () => void) => {
      clearTimeout(late);
      incoming.off("data", onData).off("end", onEnd).off("error", onBroken).off("close", onBroken);
      then();
    };
    const stop = (problem: Problem) => {
      incoming.pause();
      settle(() => reject(problem));
    };
    const refuse = () => stop(new Problem(413, `The body is larger than ${bytesMax} bytes (${name}).`));
    const onData = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > bytesMax) return refuse();
      const problem = onBytes?.(chunk.length) ?? null;
      if (problem !== null) return stop(problem);
      chunks.push(chunk);
    };
    const onEnd = () => settle(() => resolve(joined(chunks)));
    const onBroken = () => settle(() => reject(new Problem(400, "The body ended before its end.")));
    if (declared > bytesMax) return refuse();
    if (incoming.destroyed) return onBroken();
    incoming.on("data", onData).on("end", onEnd).on("error", onBroken).on("close", onBroken);
    if (withinMs !== undefined)
      late = setTimeout(() => stop(new Problem(408, "The body did not come in time.")), withinMs);
  });
}

/** The pieces as one; the pieces are overwritten, since a body holds tokens. */
function joined(chunks: readonly Buffer[]): Buffer {
  const whole = Buffer.concat(chunks);
  for (const chunk of chunks) chunk.fill(0);
  return whole;
}

/** The parsed body; its bytes are overwritten. Throws Problem without the parser's words, which repeat the body. */
export function parseJson(bytes: Buffer): unknown {
  try {
    const text = utf8.decode(bytes);
    return text === "" ? {} : JSON.parse(text);
  } catch {
    throw new Problem(400, "The body is not JSON in UTF-8.");
  } finally {
    bytes.fill(0);
  }
}
