import { InputRefused } from "./refusal.ts";

export const urlCharsMax = 2048;
export const commentCharsMax = 2000;

/** One line of well-formed text of at most `max` UTF-16 units, or InputRefused. */
export function checkText(field: string, text: string, max: number): string {
  if (text.length > max) throw new InputRefused(field, `is longer than ${max} characters`);
  // Lone surrogates have no UTF-8 form: they would come back from the disk as something else.
  if (/[\p{Cc}\p{Cs}]/u.test(text)) throw new InputRefused(field, "holds control characters or broken text");
  return text.trim();
}

/** The same of several lines; their ends become line feeds. */
export function checkProse(field: string, text: string, max: number): string {
  const lines = text.replaceAll(/\r\n?/g, "\n");
  if (lines.length > max) throw new InputRefused(field, `is longer than ${max} characters`);
  if (/[\p{Cc}\p{Cs}]/u.test(lines.replaceAll(/[\n\t]/g, "")))
    throw new InputRefused(field, "holds control characters or broken text");
  return lines.trim();
}

/** A text that may be left out: null for none, and for an empty one. */
export function checkOptional(field: string, text: string | null | undefined, max: number): string | null {
  const checked = checkText(field, text ?? "", max);
  return checked === "" ? null : checked;
}

/**
 * Where something was found: an address of the web or of a repository, on one line, or null for none. Without user
 * info, which may be a password. Throws InputRefused.
 */
export function checkUrl(field: string, text: string | null | undefined): string | null {
  const checked = checkOptional(field, text, urlCharsMax);
  if (checked === null) return null;
  const url = /\s/.test(checked) ? null : urlOf(checked);
  if (url === null || !/^(?:https?|git|ssh|git\+ssh|git\+https?):$/.test(url.protocol) || url.host === "")
    throw new InputRefused(field, "is not an http, https, git or ssh URL");
  if (url.username !== "" || url.password !== "" || /^[^/]*\/\/[^/]*@/.test(checked))
    throw new InputRefused(field, "holds a user name or password: leave it out");
  return checked;
}

function urlOf(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}
