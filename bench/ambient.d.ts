/** What the benchmark uses of packages that come without types. */
declare module "autocannon" {
  import type { EventEmitter } from "node:events";

  interface Request {
    readonly method: "GET" | "POST";
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string;
  }

  interface Options {
    readonly url: string;
    readonly connections: number;
    /** Seconds. */
    readonly duration: number;
    /** Requests per second of all connections together. */
    readonly overallRate?: number;
    /** How often the end is looked for, in milliseconds. */
    readonly sampleInt: number;
    readonly requests: readonly Request[];
  }

  interface Run extends EventEmitter, PromiseLike<unknown> {
    stop(): void;
    on(
      event: "response",
      listener: (client: unknown, status: number, bytes: number, ms: number) => void,
    ): this;
    on(event: "reqError", listener: (error: Error) => void): this;
  }

  export default function autocannon(options: Options): Run;
}

declare module "http-proxy" {
  import type { Agent, IncomingMessage, ServerResponse } from "node:http";

  interface Server {
    web(request: IncomingMessage, response: ServerResponse): void;
    on(
      event: "error",
      listener: (error: Error, request: IncomingMessage, response: ServerResponse) => void,
    ): this;
  }

  const httpProxy: {
    createProxyServer(options: { readonly target: string; readonly agent?: Agent }): Server;
  };
  export default httpProxy;
}
