import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { SMTPServer } from "smtp-server";

/** A message that a receiver got over HTTP. */
export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: {
    readonly type: string;
    readonly timestamp: string;
    readonly data: Record<string, unknown>;
    /** Of Slack. */
    readonly text: string;
  };
}

/** Answers one message: a status, a status with headers, or by hand; null leaves it without an answer. */
export type Answering = (
  message: Received,
  answer: ServerResponse,
) => number | readonly [status: number, headers: Record<string, string>] | null;

/** A receiver of webhooks on loopback. */
export class Receiver {
  readonly got: Received[] = [];
  readonly port: number;
  answering: Answering = () => 200;
  private readonly server: Server;

  private constructor(server: Server) {
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  /** Port 0 takes a free one. */
  static async start(port = 0): Promise<Receiver> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    const receiver = new Receiver(server);
    server.on("request", async (request, answer) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const text = Buffer.concat(chunks).toString();
      const message: Received = {
        path: request.url ?? "",
        headers: request.headers,
        text,
        body: JSON.parse(text) as Received["body"],
      };
      receiver.got.push(message);
      const said = receiver.answering(message, answer);
      if (said === null) return;
      const [status, headers] = typeof said === "number" ? [said, {}] : said;
      answer.writeHead(status, headers).end("made-up-body-of-the-receiver");
    });
    return receiver;
  }

  url(path = "/hook"): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  async stop(): Promise<void> {
    const stopped = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await stopped;
  }
}

/** A mail as the server took it. */
export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** Header and body, as they came. */
  readonly raw: string;
}

/** A mail server on loopback, without TLS; refuses recipients of `refused.example`. */
export class MailServer {
  readonly got: ReceivedMail[] = [];
  readonly port: number;
  private readonly server: SMTPServer;

  private constructor(server: SMTPServer, got: ReceivedMail[]) {
    this.server = server;
    this.got = got;
    this.port = (server.server.address() as AddressInfo).port;
  }

  static async start(): Promise<MailServer> {
    const got: ReceivedMail[] = [];
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ["STARTTLS"],
      allowInsecureAuth: true,
      onAuth({ username, password }, _session, callback) {
        const isRight = username === "leakgate" && password === "made-up-password";
        callback(isRight ? null : new Error("no"), { user: username });
      },
      onRcptTo({ address }, _session, callback) {
        const isRefused = address.endsWith("@refused.example");
        callback(isRefused ? Object.assign(new Error("no such user"), { responseCode: 550 }) : null);
      },
      async onData(stream, { envelope }, callback) {
        const chunks: Buffer[] = [];
        for await (const chunk of stream) chunks.push(chunk as Buffer);
        got.push({
          from: envelope.mailFrom === false ? "" : envelope.mailFrom.address,
          to: envelope.rcptTo.map(({ address }) => address),
          raw: Buffer.concat(chunks).toString(),
        });
        callback(null);
      },
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new MailServer(server, got);
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }
}
