import type { Exchange } from "./exchange.ts";
import { holdsToken } from "./inspect.ts";
import { plainPath } from "./points/path.ts";
import type { Attempt } from "./record.ts";

const MASK = "***";
const TEXT_MAX = 256;
const POINT_NAME_MAX = 64;
const NAMES_MAX = 32;

/** What is told of an exchange, beside what its head says. */
export type Happened = Pick<Attempt, "type" | "leak" | "rule" | "action" | "point">;

/**
 * The attempt as it is recorded. Built field by field from an allow-list; whatever of it came from the client is
 * looked through for enforced tokens and replaced whole where it holds one.
 */
export function attemptOf(exchange: Exchange, what: Happened, worker: number, now: number): Attempt {
  const { head, inspection, downstream } = exchange;
  const clean = (text: string): string => (holdsToken(inspection.policy.matcher, text) ? MASK : cut(text));
  const question = head.target.indexOf("?");
  const path = question < 0 ? head.target : head.target.slice(0, question);
  const query = question < 0 ? "" : head.target.slice(question + 1);
  return {
    type: what.type,
    at: now,
    leak: what.leak,
    rule: what.rule,
    action: what.action,
    point: cleanPoint(what.point, clean),
    method: head.method,
    host: clean(head.host),
    path: cleanPath(path, clean),
    query: queryNames(query, clean),
    userAgent: head.userAgent === "" ? null : clean(head.userAgent),
    ip: clean(downstream.clientAddress(head)),
    requestId: clean(exchange.id),
    worker,
  };
}

/** `query <name>`: the name is the client's, the word before it ours. */
function cleanPoint(point: string, clean: (text: string) => string): string {
  const blank = point.indexOf(" ");
  if (blank < 0) return point;
  const [word, name] = [point.slice(0, blank), clean(point.slice(blank + 1))];
  const short = name.length > POINT_NAME_MAX ? `${name.slice(0, POINT_NAME_MAX)}…` : name;
  return `${word} ${word === "header" ? short.toLowerCase() : short}`;
}

function cleanPath(path: string, clean: (text: string) => string): string {
  const masked = path.split("/").map(clean).join("/");
  // A token with a slash in it shows in no single segment, and perhaps only once the path is tidied up.
  const plain = plainPath(path) ?? masked;
  return clean(masked) === MASK || clean(plain) === MASK ? `/${MASK}` : cut(masked);
}

function queryNames(query: string, clean: (text: string) => string): string[] {
  if (query === "") return [];
  const names = query.split("&", NAMES_MAX).map((pair) => clean(pair.split("=", 1)[0]!));
  return [...new Set(names)];
}

function cut(text: string): string {
  return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text;
}
