import { hash } from "node:crypto";
import type { Context } from "hono";
import type { Env } from "../services.ts";
import type { ClientConfig } from "./config.ts";
import type { Reception } from "./reception.ts";
import { isSame, secretsOf, senderAmong } from "./secrets.ts";

/** A token of 4,096 bytes, percent-encoded, and the rest. */
const BODY_BYTES = 32 * 1024;
const FORM = /^application\/x-www-form-urlencoded[ \t]*(?:;|$)/i;
const utf8 = new TextDecoder("utf-8", { fatal: true });

interface Credentials {
  readonly id: string;
  readonly secret: string;
}

/**
 * `/oauth/revoke`: a client of ours says that a token is over (RFC 7009). Who it is, it shows by HTTP Basic or in the form
 * (RFC 6749 section 2.3.1); errors are as RFC 6749 section 5.2 has them.
 */
export function oauthReceiver(reception: Reception, config: readonly ClientConfig[]) {
  const clients = config.map(({ tenant, clientId, tokenTypes, secretSha256, ...place }, index) => ({
    tenant,
    clientId,
    tokenTypes,
    digests:
      secretSha256 === undefined
        ? secretsOf(`intake.oauth[${index}]`, place).map((secret) => hash("sha256", secret, "hex"))
        : [secretSha256],
    actor: `intake:oauth (${clientId})`,
  }));

  /** Throws Problem 429. */
  const clientOf = (context: Context<Env>, credentials: Credentials | null) => {
    const digest = hash("sha256", credentials?.secret ?? "", "hex");
    const client = senderAmong(clients, ({ clientId, digests }) => {
      const isIt = isSame(credentials?.id ?? "", clientId);
      return digests.filter((each) => isSame(digest, each)).length > 0 && isIt;
    });
    if (client !== null) return client;
    const problem = reception.unverified(context, "oauth", "client", "Basic");
    if (problem.status === 429) throw problem;
    return null;
  };

  return async (context: Context<Env>): Promise<Response> => {
    const header = context.req.header("authorization");
    const byHeader = header === undefined ? undefined : clientOf(context, basicOf(header));
    if (byHeader === null) return invalidClient(context);
    if (!FORM.test(context.req.header("content-type") ?? ""))
      return failed(context, 400, "invalid_request", "the body is application/x-www-form-urlencoded");
    return reception.withBody(context, byHeader !== undefined, BODY_BYTES, async (bytes) => {
      const form = formOf(bytes);
      if (form === null)
        return failed(context, 400, "invalid_request", "a parameter stands twice, or is no text");
      const inForm = { id: form.get("client_id") ?? "", secret: form.get("client_secret") ?? "" };
      if (byHeader !== undefined && form.has("client_secret"))
        return failed(context, 400, "invalid_request", "the client is shown in two ways");
      const client = byHeader ?? clientOf(context, inForm);
      if (client === null) return invalidClient(context);
      const token = form.get("token") ?? "";
      if (token === "") return failed(context, 400, "invalid_request", "token is missing");
      const hint = form.get("token_type_hint");
      // A hint that nobody knows says nothing (RFC 7009 section 2.2).
      const isKnown = hint === "access_token" || hint === "refresh_token";
      if (isKnown && !client.tokenTypes.includes(hint))
        return failed(context, 400, "unsupported_token_type", "this gateway does not see such tokens");
      const tenant = await reception.tenantOf(client);
      const finding = {
        token,
        name: `Token revoked by ${client.clientId}`,
        description: "Its issuer says that it is revoked.",
        // A place, so that the same again is not a second leak once the first is closed.
        sighting: { source: "oauth", path: `revoked by ${client.clientId}` },
      };
      // What cannot be a token is revoked as well as one that nobody knows.
      await reception.takeIn(context, "oauth", client, tenant, [finding]);
      return context.body(null, 200);
    });
  };
}

/** RFC 7617, each half form-encoded (RFC 6749 section 2.3.1); null for what is not that. */
function basicOf(header: string): Credentials | null {
  const match = /^Basic +([A-Za-z0-9+/]+={0,2})$/i.exec(header);
  const text = match === null ? "" : Buffer.from(match[1]!, "base64").toString("utf8");
  const colon = text.indexOf(":");
  if (colon < 0) return null;
  const [id, secret] = [decoded(text.slice(0, colon)), decoded(text.slice(colon + 1))];
  return id === null || secret === null ? null : { id, secret };
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return null;
  }
}

/** The parameters, each of which may stand once; the bytes are overwritten. */
function formOf(bytes: Buffer): ReadonlyMap<string, string> | null {
  try {
    const all = [...new URLSearchParams(utf8.decode(bytes))];
    const form = new Map(all);
    return form.size === all.length ? form : null;
  } catch {
    return null;
  } finally {
    bytes.fill(0);
  }
}

function invalidClient(context: Context<Env>): Response {
  context.header("www-authenticate", 'Basic realm="leakgate"');
  return failed(context, 401, "invalid_client", "the client could not be verified");
}

function failed(context: Context<Env>, status: 400 | 401, error: string, description: string): Response {
  return context.json({ error, error_description: description }, status);
}
