import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { connect, type Socket } from "node:net";

const PAUSE_MS = 1;
const ANSWER_MS = 5_000;
/** Connections that one worker may take in a row before we believe that another never gets one. */
const OPEN_MAX = 400;

/** One keep-alive connection that asks again and again; it stays with the worker that accepted it. */
export class Probe {
  /** The process at its other end. */
  worker = 0;
  private readonly socket: Socket;
  private text = "";
  private settle: { resolve: (status: number) => void; reject: (error: Error) => void } | null = null;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding("latin1");
    socket.on("data", (chunk: string) => this.receive(chunk));
    socket.on("error", (error) => this.fail(error));
    socket.on("close", () => this.fail(new Error("the gateway closed a probe's connection")));
  }

  static open(port: number): Promise<Probe> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: "127.0.0.1", noDelay: true });
      socket.once("error", reject);
      socket.once("connect", () => resolve(new Probe(socket)));
    });
  }

  get localPort(): number {
    return this.socket.localPort ?? 0;
  }

  /** The status of a small GET with this token; rejects after 5 s or when the connection ends. */
  ask(token: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const deadline = setTimeout(() => this.fail(new Error("a probe got no answer within 5 s")), ANSWER_MS);
      const settled = () => {
        clearTimeout(deadline);
        this.settle = null;
      };
      this.settle = {
        resolve: (status) => {
          settled();
          resolve(status);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      };
      this.socket.write(
        `GET /probe HTTP/1.1\r\nHost: api.example.com\r\nAuthorization: Bearer ${token}\r\n\r\n`,
      );
    });
  }

  /** Asks every millisecond until the answer is 403; resolves with the time at which it came. */
  async untilBlocked(token: string, withinMs: number): Promise<number> {
    const deadline = performance.now() + withinMs;
    while ((await this.ask(token)) !== 403) {
      if (performance.now() > deadline) throw new Error(`a token was not blocked within ${withinMs} ms`);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    return performance.now();
  }

  close(): void {
    this.socket.removeAllListeners("close");
    this.socket.destroy();
  }

  private receive(chunk: string): void {
    this.text += chunk;
    const end = this.text.indexOf("\r\n\r\n");
    const length = /\r\ncontent-length: *([0-9]+)/i.exec(this.text.slice(0, Math.max(0, end)));
    if (end < 0 || length === null || this.text.length < end + 4 + Number(length[1])) return;
    const status = Number(this.text.slice(9, 12));
    this.text = "";
    this.settle?.resolve(status);
  }

  private fail(error: Error): void {
    this.settle?.reject(error);
  }
}

/** Opens connections until each worker has `each` of them; which has which the kernel says. Rejects if one gets none. */
export async function openProbes(port: number, workers: readonly number[], each: number): Promise<Probe[]> {
  const kept: Probe[] = [];
  const surplus: Probe[] = [];
  for (let opened = 0; kept.length < each * workers.length; opened++) {
    if (opened === OPEN_MAX) throw new Error(`of ${OPEN_MAX} connections a worker got fewer than ${each}`);
    const probe = await Probe.open(port);
    // A connection that waits in the kernel belongs to nobody until it was accepted, and its first answer shows that.
    await probe.ask("made-up-probe-0000");
    probe.worker = ownerOf(port, probe.localPort, workers);
    const isWanted = kept.filter(({ worker }) => worker === probe.worker).length < each;
    (isWanted ? kept : surplus).push(probe);
  }
  for (const probe of surplus) probe.close();
  return kept;
}

/** The process that holds the server's end of a loopback connection: its inode from /proc/net/tcp, its owner from /proc/<pid>/fd. */
function ownerOf(serverPort: number, clientPort: number, pids: readonly number[]): number {
  const hex = (port: number) => port.toString(16).toUpperCase().padStart(4, "0");
  const line = readFileSync("/proc/net/tcp", "latin1")
    .split("\n")
    .map((each) => each.trim().split(/\s+/))
    .find(
      ([, local, remote]) =>
        local?.endsWith(`:${hex(serverPort)}`) && remote?.endsWith(`:${hex(clientPort)}`),
    );
  const wanted = `socket:[${line?.[9]}]`;
  const owner = pids.find((pid) => readdirSync(`/proc/${pid}/fd`).some((fd) => targetOf(pid, fd) === wanted));
  if (owner === undefined) throw new Error("no worker holds the connection of a probe");
  return owner;
}

function targetOf(pid: number, fd: string): string {
  try {
    return readlinkSync(`/proc/${pid}/fd/${fd}`);
  } catch {
    // It was closed while we looked.
    return "";
  }
}
