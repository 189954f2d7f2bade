import { z } from "zod";

const whole = (min: number, max: number, otherwise: number) => z.int().min(min).max(max).default(otherwise);

export const retentionSchema = z.strictObject({
  /** Events older than this are dropped, a partition at a time. */
  days: whole(1, 3_650, 90),
  /** The oldest partitions are dropped while all together take more. */
  bytes: whole(1024 * 1024, Number.MAX_SAFE_INTEGER, 10 * 1024 ** 3),
});

/** The control plane's part of `leakgate.yaml`, its address aside. */
export const adminSchema = z.strictObject({
  /** Bytes of a request body; beyond it 413. 100,000 tokens of 40 characters take about 5 MiB. */
  bodyBytes: whole(1024, 1024 ** 3, 32 * 1024 ** 2),
  /** How long `wait=enforced` waits for the workers; then 202 with the names of those that lag. */
  enforcedWaitMs: whole(1, 600_000, 5_000),
  retention: retentionSchema.default(() => retentionSchema.parse({})),
});

export type AdminConfig = z.infer<typeof adminSchema>;
