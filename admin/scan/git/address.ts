import { SourceFailed } from "../source.ts";

export const gitSchemes = ["https", "ssh", "git", "file", "http"] as const;
export type GitScheme = (typeof gitSchemes)[number];

/** Where a repository is, without what opens it. */
export interface Address {
  readonly scheme: GitScheme;
  /** As git is given it; of SSH with the user's name, which opens nothing. */
  readonly url: string;
  /** Lower case, with the port where one is named; empty for files. */
  readonly host: string;
  /** Below the host, without slashes and `.git` at its ends. */
  readonly path: string;
  /** `user:password` of the URL, or null. */
  readonly credentials: string | null;
}

/**
 * Reads the URL of a repository; `git@host:owner/name.git` too. Throws SourceFailed for every other scheme (`ext::` runs
 * programs), for what begins like an option, and for what holds blanks or control characters; the message repeats nothing of it.
 */
export function addressOf(text: string, allowed: readonly GitScheme[] = ["https", "ssh", "git"]): Address {
  const refuse = (why: string) =>
    new SourceFailed(`the address of the repository ${why}`, { isLasting: true });
  if (/[\p{Cc}\s]/u.test(text) || text.startsWith("-")) throw refuse("holds blanks, or begins with a hyphen");
  const short = /^([\w.-]+@)?([\w.-]+):(?!\/\/|:)(.+)$/.exec(text);
  const whole = short === null ? text : `ssh://${short[1] ?? ""}${short[2]}/${short[3]}`;
  if (!URL.canParse(whole)) throw refuse("is no URL");
  const url = new URL(whole);
  const scheme = gitSchemes.find((each) => `${each}:` === url.protocol);
  if (scheme === undefined || !allowed.includes(scheme))
    throw refuse(`has none of the schemes ${allowed.join(", ")}`);
  if (scheme !== "file" && !/^[\w[]/.test(url.host)) throw refuse("names no host");
  if (url.search !== "" || url.hash !== "") throw refuse("has a query or a fragment");
  const isSsh = scheme === "ssh";
  const { username, password } = url;
  if (isSsh && !/^(?:[\w.][\w.-]*)?$/.test(username)) throw refuse("names no user that there may be");
  if (/%(?![0-9A-Fa-f]{2})/.test(whole)) throw refuse("is no URL");
  const credentials =
    isSsh || (username === "" && password === "") ? null : `${decoded(username)}:${decoded(password)}`;
  if (!isSsh) url.username = "";
  url.password = "";
  const path = decoded(url.pathname)
    .replaceAll(/^\/+|\/+$/g, "")
    .replace(/\.git$/, "");
  return { scheme, url: url.href, host: url.host.toLowerCase(), path, credentials };
}

/** By what its host is called: GitHub, GitLab or Gitea, each with its own addresses; null for any other. */
function forge({ host }: Address): "github" | "gitlab" | "gitea" | null {
  if (/^(?:www\.)?github\b/.test(host)) return "github";
  if (/^gitlab\b/.test(host)) return "gitlab";
  return /^(?:gitea|forgejo|codeberg)\b/.test(host) ? "gitea" : null;
}

/** The page of a file in a commit, where the host's pages are known; else the repository; null where nobody can open it. */
export function fileUrl(address: Address, commit: string, path: string): string | null {
  const web = webUrl(address);
  const file = path.split("/").map(encodeURIComponent).join("/");
  switch (forge(address)) {
    case "github":
      return `${web}/blob/${commit}/${file}`;
    case "gitlab":
      return `${web}/-/blob/${commit}/${file}`;
    case "gitea":
      return `${web}/src/commit/${commit}/${file}`;
    case null:
      return web;
  }
}

/** The same of a commit. */
export function commitUrl(address: Address, commit: string): string | null {
  const of = forge(address);
  return of === null ? webUrl(address) : `${webUrl(address)}${of === "gitlab" ? "/-" : ""}/commit/${commit}`;
}

function webUrl(address: Address): string | null {
  const { scheme, host, path } = address;
  if (scheme === "file") return null;
  const below = path.split("/").map(encodeURIComponent).join("/");
  const isWeb = scheme === "http" || scheme === "https";
  if (isWeb || forge(address) === null) return `${scheme}://${host}/${below}`;
  // Of what is fetched by SSH people see the pages.
  return `https://${host.replace(/:[0-9]+$/, "")}/${below}`;
}

/** As bytes: what they spell need not be UTF-8. */
function decoded(text: string): string {
  return Buffer.from(
    text.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    "latin1",
  ).toString("utf8");
}
