import { isIP } from "node:net";
import { z } from "zod";

const whole = (min: number, max: number, otherwise: number) => z.int().min(min).max(max).default(otherwise);

export const retentionSchema = z.strictObject({
  /** Events older than this are dropped, a partition at a time. */
  days: whole(1, 3_650, 90),
  /** The oldest partitions are dropped while all together take more. */
  bytes: whole(1024 * 1024, Number.MAX_SAFE_INTEGER, 10 * 1024 ** 3),
});

/** How long a sign-in to the console lasts. */
export const sessionSchema = z.strictObject({
  /** Without a call; then it has to be made anew. */
  idleMinutes: whole(1, 1_440, 30),
  /** Whatever happens. */
  absoluteHours: whole(1, 720, 12),
});

function isAddressRange(text: string): boolean {
  const [address = "", bits, ...more] = text.split("/");
  const family = isIP(address);
  if (family === 0 || more.length > 0) return false;
  return bits === undefined || (/^[0-9]{1,3}$/.test(bits) && Number(bits) <= (family === 6 ? 128 : 32));
}

function isOrigin(text: string): boolean {
  return /^https?:$/.test(protocolOf(text)) && new URL(text).href === `${new URL(text).origin}/`;
}

function protocolOf(text: string): string {
  return URL.canParse(text) ? new URL(text).protocol : "";
}

/** The control plane's part of `leakgate.yaml`, its address aside. */
export const adminSchema = z.strictObject({
  /** Bytes of a request body; beyond it 413. 100,000 tokens of 40 characters take about 5 MiB. */
  bodyBytes: whole(1024, 1024 ** 3, 32 * 1024 ** 2),
  /** How long `wait=enforced` waits for the workers; then 202 with the names of those that lag. */
  enforcedWaitMs: whole(1, 600_000, 5_000),
  retention: retentionSchema.default(() => retentionSchema.parse({})),
  /** Where people reach the console, as `https://leakgate.example`: no path. */
  publicUrl: z
    .string()
    .refine(isOrigin, "must be https://HOST[:PORT] or http://HOST[:PORT], without a path")
    .transform((text) => new URL(text).origin)
    .optional(),
  /** Addresses or CIDR ranges of proxies before the admin, whose `X-Forwarded-For` is believed. */
  trust: z.array(z.string().refine(isAddressRange, "is not an address or CIDR range")).default([]),
  session: sessionSchema.default(() => sessionSchema.parse({})),
  /** Wrong keys from one address (IPv6: one /64 network) within a minute; beyond it 429. */
  failuresPerMinute: whole(1, 10_000, 20),
});

export type AdminConfig = z.infer<typeof adminSchema>;
