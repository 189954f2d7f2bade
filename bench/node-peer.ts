import { Agent, createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import fastProxy from "fast-proxy";
import httpProxy from "http-proxy";

/** A Node proxy as its users run it: `node-peer.js http-proxy|fast-proxy UPSTREAM`. Says its port to its parent. */
const [name, upstream] = process.argv.slice(2) as [string, string];

const server = createServer(name === "http-proxy" ? throughHttpProxy() : throughFastProxy());
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on("disconnect", () => process.exit());

function throughHttpProxy(): RequestListener {
  const proxy = httpProxy.createProxyServer({
    target: upstream,
    agent: new Agent({ keepAlive: true, maxSockets: 256 }),
  });
  proxy.on("error", (_error, _request, response) => response.writeHead(502).end());
  return (request, response) => proxy.web(request, response);
}

function throughFastProxy(): RequestListener {
  const { proxy } = fastProxy({ base: upstream, undici: { connections: 256, pipelining: 1 } });
  return (request, response) => proxy(request, response, request.url ?? "/", {});
}
