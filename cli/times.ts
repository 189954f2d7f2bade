import { InvalidArgumentError } from "commander";
import { parseTime } from "../rules/events/time.ts";

const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** An argument parser for commander: an ISO 8601 date or time, or `90m`, `24h`, `7d` ago. Answers milliseconds. */
export function time(text: string): number {
  const ago = /^([0-9]{1,6})([smhd])$/.exec(text);
  if (ago !== null) return Date.now() - Number(ago[1]) * UNITS_MS[ago[2]!]!;
  const at = parseTime(text);
  if (at === null)
    throw new InvalidArgumentError("It must be a time such as 2026-11-24T12:00:00Z, or 24h ago as 24h.");
  return at;
}

/** The same for what is to come: `90m`, `24h`, `90d` from now. */
export function timeToCome(text: string): number {
  const span = /^[0-9]{1,6}[smhd]$/.test(text);
  return span ? 2 * Date.now() - time(text) : time(text);
}

/** An argument parser for commander: `90m`, `24h`, `7d`. Answers milliseconds. */
export function span(text: string): number {
  const given = /^([0-9]{1,6})([smhd])$/.exec(text);
  if (given === null) throw new InvalidArgumentError("It must be a time as 90m, 24h or 7d.");
  return Number(given[1]) * UNITS_MS[given[2]!]!;
}

/** `2026-11-24 12:00`, in UTC. */
export function minute(at: number): string {
  return second(at).slice(0, 16);
}

/** `2026-11-24 12:00:07`, in UTC. */
export function second(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replace("T", " ");
}
