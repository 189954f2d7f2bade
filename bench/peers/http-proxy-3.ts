import { createServer, ServerResponse } from "node:http";
import { createProxyServer, type ServerOptions } from "http-proxy-3";
import { keepAliveAgent, listen } from "./listen.ts";

/**
 * Entry of http-proxy-3's process: as its README shows it, which opens a connection upstream for every request, with
 * a keep-alive agent, or through `fetch` (undici), which it calls experimental. It looks for no tokens.
 */
const [upstreamPort, manner] = process.argv.slice(2);
const target = `http://127.0.0.1:${upstreamPort}`;
const options: Readonly<Record<string, ServerOptions>> = {
  "as-documented": { target },
  "keep-alive": { target, agent: keepAliveAgent() },
  // Without an agent it asks for `Connection: close`, on this path too.
  fetch: { target, fetch, agent: keepAliveAgent() },
};
const proxy = createProxyServer(options[manner ?? ""]);
proxy.on("error", (_error, _request, response) => {
  if (response instanceof ServerResponse && !response.headersSent) {
    response.statusCode = 502;
    response.end();
  } else {
    response.destroy();
  }
});
listen(createServer((request, response) => proxy.web(request, response)));
