import { readFileSync } from "node:fs";
import type { ClientAuth, Configuration, IDToken, UserInfoResponse } from "openid-client";
import { isGlobal, type Role } from "../rules/access.ts";
import { defaultTenant } from "../rules/tenants.ts";
import type { OidcConfig } from "./config.ts";

/** What must be the same when a person comes back from the provider. */
export interface Pending {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** Whom the provider vouches for, as far as we use it. */
export interface Person {
  readonly subject: string;
  readonly name: string;
  readonly groups: readonly string[];
}

/** Why somebody is not signed in: `unreachable` is the provider's matter, all else is refused. */
export class OidcFailed extends Error {
  /** One word for the log. */
  readonly why: string;
  constructor(why: string, cause?: unknown) {
    super("the OpenID provider does not vouch for who signs in", { cause });
    this.why = why;
  }
}

/** The metadata of a provider seldom changes; it is asked for again after an hour. */
const METADATA_MS = 3_600_000;
const TIMEOUT_S = 10;
const NAME_CHARS = 64;
/** Who acts stands in the journal with the name, within 200 characters. */
const SUBJECT = /^[\x21-\x7e]{1,120}$/;

type Client = typeof import("openid-client");

/** An OpenID Connect provider: code flow with PKCE. It is asked when somebody signs in, and again after a failure. */
export class Oidc {
  private readonly config: OidcConfig;
  private readonly publicUrl: string;
  private readonly env: NodeJS.ProcessEnv;
  private known: { readonly at: number; readonly provider: Promise<Configuration> } | null = null;

  constructor(config: OidcConfig, publicUrl: string, env: NodeJS.ProcessEnv = process.env) {
    this.config = config;
    this.publicUrl = publicUrl;
    this.env = env;
  }

  /** What people know the provider by. */
  get label(): string {
    return this.config.label ?? new URL(this.config.issuer).host;
  }

  /** Where to send a person, and what to remember of it. Rejects with OidcFailed. */
  async begin(): Promise<{ readonly url: string; readonly pending: Pending }> {
    const [client, provider] = [await load(), await this.provider()];
    const pending = {
      state: client.randomState(),
      nonce: client.randomNonce(),
      verifier: client.randomPKCECodeVerifier(),
    };
    const url = client.buildAuthorizationUrl(provider, {
      redirect_uri: this.callbackUrl,
      scope: this.config.scopes.join(" "),
      state: pending.state,
      nonce: pending.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(pending.verifier),
      code_challenge_method: "S256",
    });
    return { url: url.href, pending };
  }

  /** Who comes back with this query. Rejects with OidcFailed for whatever is not as it was begun, or not signed so. */
  async finish(search: string, { state, nonce, verifier }: Pending): Promise<Person> {
    const [client, provider] = [await load(), await this.provider()];
    const checks = {
      expectedState: state,
      expectedNonce: nonce,
      pkceCodeVerifier: verifier,
      idTokenExpected: true,
    };
    try {
      const tokens = await client.authorizationCodeGrant(
        provider,
        new URL(this.callbackUrl + search),
        checks,
      );
      const claims = tokens.claims() as IDToken;
      const isWhole = claims[this.config.groupsClaim] !== undefined;
      const hasMore = provider.serverMetadata().userinfo_endpoint !== undefined;
      // Many providers keep the ID token small, and tell the groups only here.
      const more: UserInfoResponse | null =
        isWhole || !hasMore ? null : await client.fetchUserInfo(provider, tokens.access_token, claims.sub);
      return personOf({ ...more, ...claims }, this.config.groupsClaim);
    } catch (error) {
      throw error instanceof OidcFailed ? error : new OidcFailed(wordOf(error), error);
    }
  }

  /** Where a person signs out of the provider too; null where it has no such place, or cannot be reached. */
  async logoutUrl(): Promise<string | null> {
    try {
      const [client, provider] = [await load(), await this.provider()];
      if (provider.serverMetadata().end_session_endpoint === undefined) return null;
      const back = { post_logout_redirect_uri: `${this.publicUrl}/`, client_id: this.config.clientId };
      return client.buildEndSessionUrl(provider, back).href;
    } catch {
      return null;
    }
  }

