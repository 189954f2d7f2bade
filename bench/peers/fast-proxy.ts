import { createServer } from "node:http";
import fastProxy from "fast-proxy";
import { IDLE_MS, listen } from "./listen.ts";

/** Entry of fast-proxy's process, with undici towards the upstream, its fastest configuration. It looks for no tokens. */
const { proxy } = fastProxy({
  base: `http://127.0.0.1:${process.argv[2]}`,
  undici: { keepAliveTimeout: IDLE_MS },
});
listen(createServer((request, response) => proxy(request, response, request.url ?? "/", {})));
