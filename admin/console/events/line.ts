/** The search line as the console edits it; what it means, the API says (docs/search.md). */

/** What the page looks for at first. */
export const DEFAULT_LINE = "type:vpatch last 7 days";

/** Fields whose values are worth proposing, as `GET /events/groups` sums them. */
export const proposedFields = [
  "type",
  "action",
  "leak",
  "rule",
  "point",
  "method",
  "host",
  "path",
  "userAgent",
  "ip",
] as const;
export const otherFields = ["query", "requestId", "count", "worker", "from", "to"] as const;
export const stretches = [
  "last hour",
  "last 24 hours",
  "last 7 days",
  "last 30 days",
  "today",
  "yesterday",
] as const;

/** The conditions of a line: what stands between blanks outside of quotes; `last 7 days` is one. */
export function conditionsOf(line: string): string[] {
  const words = line.match(/(?:"(?:\\.|[^"\\])*"?|[^\s"])+/g) ?? [];
  const conditions: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    const rest = words.slice(at).join(" ");
    const time = /^last (?:\d+ )?(?:second|minute|hour|day|week)s?(?= |$)/i.exec(rest)?.[0];
    conditions.push(time ?? word);
    if (time !== undefined) at += time.split(" ").length - 1;
  }
  return conditions;
}

const isTime = (condition: string) => /^(?:last |today$|yesterday$|from:|to:)/i.test(condition);

/** The line with its time said so, whatever it said of it before. */
export function withTime(line: string, time: string): string {
  return [...conditionsOf(line).filter((each) => !isTime(each)), time]
    .filter((each) => each !== "")
    .join(" ");
}

/** The time that the line names, `last 7 days`; "" where it names none. */
export function timeOf(line: string): string {
  return conditionsOf(line).filter(isTime).join(" ");
}

export function hasCondition(line: string, condition: string): boolean {
  return conditionsOf(line).includes(condition);
}

/** The line with a condition more, or without it where it had it; another of the same field goes. */
export function switchCondition(line: string, condition: string): string {
  const all = conditionsOf(line);
  if (all.includes(condition)) return all.filter((each) => each !== condition).join(" ");
  const field = condition.slice(0, condition.indexOf(":") + 1);
  const kept = all.filter((each) => !each.startsWith(field));
  // Times stand last, as people write them.
  const at = kept.findIndex(isTime);
  kept.splice(at < 0 ? kept.length : at, 0, condition);
  return kept.join(" ");
}

/** `field:value`, in quotes where the value needs them. */
export function condition(field: string, value: string): string {
  const isPlain = /^[\w./@-]+$/.test(value) || (field === "ip" && /^[\w.:]+$/.test(value));
  return `${field}:${isPlain ? value : `"${value.replaceAll(/["\\]/g, "\\$&")}"`}`;
}
