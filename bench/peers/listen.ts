import { Agent, type Server } from "node:http";
import type { AddressInfo, Server as SocketServer } from "node:net";
import type { Listening } from "../processes.ts";

/** Longer than the pause of a contender between two of its turns. */
export const IDLE_MS = 60_000;

/** As many connections at once as a workload has. */
const BACKLOG = 4_096;

/** An agent that keeps connections to the upstream: the best ordinary configuration of who goes through node:http. */
export function keepAliveAgent(): Agent {
  return new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY, maxFreeSockets: 1_024 });
}

/** Listens for a proxy on Node.js in a process of its own, tells the port, and ends with who started it. */
export function listen(server: Server | SocketServer): void {
  if ("keepAliveTimeout" in server) server.keepAliveTimeout = IDLE_MS;
  process.on("disconnect", () => process.exit());
  server.listen({ port: 0, host: "127.0.0.1", backlog: BACKLOG }, () => {
    process.send?.({ port: (server.address() as AddressInfo).port } satisfies Listening);
  });
}
