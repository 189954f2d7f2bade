import { connect, type Socket } from "node:net";
import { request } from "../load.ts";
import { unlistedToken } from "../tokens.ts";

const BURST_MS = 20_000;

/** Opens so many connections, sends one request on all of them at once; answers how many got a 200 of the upstream. */
export async function burst(port: number, connections: number): Promise<number> {
  const { method, path, headers } = request(unlistedToken(0));
  const fields = Object.entries({ host: `127.0.0.1:${port}`, ...headers });
  const head = `${method} ${path} HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
  const sockets = Array.from({ length: connections }, () => connect(port, "127.0.0.1"));
  const giveUp = setTimeout(() => {
    for (const socket of sockets) socket.destroy();
  }, BURST_MS);
  try {
    await Promise.all(sockets.map(isConnected));
    const answers = sockets.map(isAnswered);
    for (const socket of sockets) socket.write(head);
    return (await Promise.all(answers)).filter(Boolean).length;
  } finally {
    clearTimeout(giveUp);
    for (const socket of sockets) socket.destroy();
  }
}

function isConnected(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once("connect", resolve);
    socket.once("close", () => resolve());
    // What could not be opened is not answered either, and counted there.
    socket.on("error", () => socket.destroy());
  });
}

function isAnswered(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => {
    let text = "";
    if (socket.destroyed) resolve(false);
    socket.setEncoding("latin1");
    socket.on("data", (chunk) => {
      text += chunk;
      if (text.includes("made-up order")) resolve(text.startsWith("HTTP/1.1 200"));
    });
    socket.once("close", () => resolve(false));
  });
}
