import { EventLog, eventId, type VpatchEvent } from "../../rules/events.ts";
import type { GatewayProcess } from "../process.ts";

const HOUR_MS = 3_600_000;

/** Leaks as a team has them: name, source, risk, tokens, and what was decided. */
const LEAKS: readonly (readonly [string, string, number, number, string | null])[] = [
  ["Billing service key in a public repository", "github", 9, 3, "vpatch"],
  ["CI job printed its deploy token", "gitlab", 8, 1, "vpatch"],
  ["Partner portal keys in a paste", "gitguardian", 10, 42, "vpatch"],
  ["Mobile app ships an API key", "scanner", 7, 2, null],
  ["Staging keys in a wiki page", "custom", 4, 12, null],
  ["Admin token in a support ticket", "custom", 9, 1, null],
  ["Keys in a public S3 bucket", "scanner", 8, 1_204, "vpatch"],
  ["Analytics write key in page source", "scanner", 3, 1, "mark-false"],
  ["Postman workspace made public", "gitguardian", 6, 18, null],
  ["Old integration key in a fork", "github", 5, 1, "close"],
  ["Webhook secret in a stack trace", "custom", 6, 1, "vpatch"],
  ["Terraform state with provider tokens", "gitlab", 9, 7, null],
  ["Test fixtures with real keys", "github", 2, 5, "mark-false"],
  ["Contractor laptop, .env of three services", "custom", 7, 31, "close"],
  ["Docker image layer with a token", "scanner", 8, 1, null],
  ["Slack export with keys", "gitguardian", 5, 9, null],
];

const AGENTS = ["curl/8.5.0", "python-requests/2.32.3", "Go-http-client/2.0", "okhttp/4.12.0", "axios/1.7.9"];
const POINTS = [
  "header authorization",
  "header x-api-key",
  "query api_key",
  "body json /auth/token",
  "cookie sid",
  "path",
];
const PATHS = ["/v1/orders", "/v1/invoices", "/v1/users/me", "/internal/export", "/v2/search"];

/** Fills a gateway with leaks, decisions and attempts; answers the ids of the leaks, as they are listed above. */
export async function makeSituation(gateway: GatewayProcess, data: string): Promise<string[]> {
  const ids: string[] = [];
  for (const [name, source, risk, tokens, decision] of LEAKS) {
    const body = {
      name,
      source,
      risk,
      description: `Found by ${source === "custom" ? "a colleague" : source}; the owner is told.`,
      tokens: Array.from(
        { length: tokens },
        (_, at) => `made-up-token-${ids.length}-${String(at).padStart(4, "0")}`,
      ),
    };
    const { status, body: leak } = await gateway.call<{ id: string }>("/leaks", body);
    if (status !== 201) throw new Error(`could not register: ${JSON.stringify(leak)}`);
    ids.push(leak.id);
    if (decision !== null) await gateway.call(`/leaks/${leak.id}/${decision}`, {});
  }
  await sightings(gateway);
  await attempts(data, ids);
  return ids;
}

/** The token of the first leak, in four places of a repository. */
async function sightings(gateway: GatewayProcess): Promise<void> {
  const places = ["deploy/values.yaml", "deploy/values.old.yaml", "docs/setup.md", "src/billing/client.ts"];
  const findings = places.map((path, at) => ({
    token: "made-up-token-0-0000",
    sighting: {
      source: "github",
      url: `https://git.example/billing/blob/main/${path}#L${12 + at}`,
      path,
      line: 12 + at,
      commit: "5f3c1a9be0d24c7f8a6b1e0c9d8f7a6b5c4d3e2f",
      author: "a colleague",
      seenAt: "2026-01-02T03:04:05Z",
    },
  }));
  const { status, body } = await gateway.call("/intake/findings", { findings });
  if (status !== 200) throw new Error(`could not take in: ${JSON.stringify(body)}`);
}

/** Attempts of a month, more by day than by night; the numbers are the same every time. */
async function attempts(data: string, ids: readonly string[]): Promise<void> {
  const events = EventLog.open(data);
  const now = Date.now();
  const patched = LEAKS.flatMap(([, , , , decision], at) => (decision === "vpatch" ? [ids[at]!] : []));
  const made: VpatchEvent[] = [];
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * below);
  };
  for (let hour = 30 * 24; hour > 0; hour--) {
    const wave = 1 + Math.sin((hour / 24) * 2 * Math.PI);
    const several = Math.round(wave * (hour < 60 ? 3 : 1)) + (hour === 9 ? 14 : 0);
    for (let each = 0; each < several; each++) {
      const at = now - hour * HOUR_MS + random(HOUR_MS);
      const leak = random(patched.length);
      made.push({
        type: "vpatch",
        id: eventId(at, 1, made.length),
        at,
        lastAt: at + random(900),
        count: 1 + random(6) * random(5),
        leak: patched[leak]!,
        rule: `rule-${leak + 1}`,
        action: leak === 4 ? "monitored" : "blocked",
        point: POINTS[random(POINTS.length)]!,
        method: random(3) === 0 ? "POST" : "GET",
        host: random(4) === 0 ? "partners.example" : "api.example",
        path: PATHS[random(PATHS.length)]!,
        query: random(3) === 0 ? ["page", "limit"] : [],
        userAgent: AGENTS[random(AGENTS.length)]!,
        ip: random(5) === 0 ? `2001:db8::${random(90)}` : `198.51.100.${random(40) + 1}`,
        requestId: `${(1_000_000 + made.length).toString(16).padStart(16, "0")}`,
        worker: 1,
      });
    }
  }
  made.sort((a, b) => a.at - b.at);
  for (let at = 0; at < made.length; at += 500) await events.append(made.slice(at, at + 500));
  await events.close();
}
