import { createHash } from "node:crypto";

/** A made-up token of 40 bytes, different in every piece of it, that is registered with all contenders. */
export function listedToken(number: number): string {
  return madeUp(`listed ${number}`);
}

/** One of the same shape that nobody registers. */
export function unlistedToken(number: number): string {
  return madeUp(`unlisted ${number}`);
}

export function listedTokens(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, index) => listedToken(from + index));
}

/** As it stands in the Authorization header, which peers compare whole. */
export function bearer(token: string): string {
  return `Bearer ${token}`;
}

function madeUp(seed: string): string {
  return `made-up-${createHash("sha256").update(seed).digest("hex").slice(0, 32)}`;
}
