import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import Provider from "oidc-provider";

export interface TestProviderOptions {
  /** Where people come back to. */
  readonly publicUrl: string;
  /** Claims by the login name. */
  readonly people: Readonly<Record<string, object>>;
  /** Default a free one. */
  readonly port?: number;
  /** Whether the ID token has the claims, or only the user info. */
  readonly isTokenFull?: boolean;
}

export const clientSecret = "made-up-client-secret-0001";

/** A real OpenID provider on this machine, where everybody signs in by name alone. */
export class TestProvider {
  readonly issuer: string;
  private readonly server: Server;

  private constructor(server: Server, issuer: string) {
    this.server = server;
    this.issuer = issuer;
  }

  static async start({
    publicUrl,
    people,
    port = 0,
    isTokenFull = true,
  }: TestProviderOptions): Promise<TestProvider> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const provider = new Provider(issuer, {
      clients: [
        {
          client_id: "leakgate",
          client_secret: clientSecret,
          redirect_uris: [`${publicUrl}/auth/oidc/callback`],
          post_logout_redirect_uris: [`${publicUrl}/`],
        },
      ],
      claims: { openid: ["sub"], profile: ["name", "groups"] },
      conformIdTokenClaims: !isTokenFull,
      pkce: { required: () => true },
      cookies: { keys: ["made-up-cookie-key"] },
      findAccount: (_: unknown, id: string) => ({
        accountId: id,
        claims: () => ({ sub: id, ...people[id] }),
      }),
    });
    server.on("request", provider.callback());
    return new TestProvider(server, issuer);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** A browser with cookies and without scripts, which finds `publicUrl` at another address, as behind a TLS proxy. */
export class TestBrowser {
  readonly cookies = new Map<string, string>();
  private readonly publicUrl: string;
  private readonly adminUrl: string;

  constructor(publicUrl: string, adminUrl: string) {
    this.publicUrl = publicUrl;
    this.adminUrl = adminUrl;
  }

  /** One request; redirects are not followed. */
  async go(url: string, form?: Record<string, string>): Promise<Response> {
    const { origin } = new URL(url);
    const jar = [...this.cookies].filter(([name]) => name.startsWith(`${origin} `));
    const cookie = jar.map(([name, value]) => `${name.slice(origin.length + 1)}=${value}`).join("; ");
    const answer = await fetch(url.replace(this.publicUrl, this.adminUrl), {
      method: form === undefined ? "GET" : "POST",
      redirect: "manual",
      headers: cookie === "" ? {} : { cookie },
      ...(form === undefined ? {} : { body: new URLSearchParams(form) }),
    });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === "") this.cookies.delete(`${origin} ${name}`);
      else this.cookies.set(`${origin} ${name}`, value);
    }
    return answer;
  }

  /** Signs in at the provider, at which `url` begins, and consents; answers where that sends back to. */
  async authorize(url: string, login: string): Promise<string> {
    let next = url;
    for (let step = 0; step < 12; step++) {
      if (next.startsWith(`${this.publicUrl}/auth/oidc/callback`)) return next;
      const answer = await this.go(next);
      const location = answer.headers.get("location");
      if (location !== null) {
        next = new URL(location, next).href;
        continue;
      }
      const page = await answer.text();
      const action = /<form[^>]* action="([^"]+)"/.exec(page)?.[1];
      if (action === undefined)
        throw new Error(`the provider answers ${answer.status}: ${page.slice(0, 500)}`);
      const prompt = /name="prompt" value="([^"]+)"/.exec(page)?.[1] ?? "";
      const sent = await this.go(new URL(action, next).href, { prompt, login, password: "made-up" });
      next = new URL(sent.headers.get("location")!, next).href;
    }
    throw new Error("the provider leads nowhere");
  }
}
