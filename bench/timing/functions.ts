import pino from "pino";
import { inspectSchema } from "../../proxy/config.ts";
import { decide, type Verdict } from "../../proxy/decide.ts";
import { RequestInspection } from "../../proxy/inspect.ts";
import { RequestHead } from "../../proxy/normalize.ts";
import { Policy } from "../../proxy/policy.ts";
import { Inspection, Matcher } from "../../rules/matcher.ts";
import { Pepper } from "../../rules/pepper.ts";
import { RulesStore } from "../../rules/store.ts";
import type { Call } from "./batches.ts";
import { bearer, fieldsWith, HOST, TARGET } from "./message.ts";

/**
 * What is timed in the function. Imported a second time, from a copy of the build, it times what that was made to do.
 */
const config = inspectSchema.parse({});
const head = new RequestHead();
head.method = "GET";
head.target = TARGET;
head.host = HOST;

/** Passes over matches, as monitor mode does. */
class Counting extends Inspection {
  override budget = 1_000_000_000;
  matches = 0;
  override onMatch(): boolean {
    this.matches++;
    return false;
  }
}

/** Loads a data folder as a worker does, then lets go of it: what is loaded stays. */
export async function openTable(folder: string): Promise<Policy> {
  const pepper = Pepper.load(folder, {});
  const store = await RulesStore.open(folder, pepper.id);
  const policy = new Policy(store, new Matcher(pepper), pino({ level: "silent" }));
  try {
    await policy.start();
  } finally {
    policy.close();
    await store.close();
  }
  return policy;
}

/** The head as it goes upstream, with a token. */
function outgoing(token: string): string {
  return `GET ${TARGET} HTTP/1.1\r\nHost: ${HOST}\r\n${fieldsWith(token)}X-Forwarded-For: 127.0.0.1\r\nX-Request-Id: 0f3a\r\n\r\n`;
}

/** How many enforced tokens a head with this one holds, as the matcher and as the decision see it. */
export function matchesIn(policy: Policy, token: string): readonly [number, number] {
  const text = outgoing(token);
  const bytes = Buffer.from(text, "latin1");
  const counting = new Counting();
  policy.matcher.scanWhole(bytes, 0, bytes.length, counting);
  const inspection = new RequestInspection(policy, config, head);
  inspection.head(bytes, text, head);
  return [counting.matches, inspection.hits?.length ?? 0];
}

/** The scan of a head. All classes write their token into the same bytes, so that no address tells them apart. */
const scanned = Buffer.from(outgoing("x".repeat(40)), "latin1");
const tokenAt = scanned.indexOf(bearer("")) + bearer("").length;

export function matcherCall(policy: Policy, tokens: readonly string[]): Call {
  const { matcher } = policy;
  const raw = tokens.map((token) => Buffer.from(token, "latin1"));
  return (turn) => {
    scanned.set(raw[turn % raw.length]!, tokenAt);
    matcher.scanWhole(scanned, 0, scanned.length, new Counting());
  };
}

/** The last verdict: what nobody looks at might not be made. */
export let verdict: Verdict | null = null;

/** From the text of a head to the verdict: all views of it, hits and their points, and the decision. */
export function decisionCall(policy: Policy, tokens: readonly string[]): Call {
  const texts = tokens.map(outgoing);
  return (turn) => {
    const text = texts[turn % texts.length]!;
    const bytes = Buffer.from(text, "latin1");
    const inspection = new RequestInspection(policy, config, head);
    inspection.head(bytes, text, head);
    verdict = decide(inspection.blocking, bytes);
  };
}
