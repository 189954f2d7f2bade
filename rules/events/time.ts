export const DAY_MS = 24 * 3_600_000;
/** Beyond the year 9999 a time has no ISO 8601 form of four digits. */
const TIME_MAX = 253_402_300_799_999;

/** Units that a search line knows, in milliseconds; each also with an s. */
export const UNITS_MS: ReadonlyMap<string, number> = new Map([
  ["second", 1_000],
  ["minute", 60_000],
  ["hour", 3_600_000],
  ["day", DAY_MS],
  ["week", 7 * DAY_MS],
]);

/** A date, an ISO 8601 time with its offset, or milliseconds since 1970; null where it is none of them. */
export function parseTime(text: string): number | null {
  const iso =
    /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/.test(text) &&
    isDay(text.slice(0, 10));
  const at = iso ? Date.parse(text) : /^[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN;
  return at >= 0 && at <= TIME_MAX ? at : null;
}

/** When the day in UTC began that holds the time. */
export function utcDay(at: number): number {
  return Math.floor(at / DAY_MS) * DAY_MS;
}

/** `Date.parse` reads the 30th of February as the 2nd of March. */
function isDay(date: string): boolean {
  const at = Date.parse(date);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(date);
}
