import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Contender, Missing } from "../contenders.ts";
import { bearer, listedTokens } from "../tokens.ts";
import { configuredNginx, moduleFile } from "./nginx.ts";
import { spawned } from "./spawned.ts";

const MODULE = "ngx_http_js_module";

/** Runs in nginx. A variable is asked for in the phase of rewriting, before anything goes upstream. */
const SCRIPT = `import crypto from "crypto";
function leaked(r) {
  const value = r.headersIn.Authorization;
  if (value === undefined) return "";
  return digests[crypto.createHash("sha256").update(value).digest("hex")] === undefined ? "" : "1";
}
export default { leaked };
`;

/**
 * nginx with njs, which denies a request when SHA-256 of its Authorization header is among digests. njs makes a virtual
 * machine for each request, so what is read once is what `js_preload_object` holds; dictionaries in shared memory came with 0.8.
 */
export function nginxNjs(tokens: number): Contender | Missing {
  return spawned({
    family: "nginx-njs",
    program: "nginx",
    debian: "libnginx-mod-http-js",
    tokens,
    looksIn: ["bearer"],
    lacks: [
      "this script looks at Authorization alone, as it is spelled: no cookie, query, path, other header, body or encoding",
      "SHA-256 without a key: who reads the file can try tokens against it",
      "the digests of njs 0.7 change by a reload only",
    ],
    isComplete: () => moduleFile(MODULE) !== null,
    commandFor: (place) => {
      const digests = join(place.folder, "digests.json");
      const digestOf = (token: string) => createHash("sha256").update(bearer(token)).digest("hex");
      writeFileSync(
        digests,
        JSON.stringify(Object.fromEntries(listedTokens(0, tokens).map((token) => [digestOf(token), 1]))),
      );
      const script = join(place.folder, "leaked.js");
      writeFileSync(script, SCRIPT);
      return configuredNginx(place, {
        modules: [MODULE],
        http: `js_import leaked from ${script};
    js_preload_object digests from ${digests};
    js_set $leaked leaked.leaked;`,
        server: "if ($leaked) { return 403; }",
      });
    },
  });
}
