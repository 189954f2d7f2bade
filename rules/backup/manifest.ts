import { z } from "zod";
import { BackupBroken } from "./refusals.ts";

export const manifestName = "manifest.json";

/** The layout of a backup; one with a higher number is refused. */
export const formatKnown = 1;

const tenant = "[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?";
/** Nothing else lies in a backup; so no path in it leads out of a folder. */
const FILE = new RegExp(
  `^(?:(?:tenants/${tenant}/)?(?:rules/data\\.mdb|events/[0-9]{8}T[0-9]{4}Z/data\\.mdb|pepper)|control/rules/data\\.mdb)$`,
);

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().nonnegative();

const store = z.strictObject({
  /** Empty for the data folder itself, else `tenants/NAME` or `control`. */
  folder: z.string().regex(new RegExp(`^(?:|tenants/${tenant}|control)$`)),
  schema: count,
  /** The id of the pepper without which the store says nothing. */
  pepper: z.string().regex(/^[0-9a-f]{16}$/),
  /** The newest entry of its journal. */
  revision: count,
  head: hash,
  /** False where an older version wrote it: then it could not be verified, only copied. */
  audited: z.boolean(),
});

const manifest = z.strictObject({
  leakgateBackup: z.int().positive(),
  version: z.string(),
  madeAt: z.iso.datetime(),
  withEvents: z.boolean(),
  withPepper: z.boolean(),
  stores: z.array(store).min(1),
  files: z.array(z.strictObject({ path: z.string().regex(FILE), bytes: count, sha256: hash })).min(1),
});

/** What a backup holds. */
export type Manifest = z.infer<typeof manifest>;
export type StoreCopy = Manifest["stores"][number];
export type FileCopy = Manifest["files"][number];

/** Throws BackupBroken. */
export function parseManifest(text: string): Manifest {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    throw new BackupBroken(`${manifestName} is no JSON`);
  }
  const format = (given as { leakgateBackup?: unknown } | null)?.leakgateBackup;
  if (typeof format === "number" && format > formatKnown)
    throw new BackupBroken(`it has format ${format}, this Leakgate knows formats up to ${formatKnown}`);
  const parsed = manifest.safeParse(given);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw new BackupBroken(`${manifestName} is wrong at ${path.join(".") || "its top"}: ${message}`);
}
