import type { Actor } from "../../rules/journal.ts";
import {
  type GivenFinding,
  type TakeInOptions,
  type TakeInOutcome,
  type TakeInServices,
  type TakeInTenant,
  takeInFindings,
} from "../intake/takein.ts";
import { formats } from "./formats.ts";
import type { ReportFormat } from "./names.ts";
import { type Bytes, type Columns, ReportBroken } from "./report.ts";
import { peek, tellFormat } from "./tell.ts";

export interface ReportOptions extends Pick<TakeInOptions, "onProgress" | "isDry"> {
  /** Left out, it is told from the report. */
  readonly format?: ReportFormat | undefined;
  /** Of a CSV. */
  readonly columns?: Columns | undefined;
  /** Who found it; left out, it is the scanner. */
  readonly source?: string | undefined;
  /** Of each leak that is made, whatever the report says. */
  readonly risk?: number | undefined;
  /** Tokens that seem to be cut off are taken in all the same. */
  readonly takesTruncated?: boolean | undefined;
}

export interface ReportOutcome extends TakeInOutcome {
  readonly format: ReportFormat;
  readonly source: string;
  /** Why the report could not be read to its end; what stood before was taken in. */
  readonly broken: string | null;
}

/**
 * Takes in another scanner's report as it comes, in the memory of one batch of findings. See `takeInFindings`: a finding
 * without a usable secret is refused alone, and the same report once more changes nothing. A token that begins as a known
 * format and is too short for it is refused (`looks_truncated`): scanners cut what their rules do not foresee, and a part
 * of a token would never be met.
 *
 * Rejects with InputRefused where the format cannot be told or the columns are not there, and with what `takeInFindings`
 * and reading `bytes` reject with.
 */
export async function takeInReport(
  services: TakeInServices,
  tenant: TakeInTenant,
  actor: Actor,
  bytes: Bytes,
  { columns, risk, takesTruncated = false, ...options }: ReportOptions = {},
): Promise<ReportOutcome> {
  const { head, all } = await peek(bytes);
  const format = options.format ?? tellFormat(head, columns !== undefined);
  const { read, source: scanner } = formats[format];
  const source = options.source ?? scanner;
  let broken: string | null = null;
  async function* findings(): AsyncGenerator<GivenFinding> {
    try {
      for await (const finding of read(all, { source, columns }))
        yield risk === undefined ? finding : { ...finding, risk };
    } catch (error) {
      if (!(error instanceof ReportBroken)) throw error;
      broken = error.message;
    }
  }
  const { onProgress, isDry } = options;
  const refusesTruncated = !takesTruncated;
  const outcome = await takeInFindings(services, tenant, actor, findings(), {
    onProgress,
    isDry,
    refusesTruncated,
  });
  return { ...outcome, format, source, broken };
}
