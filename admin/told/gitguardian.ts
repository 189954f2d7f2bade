import type { Context } from "hono";
import { z } from "zod";
import { leakLimits } from "../../rules/leak.ts";
import { sightingLimits } from "../../rules/sighting.ts";
import type { GivenFinding } from "../intake/takein.ts";
import type { Env } from "../services.ts";
import type { IntakeConfig } from "./config.ts";
import { isSignedHex, SIGNATURE_HEX } from "./hmac.ts";
import { parseSent } from "./json.ts";
import type { Reception } from "./reception.ts";
import { secretsOf, senderAmong, someSecret } from "./secrets.ts";
import { kindOf, lineOf, nameFrom, oneLine, placeOf, timeOf } from "./words.ts";

const OCCURRENCES_MAX = 1_000;
const { descriptionChars: DESCRIPTION_CHARS } = leakLimits;
const said = z.string().max(16_384).nullable().optional();
const occurrenceSchema = z.object({
  url: said,
  filepath: said,
  sha: said,
  author: said,
  author_name: said,
  date: said,
  /** GitGuardian masks them, or leaves them out, unless it is told otherwise. */
  matches: z
    .array(z.object({ match: said }))
    .max(100)
    .nullable()
    .optional(),
});
const occurrences = z.array(occurrenceSchema).max(OCCURRENCES_MAX).nullable().optional();
const sentSchema = z.object({
  action: z.string().max(128).optional(),
  incident: z
    .object({
      id: z.union([z.int(), z.string().max(64)]).optional(),
      gitguardian_url: said,
      detector: z.object({ name: said, display_name: said }).nullable().optional(),
      severity: said,
      validity: said,
      status: said,
      secret_revoked: z.boolean().nullable().optional(),
      ignore_reason: said,
      resolved_at: said,
      ignored_at: said,
      occurrences,
    })
    .nullable()
    .optional(),
  occurrence: occurrenceSchema.nullable().optional(),
  occurrences,
});
type Sent = z.output<typeof sentSchema>;
type Incident = NonNullable<Sent["incident"]>;

const DECISIONS = /resolved|ignored/;
const VALIDITY = /validity/;
const RISKS: Readonly<Record<string, number>> = { critical: 10, high: 8, medium: 6, low: 3, info: 1 };

/** `/intake/gitguardian`: its custom webhook. The key of the signature is the timestamp and the token, one after the other. */
export function gitguardianReceiver(reception: Reception, config: IntakeConfig["gitguardian"]) {
  const receivers = config.map(({ tenant, skewSeconds, ...place }, index) => ({
    tenant,
    skewSeconds,
    secrets: secretsOf(`intake.gitguardian[${index}]`, place),
    actor: "intake:gitguardian",
  }));
  const refused = (context: Context<Env>, why: string) => reception.unverified(context, "gitguardian", why);

  return async (context: Context<Env>): Promise<Response> => {
    const signature = context.req.header("gitguardian-signature") ?? "";
    const timestamp = context.req.header("timestamp") ?? "";
    const at = sentAt(timestamp);
    if (!SIGNATURE_HEX.test(signature) || at === null) throw refused(context, "headers");
    return reception.withJson(context, false, async (bytes) => {
      const isSigned = (secret: string) => isSignedHex(signature, timestamp + secret, bytes);
      const sender = senderAmong(receivers, ({ secrets }) => someSecret(secrets, isSigned));
      if (sender === null) throw refused(context, "signature");
      if (Math.abs(Date.now() - at) > sender.skewSeconds * 1_000) throw refused(context, "timestamp");
      const told = parseSent(bytes, sentSchema);
      const { incident } = told;
      // Of tests, and of what is no incident.
      if (incident === null || incident === undefined) return context.body(null, 204);
      const tenant = await reception.tenantOf(sender);
      const { findings, hidden } = findingsOf(told, incident);
      const action = told.action ?? "";
      const isOver = DECISIONS.test(action);
      if (!isOver) await reception.takeIn(context, "gitguardian", sender, tenant, findings, hidden);
      if (isOver || VALIDITY.test(action)) {
        const tokens = findings.map(({ token }) => token);
        const text = isOver ? decisionOf(incident) : validityOf(incident);
        const about = { tokens, url: incident.gitguardian_url ?? null, text };
        await reception.say(context, "gitguardian", sender, tenant, about);
      }
      return context.body(null, 204);
    });
  };
}

/** Seconds since 1970, or a time of ISO 8601, as ms; null for neither. */
function sentAt(timestamp: string): number | null {
  if (/^[0-9]{1,11}(?:\.[0-9]{1,9})?$/.test(timestamp)) return Number(timestamp) * 1_000;
  const at = /^[0-9T:.Z+-]{10,40}$/.test(timestamp) ? Date.parse(timestamp) : Number.NaN;
  return Number.isNaN(at) ? null : at;
}

/** A finding for each secret that an occurrence shows. Without any there is nothing that a token could be known by. */
function findingsOf(told: Sent, incident: Incident) {
  const { detector, severity, validity, gitguardian_url: url } = incident;
  const single = told.occurrence ? [told.occurrence] : [];
  const all = [...single, ...(told.occurrences ?? []), ...(incident.occurrences ?? [])];
  const facts = {
    kind: kindOf(detector?.name ?? ""),
    name: nameFrom(`${detector?.display_name ?? detector?.name ?? "Secret"} in GitGuardian`),
    description: url ? lineOf(`GitGuardian: ${url}`, DESCRIPTION_CHARS) : undefined,
    risk: RISKS[severity ?? ""],
    verified: validity === "valid",
  };
  const findings: (GivenFinding & { readonly token: string })[] = [];
  for (const occurrence of all)
    for (const { match } of occurrence.matches ?? [])
      if (match) findings.push({ ...facts, token: match, sighting: sightingOf(occurrence) });
  return { findings, hidden: findings.length === 0 ? 1 : 0 };
}

function sightingOf({ url, filepath, sha, author_name, author, date }: z.output<typeof occurrenceSchema>) {
  const place = placeOf(url ?? "");
  return {
    source: "gitguardian",
    ...place,
    path: place.path ?? lineOf(filepath ?? "", sightingLimits.pathChars),
    commit: /^[0-9A-Za-z]{1,64}$/.test(sha ?? "") ? sha : null,
    author: lineOf(author_name ?? author ?? "", leakLimits.sourceAuthorChars),
    seenAt: timeOf(date),
  };
}

function validityOf({ id, validity }: Incident): string {
  return `GitGuardian: the validity of incident ${id ?? "?"} is ${oneLine(validity ?? "unknown")}.`;
}

function decisionOf(incident: Incident): string {
  const { id, status, secret_revoked: isRevoked, ignore_reason: reason } = incident;
  const at = timeOf(incident.resolved_at ?? incident.ignored_at);
  const when = at === null ? "" : ` at ${new Date(at).toISOString()}`;
  const why = reason ? ` as ${oneLine(reason)}` : "";
  const revoked = isRevoked === true ? " The secret is revoked there." : "";
  return `GitGuardian: incident ${id ?? "?"} is ${oneLine(status ?? "over")}${why}${when}.${revoked}`;
}
