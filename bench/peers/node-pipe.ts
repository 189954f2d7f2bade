import { connect, createServer, type Socket } from "node:net";
import { intake, readInto, receiver } from "../../proxy/intake.ts";
import { Outlet } from "../../proxy/outlet.ts";
import { listen } from "./listen.ts";

/**
 * Entry of a process that hands bytes to and fro between each client and a connection upstream of its own, read and
 * written as Leakgate does it, and looks at none: what the kernel and Node take at least for a proxied request.
 */
const port = Number(process.argv[2]);

/** Takes what a socket reads for keeps, and lets it wait while the other side is full. */
function into(outlet: Outlet, from: () => Socket): (bytes: Buffer) => void {
  return (bytes) => {
    if (!outlet.write(Buffer.from(bytes))) from().pause();
  };
}

listen(
  createServer({ noDelay: true }, (client) => {
    const onread = { buffer: intake, callback: receiver((bytes) => answer(bytes)) };
    const upstream: Socket = connect({ host: "127.0.0.1", port, noDelay: true, onread });
    const answer = into(new Outlet(client, () => upstream.resume()), () => upstream);
    readInto(
      client,
      into(new Outlet(upstream, () => client.resume()), () => client),
    );
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      socket.on("error", () => other.destroy());
      socket.on("close", () => other.destroy());
    }
  }),
);
