import type { Context } from "hono";
import { z } from "zod";
import type { Env } from "../services.ts";
import type { IntakeConfig } from "./config.ts";
import { isSignedHex, SIGNATURE_HEX } from "./hmac.ts";
import { parseSent } from "./json.ts";
import type { Reception } from "./reception.ts";
import { secretsOf, senderAmong, someSecret } from "./secrets.ts";
import { kindOf, nameFrom, oneLine, placeOf, timeOf } from "./words.ts";

const said = z.string().max(16_384).nullable().optional();
const alertSchema = z.object({
  action: z.string().max(64),
  alert: z.object({
    number: z.int().optional(),
    html_url: said,
    created_at: said,
    secret_type: said,
    secret_type_display_name: said,
    secret: said,
    validity: said,
    publicly_leaked: z.boolean().nullable().optional(),
    resolution: said,
    resolved_at: said,
    resolution_comment: said,
  }),
  repository: z.object({ full_name: said }).nullable().optional(),
});
type Alert = z.output<typeof alertSchema>;

/** Actions that tell of a token. */
const FINDS: ReadonlySet<string> = new Set(["created", "reopened", "publicly_leaked", "validated"]);
const RISK_PUBLIC = 8;

/** `/intake/github/alerts`: the webhook of a repository or organization, event `secret_scanning_alert`. */
export function githubAlertsReceiver(reception: Reception, config: IntakeConfig["github"]["alerts"]) {
  const receivers = config.map(({ tenant, ...place }, index) => ({
    tenant,
    secrets: secretsOf(`intake.github.alerts[${index}]`, place),
    actor: "intake:github",
  }));

  return async (context: Context<Env>): Promise<Response> => {
    const signature = context.req.header("x-hub-signature-256") ?? "";
    if (!SIGNATURE_HEX.test(signature)) throw reception.unverified(context, "github_alerts", "headers");
    return reception.withJson(context, false, async (bytes) => {
      const isSigned = (secret: string) => isSignedHex(signature, secret, bytes);
      const sender = senderAmong(receivers, ({ secrets }) => someSecret(secrets, isSigned));
      if (sender === null) throw reception.unverified(context, "github_alerts", "signature");
      const event = context.req.header("x-github-event");
      if (event === "ping") return context.json({ answer: "pong" });
      // Whoever sends all events has not done anything wrong.
      if (event !== "secret_scanning_alert") return context.body(null, 204);
      const told = parseSent(bytes, alertSchema);
      const tenant = await reception.tenantOf(sender);
      const { secret } = told.alert;
      const token = typeof secret === "string" && secret !== "" ? secret : null;
      if (FINDS.has(told.action)) {
        const findings = token === null ? [] : [findingOf(told, token)];
        const hidden = token === null ? 1 : 0;
        await reception.takeIn(context, "github_alerts", sender, tenant, findings, hidden);
      }
      const text = saidBy(told);
      if (text !== null) {
        const tokens = token === null ? [] : [token];
        const about = { tokens, url: told.alert.html_url ?? null, text };
        await reception.say(context, "github_alerts", sender, tenant, about);
      }
      return context.body(null, 204);
    });
  };
}

function findingOf({ alert, repository }: Alert, token: string) {
  const type = alert.secret_type_display_name ?? alert.secret_type ?? "Token";
  const isPublic = alert.publicly_leaked === true;
  const verified = alert.validity === "active";
  return {
    token,
    kind: kindOf(alert.secret_type ?? ""),
    verified,
    name: nameFrom(`${type} in ${repository?.full_name ?? "GitHub"}`),
    description: isPublic ? "GitHub saw it in public." : undefined,
    risk: isPublic && !verified ? RISK_PUBLIC : undefined,
    sighting: { source: "github", ...placeOf(alert.html_url ?? ""), seenAt: timeOf(alert.created_at) },
  };
}

/** What there is to say of a leak that may be known already: what people decided there, they decide here again. */
function saidBy({ action, alert }: Alert): string | null {
  const { number, validity, resolution, resolved_at: at, resolution_comment: comment } = alert;
  const what = `GitHub: alert ${number ?? "?"}`;
  if (action === "validated") return `${what} has the validity ${oneLine(validity ?? "unknown")}.`;
  if (action === "publicly_leaked") return `${what} was seen in public.`;
  if (action !== "resolved") return null;
  const start = `${what} was resolved as ${oneLine(resolution ?? "unknown")}`;
  const when = timeOf(at) === null ? "" : ` at ${new Date(timeOf(at) ?? 0).toISOString()}`;
  return `${start}${when}.${comment ? ` Comment: ${oneLine(comment)}` : ""}`;
}
