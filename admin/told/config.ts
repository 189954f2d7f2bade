import { z } from "zod";
import { defaultTenant, isTenantName } from "../../rules/tenants.ts";

/** Receivers of one kind: each may be a tenant's own. */
const RECEIVERS_MAX = 50;
const GITHUB_KEYS = "https://api.github.com/meta/public_keys/secret_scanning";
const GITLAB_TYPES = ["gitleaks_rule_id_gitlab_personal_access_token"];
const TOKEN_TYPES = ["access_token", "refresh_token"] as const;

const whole = (min: number, max: number, otherwise: number) => z.int().min(min).max(max).default(otherwise);
const tenant = z.string().refine(isTenantName, "is not a tenant's name").default(defaultTenant);
const file = z.string().min(1).optional();
const variable = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, "is not the name of a variable")
  .optional();
/** How far the clock of a sender may be off; what is older may be a replay. */
const skewSeconds = whole(1, 3_600, 300);

/** A secret lies in a file, one a line so that it can be changed without a gap, or in a variable. */
export interface SecretPlace {
  readonly secretFile?: string | undefined;
  readonly secretEnv?: string | undefined;
}

const isOne = (...given: (string | undefined)[]) => given.filter((each) => each !== undefined).length === 1;

/** A receiver whose sender is known by a secret. */
const secretShape = { tenant, secretFile: file, secretEnv: variable };
const hasSecret = ({ secretFile, secretEnv }: SecretPlace) => isOne(secretFile, secretEnv);
const secretMissing = { path: ["secretFile"], error: "or secretEnv must be given, and not both" };

const receivers = <Schema extends z.ZodType>(each: Schema) => z.array(each).max(RECEIVERS_MAX).default([]);

const partnerSchema = z
  .strictObject({
    tenant,
    /** Where GitHub's public keys are; on this machine by plain http too, for tests. */
    keysUrl: z
      .string()
      .refine(isKeysUrl, "must be a https:// URL, or http:// on this machine")
      .default(GITHUB_KEYS),
    /** A token for asking for them: without one GitHub answers 60 requests an hour. */
    tokenFile: file,
    tokenEnv: variable,
    /** What GitHub is told of tokens that nobody here knew: that they are ours, or not, or nothing. */
    unknown: z.enum(["none", "true_positive", "false_positive"]).default("none"),
  })
  .refine(({ tokenFile, tokenEnv }) => tokenFile === undefined || tokenEnv === undefined, {
    path: ["tokenFile"],
    error: "and tokenEnv cannot both be given",
  });

const clientSchema = z
  .strictObject({
    tenant,
    clientId: z.string().regex(/^[\x21-\x7e]{1,100}$/, "is not 1 to 100 visible characters"),
    secretFile: file,
    secretEnv: variable,
    /** In place of the secret: its SHA-256 in hexadecimal digits. For secrets that were made by chance. */
    secretSha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, "is not 64 hexadecimal digits")
      .optional(),
    /** Which tokens this gateway sees; of others the client is told `unsupported_token_type`. */
    tokenTypes: z
      .array(z.enum(TOKEN_TYPES))
      .min(1)
      .default([...TOKEN_TYPES]),
  })
  .refine(({ secretFile, secretEnv, secretSha256 }) => isOne(secretFile, secretEnv, secretSha256), {
    path: ["secretFile"],
    error: "or secretEnv or secretSha256 must be given, and only one of them",
  });

const timedSchema = z.strictObject({ ...secretShape, skewSeconds }).refine(hasSecret, secretMissing);
const gitlabType = z.string().regex(/^[\x21-\x7e]{1,128}$/, "is not 1 to 128 visible characters");
const gitlabSchema = z
  .strictObject({ ...secretShape, types: z.array(gitlabType).min(1).max(1_000).default(GITLAB_TYPES) })
  .refine(hasSecret, secretMissing);

/** `intake` of `leakgate.yaml`, its address aside: who may tell us of leaked tokens. Off unless named here. */
export const intakeSchema = z.strictObject({
  /** Bytes of what is sent at once; beyond it 413. 10,000 findings take about 4 MiB. */
  bodyBytes: whole(1024, 256 * 1024 ** 2, 16 * 1024 ** 2),
  /** Requests that wait for others to be stored; beyond it 503, or 429 to GitLab, with `Retry-After`. */
  waiting: whole(1, 10_000, 64),
  /** Senders from one address that could not be verified, within a minute; beyond it 429. */
  failuresPerMinute: whole(1, 1_000_000, 60),
  github: z
    .strictObject({
      /** GitHub tells a partner of tokens of the partner's formats. */
      partner: partnerSchema.optional(),
      /** Webhooks of a repository or organization: `secret_scanning_alert`. */
      alerts: receivers(z.strictObject(secretShape).refine(hasSecret, secretMissing)),
    })
    .default({ alerts: [] }),
  /** GitLab's token revocation API. */
  gitlab: receivers(gitlabSchema),
  gitguardian: receivers(timedSchema),
  /** Who may revoke tokens by RFC 7009. */
  oauth: receivers(clientSchema),
  /** Whoever signs as Standard Webhooks do. */
  generic: receivers(timedSchema),
});

export type IntakeConfig = z.infer<typeof intakeSchema>;
export type PartnerConfig = z.infer<typeof partnerSchema>;
export type ClientConfig = z.infer<typeof clientSchema>;

function isKeysUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  const isHere = ["127.0.0.1", "[::1]", "localhost"].includes(hostname);
  return protocol === "https:" || (protocol === "http:" && isHere);
}
