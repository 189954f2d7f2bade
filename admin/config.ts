import { isIP } from "node:net";
import { z } from "zod";
import { isGlobal, roles } from "../rules/access.ts";
import { isTenantName } from "../rules/tenants.ts";
import { notifySchema, smtpSchema } from "./notify/config.ts";
import { scanSchema } from "./scan/config.ts";
import { intakeSchema } from "./told/config.ts";

const whole = (min: number, max: number, otherwise: number) => z.int().min(min).max(max).default(otherwise);

export const retentionSchema = z.strictObject({
  /** Events older than this are dropped, a partition at a time. */
  days: whole(1, 3_650, 90),
  /** The oldest partitions are dropped while all together take more. */
  bytes: whole(1024 * 1024, Number.MAX_SAFE_INTEGER, 10 * 1024 ** 3),
});

const oidcMappingSchema = z
  .strictObject({
    group: z.string().min(1).max(255),
    role: z.enum(roles),
    /** Of a role that is not global; default `default`. */
    tenant: z.string().refine(isTenantName, "is not a tenant's name").optional(),
  })
  .refine(({ role, tenant }) => tenant === undefined || !isGlobal(role), {
    path: ["tenant"],
    error: "has no meaning for a global role",
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

function isLoopback(text: string): boolean {
  return ["127.0.0.1", "[::1]", "localhost"].includes(new URL(text).hostname);
}

function protocolOf(text: string): string {
  return URL.canParse(text) ? new URL(text).protocol : "";
}

const oidcSchema = z
  .strictObject({
    /** As the provider names itself: `https://id.example/realms/one`. */
    issuer: z.string().refine((text) => /^https?:$/.test(protocolOf(text)), "must be a https:// URL"),
    clientId: z.string().min(1).max(255),
    /** What the sign-in calls the provider; without one the host of the issuer. */
    label: z.string().trim().min(1).max(64).optional(),
    /** A file with the client's secret; LEAKGATE_OIDC_CLIENT_SECRET goes before it. Neither: a public client. */
    clientSecretFile: z.string().min(1).optional(),
    scopes: z
      .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, "is not a scope"))
      .default(["openid", "profile"]),
    /** The claim of the ID token that lists a person's groups. */
    groupsClaim: z.string().min(1).max(255).default("groups"),
    /** What the groups may do; of several, the highest role counts. */
    mapping: z.array(oidcMappingSchema).max(1_000).default([]),
    /** For tests: an issuer on this machine may be reached over plain http. */
    allowInsecureIssuer: z.boolean().default(false),
  })
  .refine(
    ({ issuer, allowInsecureIssuer }) =>
      issuer.startsWith("https:") || (allowInsecureIssuer && isLoopback(issuer)),
    {
      path: ["issuer"],
      error: "must be https (allowInsecureIssuer allows http on this machine alone)",
    },
  );

/** When a token counts as common in traffic, of which its intake warns. */
export const commonSchema = z.strictObject({
  /** It came in so many requests, as far back as the workers know, ... */
  requests: whole(1, 1_000_000_000, 100),
  /** ... or from about so many addresses; beyond 111 they cannot be counted. */
  addresses: whole(2, 1_000, 10),
});

/** The control plane's parts of `leakgate.yaml`, its addresses aside: `admin`, and `intake`, which stands beside it. */
export const adminSchema = z.strictObject({
  /** Bytes of a request body; beyond it 413. 100,000 tokens of 40 characters take about 5 MiB. */
  bodyBytes: whole(1024, 1024 ** 3, 32 * 1024 ** 2),
  /** Bytes of another scanner's report, which is read as it comes; beyond it 413. */
  reportBytes: whole(1024, 1024 ** 4, 1024 ** 3),
  /** How long `wait=enforced` waits for the workers; then 202 with the names of those that lag. */
  enforcedWaitMs: whole(1, 600_000, 5_000),
  /** How long a preview waits for the workers; then it names those that did not answer. */
  previewWaitMs: whole(1, 600_000, 2_000),
  common: commonSchema.default(() => commonSchema.parse({})),
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
  failuresPerMinute: whole(1, 1_000_000, 20),
  /** Sign-in by an OpenID Connect provider; needs `publicUrl`. */
  oidc: oidcSchema.optional(),
  notify: notifySchema.default(() => notifySchema.parse({})),
  smtp: smtpSchema.optional(),
  intake: intakeSchema.default(() => intakeSchema.parse({})),
  /** Sources that are watched for tokens. */
  scan: scanSchema.default(() => scanSchema.parse({})),
});

export type OidcConfig = z.infer<typeof oidcSchema>;
export type CommonLimits = z.infer<typeof commonSchema>;
export type AdminConfig = z.infer<typeof adminSchema>;
