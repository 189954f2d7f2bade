import { Agent, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import httpProxy from "http-proxy";
import type { Listening } from "../processes.ts";

/**
 * Entry of http-proxy's process: as its README shows it, which opens a connection upstream for every request, or with
 * a keep-alive agent, its best ordinary configuration. It adds no X-Forwarded headers and looks for no tokens.
 */
const IDLE_MS = 60_000;

const [upstreamPort, manner] = process.argv.slice(2);
const keepAlive = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY, maxFreeSockets: 1_024 });
const target = `http://127.0.0.1:${upstreamPort}`;
const proxy = httpProxy.createProxyServer(
  manner === "keep-alive" ? { target, agent: keepAlive } : { target },
);
proxy.on("error", (_error, _request, response) => {
  response.statusCode = 502;
  response.end();
});
const server = createServer((request, response) => proxy.web(request, response));
server.keepAliveTimeout = IDLE_MS;

process.on("disconnect", () => process.exit());
server.listen(0, "127.0.0.1", () => {
  process.send?.({ port: (server.address() as AddressInfo).port } satisfies Listening);
});
