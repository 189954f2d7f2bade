import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { bearer, listedTokens } from "../tokens.ts";

/**
 * HAProxy on one thread, which denies a request when SHA-256 of its whole Authorization header is in a file. Exact
 * strings from a file stand in a balanced tree, so a look-up costs the logarithm of their number. Answers the arguments.
 */
export function haproxyArguments(
  folder: string,
  port: number,
  upstreamPort: number,
  tokens: number,
): string[] {
  const list = join(folder, "haproxy-digests.txt");
  const digests = listedTokens(0, tokens).map((token) =>
    // The converter `hex` writes capitals.
    createHash("sha256").update(bearer(token)).digest("hex").toUpperCase(),
  );
  writeFileSync(list, `${digests.join("\n")}\n`);
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
    bind 127.0.0.1:${port}
    http-request deny deny_status 403 if { req.hdr(authorization),sha2(256),hex -m str -f ${list} }
    default_backend upstream
backend upstream
    server api 127.0.0.1:${upstreamPort}
`,
  );
  return ["-db", "-f", path];
}
