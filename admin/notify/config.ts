import { z } from "zod";

const whole = (min: number, max: number, otherwise: number) => z.int().min(min).max(max).default(otherwise);

/** The mail server; without one no destination of kind `email` can be made. */
export const smtpSchema = z.strictObject({
  host: z.string().min(1).max(255),
  port: z.int().min(1).max(65_535).default(587),
  /** TLS from the first byte (465). Otherwise STARTTLS is asked for, and required unless `insecure`. */
  secure: z.boolean().default(false),
  /** Sends in clear where the server offers no STARTTLS: for a relay on this machine. */
  insecure: z.boolean().default(false),
  user: z.string().min(1).max(255).optional(),
  /** File that holds the password, with `user`. */
  passwordFile: z.string().min(1).optional(),
  /** The sender: a plain address. */
  from: z.email().max(254),
});

export type SmtpConfig = z.infer<typeof smtpSchema>;

/** Hours until a message is given up: together two days. */
const RETRY_SECONDS = [5, 30, 120, 600, 3_600, 21_600, 43_200, 86_400];

export const notifySchema = z.strictObject({
  /** Messages may go to private networks and this machine (never to a cloud's metadata), and over plain http there. */
  allowPrivate: z.boolean().default(false),
  /** Waits between the tries of a message, each up to a fifth longer by chance; after the last it is a dead letter. */
  retrySeconds: z.array(z.int().min(1).max(604_800)).max(20).default(RETRY_SECONDS),
  /** Until a receiver must have answered. */
  timeoutMs: whole(100, 120_000, 15_000),
  /** Messages on their way to one destination at a time. */
  concurrency: whole(1, 16, 2),
  /** Messages that wait for one destination; one more is a dead letter at once. */
  queueMax: whole(1, 100_000, 1_000),
  /** Dead letters of a tenant; for one more the oldest is dropped. */
  deadMax: whole(1, 100_000, 1_000),
  /** How long a rotated secret still signs. */
  rotationHours: whole(1, 720, 24),
});

export type NotifyConfig = z.infer<typeof notifySchema>;
