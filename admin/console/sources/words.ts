import type { Source } from "../shapes.ts";
import { absoluteTime, counted, fullNumber } from "../words.ts";

/** Schedules that most people want. */
export const PRESETS: readonly (readonly [word: string, schedule: string | null])[] = [
  ["Every hour", "@hourly"],
  ["Every day", "0 3 * * *"],
  ["Every week", "0 3 * * 1"],
  ["By hand only", null],
];

export function scheduleWord(schedule: string | null): string {
  return PRESETS.find(([, each]) => each === schedule)?.[0] ?? schedule ?? "";
}

/** What each kind of source is, and what its address looks like. */
export const KINDS: readonly (readonly [kind: Source["kind"], word: string, address: string])[] = [
  ["git", "Git repository, all of its history", "https://git.example/team/app.git"],
  ["github", "GitHub, by its API", "https://github.com/team/app"],
  ["gitlab", "GitLab, by its API", "https://gitlab.com/team/app"],
  ["gitea", "Gitea, by its API", "https://gitea.example/team/app"],
  ["url", "Web page", "https://www.example/app.js"],
  ["sitemap", "Website, by its sitemap", "https://www.example/sitemap.xml"],
  ["feed", "RSS or Atom feed", "https://pastes.example/new.xml"],
  ["npm", "npm package", "@team/app"],
  ["folder", "Folder on the gateway's disk", "/srv/code"],
  ["archive", "Archive on the gateway's disk", "/srv/release.zip"],
  ["image", "Container image as a file", "/srv/image.tar"],
];

const STATES: Readonly<Record<Source["state"], string>> = {
  running: "Looking",
  waiting: "Waiting",
  failing: "Trying again",
  paused: "Paused",
  off: "Off",
  manual: "By hand",
};
export const stateWord = (state: Source["state"]) => STATES[state];

const SKIPPED: Readonly<Record<string, string>> = {
  too_large: "too large",
  too_deep: "archives too deep",
  too_many: "beyond the limit",
  ratio: "packed too densely",
  outside: "leading out of it",
  unreadable: "unreadable",
  unsupported: "of a kind that cannot be read",
  refused_address: "at an address that is refused",
  time: "out of time",
};

/** What the last look left out, in words; null where it was nothing. */
export function leftOut({ last }: Pick<Source, "last">): string | null {
  const parts = Object.entries(last?.skipped ?? {}).map(
    ([why, count]) => `${fullNumber(count)} ${SKIPPED[why] ?? why}`,
  );
  return parts.length === 0 ? null : `Left out: ${parts.join(", ")}.`;
}

/** How far a look has come. */
export function progressWord(progress: NonNullable<Source["progress"]>): string {
  const { texts, findings, done, of } = progress;
  const share = done !== null && of !== null && of > 0 ? `${Math.floor((done / of) * 100)}%, ` : "";
  return `${share}${counted(texts, "text")}, ${counted(findings, "token")} met`;
}

/** Why it is not as it should be, and what happens next; null where all is well. */
export function troubleWord({ state, lastError, nextRunAt, failures }: Source): string | null {
  if (lastError === null) return null;
  // An address at the beginning stays as it is.
  const isPlain = /^[a-z]+ /.test(lastError);
  const sentence = `${isPlain ? lastError.charAt(0).toUpperCase() + lastError.slice(1) : lastError}.`;
  if (state === "paused") return `${sentence} It is not tried again by itself.`;
  const again = nextRunAt === null ? "" : ` Tried again ${absoluteTime(nextRunAt)}.`;
  return `${sentence}${failures > 1 ? ` It failed ${failures} times in a row.` : ""}${again}`;
}
