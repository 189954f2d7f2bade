import { type ChildProcess, fork, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { processTree } from "./cpu.ts";
import { listedToken, startGateway } from "./gateway.ts";

/** One proxy that stands before the upstream, or the upstream itself. */
export interface Contender {
  readonly name: string;
  readonly port: number;
  /** Refuses listed tokens with 403. */
  readonly blocks: boolean;
  readonly version: string;
  /** All processes that serve requests. */
  pids(): number[];
  stop(): Promise<void>;
}

/** A script of ours that says its port, in a process of its own. */
export async function startScript(
  script: string,
  args: readonly string[] = [],
): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(fileURLToPath(new URL(script, import.meta.url)), args);
  const port = await new Promise<number>((resolve, reject) => {
    child.once("message", (message: { readonly port: number }) => resolve(message.port));
    child.once("exit", (code) => reject(new Error(`${script} exited with ${code}`)));
  });
  return { child, port };
}

export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await gone;
}

export async function leakgate(upstream: string, tokens: number): Promise<Contender> {
  const gateway = await startGateway(upstream, tokens, 1);
  return {
    name: `leakgate ${tokens.toLocaleString("en")}`,
    port: gateway.proxyPort,
    blocks: tokens > 0,
    version: "this tree",
    pids: () => gateway.servingPids(),
    stop: () => gateway.stop(),
  };
}

export async function nodePeer(name: "http-proxy" | "fast-proxy", upstream: string): Promise<Contender> {
  const { child, port } = await startScript("./node-peer.js", [name, upstream]);
  return {
    name,
    port,
    blocks: false,
    version: `node ${process.version}`,
    pids: () => [child.pid!],
    stop: () => stopChild(child),
  };
}

/** HAProxy that denies when the SHA-256 of the Authorization header is in a list of so many digests. */
export async function haproxy(upstreamPort: number, tokens: number): Promise<Contender | null> {
  const version = versionOf("haproxy", "-v");
  if (version === null) return null;
  const folder = mkdtempSync(join(tmpdir(), "leakgate-haproxy-"));
  const digests = Array.from({ length: tokens }, (_, index) =>
    createHash("sha256")
      .update(`Bearer ${listedToken(index)}`)
      .digest("hex")
      .toUpperCase(),
  );
  writeFileSync(join(folder, "digests"), `${digests.join("\n")}\n`);
  const port = await freePort();
  const file = join(folder, "haproxy.cfg");
  writeFileSync(
    file,
    `global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  option http-keep-alive
  http-reuse always
frontend in
  bind 127.0.0.1:${port}
  http-request deny deny_status 403 if { req.hdr(authorization),sha2(256),hex -m str -f ${join(folder, "digests")} }
  default_backend api
backend api
  server one 127.0.0.1:${upstreamPort} pool-max-conn 256
`,
  );
  const child = spawn(programPath("haproxy")!, ["-db", "-f", file], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  return running(`haproxy hashed ${tokens.toLocaleString("en")}`, child, port, version, folder);
}

/** nginx that answers 403 when the Authorization header is in a map of so many clear tokens. */
export async function nginx(upstreamPort: number, tokens: number): Promise<Contender | null> {
  const version = versionOf("nginx", "-v");
  if (version === null) return null;
  const folder = mkdtempSync(join(tmpdir(), "leakgate-nginx-"));
  const rows = Array.from({ length: tokens }, (_, index) => `"Bearer ${listedToken(index)}" 1;`);
  writeFileSync(join(folder, "tokens"), `${rows.join("\n")}\n`);
  const port = await freePort();
  const file = join(folder, "nginx.conf");
  writeFileSync(
    file,
    `worker_processes 1;
daemon off;
user ${process.getuid?.() === 0 ? "root" : "nobody"};
pid ${join(folder, "pid")};
error_log ${join(folder, "error.log")};
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path ${folder};
  proxy_temp_path ${folder};
  fastcgi_temp_path ${folder};
  uwsgi_temp_path ${folder};
  scgi_temp_path ${folder};
  keepalive_requests 1000000000;
  map_hash_max_size 1048576;
  map_hash_bucket_size 128;
  map $http_authorization $leaked { default 0; include ${join(folder, "tokens")}; }
  upstream api { server 127.0.0.1:${upstreamPort}; keepalive 256; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      if ($leaked) { return 403; }
      proxy_pass http://api;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
    }
  }
}
`,
  );
  const child = spawn(programPath("nginx")!, ["-c", file, "-p", folder, "-e", join(folder, "error.log")], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  return running(`nginx map ${tokens.toLocaleString("en")}`, child, port, version, folder);
}

async function running(
  name: string,
  child: ChildProcess,
  port: number,
  version: string,
  folder: string,
): Promise<Contender> {
  const deadline = performance.now() + 20_000;
  while (!(await accepts(port))) {
    if (performance.now() > deadline || child.exitCode !== null) throw new Error(`${name} did not start`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    name,
    port,
    blocks: true,
    version,
    pids: () => processTree(child.pid!),
    stop: async () => {
      await stopChild(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/** A port that nobody has at this moment. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function programPath(name: string): string | null {
  const found = spawnSync("sh", ["-c", `PATH="$PATH:/usr/sbin:/usr/local/sbin" command -v ${name}`], {
    encoding: "utf8",
  });
  return found.status === 0 ? found.stdout.trim() : null;
}

function versionOf(name: string, flag: string): string | null {
  const path = programPath(name);
  if (path === null) return null;
  const told = spawnSync(path, [flag], { encoding: "utf8" });
  return /[0-9]+\.[0-9]+\.[0-9]+/.exec(`${told.stdout}${told.stderr}`)?.[0] ?? "?";
}
