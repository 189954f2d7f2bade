import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Contender, Missing } from "../contenders.ts";
import { bearer, listedTokens } from "../tokens.ts";
import { spawned } from "./spawned.ts";

/** Code points of one expression: the parser of CEL takes 100,000. */
const EXPRESSION_MAX = 99_000;

/**
 * Caddy on one thread, which denies a request when its whole Authorization header is in a list. `map` and the matcher
 * `header` compare values one by one (measured: 1,700 us a request with 100,000 in `map`); a CEL expression looks a value up
 * in a constant list by hash, so it is given as many lists as it takes, 53 for 100,000 tokens.
 */
export function caddy(tokens: number): Contender | Missing {
  return spawned({
    family: "caddy",
    program: "caddy",
    debian: "caddy",
    tokens,
    looksIn: ["bearer"],
    lacks: [
      "looks at Authorization alone, as it is spelled: no cookie, query, path, other header, body or encoding",
      "a second Authorization header hides a listed token, before it or after it",
      "the lists hold the tokens in clear, and each of about 2,000 is asked in turn",
    ],
    commandFor: ({ program, folder, port, upstreamPort }) => {
      const path = join(folder, "caddy.json");
      writeFileSync(path, JSON.stringify(configuration(port, upstreamPort, listedTokens(0, tokens))));
      const settings = [`XDG_CONFIG_HOME=${folder}`, `XDG_DATA_HOME=${folder}`, "GOMAXPROCS=1"];
      return ["env", ...settings, program, "run", "--config", path];
    },
  });
}

function configuration(port: number, upstreamPort: number, tokens: readonly string[]) {
  return {
    admin: { disabled: true, config: { persist: false } },
    logging: { logs: { default: { level: "WARN" } } },
    apps: {
      http: {
        servers: {
          downstream: {
            listen: [`127.0.0.1:${port}`],
            idle_timeout: "60s",
            automatic_https: { disable: true },
            routes: [
              { match: expressionsFor(tokens), handle: [{ handler: "static_response", status_code: 403 }] },
              {
                handle: [
                  {
                    handler: "reverse_proxy",
                    transport: {
                      protocol: "http",
                      // Otherwise it asks the upstream for gzip by itself.
                      compression: false,
                      keep_alive: { enabled: true, max_idle_conns_per_host: 1024, idle_timeout: "60s" },
                    },
                    upstreams: [{ dial: `127.0.0.1:${upstreamPort}` }],
                  },
                ],
              },
            ],
          },
        },
      },
    },
  };
}

/** Matchers of which one is enough, each as long as an expression may be. */
export function expressionsFor(
  tokens: readonly string[],
  lengthMax = EXPRESSION_MAX,
): { expression: string }[] {
  const lists: string[][] = [];
  let length = lengthMax;
  for (const token of tokens) {
    const value = JSON.stringify(bearer(token));
    length += value.length + 1;
    if (length > lengthMax) {
      lists.push([]);
      length = FRAME.length + value.length + 1;
    }
    lists.at(-1)!.push(value);
  }
  return lists.map((values) => ({ expression: FRAME.replace("LIST", () => values.join(",")) }));
}

const FRAME = "{http.request.header.Authorization} in [LIST]";
