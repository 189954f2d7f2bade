import { leakLimits } from "./leak.ts";
import { InputRefused } from "./refusal.ts";
import { checkText, urlCharsMax } from "./text.ts";

export type SourceId = `source-${number}`;

export const sourceKinds = [
  "git",
  "folder",
  "archive",
  "npm",
  "image",
  "url",
  "sitemap",
  "feed",
  "github",
  "gitlab",
  "gitea",
] as const;
export type SourceKind = (typeof sourceKinds)[number];

export const sourceLimits = { sources: 20_000, scheduleChars: 100, nameChars: 40 } as const;

/** How a source's findings are judged. */
export interface SourceOptions {
  /** Of leaks that come of it, 1 to 10; null: as each finding is. */
  readonly risk: number | null;
  /** The rules file of the configuration, by its name; null: all of them. */
  readonly rules: string | null;
  /** Also values of names that sound secret. */
  readonly assignments: boolean;
}

/** What opens a source: a secret of its own, which lies sealed in the store, or one of the configuration by its name. */
export type SourceCredential =
  | { readonly kind: "sealed" }
  | { readonly kind: "named"; readonly name: string };

/** A place that is looked at again and again. Times are milliseconds since 1970. */
export interface Source {
  readonly id: SourceId;
  readonly kind: SourceKind;
  /** A URL without user info, an absolute path, or the name of a package. */
  readonly address: string;
  /** A cron expression, in UTC; null: by hand alone. */
  readonly schedule: string | null;
  readonly enabled: boolean;
  readonly credential: SourceCredential | null;
  /** Counts the sealed secrets it had. */
  readonly secretNumber: number;
  readonly options: SourceOptions;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly removedAt: number | null;
}

/** As it is stored. */
export interface SourceRecord extends Source {
  readonly sealed: string | null;
}

/** What people write; the credential is handed in apart. */
export type SourceInput = Pick<Source, "kind" | "address" | "schedule" | "enabled" | "options">;

const PATHS: ReadonlySet<SourceKind> = new Set(["folder", "archive", "image"]);
const PACKAGE = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*(?:@[A-Za-z0-9.^~+_-]{1,64})?$/;
const REPOSITORY = /^(?:https?|ssh|git):$/;

/** The path on this machine that a source reads, or null where it reads none. */
export function pathOfSource({ kind, address }: Pick<Source, "kind" | "address">): string | null {
  const mayBePath = PATHS.has(kind) || kind === "git" || kind === "npm";
  return mayBePath && address.startsWith("/") ? address : null;
}

/** The fields within their limits; whether the schedule is one is for who keeps it. Throws InputRefused. */
export function checkSource(input: SourceInput): SourceInput {
  const { kind, enabled } = input;
  if (!sourceKinds.includes(kind)) throw new InputRefused("kind", `is none of ${sourceKinds.join(", ")}`);
  const schedule =
    input.schedule === null ? null : checkText("schedule", input.schedule, sourceLimits.scheduleChars);
  const { risk, rules, assignments } = input.options;
  if (risk !== null && !(Number.isInteger(risk) && risk >= 1 && risk <= leakLimits.riskMax))
    throw new InputRefused("risk", `is not a whole number from 1 to ${leakLimits.riskMax}`);
  if (rules !== null && !isConfiguredName(rules)) throw new InputRefused("rules", NAME_REFUSED);
  const address = checkAddress(kind, input.address);
  return { kind, address, schedule, enabled, options: { risk, rules, assignments } };
}

/** The name of something in the configuration that sources refer to: a rules file, a credential. */
export function isConfiguredName(name: string): boolean {
  return /^[a-z0-9][a-z0-9-]*$/.test(name) && name.length <= sourceLimits.nameChars;
}
export const NAME_REFUSED = `is not 1 to ${sourceLimits.nameChars} of the characters a-z 0-9 -`;

/** Throws InputRefused, which does not repeat the address. */
function checkAddress(kind: SourceKind, given: string): string {
  const address = checkText("address", given, urlCharsMax);
  if (address === "") throw new InputRefused("address", "is empty");
  if (pathOfSource({ kind, address }) !== null) return checkPath(address);
  if (PATHS.has(kind)) throw new InputRefused("address", "is not an absolute path");
  if (kind === "npm") {
    if (!PACKAGE.test(address)) throw new InputRefused("address", "is not the name of a package");
    return address;
  }
  // The short form of ssh that git knows: git@host:path.
  if (kind === "git" && /^[a-z][a-z0-9_-]*@[A-Za-z0-9][A-Za-z0-9.-]*:[^\s:-][^\s]*$/.test(address))
    return address;
  if (/\s/.test(address) || !URL.canParse(address)) throw new InputRefused("address", "is not a URL");
  const url = new URL(address);
  const isKnown = kind === "git" ? REPOSITORY.test(url.protocol) : /^https?:$/.test(url.protocol);
  if (!isKnown || url.host === "")
    throw new InputRefused(
      "address",
      `is not ${kind === "git" ? "an http, https, ssh or git" : "an http or https"} URL`,
    );
  const isSshUser = url.protocol === "ssh:" && url.password === "";
  if (url.password !== "" || (url.username !== "" && !isSshUser))
    throw new InputRefused("address", "holds a user or a password: give it as the credential");
  if (url.hash !== "") throw new InputRefused("address", "holds a fragment");
  return url.href;
}

/** Without `.` and `..`: what an allow-list says of the path must be what is read. */
function checkPath(path: string): string {
  const parts = path.split("/").slice(1);
  if (parts.some((part) => part === "." || part === ".."))
    throw new InputRefused("address", "holds . or .. between slashes");
  return `/${parts.filter((part) => part !== "").join("/")}`;
}
