/** How things are said: numbers, times, and the names of what the API calls by a word. */

const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const whole = new Intl.NumberFormat("en");
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });

/** `100.3K`. */
export function shortNumber(value: number): string {
  return compact.format(value);
}

/** `100,312`. */
export function fullNumber(value: number): string {
  return whole.format(value);
}

/** `1 leak`, `2 leaks`. */
export function counted(value: number, one: string, several = `${one}s`): string {
  return `${fullNumber(value)} ${value === 1 ? one : several}`;
}

export function share(part: number, all: number): string {
  if (all === 0 || part === 0) return "0%";
  const percent = (part / all) * 100;
  return percent < 1 ? "<1%" : `${Math.round(percent)}%`;
}

const dayTime = new Intl.DateTimeFormat(undefined, {
  year: "numeric",
  month: "short",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});
const withSeconds = new Intl.DateTimeFormat(undefined, {
  year: "numeric",
  month: "short",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});

export function absoluteTime(iso: string, isExact = false): string {
  return (isExact ? withSeconds : dayTime).format(new Date(iso));
}

const UNITS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** `3 min. ago`. */
export function relativeTime(iso: string, now = Date.now()): string {
  const seconds = (new Date(iso).getTime() - now) / 1000;
  for (const [unit, size] of UNITS)
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
  return Math.abs(seconds) < 10 ? "just now" : relative.format(Math.trunc(seconds), "second");
}

const STATUS_WORDS: Readonly<Record<string, string>> = {
  opened: "Opened",
  patched: "Patched",
  closed: "Closed",
  marked_false: "Marked false",
};
export const statusWord = (status: string) => STATUS_WORDS[status] ?? status;

const REMEDIATION_WORDS: Readonly<Record<string, string>> = {
  none: "None",
  applied: "Patch applied",
  not_applicable: "Not applicable",
};
export const remediationWord = (remediation: string) => REMEDIATION_WORDS[remediation] ?? remediation;

const LEVEL_WORDS: Readonly<Record<string, string>> = { high: "High", medium: "Medium", low: "Low" };
export const levelWord = (level: string) => LEVEL_WORDS[level] ?? level;

const SOURCE_WORDS: Readonly<Record<string, string>> = {
  custom: "Custom",
  github: "GitHub",
  gitlab: "GitLab",
  gitguardian: "GitGuardian",
  scanner: "Scanner",
  trufflehog: "TruffleHog",
  sample: "Sample",
  git: "Git",
  folder: "Folder",
  archive: "Archive",
  npm: "npm package",
  image: "Image",
  url: "Web page",
  sitemap: "Sitemap",
  feed: "Feed",
  gitea: "Gitea",
};
export const sourceWord = (source: string) => SOURCE_WORDS[source] ?? source;

const ROLE_WORDS: Readonly<Record<string, string>> = {
  administrator: "Administrator",
  analyst: "Analyst",
  global_administrator: "Global administrator",
  global_analyst: "Global analyst",
};
export const roleWord = (role: string) => ROLE_WORDS[role] ?? role;

const ACTION_WORDS: Readonly<Record<string, string>> = {
  "leak.register": "Registered",
  "leak.update": "Facts changed",
  "leak.vpatch": "Virtual patch applied",
  "leak.close": "Closed",
  "leak.mark_false": "Marked false",
  "leak.reopen": "Reopened",
  "leak.comment": "Commented",
  "leak.sighted": "Seen at another place",
  "leak.tokens.add": "Tokens added",
  "leak.token.remove": "Token removed",
  "hook.create": "Destination made",
  "hook.update": "Destination changed",
  "hook.delete": "Destination removed",
  "hook.rotate": "Signing secret rotated",
  "hook.test": "Test message sent",
  "intake.create": "False-positive rule made",
  "intake.remove": "False-positive rule removed",
  "settings.update": "Settings changed",
};
/** What a journal entry's action is called; an unknown one by its own name, legibly. */
export function actionWord(action: string): string {
  const known = ACTION_WORDS[action];
  if (known !== undefined) return known;
  const text = action.replaceAll(/[._]/g, " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const EVENT_ACTION_WORDS: Readonly<Record<string, string>> = {
  blocked: "Blocked",
  monitored: "Monitored",
  watched: "Watched",
  passed: "Passed",
};
export const eventActionWord = (action: string) => EVENT_ACTION_WORDS[action] ?? action;

const EVENT_TYPE_WORDS: Readonly<Record<string, string>> = {
  vpatch: "Virtual patch",
  undecoded: "Undecoded body",
};
export const eventTypeWord = (type: string) => EVENT_TYPE_WORDS[type] ?? type;

/** The key's number is noise to people: `key-3 (Ann)` is Ann. */
export function actorWord(actor: string): string {
  return /^\S+ \((.+)\)$/.exec(actor)?.[1] ?? actor;
}
