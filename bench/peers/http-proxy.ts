import { createServer } from "node:http";
import httpProxy from "http-proxy";
import { keepAliveAgent, listen } from "./listen.ts";

/**
 * Entry of http-proxy's process: as its README shows it, which opens a connection upstream for every request, or with
 * a keep-alive agent, its best ordinary configuration. It adds no X-Forwarded headers and looks for no tokens.
 */
const [upstreamPort, manner] = process.argv.slice(2);
const target = `http://127.0.0.1:${upstreamPort}`;
const proxy = httpProxy.createProxyServer(
  manner === "keep-alive" ? { target, agent: keepAliveAgent() } : { target },
);
proxy.on("error", (_error, _request, response) => {
  response.statusCode = 502;
  response.end();
});
listen(createServer((request, response) => proxy.web(request, response)));
