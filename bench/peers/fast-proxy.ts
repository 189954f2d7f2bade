import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import fastProxy from "fast-proxy";
import type { Listening } from "../processes.ts";

/** Entry of fast-proxy's process, with undici towards the upstream, its fastest configuration. It looks for no tokens. */
const IDLE_MS = 60_000;

const { proxy } = fastProxy({ base: `http://127.0.0.1:${process.argv[2]}`, undici: true });
const server = createServer((request, response) => proxy(request, response, request.url ?? "/", {}));
server.keepAliveTimeout = IDLE_MS;

process.on("disconnect", () => process.exit());
server.listen(0, "127.0.0.1", () => {
  process.send?.({ port: (server.address() as AddressInfo).port } satisfies Listening);
});
