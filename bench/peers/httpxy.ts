import { createServer } from "node:http";
import { createProxyServer } from "httpxy";
import { keepAliveAgent, listen } from "./listen.ts";

/** Entry of httpxy's process, with an agent that keeps more connections than the 64 of its own. It looks for no tokens. */
const proxy = createProxyServer({
  target: `http://127.0.0.1:${process.argv[2]}`,
  agent: keepAliveAgent(),
});
const server = createServer((request, response) => {
  proxy.web(request, response).catch(() => {
    if (response.headersSent) {
      response.destroy();
    } else {
      response.statusCode = 502;
      response.end();
    }
  });
});
listen(server);
