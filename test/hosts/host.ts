import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A request that a host got. */
export interface Asked {
  /** With the query. */
  readonly path: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** Answers a request: with this, or by hand and null. */
export type Answering = (asked: Asked, answer: ServerResponse) => Reply | null;

/** A web server on loopback that keeps what it was asked. */
export class Host {
  readonly asked: Asked[] = [];
  readonly port: number;
  answering: Answering;
  private readonly server: Server;

  private constructor(server: Server, answering: Answering) {
    this.server = server;
    this.answering = answering;
    this.port = (server.address() as AddressInfo).port;
  }

  static async start(answering: Answering, address = "127.0.0.1"): Promise<Host> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, address, resolve));
    const host = new Host(server, answering);
    server.on("request", (request, answer) => {
      const path = request.url ?? "/";
      const asked: Asked = { path, url: new URL(path, host.url()), headers: request.headers };
      host.asked.push(asked);
      const reply = host.answering(asked, answer);
      if (reply === null) return;
      answer.writeHead(reply.status ?? 200, { ...reply.headers }).end(reply.body ?? "");
    });
    return host;
  }

  /** By the name of this machine unless another is given. */
  url(path = "/", name = "localhost"): string {
    return `http://${name}:${this.port}${path}`;
  }

  /** Paths that were asked for since the last call. */
  taken(): string[] {
    return this.asked.splice(0).map(({ path }) => path);
  }

  async stop(): Promise<void> {
    const stopped = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await stopped;
  }
}
