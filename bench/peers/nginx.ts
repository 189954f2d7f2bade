import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { bearer, listedTokens } from "../tokens.ts";

/** nginx with one worker, which denies a request when its whole Authorization header is in a hash map. Answers the arguments. */
export function nginxArguments(folder: string, port: number, upstreamPort: number, tokens: number): string[] {
  const map = join(folder, "nginx-tokens.map");
  const lines = listedTokens(0, tokens).map((token) => `"${bearer(token)}" 1;`);
  writeFileSync(map, `${lines.join("\n")}\n`);
  const path = join(folder, "nginx.conf");
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `${kind}_temp_path ${join(folder, `nginx-${kind}`)};`)
    .join("\n    ");
  // Connections must outlive the run: by default nginx closes one after 1,000 requests.
  writeFileSync(
    path,
    `${process.getuid?.() === 0 ? "user root;\n" : ""}daemon off;
worker_processes 1;
pid ${join(folder, "nginx.pid")};
error_log stderr warn;
events { worker_connections 4096; }
http {
    ${temporary}
    access_log off;
    keepalive_timeout 60s;
    keepalive_requests 1000000000;
    map_hash_bucket_size 128;
    map_hash_max_size ${Math.max(2_048, 4 * tokens)};
    map $http_authorization $leaked {
        default 0;
        include ${map};
    }
    upstream api {
        server 127.0.0.1:${upstreamPort};
        keepalive 256;
        keepalive_requests 1000000000;
        keepalive_timeout 60s;
    }
    server {
        listen 127.0.0.1:${port};
        if ($leaked) { return 403; }
        location / {
            proxy_pass http://api;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
        }
    }
}
`,
  );
  return ["-p", folder, "-c", path, "-e", "stderr"];
}
