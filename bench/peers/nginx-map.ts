import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Contender, Missing } from "../contenders.ts";
import { bearer, listedTokens } from "../tokens.ts";
import { configuredNginx } from "./nginx.ts";
import { spawned } from "./spawned.ts";

/** nginx that denies a request when its whole Authorization header is in a hash map. */
export function nginxMap(tokens: number): Contender | Missing {
  return spawned({
    family: "nginx",
    program: "nginx",
    debian: "nginx",
    tokens,
    // `map` compares without regard to case.
    looksIn: ["bearer", "bearer-lower-case"],
    lacks: [
      "looks at Authorization alone, as it is spelled: no cookie, query, path, other header, body or encoding",
      "blocks other tokens too: those that differ from a listed one in the case of letters alone",
      "the map holds the tokens in clear",
    ],
    commandFor: (place) => {
      const map = join(place.folder, "tokens.map");
      const lines = listedTokens(0, tokens).map((token) => `"${bearer(token)}" 1;`);
      writeFileSync(map, `${lines.join("\n")}\n`);
      return configuredNginx(place, {
        modules: [],
        http: `map_hash_bucket_size 128;
    map_hash_max_size ${Math.max(2_048, 4 * tokens)};
    map $http_authorization $leaked {
        default 0;
        include ${map};
    }`,
        server: "if ($leaked) { return 403; }",
      });
    },
  });
}
