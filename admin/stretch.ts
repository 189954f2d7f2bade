import { Problem } from "./problem.ts";

/** Refuses a stretch of time that ends before it begins; an end left out is never too early. */
export function forwards(from: number | undefined, to: number | undefined): void {
  if (from === undefined || to === undefined || from < to) return;
  const errors = [{ pointer: "from", detail: "must be before to" }];
  throw new Problem(400, "The stretch of time ends before it begins.", errors);
}
