import { hash, randomBytes } from "node:crypto";
import type { Matcher } from "../rules/matcher.ts";
import type { Exchange } from "./exchange.ts";
import { holdsToken } from "./inspect.ts";
import { plainPath } from "./points/path.ts";
import type { Attempt } from "./record.ts";
import { copyOfText } from "./wire.ts";

const MASK = "***";
const TEXT_MAX = 256;
const POINT_NAME_MAX = 64;
const NAMES_MAX = 32;
/** Without one of these a text stands for itself: no spelling that `holdsToken` undoes begins with another. */
const MARK = /[%\\&<\]=]/;
/** Two blanks: a token, and a run of base64, ends before them. */
const BETWEEN = "  ";
/** Without it nobody can choose two attempts that look alike. ASCII, so that what it is put before is hashed as it lies. */
const key = randomBytes(32).toString("hex");

/** What is told of an exchange, beside what its head says. */
export type Happened = Pick<Attempt, "type" | "leak" | "rule" | "action" | "point">;

type Clean = (text: string) => string;

/**
 * Stands for an attempt as the client made it, before anything is cleaned: keyed SHA-256, so that two are never taken
 * for one, and nothing of the client's text is kept. Equal only while the same tokens are loaded and enforced, since
 * what is masked in the record depends on them.
 */
export function signOf(exchange: Exchange, what: Happened): string {
  const { head, inspection, downstream } = exchange;
  const { changeCount, matcher } = inspection.policy;
  const { path, query } = partsOf(head.target);
  const names = namesOf(query).join("&");
  const { type, leak, rule, action, point } = what;
  // No field but the point may hold a line feed, and its length is said.
  const text =
    `${key}${changeCount} ${matcher.tokenCount} ${matcher.hashes.count}\n${type} ${leak} ${rule} ${action}\n` +
    `${point.length} ${point}\n${head.method}\n${head.host}\n${path}\n${names}\n${head.userAgent}\n` +
    downstream.clientAddress(head);
  return hash("sha256", text, "base64");
}

/**
 * The attempt as it is recorded. Built field by field from an allow-list; whatever of it came from the client is
 * looked through for loaded tokens and replaced whole where it holds one. That is done in the request's own turn and not
 * at the flush: no clear text waits in memory, and a token that is unloaded meanwhile is masked all the same.
 */
export function attemptOf(exchange: Exchange, what: Happened, worker: number, now: number): Attempt {
  const { matcher } = exchange.inspection.policy;
  const plain = new Set<string>();
  let isMarked = matcher.hashes.count > 0;
  const attempt = build(exchange, what, worker, now, (text) => {
    if (!mayHold(matcher, text)) return cut(text);
    if (MARK.test(text)) isMarked = true;
    else plain.add(text);
    return cut(text);
  });
  // One look at all that stands for itself instead of ten: a flood of different attempts costs a record each.
  const isClean = matcher.hashes.count === 0 && !holdsToken(matcher, [...plain].join(BETWEEN));
  if (isClean && !isMarked) return attempt;
  const known = isClean ? plain : new Set<string>();
  return build(exchange, what, worker, now, (text) =>
    !known.has(text) && mayHold(matcher, text) && holdsToken(matcher, text) ? MASK : cut(text),
  );
}

function build(exchange: Exchange, what: Happened, worker: number, now: number, clean: Clean): Attempt {
  const { head, downstream } = exchange;
  const { path, query } = partsOf(head.target);
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
    query: [...new Set(namesOf(query).map(clean))],
    userAgent: head.userAgent === "" ? null : clean(head.userAgent),
    ip: clean(downstream.clientAddress(head)),
    requestId: clean(exchange.id),
    worker,
  };
}

/** No spelling is shorter than what it stands for. How long a token is of which only a hash is known, nobody knows. */
function mayHold(matcher: Matcher, text: string): boolean {
  return text.length >= matcher.shortest || matcher.hashes.count > 0;
}

/** `query <name>`: the name is the client's, the word before it ours. */
function cleanPoint(point: string, clean: Clean): string {
  const blank = point.indexOf(" ");
  if (blank < 0) return point;
  const [word, name] = [point.slice(0, blank), clean(point.slice(blank + 1))];
  const short = name.length > POINT_NAME_MAX ? `${name.slice(0, POINT_NAME_MAX)}…` : name;
  return `${word} ${word === "header" ? short.toLowerCase() : short}`;
}

function cleanPath(path: string, clean: Clean): string {
  const masked = path.split("/").map(clean).join("/");
  // A token with a slash in it shows in no single segment, and perhaps only once the path is tidied up.
  const plain = plainPath(path) ?? masked;
  return clean(masked) === MASK || clean(plain) === MASK ? `/${MASK}` : cut(masked);
}

function partsOf(target: string): { readonly path: string; readonly query: string } {
  const question = target.indexOf("?");
  if (question < 0) return { path: target, query: "" };
  return { path: target.slice(0, question), query: target.slice(question + 1) };
}

/** Names of the query's first parameters, as they are spelled. */
function namesOf(query: string): string[] {
  const names: string[] = [];
  if (query === "") return names;
  for (let at = 0; names.length < NAMES_MAX; ) {
    const ampersand = query.indexOf("&", at);
    const end = ampersand < 0 ? query.length : ampersand;
    const equals = query.indexOf("=", at);
    names.push(query.slice(at, equals < 0 || equals > end ? end : equals));
    if (ampersand < 0) break;
    at = end + 1;
  }
  return names;
}

function cut(text: string): string {
  return text.length > TEXT_MAX ? `${copyOfText(text.slice(0, TEXT_MAX))}…` : copyOfText(text);
}
