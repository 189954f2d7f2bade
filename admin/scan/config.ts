import { isAbsolute } from "node:path";
import { z } from "zod";
import { isConfiguredName, NAME_REFUSED } from "../../rules/source.ts";
import { declaredFormatsSchema } from "../detect/declared.ts";
import { AllowList } from "./remote/allow.ts";
import { defaultLimits, type ScanLimits } from "./source.ts";

const MINUTE_MS = 60_000;
/** Where public packages of npm are. */
export const npmRegistry = "https://registry.npmjs.org/";

const whole = (min: number, max: number, otherwise: number) => z.int().min(min).max(max).default(otherwise);
const name = z.string().refine(isConfiguredName, NAME_REFUSED);
const file = z.string().min(1);

function isAllowable(entry: string): boolean {
  try {
    return AllowList.parse([entry]) !== null;
  } catch {
    return false;
  }
}

/** Bounds of one look at a source; what is beyond them is left out and counted. */
const limitsSchema = z.strictObject({
  textBytes: whole(1024, 1024 ** 4, defaultLimits.textBytesMax),
  bytes: whole(1024, 1024 ** 5, defaultLimits.bytesMax),
  entries: whole(1, 1_000_000_000, defaultLimits.entriesMax),
  /** Archives within archives. */
  depth: whole(0, 16, defaultLimits.depthMax),
  /** Bytes that come out of a byte of an archive. */
  ratio: whole(1, 10_000, defaultLimits.ratioMax),
  minutes: whole(1, 10_080, defaultLimits.timeMs / MINUTE_MS),
});

/** What opens sources and is the operator's own: sources name it, and nobody is shown it. */
const credentialSchema = z.strictObject({
  /** Holds the token alone. */
  file,
  /** Sent there and to no other host, whatever the source's address. */
  host: z.string().min(1).max(255).toLowerCase(),
});

export const scanSchema = z.strictObject({
  /** Whether watched sources are looked at. */
  enabled: z.boolean().default(true),
  /** Sources that are looked at at a time. */
  parallel: whole(1, 16, 2),
  /** Networks (`10.0.0.0/8`) and hosts that may be reached although they are not everybody's. */
  allow: z
    .array(
      z.string().max(255).refine(isAllowable, "is neither a network, as 10.0.0.0/8, nor the name of a host"),
    )
    .max(1_000)
    .default([]),
  /** Folders that sources may name, with all in them: whoever uses the API must not read the rest of the disk. */
  paths: z.array(z.string().refine(isAbsolute, "must be an absolute path")).max(1_000).default([]),
  /** Where copies of repositories lie; default `cache/watched` in the data folder. */
  cache: z.string().refine(isAbsolute, "must be an absolute path").optional(),
  /** Whether the git command is run. */
  git: z.boolean().default(true),
  /** Whether repositories are fetched over SSH, with the keys of the account that this runs under. */
  ssh: z.boolean().default(false),
  /** Where packages are found. */
  npmRegistry: z.url({ protocol: /^https?$/ }).default(npmRegistry),
  /** Formats of tokens, beside those that are known. */
  formats: declaredFormatsSchema.default([]),
  /** Rules files of Gitleaks, by a name. */
  rules: z.record(name, file).default({}),
  credentials: z.record(name, credentialSchema).default({}),
  /** Where the API of a forge lies, by its host, where it does not lie where it usually does; its credentials go there. */
  bases: z.record(z.string().min(1).max(255).toLowerCase(), z.url({ protocol: /^https?$/ })).default({}),
  limits: limitsSchema.default(() => limitsSchema.parse({})),
});

export type ScanConfig = z.infer<typeof scanSchema>;

export function limitsOf({ limits }: ScanConfig): ScanLimits {
  return {
    textBytesMax: limits.textBytes,
    bytesMax: limits.bytes,
    entriesMax: limits.entries,
    depthMax: limits.depth,
    ratioMax: limits.ratio,
    timeMs: limits.minutes * MINUTE_MS,
  };
}