  /** What the groups may do: the highest role, of the same role the first line; null: nothing. */
  roleOf(groups: readonly string[]): { readonly role: Role; readonly tenant: string | null } | null {
    const lines = this.config.mapping.filter(({ group }) => groups.includes(group));
    for (const role of ROLES) {
      const line = lines.find((each) => each.role === role);
      if (line !== undefined) return { role, tenant: isGlobal(role) ? null : (line.tenant ?? defaultTenant) };
    }
    return null;
  }

  private get callbackUrl(): string {
    return `${this.publicUrl}/auth/oidc/callback`;
  }

  private provider(): Promise<Configuration> {
    const now = Date.now();
    if (this.known !== null && now - this.known.at < METADATA_MS) return this.known.provider;
    const provider = this.discover().catch((error) => {
      this.known = null;
      throw new OidcFailed("unreachable", error);
    });
    this.known = { at: now, provider };
    return provider;
  }

  private async discover(): Promise<Configuration> {
    const client = await load();
    const { issuer, clientId, allowInsecureIssuer } = this.config;
    const execute = allowInsecureIssuer ? [client.allowInsecureRequests] : [];
    const auth = authentication(client, this.secret());
    return client.discovery(new URL(issuer), clientId, undefined, auth, { execute, timeout: TIMEOUT_S });
  }

  /** Read anew each time the provider is asked for its metadata, since files are replaced. */
  private secret(): string | null {
    const given = this.env.LEAKGATE_OIDC_CLIENT_SECRET;
    if (given) return given;
    const { clientSecretFile } = this.config;
    return clientSecretFile === undefined ? null : readFileSync(clientSecretFile, "utf8").trim();
  }
}

/** From the most that a person may do to the least. */
const ROLES: readonly Role[] = ["global_administrator", "administrator", "global_analyst", "analyst"];

/** Who has no OIDC does not pay for it. */
function load(): Promise<Client> {
  return import("openid-client");
}

/** How the gateway proves to the provider who it is: as the provider wants it, else as RFC 6749 does. */
function authentication(client: Client, secret: string | null): ClientAuth {
  if (secret === null) return client.None();
  const [basic, post] = [client.ClientSecretBasic(secret), client.ClientSecretPost(secret)];
  return (server, ...more) => {
    const methods = server.token_endpoint_auth_methods_supported ?? [];
    const isPost = methods.includes("client_secret_post") && !methods.includes("client_secret_basic");
    return isPost ? post(server, ...more) : basic(server, ...more);
  };
}

function personOf(claims: Readonly<Record<string, unknown>>, groupsClaim: string): Person {
  const { sub } = claims;
  if (typeof sub !== "string" || !SUBJECT.test(sub)) throw new OidcFailed("subject");
  const names = [claims.name, claims.preferred_username, claims.email, sub];
  const name = names.map(oneLine).find((each) => each !== "") ?? sub;
  const given = claims[groupsClaim];
  const groups = (Array.isArray(given) ? given : [given]).filter((each) => typeof each === "string");
  return { subject: sub, name, groups };
}

function oneLine(text: unknown): string {
  if (typeof text !== "string") return "";
  const whole = text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\s]+/gu, " ").trim();
  return Array.from(whole).slice(0, NAME_CHARS).join("");
}

/** The code of an error, never its text: that may repeat what came in. */
function wordOf(error: unknown): string {
  const { error: said, code } = error as { error?: unknown; code?: unknown };
  // fetch says no more than this when there is nobody.
  if (code === "OAUTH_TIMEOUT" || (error instanceof TypeError && code === undefined)) return "unreachable";
  const isWord = (each: unknown) => typeof each === "string" && /^[A-Za-z_]{1,64}$/.test(each);
  return String([said, code].find(isWord) ?? "refused");
}
