import type { Client } from "./client.ts";
import { encode, type Field, type Request } from "./request.ts";
import type { Received } from "./strict.ts";
import type { StrictUpstream } from "./upstream.ts";

/** How a request is written around a token. */
export type Spelling = (token: string) => Request;

/** Bytes of a body that are held before anything goes upstream (`inspect.holdBytes`). */
const HOLD_BYTES = 64 * 1024;
/** Fields that speak of one connection only: the gateway answers them, or writes its own. */
const OWN = /^(?:connection|te|upgrade|content-length|transfer-encoding)$/i;

/** Sends requests through the gateway and says what is wrong with what became of them. */
export class Judge {
  readonly upstream: StrictUpstream;
  readonly blocked: string[] = [];
  private count = 0;

  constructor(upstream: StrictUpstream) {
    this.upstream = upstream;
  }

  /** The request carries a leaked token: 403, and no whole request upstream, or nothing at all within the hold. */
  async blocks(client: Client, request: Request): Promise<string | null> {
    const id = this.nextId();
    const status = await client.send(encode(request, id));
    if (status !== 403) {
      this.upstream.forget(id);
      return `${status} instead of 403`;
    }
    this.blocked.push(id);
    return this.leftover(id, (request.body?.length ?? 0) > HOLD_BYTES);
  }

  /** The request carries no leaked token: 200, and it arrives as it was sent. */
  async passes(client: Client, request: Request): Promise<string | null> {
    const id = this.nextId();
    const status = await client.send(encode(request, id));
    const received = this.upstream.of(id);
    this.upstream.forget(id);
    if (status !== 200) return `${status} instead of 200`;
    return received === undefined ? "never arrived" : difference(request, received);
  }

  /** What the upstream has of a blocked request and should not have, also where it came after the answer. */
  leftover(id: string, mayBegin: boolean): string | null {
    const received = this.upstream.of(id);
    if (received === undefined) return null;
    if (received.isComplete) return "blocked, and the upstream saw the whole request";
    return mayBegin ? null : "blocked, and the upstream saw its head";
  }

  private nextId(): string {
    return `c${this.count++}`;
  }
}

/** In what the received request differs from the one that was sent, or null. */
function difference(sent: Request, received: Received): string | null {
  if (received.method !== sent.method) return `the method became ${received.method}`;
  const target = sent.target.replace(/^https?:\/\/[^/?]*/i, "");
  if (received.target !== target) return `the target became ${received.target}`;
  const host = received.fields.find(([name]) => name === "Host")![1];
  if (host !== sent.host) return `the host became ${host}`;
  const lost = lostField(sent.fields, received.fields);
  if (lost !== null) return `the field ${lost[0]} did not arrive as it was`;
  if (!received.body.equals(sent.body ?? Buffer.alloc(0))) return "the body arrived changed";
  if (JSON.stringify(received.trailers) !== JSON.stringify(sent.body === null ? [] : sent.trailers))
    return "the trailers arrived changed";
  return null;
}

/** The first field that is missing, changed or out of its order. */
function lostField(sent: readonly Field[], received: readonly Field[]): Field | null {
  let at = 0;
  for (const field of sent) {
    if (OWN.test(field[0])) continue;
    const value = field[1].replace(/^[ \t]+|[ \t]+$/g, "");
    while (at < received.length && (received[at]![0] !== field[0] || received[at]![1] !== value)) at++;
    if (at === received.length) return field;
    at++;
  }
  return null;
}
