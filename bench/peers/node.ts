import type { Contender, Family } from "../contenders.ts";
import type { Listening } from "../processes.ts";

/** No proxy on Node.js among the peers looks for anything. */
const LOOKS_FOR_NOTHING = "looks for no tokens and blocks nothing";
const CONNECTS_EACH_TIME = "opens a connection upstream for every request";
/** They hand the field Transfer-Encoding to undici, which takes none. */
const CHUNKED_FAILS = "answers a chunked upload with an error";

/** The peers on Node.js, each in a process of its own. */
export const nodePeers: readonly Contender[] = [
  forked("node-pipe", new URL("./node-pipe.js", import.meta.url), "bytes", [
    "is no proxy of HTTP: bytes to and fro, the least that Node and the kernel take",
  ]),
  forked("http-proxy", new URL("./http-proxy.js", import.meta.url), "as-documented", [CONNECTS_EACH_TIME]),
  forked("http-proxy-agent", new URL("./http-proxy.js", import.meta.url), "keep-alive"),
  forked("http-proxy-3", new URL("./http-proxy-3.js", import.meta.url), "as-documented", [
    CONNECTS_EACH_TIME,
  ]),
  forked("http-proxy-3-agent", new URL("./http-proxy-3.js", import.meta.url), "keep-alive"),
  {
    ...forked("http-proxy-3-fetch", new URL("./http-proxy-3.js", import.meta.url), "fetch", [
      "never ends the answer to a HEAD",
      CHUNKED_FAILS,
    ]),
    breaks: ["HEAD", "chunked upload"],
  },
  forked("httpxy", new URL("./httpxy.js", import.meta.url), "keep-alive"),
  {
    ...forked("fast-proxy", new URL("./fast-proxy.js", import.meta.url), "undici", [CHUNKED_FAILS]),
    breaks: ["chunked upload"],
  },
  forked("fastify-http-proxy", new URL("./fastify-http-proxy.js", import.meta.url), "undici"),
];

function forked(family: Family, entry: URL, manner: string, lacks: readonly string[] = []): Contender {
  return {
    name: family,
    family,
    tokens: 0,
    looksIn: [],
    lacks: [LOOKS_FOR_NOTHING, ...lacks],
    start: async (processes, upstreamPort) => {
      const child = processes.fork(entry, [String(upstreamPort), manner]);
      const { port } = await processes.nextMessage<Listening>(child);
      return { port, child };
    },
  };
}
