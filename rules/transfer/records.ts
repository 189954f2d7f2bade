import { z } from "zod";
import { type TokenDigest, tokenWarnings } from "../digest.ts";
import { leakLimits, leakStatuses } from "../leak.ts";
import { ruleModes } from "../rule.ts";
import type { TokenRecordView } from "../store/pages.ts";
import { commentCharsMax } from "../text.ts";
import { hashAlgorithms } from "../tokenhash.ts";

/** The layout of an export; one with a higher number is refused. */
export const formatKnown = 1;

const count = z.int().nonnegative();
const hex64 = z.string().regex(/^[0-9a-f]{64}$/);
const uint32 = z.int().min(0).max(0xffff_ffff);

const header = z.strictObject({
  leakgateExport: z.int().positive(),
  version: z.string(),
  at: z.iso.datetime(),
  tenant: z.string(),
  /** The pepper under which the digests were made. */
  pepper: z.string().regex(/^[0-9a-f]{16}$/),
  /** The newest entry of the journal at the time. */
  revision: count,
  head: hex64,
});

const leakId = z.string().regex(/^leak-[1-9][0-9]{0,9}$/);

const leak = z.strictObject({
  id: leakId,
  /** Where it was first registered, which need not be where it is exported. */
  origin: z.strictObject({ leak: leakId, hash: hex64 }),
  name: z.string().min(1).max(leakLimits.nameChars),
  description: z.string().max(leakLimits.descriptionChars),
  risk: z.int().min(1).max(leakLimits.riskMax),
  source: z.string().regex(/^[a-z0-9_-]{1,32}$/),
  sourceUrl: z.string().nullable(),
  sourceAuthor: z.string().nullable(),
  sourceAt: count.nullable(),
  target: z.string().nullable(),
  assignee: z.string().nullable(),
  notApplicable: z.string().nullable(),
  status: z.enum(leakStatuses),
  createdAt: count,
  updatedAt: count,
  rule: z
    .strictObject({
      mode: z.enum(ruleModes),
      scope: z.strictObject({
        hosts: z.array(z.string()).optional(),
        methods: z.array(z.string()).optional(),
      }),
    })
    .nullable(),
  /** When what was decided ends by itself (ms), and a watch over a leak that is over. */
  until: count.nullable(),
  watch: z.strictObject({ until: count.nullable() }).nullable(),
  /** How many tokens came with which warning, when they were given in clear. */
  warnings: z.partialRecord(z.enum(tokenWarnings), count),
  /** The newest decision; null where nobody decided anything. */
  decided: z
    .strictObject({
      by: z.string(),
      at: count,
      reason: z.string().optional(),
      comment: z.string().max(commentCharsMax).optional(),
    })
    .nullable(),
});

const token = z.strictObject({
  digest: z.string().regex(/^[A-Za-z0-9+/]{43}=$/),
  anchor: uint32,
  fingerprint: uint32,
  mark: z.int().min(0).max(255),
  length: z.int().min(0).max(4_096),
  preview: z.string().max(15),
  kind: z.string().regex(/^[a-z0-9_-]{1,64}$/),
  hash: z.enum(hashAlgorithms).optional(),
  checksum: z.enum(["valid", "invalid"]).optional(),
  expiresAt: count.optional(),
  /** What was decided of it alone. */
  alone: z.enum(["closed", "marked_false"]).optional(),
});

const end = z.strictObject({ leaks: count, tokens: count, sha256: hex64 });

/** One line each; a leak is followed by its tokens, and by its history where that was asked for. */
export const records = {
  header,
  leak: z.strictObject({ leak }),
  token: z.strictObject({ token }),
  history: z.strictObject({ history: z.looseObject({ revision: z.int().positive(), subject: z.string() }) }),
  end: z.strictObject({ end }),
};

export type Header = z.infer<typeof header>;
export type LeakRecord = z.infer<typeof leak>;
export type TokenRecord = z.infer<typeof token>;
export type End = z.infer<typeof end>;

export function tokenRecord(view: TokenRecordView, mark: number, expiresAt: number | null): TokenRecord {
  return {
    digest: Buffer.from(view.digest).toString("base64"),
    anchor: view.anchor,
    fingerprint: view.fingerprint,
    mark,
    length: view.length,
    preview: view.preview,
    kind: view.kind,
    ...(view.hash === null ? {} : { hash: view.hash }),
    ...(view.checksum === "none" ? {} : { checksum: view.checksum }),
    ...(expiresAt === null ? {} : { expiresAt }),
    ...(view.alone === null ? {} : { alone: view.alone }),
  };
}

/** `isFalse` where that was decided of it alone, and is to be so here. */
export function digestOf({ alone, digest, ...facts }: TokenRecord, withDecision: boolean): TokenDigest {
  const isFalse = withDecision && alone === "marked_false";
  return { ...facts, digest: Buffer.from(digest, "base64"), ...(isFalse ? { isFalse } : {}) };
}
