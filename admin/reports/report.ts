import type { GivenFinding, Unusable } from "../intake/takein.ts";

/** A report as it comes from a file or a request. */
export type Bytes = AsyncIterable<Uint8Array>;

/** What of a CSV stands in which column: the name of ours, and the name in the first record. */
export type Columns = ReadonlyMap<string, string>;

export interface ReadOptions {
  /** Who found it: the source of each sighting. */
  readonly source: string;
  readonly columns?: Columns | undefined;
}

/**
 * Reads a report from beginning to end in memory that its size does not change. An entry that is of no use is a finding
 * with an `Unusable` token. Throws ReportBroken where nothing further can be read.
 */
export type Reader = (bytes: Bytes, options: ReadOptions) => AsyncGenerator<GivenFinding>;

/** One entry of a report; longer ones are passed over. */
export const entryBytesMax = 1_048_576;

/** From here on the report cannot be read. The message says where and why, and repeats nothing of it. */
export class ReportBroken extends Error {
  readonly code = "ReportBroken";
}

const UNUSABLE = {
  too_large: `the entry is larger than ${entryBytesMax} bytes`,
  no_secret: "the entry holds no secret: the report was made without them",
  not_a_finding: "the entry is no finding of a secret",
  judged_false: "where the report comes from, it was judged to be no secret",
} as const;

/** An entry of which nothing can be made, in place of its token. */
export function unusable(reason: keyof typeof UNUSABLE): Unusable {
  return { unusable: reason, detail: UNUSABLE[reason] };
}

/** The same as a finding. */
export function unusableFinding(reason: keyof typeof UNUSABLE, source: string): GivenFinding {
  return { token: unusable(reason), sighting: { source } };
}
