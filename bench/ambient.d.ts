/** The little that is used here of packages without types. */
declare module "autocannon" {
  import type { EventEmitter } from "node:events";

  interface Options {
    url: string;
    connections: number;
    duration?: number;
    amount?: number;
    pipelining?: number;
    headers?: Record<string, string>;
    method?: string;
    body?: string;
    overallRate?: number;
  }
  interface Result {
    readonly requests: { readonly total: number };
    readonly errors: number;
    readonly timeouts: number;
    readonly non2xx: number;
    readonly duration: number;
  }
  interface Instance extends EventEmitter, PromiseLike<Result> {
    stop(): void;
  }
  function autocannon(options: Options): Instance;
  export = autocannon;
}

declare module "http-proxy" {
  import type { Agent, IncomingMessage, ServerResponse } from "node:http";

  interface Server {
    web(request: IncomingMessage, response: ServerResponse): void;
    on(
      event: "error",
      listener: (error: Error, request: IncomingMessage, response: ServerResponse) => void,
    ): void;
  }
  const httpProxy: { createProxyServer(options: { target: string; agent: Agent }): Server };
  export default httpProxy;
}

declare module "fast-proxy" {
  import type { IncomingMessage, ServerResponse } from "node:http";

  interface Options {
    base: string;
    undici?: { connections?: number; pipelining?: number };
  }
  function fastProxy(options: Options): {
    proxy(
      request: IncomingMessage,
      response: ServerResponse,
      url: string,
      options: Record<string, never>,
    ): void;
    close(): void;
  };
  export default fastProxy;
}
