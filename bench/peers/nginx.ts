import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { saidBy } from "../programs.ts";
import type { Place } from "./spawned.ts";

/** What tells one nginx from another. */
export interface NginxParts {
  /** Names of modules to load, in order. */
  readonly modules: readonly string[];
  /** Directives in `http`, and in `server` before the location. */
  readonly http: string;
  readonly server: string;
}

/** The modules of nginx, or null where it was built without a folder for them. */
export function moduleFile(name: string): string | null {
  const folder = /--modules-path=(\S+)/.exec(saidBy("nginx", "-V"))?.[1];
  if (folder === undefined) return null;
  const path = join(folder, `${name}.so`);
  return existsSync(path) ? path : null;
}

/**
 * nginx with one worker and connections to the upstream that are kept. Connections must outlive the run: by default
 * nginx closes one after 1,000 requests. Bodies stream in both directions and touch no disk, as they do in the others.
 */
export function configuredNginx(place: Place, parts: NginxParts): readonly string[] {
  const { program, folder, port, upstreamPort } = place;
  const path = join(folder, "nginx.conf");
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `${kind}_temp_path ${join(folder, kind)};`)
    .join("\n    ");
  writeFileSync(
    path,
    `${parts.modules.map((name) => `load_module ${moduleFile(name)};\n`).join("")}\
${process.getuid?.() === 0 ? "user root;\n" : ""}daemon off;
worker_processes 1;
worker_rlimit_nofile 16384;
pid ${join(folder, "nginx.pid")};
error_log stderr warn;
events { worker_connections 8192; }
http {
    ${temporary}
    access_log off;
    keepalive_timeout 60s;
    keepalive_requests 1000000000;
    client_max_body_size 0;
    ${parts.http}
    upstream api {
        server 127.0.0.1:${upstreamPort};
        keepalive 1024;
        keepalive_requests 1000000000;
        keepalive_timeout 60s;
    }
    server {
        listen 127.0.0.1:${port} backlog=4096;
        ${parts.server}
        location / {
            proxy_pass http://api;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_request_buffering off;
            proxy_max_temp_file_size 0;
        }
    }
}
`,
  );
  return [program, "-p", folder, "-c", path, "-e", "stderr"];
}
