import type { Field } from "../spellings/request.ts";
import { type Received, StrictReader } from "../spellings/strict.ts";
import { statusesOf } from "./answers.ts";
import type { Oracle } from "./oracle.ts";
import type { Outcome } from "./target.ts";

/** What is wrong with the outcome of an input. */
export function judge(
  input: Buffer,
  outcome: Outcome,
  oracle: Oracle,
): { statuses: number[]; faults: string[] } {
  const faults = [...outcome.complaints];
  let statuses: number[] = [];
  try {
    statuses = statusesOf(outcome.received);
  } catch (error) {
    faults.push(`the client could not read its answers: ${(error as Error).message}`);
  }
  if (!outcome.hasEnded) faults.push("the connection did not end");
  // All bytes and the end were sent long before: whoever waits for more waits for nothing.
  if (statuses.includes(408)) faults.push("the gateway waited for bytes after the client's last one");
  const answered = statuses.filter((status) => status === 200).length;
  if (answered !== outcome.complete.length)
    faults.push(`${answered} requests answered 200, and ${outcome.complete.length} whole ones upstream`);
  for (const request of outcome.complete) {
    const how = oracle.reads(request);
    if (how !== null) faults.push(`a token passed: ${how}`);
  }
  const strict = readStrictly(input);
  let at = 0;
  for (const [index, status] of statuses.entries()) {
    if (status !== 200) continue;
    const [sent, received] = [strict[index], outcome.complete[at++]];
    if (sent === undefined || received === undefined) break;
    const difference = differenceOf(sent, received);
    if (difference !== null) faults.push(difference);
  }
  return { statuses, faults };
}

/** The requests of an input, as far as it is written so that everybody reads it alike. */
function readStrictly(input: Buffer): Received[] {
  const requests: Received[] = [];
  const reader = new StrictReader(
    () => {},
    (request) => requests.push(request),
  );
  try {
    reader.push(input);
  } catch {
    // From here on only the gateway's reading counts.
  }
  return requests;
}

/** In what the upstream's request differs from the client's; fields may be dropped and added, not changed. */
function differenceOf(sent: Received, received: Received): string | null {
  if (sent.method !== received.method) return "the method changed";
  if (sent.target.startsWith("/") && sent.target !== received.target) return "the target changed";
  if (!sent.body.equals(received.body)) return "the body changed";
  if (sent.trailers.map(lineOf).join("\n") !== received.trailers.map(lineOf).join("\n"))
    return "the trailers changed";
  const known = new Set(sent.fields.map(lineOf));
  const own =
    /^(?:host|connection|te|upgrade|transfer-encoding|content-length|x-forwarded-.*|x-request-id)$/i;
  const invented = received.fields.find(
    ([name, value]) => !own.test(name) && !known.has(lineOf([name, value])),
  );
  return invented === undefined ? null : "a field was invented";
}

/** Blanks and tabs around a value are none of it (RFC 9110 section 5.5). */
const lineOf = ([name, value]: Field) => `${name}: ${value.replace(/^[ \t]+|[ \t]+$/g, "")}`;
