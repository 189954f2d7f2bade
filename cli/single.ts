import { createHash } from "node:crypto";
import { existsSync, unlinkSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A socket's path may hold so many bytes on every system (sun_path). */
const PATH_BYTES_MAX = 100;

/** Another supervisor already runs on this data folder. */
export class StoreLocked extends Error {
  readonly code = "StoreLocked";
  constructor(dataDir: string) {
    super(
      `another leakgate already runs on the data folder ${dataDir}; stop it, or name another folder with --data`,
    );
  }
}

/**
 * Holds the data folder for one supervisor at a time, by listening on a socket in it: unlike a file with a process
 * id, it cannot be mistaken after a crash. Rejects with StoreLocked.
 */
export async function holdFolder(dataDir: string): Promise<Server> {
  const inside = join(dataDir, "supervisor.sock");
  const digest = createHash("sha256").update(dataDir).digest("hex").slice(0, 16);
  const path =
    Buffer.byteLength(inside) <= PATH_BYTES_MAX ? inside : join(tmpdir(), `leakgate-${digest}.sock`);
  if (existsSync(path)) {
    if (await answers(path)) throw new StoreLocked(dataDir);
    unlinkSync(path);
  }
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      reject(error.code === "EADDRINUSE" ? new StoreLocked(dataDir) : error);
    });
    server.listen(path, resolve);
  });
  server.unref();
  return server;
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
