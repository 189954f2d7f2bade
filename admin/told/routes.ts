import type { Context } from "hono";
import { Hono } from "hono";
import { digestToken } from "../../rules/digest.ts";
import { Token } from "../../rules/token.ts";
import type { Env, Services } from "../services.ts";
import type { Kind } from "./counts.ts";
import { genericReceiver } from "./generic.ts";
import { gitguardianReceiver } from "./gitguardian.ts";
import { githubAlertsReceiver } from "./githubalerts.ts";
import { GithubKeys } from "./githubkeys.ts";
import { githubPartnerReceiver } from "./githubpartner.ts";
import { gitlabReceiver } from "./gitlab.ts";
import { oauthReceiver } from "./oauth.ts";
import { Reception } from "./reception.ts";
import { textOf } from "./secrets.ts";

type Receive = (context: Context<Env>) => Promise<Response>;

/** Where services tell of tokens they found. What is not configured is not there: 404. */
export function toldRoutes(services: Services): Hono<Env> {
  const { github, gitlab, gitguardian, oauth, generic } = services.config.intake;
  const reception = new Reception(services);
  const routes = new Hono<Env>();
  const on = (kind: Kind, method: "GET" | "POST", path: string, receive: Receive) =>
    routes.on(method, path, (context) => reception.receive(kind, () => receive(context)));

  if (github.partner !== undefined) {
    const { keysUrl: url, tokenFile, tokenEnv } = github.partner;
    const isOpen = tokenFile === undefined && tokenEnv === undefined;
    const token = isOpen ? null : textOf("intake.github.partner", tokenFile, tokenEnv);
    const keys = new GithubKeys({ url, token, logger: services.logger, closing: services.closing });
    on(
      "github_partner",
      "POST",
      "/intake/github/partner",
      githubPartnerReceiver(reception, github.partner, keys),
    );
  }
  if (github.alerts.length > 0)
    on("github_alerts", "POST", "/intake/github/alerts", githubAlertsReceiver(reception, github.alerts));
  if (gitlab.length > 0) {
    const { types, revoke } = gitlabReceiver(reception, gitlab);
    on("gitlab", "GET", "/intake/gitlab/v1/revocable_token_types", types);
    on("gitlab", "POST", "/intake/gitlab/v1/revoke_tokens", revoke);
  }
  if (gitguardian.length > 0)
    on("gitguardian", "POST", "/intake/gitguardian", gitguardianReceiver(reception, gitguardian));
  if (oauth.length > 0) on("oauth", "POST", "/oauth/revoke", oauthReceiver(reception, oauth));
  if (generic.length > 0) on("generic", "POST", "/intake/generic", genericReceiver(reception, generic));
  return routes.route("/", untoldRoutes());
}

/** Nothing is there. Before keys are asked for: nobody who is to send there has one. */
export function untoldRoutes(): Hono<Env> {
  const nothing = (context: Context<Env>) => context.notFound();
  return new Hono<Env>().all("/intake/*", nothing).all("/oauth/revoke", nothing);
}

/** Sees that every tenant that a receiver names is there, and ready. Rejects with TenantUnknown. */
export async function readyTenants({ config, tenants }: Pick<Services, "config" | "tenants">): Promise<void> {
  const { github, gitlab, gitguardian, oauth, generic } = config.intake;
  const partner = github.partner === undefined ? [] : [github.partner];
  const all = [...partner, ...github.alerts, ...gitlab, ...gitguardian, ...oauth, ...generic];
  for (const name of new Set(all.map(({ tenant }) => tenant))) {
    const { pepper } = await tenants.expect(name);
    // The first token under a pepper costs 50 ms, for its tables: not while somebody waits.
    digestToken(Token.parse("no-token-of-anybody"), pepper);
  }
}
