import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  STATUS_CODES,
} from "node:http";
import type { Socket } from "node:net";
import type { Logger } from "pino";
import { answerOutside } from "./app.ts";
import type { SecurityHeaders } from "./headers.ts";
import { Problem } from "./problem.ts";

/** What Node's parser and clocks say, and what we answer. */
const FAULTS: Readonly<Record<string, Problem>> = {
  HPE_HEADER_OVERFLOW: new Problem(431, "The head of the request is too long."),
  ERR_HTTP_REQUEST_TIMEOUT: new Problem(408, "The request did not come in time."),
};
const MALFORMED = new Problem(400, "This is not a request of HTTP/1.1.");

/**
 * A server whose own refusals, of what is no request or never becomes one, are problems with the headers that every
 * answer carries, and lines of the log. Node by itself answers a bare status line.
 */
export function serverOf(
  options: ServerOptions,
  listener: RequestListener,
  logger: Logger,
  always: SecurityHeaders,
): Server {
  /** Sockets on which an answer is due, or being sent: another must not stand in it. */
  const busy = new WeakSet<Socket>();
  const refuse = async (socket: Socket, problem: Problem, fault: string) => {
    const answer = answerOutside(problem, always);
    const requestId = answer.headers.get("x-request-id");
    logger.info({ status: problem.status, fault, from: socket.remoteAddress, requestId }, "not a request");
    const text = await textOf(answer);
    if (socket.writable && !busy.has(socket)) socket.end(text);
    else socket.destroy();
  };

  // Node would refuse a request without a Host in a bare line; see below.
  const server = createServer({ ...options, requireHostHeader: false }, (incoming, outgoing) => {
    if (isHostless(incoming)) return void refuse(incoming.socket, MALFORMED, "no Host");
    busy.add(incoming.socket);
    outgoing.once("close", () => busy.delete(incoming.socket));
    return listener(incoming, outgoing);
  });
  server.on("checkExpectation", ({ socket }: IncomingMessage) => {
    void refuse(socket, new Problem(417, "No expectation but 100-continue is met."), "expectation");
  });
  server.on("clientError", (error: NodeJS.ErrnoException, stream) => {
    const socket = stream as Socket;
    if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
    const fault = error.code ?? "unknown";
    void refuse(socket, FAULTS[fault] ?? MALFORMED, fault);
  });
  return server;
}

/** RFC 9112 section 3.2: HTTP/1.1 without a Host, or with several, is answered 400. Node keeps the first of several. */
function isHostless({ rawHeaders, httpVersion }: IncomingMessage): boolean {
  const hosts = rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === "host").length;
  return hosts > 1 || (hosts === 0 && httpVersion !== "1.0");
}

/** An answer as it goes over the wire, after which the connection ends. */
async function textOf(answer: Response): Promise<string> {
  const body = await answer.text();
  const headers = [
    ...answer.headers,
    ["content-length", String(Buffer.byteLength(body))],
    ["connection", "close"],
  ];
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status]}\r\n${lines}\r\n${body}`;
}
