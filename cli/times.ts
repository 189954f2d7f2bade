import { InvalidArgumentError } from "commander";
import { parseTime } from "../rules/events/time.ts";

const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** An argument parser for commander: an ISO 8601 date or time, or `90m`, `24h`, `7d` ago. Answers milliseconds. */
export function time(text: string): number {
  const spanMs = spanOf(text);
  const at = spanMs === null ? parseTime(text) : Date.now() - spanMs;
  if (at === null)
    throw new InvalidArgumentError("It must be a time such as 2026-11-24T12:00:00Z, or 24h ago as 24h.");
  return at;
}

/** The same for what is to come: `90m`, `24h`, `90d` from now. */
export function timeToCome(text: string): number {
  const spanMs = spanOf(text);
  const at = spanMs === null ? parseTime(text) : Date.now() + spanMs;
  if (at === null)
    throw new InvalidArgumentError("It must be a time such as 2026-11-24T12:00:00Z, or in 7 days as 7d.");
  return at;
}

/** An argument parser for commander: `90m`, `24h`, `7d`. Answers milliseconds. */
export function span(text: string): number {
  const spanMs = spanOf(text);
  if (spanMs === null) throw new InvalidArgumentError("It must be a time as 90m, 24h or 7d.");
  return spanMs;
}

function spanOf(text: string): number | null {
  const [, count, unit] = /^([0-9]{1,6})([smhd])$/.exec(text) ?? [];
  return unit === undefined ? null : Number(count) * UNITS_MS[unit]!;
}

/** `2026-11-24 12:00`, in UTC. */
export function minute(at: number): string {
  return second(at).slice(0, 16);
}

/** `2026-11-24 12:00:07`, in UTC. */
export function second(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replace("T", " ");
}
