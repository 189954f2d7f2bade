import type { Context } from "hono";
import { findingsBody, given, takenView } from "../intake/findings.ts";
import { signatureHeaders } from "../notify/signature.ts";
import type { Env } from "../services.ts";
import type { IntakeConfig } from "./config.ts";
import { parseSent } from "./json.ts";
import type { Reception } from "./reception.ts";
import { isSame, secretsOf, senderAmong, someSecret } from "./secrets.ts";

/** 24 bytes and more, as Standard Webhooks ask for. */
const SECRET = /^whsec_[A-Za-z0-9+/]{32,}={0,2}$/;

/** `/intake/generic`: findings as `POST /intake/findings` takes them, signed as Standard Webhooks are. */
export function genericReceiver(reception: Reception, config: IntakeConfig["generic"]) {
  const receivers = config.map(({ tenant, skewSeconds, ...place }, index) => {
    const name = `intake.generic[${index}]`;
    const secrets = secretsOf(name, place);
    if (secrets.some((secret) => !SECRET.test(secret)))
      throw new Error(`the secret of ${name} is not whsec_ and at least 24 bytes in base64`);
    return { tenant, skewSeconds, secrets, actor: "intake:generic" };
  });

  return async (context: Context<Env>): Promise<Response> => {
    const [id, at, signatures] = ["id", "timestamp", "signature"].map(
      (name) => context.req.header(`webhook-${name}`) ?? "",
    ) as [string, string, string];
    if (!/^[\x21-\x7e]{1,256}$/.test(id) || !/^[0-9]{1,11}$/.test(at) || signatures === "")
      throw reception.unverified(context, "generic", "headers");
    return reception.withJson(context, false, async (bytes) => {
      const text = bytes.toString("utf8");
      const offS = Math.abs(Date.now() / 1_000 - Number(at));
      const isSigned = (secret: string) => {
        const expected = signatureHeaders(id, Number(at) * 1_000, text, [secret])["webhook-signature"]!;
        return signatures.split(" ", 10).filter((each) => isSame(each, expected)).length > 0;
      };
      const sender = senderAmong(receivers, ({ secrets }) => someSecret(secrets, isSigned));
      if (sender === null) throw reception.unverified(context, "generic", "signature");
      if (offS > sender.skewSeconds) throw reception.unverified(context, "generic", "timestamp");
      const { findings } = parseSent(bytes, findingsBody);
      const tenant = await reception.tenantOf(sender);
      return context.json(
        takenView(await reception.takeIn(context, "generic", sender, tenant, findings.map(given))),
      );
    });
  };
}
