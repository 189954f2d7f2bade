import { createHash, randomBytes } from "node:crypto";
import type { VpatchEvent } from "../../rules/events.ts";
import type { HookId } from "../../rules/hook.ts";
import type { Json } from "../../rules/journal.ts";
import { type Decision, type Leak, riskLevel } from "../../rules/leak.ts";
import type { Notice } from "../../rules/store/outbox.ts";

export type NoticeType =
  | "leak.created"
  | "leak.undecided"
  | "leak.first_attempt"
  | "leak.attempts"
  | "leak.regression"
  | "leak.decided"
  | "test";

/** What a message says beyond the leak itself. */
export interface NoticeMore {
  readonly attempt?: AttemptFacts;
  /** `leak.attempts`: so many within so many minutes. */
  readonly attempts?: { readonly count: number; readonly minutes: number };
  readonly decision?: Decision | "expire";
  /** `leak.decided`: `key-3 (name)`. */
  readonly decidedBy?: string;
  /** `leak.regression`: the leaks that were closed before, and whose tokens came again. */
  readonly regressionOf?: readonly string[];
  /** `leak.undecided`: since when (ISO 8601), and after how many hours it was to be told. */
  readonly undecided?: { readonly since: string; readonly hours: number };
}

export interface AttemptFacts {
  readonly at: string;
  readonly point: string;
  readonly ip: string;
  readonly action: string;
  readonly count: number;
}

const POINT_CHARS = 256;

/** A message about a leak, built field by field: never a token, nor what is shown of one. `at` in milliseconds. */
export function leakNotice(
  type: NoticeType,
  at: number,
  tenant: string,
  leak: Leak,
  more: NoticeMore = {},
): Notice {
  const { attempt, attempts, decision, decidedBy, regressionOf, undecided } = more;
  return {
    type,
    timestamp: new Date(at).toISOString(),
    data: {
      tenant,
      leak: {
        id: leak.id,
        name: leak.name,
        risk: leak.risk,
        level: riskLevel(leak.risk),
        status: leak.status,
        source: leak.source,
        tokenCount: leak.tokenCount,
        ...(leak.sourceUrl === null ? {} : { url: leak.sourceUrl }),
      },
      ...(attempt === undefined ? {} : { attempt: attempt as unknown as Json }),
      ...(attempts === undefined ? {} : { attempts }),
      ...(decision === undefined ? {} : { decision }),
      ...(decidedBy === undefined ? {} : { decidedBy }),
      ...(regressionOf === undefined ? {} : { regressionOf }),
      ...(undecided === undefined ? {} : { undecided }),
    },
  };
}

/** What a person sends to see whether a destination works. */
export function testNotice(at: number, tenant: string, hook: HookId): Notice {
  return { type: "test", timestamp: new Date(at).toISOString(), data: { tenant, destination: hook } };
}

/** What is told of an attempt. */
export function attemptFacts(event: VpatchEvent, count = event.count): AttemptFacts {
  const { at, ip, action } = event;
  return { at: new Date(at).toISOString(), point: event.point.slice(0, POINT_CHARS), ip, action, count };
}

/**
 * The same for the same happening and destination, after a restart too, so that a receiver can tell that a message
 * came twice. `deployment` tells apart those that send to the same receiver.
 */
export function messageIdOf(deployment: string, hook: HookId, type: NoticeType, cause: string): string {
  const hash = createHash("sha256").update(`${deployment}\n${hook}\n${type}\n${cause}`).digest("base64url");
  return `msg_${hash.slice(0, 27)}`;
}

/** Each test is a message of its own. */
export function testMessageId(): string {
  return `msg_${randomBytes(20).toString("base64url")}`;
}
