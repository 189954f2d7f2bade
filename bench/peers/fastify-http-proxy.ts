import httpProxy from "@fastify/http-proxy";
import fastify from "fastify";
import { IDLE_MS, listen } from "./listen.ts";

/** Entry of @fastify/http-proxy's process, with its pool of undici as large as a workload needs. It looks for no tokens. */
const app = fastify({ logger: false });
app.register(httpProxy, {
  upstream: `http://127.0.0.1:${process.argv[2]}`,
  undici: { connections: 1_024, pipelining: 1, keepAliveTimeout: IDLE_MS },
});
await app.ready();
listen(app.server);
