import type { Call } from "./batches.ts";

/** The last answer: what nobody looks at might not be made. */
export let isSame = false;

/** Compares each token with the listed one of the same number, and stops at the first byte that differs. */
export function earlyExitCall(listed: readonly string[], tokens: readonly string[]): Call {
  const known = listed.map((token) => Buffer.from(token, "latin1"));
  const given = tokens.map((token) => Buffer.from(token, "latin1"));
  return (turn) => {
    const at = turn % given.length;
    isSame = equalsLeaky(known[at]!, given[at]!);
  };
}

function equalsLeaky(a: Buffer, b: Buffer): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}
