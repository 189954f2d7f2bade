import { entropyOf } from "../../rules/kinds.ts";
import type { Stretch } from "./finding.ts";
import { isPlaceholder } from "./placeholder.ts";
import type { Window } from "./window.ts";

/** Words in the name of what holds a secret; looked for in any case. */
export const assignmentWords = [
  "token",
  "secret",
  "passw",
  "api_key",
  "apikey",
  "api-key",
  "access_key",
  "credential",
];

/** Bits a character below which a value is no random one. */
const ENTROPY_MIN = 3.5;
const VALUE = /[\w.-]{0,40}["'`\])]{0,2}[ \t]{0,4}(?:=>|:=|[=:])[ \t]{0,4}(["'`]?)([\w+/=.~-]{16,200})\1/y;

/** A value that is random by its looks, given to a name that says it is secret: `api_key = "..."`. Many are none. */
export function assignmentAt(window: Window, place: number, word: string): Stretch | null {
  VALUE.lastIndex = place + word.length;
  const match = VALUE.exec(window.text);
  if (match === null) return null;
  const value = match[2]!;
  const end = place + word.length + match[0].length - match[1]!.length;
  const start = end - value.length;
  if (!window.holds(start) || !window.mayEnd(end)) return null;
  // Random ones over letters and digits nearly always hold a digit; paths, names and calls mostly do not.
  if (!/[0-9]/.test(value) || !/[A-Za-z]/.test(value) || /\.(?:[a-z]+\(|js$|ts$|com$)|^https?/.test(value))
    return null;
  if (entropyOf(value) < ENTROPY_MIN || isPlaceholder(value, value)) return null;
  return { source: "assignment", rule: "assignment", kind: null, risk: null, name: null, start, end };
}
