import type { Context } from "hono";
import type { Logger } from "pino";
import { z } from "zod";
import { Problem, problemOf } from "../problem.ts";
import type { Env } from "../services.ts";
import type { IntakeConfig } from "./config.ts";
import { parseSent } from "./json.ts";
import type { Reception } from "./reception.ts";
import { isSame, secretsOf, senderAmong, someSecret } from "./secrets.ts";
import { kindOf, placeOf } from "./words.ts";

const TOKENS_MAX = 10_000;
/** When GitLab is to come again after a failure that may take people to mend. */
const RETRY_S = 60;
const text = z.string().max(16_384);
const tokensSchema = z
  .array(z.object({ type: text, token: text, location: text.nullable().optional() }))
  .min(1)
  .max(TOKENS_MAX);

/** `/intake/gitlab/v1/...`: the two routes of GitLab's token revocation API. */
export function gitlabReceiver(reception: Reception, config: IntakeConfig["gitlab"]) {
  const receivers = config.map(({ tenant, types, ...place }, index) => ({
    tenant,
    types: new Set(types),
    secrets: secretsOf(`intake.gitlab[${index}]`, place),
    actor: "intake:gitlab",
  }));
  const senderOf = (context: Context<Env>) => {
    // GitLab sends the value as it was set; people set it with and without the scheme.
    const given = (context.req.header("authorization") ?? "").replace(/^Bearer +/i, "").trim();
    const sender = senderAmong(receivers, ({ secrets }) =>
      someSecret(secrets, (secret) => isSame(given, secret)),
    );
    if (sender === null) throw reception.unverified(context, "gitlab", "secret", "Bearer");
    return sender;
  };

  const types = async (context: Context<Env>): Promise<Response> =>
    context.json({ types: [...senderOf(context).types] });

  const revoke = async (context: Context<Env>): Promise<Response> => {
    const sender = senderOf(context);
    return reception.withJson(context, true, async (bytes) => {
      const tokens = parseSent(bytes, tokensSchema);
      if (!tokens.every(({ type }) => sender.types.has(type)))
        throw new Problem(400, "A type is none of the revocable types; nothing was taken in.");
      const tenant = await reception.tenantOf(sender);
      const findings = tokens.map(({ type, token, location }) => ({
        token,
        kind: kindOf(type.replace(/^gitleaks_rule_id_/, "")),
        sighting: { source: "gitlab", ...placeOf(location ?? "") },
      }));
      const { refusals } = await reception.takeIn(context, "gitlab", sender, tenant, findings);
      if (refusals.length === tokens.length) throw new Problem(400, "None of them can be a token.");
      return context.body(null, 204);
    });
  };

  return {
    types,
    revoke: (context: Context<Env>) =>
      revoke(context).catch((error: unknown) =>
        retryLater(error, reception.services.logger, context.get("requestId")),
      ),
  };
}

/** What passes is told as 429, after which alone GitLab tries again; `logger` has the cause where the answer hides it. */
export function retryLater(error: unknown, logger: Pick<Logger, "error">, requestId: string): never {
  const { status, message, headers } = problemOf(error);
  if (status < 500 && status !== 408) throw error;
  const reason = error instanceof Error ? error.message : String(error);
  // Being busy is no failure: the figures count it.
  if (!(error instanceof Problem && error.status === 503))
    logger.error(
      { receiver: "gitlab", status, reason, requestId },
      "intake failed, the sender is to come again",
    );
  throw new Problem(429, message, [], { "retry-after": String(RETRY_S), ...headers });
}
