import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Contender, Missing } from "../contenders.ts";
import { bearer, listedTokens } from "../tokens.ts";
import { type Place, spawned } from "./spawned.ts";

/** What both manners share. Each field line of Authorization is looked at, so that a second one hides nothing. */
const COMMON = {
  program: "haproxy",
  debian: "haproxy",
  looksIn: ["bearer", "authorization-listed-first", "authorization-listed-last"],
} as const;

const NO_PLACE_ELSE =
  "looks at Authorization alone, as it is spelled: no cookie, query, path, other header, body or encoding";

/** HAProxy that denies a request when SHA-256 of its whole Authorization header is in a file. */
export function haproxyHashed(tokens: number): Contender | Missing {
  return spawned({
    ...COMMON,
    family: "haproxy",
    tokens,
    lacks: [NO_PLACE_ELSE, "SHA-256 without a key: who reads the file can try tokens against it"],
    commandFor: (place) => {
      // The converter `hex` writes capitals.
      const digestOf = (token: string) =>
        createHash("sha256").update(bearer(token)).digest("hex").toUpperCase();
      return configured(place, "req.hdr(authorization),sha2(256),hex", listedTokens(0, tokens).map(digestOf));
    },
  });
}

/** HAProxy that denies a request when its whole Authorization header is in a file. */
export function haproxyPlain(tokens: number): Contender | Missing {
  return spawned({
    ...COMMON,
    family: "haproxy-plain",
    tokens,
    lacks: [NO_PLACE_ELSE, "the file holds the tokens in clear"],
    commandFor: (place) => configured(place, "req.hdr(authorization)", listedTokens(0, tokens).map(bearer)),
  });
}

/** One thread. Exact strings from a file stand in a balanced tree, so a look-up costs the logarithm of their number. */
function configured(place: Place, sample: string, values: readonly string[]): readonly string[] {
  const { program, folder, port, upstreamPort } = place;
  const list = join(folder, "list.txt");
  writeFileSync(list, `${values.join("\n")}\n`);
  const path = join(folder, "haproxy.cfg");
  writeFileSync(
    path,
    `global
    nbthread 1
    maxconn 8192
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    option http-keep-alive
    http-reuse always
frontend downstream
    bind 127.0.0.1:${port} backlog 4096
    http-request deny deny_status 403 if { ${sample} -m str -f ${list} }
    default_backend upstream
backend upstream
    server api 127.0.0.1:${upstreamPort} pool-purge-delay 60s
`,
  );
  return [program, "-db", "-f", path];
}
