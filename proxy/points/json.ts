import type { Part } from "./head.ts";

/** Where the reader stands in one open object or array. */
interface Level {
  readonly isObject: boolean;
  key: string;
  index: number;
  wantsKey: boolean;
}

const DEPTH_MAX = 200;

/**
 * The strings of a JSON text (RFC 8259), keys too, each with its JSON pointer (RFC 6901). Reads the text itself, not
 * what a parser makes of it, so that of repeated keys every value is seen; a text that is cut, or broken, or has several
 * values (NDJSON) is read as far as it goes. The strings come as they are spelled, without their quotes.
 */
export function* partsOfJson(text: string): Generator<Part> {
  const levels: Level[] = [];
  const isGraphql = /"query"\s*:\s*"/.test(text);
  for (let at = 0; at < text.length; at++) {
    const letter = text[at]!;
    const level = levels.at(-1);
    if (letter === "{" || letter === "[") {
      if (levels.length === DEPTH_MAX) return;
      levels.push({ isObject: letter === "{", key: "", index: 0, wantsKey: letter === "{" });
    } else if (letter === "}" || letter === "]") {
      levels.pop();
    } else if (letter === "," && level !== undefined) {
      level.index++;
      level.wantsKey = level.isObject;
    } else if (letter === ":" && level !== undefined) {
      level.wantsKey = false;
    } else if (letter === '"') {
      const end = stringEnd(text, at + 1);
      const string = text.slice(at + 1, end);
      if (level?.wantsKey) level.key = string;
      yield { point: pointOf(levels, isGraphql), text: string };
      at = end;
    }
  }
}

function stringEnd(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === '"') return at;
  }
  return text.length;
}

function pointOf(levels: readonly Level[], isGraphql: boolean): string {
  const steps = levels.map((level) => (level.isObject ? level.key : String(level.index)));
  if (isGraphql && steps[0] === "variables") return `body graphql variable ${steps.slice(1).join(".")}`;
  if (isGraphql && steps[0] === "query") return "body graphql query";
  return `body json ${steps.map((step) => `/${step.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("")}`.trimEnd();
}
