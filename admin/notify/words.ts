import type { Notice } from "../../rules/store/outbox.ts";
import type { NoticeMore, NoticeType } from "./notice.ts";

interface LeakWords {
  readonly id: string;
  readonly name: string;
  readonly risk: number;
  readonly level: string;
  readonly status: string;
  readonly source: string;
  readonly tokenCount: number;
  readonly url?: string;
}

/** A message in words for people. */
export interface Words {
  /** One line. */
  readonly title: string;
  /** A line each. */
  readonly lines: readonly string[];
}

const DECIDED: Readonly<Record<string, string>> = {
  vpatch: "patched",
  mark_false: "marked false",
  close: "closed",
  reopen: "opened again",
  expire: "opened again: the time of the decision is over",
};

/** No value can begin a line of its own: names come from outside. */
export function wordsOf(notice: Notice): Words {
  const { type, timestamp, data } = notice as unknown as {
    readonly type: NoticeType;
    readonly timestamp: string;
    readonly data: NoticeMore & { readonly tenant: string; readonly leak?: LeakWords };
  };
  const { leak, attempt } = data;
  if (leak === undefined) {
    return { title: "Test message of Leakgate", lines: [`Tenant: ${data.tenant}`, `Time: ${timestamp}`] };
  }
  const tokens = leak.tokenCount === 1 ? "1 token" : `${leak.tokenCount} tokens`;
  const lines = [
    `Leak: ${leak.id}, ${leak.name}`,
    `Risk: ${leak.risk} (${leak.level})`,
    `Status: ${leak.status.replace("_", " ")}`,
    `Source: ${leak.source}`,
    ...(leak.url === undefined ? [] : [`Found at: ${leak.url}`]),
    `Tokens: ${tokens}`,
    ...(attempt === undefined ? [] : [`Attempt: ${attempt.action} at ${attempt.point}, from ${attempt.ip}`]),
    ...(data.regressionOf === undefined ? [] : [`Closed before: ${data.regressionOf.join(", ")}`]),
    ...(data.undecided === undefined ? [] : [`Open since: ${data.undecided.since}`]),
    ...(data.decidedBy === undefined ? [] : [`Decided by: ${data.decidedBy}`]),
    `Tenant: ${data.tenant}`,
    `Time: ${timestamp}`,
  ];
  return { title: oneLine(titleOf(type, leak, data)), lines: lines.map(oneLine) };
}

function titleOf(type: NoticeType, { id, name }: LeakWords, { attempts, decision, undecided }: NoticeMore) {
  const leak = `${id} (${name})`;
  switch (type) {
    case "leak.created":
      return `New leak ${leak}`;
    case "leak.undecided":
      return `Nobody decided about leak ${leak} for ${undecided?.hours} hours`;
    case "leak.first_attempt":
      return `First attempt with a token of leak ${leak}`;
    case "leak.attempts":
      return `${attempts?.count} attempts within ${attempts?.minutes} minutes with tokens of leak ${leak}`;
    case "leak.regression":
      return `A token came back: leak ${leak}`;
    default:
      return `Leak ${leak} was ${DECIDED[decision ?? ""] ?? "decided"}`;
  }
}

/** For Slack, whose control sequences (`<!channel>`, `<https://...>`) all begin with one of these. */
export function slackBody(notice: Notice): string {
  const { title, lines } = wordsOf(notice);
  const text = [title, ...lines].join("\n");
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return JSON.stringify({ text: escaped, mrkdwn: false, unfurl_links: false });
}

/** Control and format characters, and what some readers take for the end of a line, become blanks. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ");
}
