import { z } from "zod";
import { defaultTenant, isTenantName } from "../rules/tenants.ts";

/** A whole number from `min` to `max`; every limit of the data plane is one of these. */
const whole = (min: number, max: number, otherwise: number) => z.int().min(min).max(max).default(otherwise);

const KiB = 1024;

/** `HOST:PORT`, `[v6]:PORT` or `:PORT`, parsed. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Parses `127.0.0.1:8080`, `[::1]:8080`, `:8080` or `8080`; throws an error that names the text. */
export function parseAddress(text: string): Address {
  const match = /^(?:(?:\[([0-9a-fA-F:.%]+)\]|([^\s:[\]]*)):)?([0-9]{1,5})$/.exec(text);
  const port = match === null ? Number.NaN : Number(match[3]);
  if (match === null || port > 65_535) throw new Error(`"${text}" is not an address of the form HOST:PORT`);
  return { host: match[1] ?? (match[2] || "127.0.0.1"), port };
}

const address = z.string().transform((text, context): Address => {
  try {
    return parseAddress(text);
  } catch (error) {
    context.addIssue({ code: "custom", message: (error as Error).message });
    return z.NEVER;
  }
});

/** Where requests go when they may. */
export const upstreamSchema = z.strictObject({
  /** `http://host:port` or `https://host:port`; a path is refused, since targets go through unchanged. */
  url: z.string().refine(isOriginUrl, "must be http://HOST[:PORT] or https://HOST[:PORT] without a path"),
  /** The Host header to send instead of the client's. */
  host: z
    .string()
    .regex(/^[A-Za-z0-9._:[\]-]{1,255}$/, "is not a host name")
    .optional(),
  /** PEM file with the certificate authorities to trust instead of Node's own; for https only. */
  caFile: z.string().optional(),
  /** Connections kept to the upstream per worker; requests beyond wait in the queue. */
  connectionsMax: whole(1, 65_536, 256),
  /** Requests without a body and with a safe method that may be under way on one connection; 1: each waits for the answer before. */
  pipelining: whole(1, 256, 1),
  /** How long an idle connection is kept; the upstream's own `Keep-Alive: timeout` shortens it. */
  idleMs: whole(1, 600_000, 4_000),
  /** From opening a connection (name, TCP, TLS) to its use; then 504. */
  connectMs: whole(1, 600_000, 5_000),
  /** From the end of the request (or its last sent byte) to the head of the answer; then 504. */
  answerMs: whole(1, 3_600_000, 60_000),
  /** Between two bytes of an answer's body; then the connection is cut. */
  idleBodyMs: whole(1, 3_600_000, 60_000),
});

/** Requests for some hosts: whose they are, and where they go. */
export const routeSchema = z.strictObject({
  /** Host names without a port; `*.example.com` covers every name below, not `example.com` itself. */
  hosts: z
    .array(
      z
        .string()
        .transform((host) => host.toLowerCase())
        .refine(isHostPattern, "is not a host name, as api.example.com or *.example.com"),
    )
    .min(1)
    .max(256),
  /** The tenant whose leaks are enforced there, and who sees the attempts. */
  tenant: z.string().refine(isTenantName, "is not 1 to 32 of a-z, 0-9 and -").default(defaultTenant),
  upstream: upstreamOrUrl(),
});

export const limitsSchema = z.strictObject({
  /** Bytes of a request's or answer's head, start line included; beyond it 431 (or 502). */
  headBytes: whole(256, 1024 * KiB, 32 * KiB),
  /** Bytes of the request target; beyond it 414. */
  targetBytes: whole(16, 1024 * KiB, 8 * KiB),
  /** Header fields of a head, trailers counted apart; beyond it 431. */
  headerCount: whole(1, 10_000, 100),
  /** From the first byte of a head to its end; then 408. */
  headMs: whole(10, 600_000, 10_000),
  /** Between two bytes of a request body; then 408. Between two bytes that a client reads; then it is cut. */
  bodyIdleMs: whole(10, 3_600_000, 30_000),
  /** A client connection without a request; then it is closed without a word. */
  keepAliveMs: whole(10, 3_600_000, 75_000),
  /** Client connections per worker; one more is answered 503 and closed. */
  connections: whole(1, 1_000_000, 10_000),
  /** Requests a worker works on at once (forwarded or being inspected); others wait, their bodies unread. */
  inFlight: whole(1, 1_000_000, 4_096),
  /** Requests that wait for a place or for an upstream connection; beyond it 503 with Retry-After. */
  queue: whole(0, 1_000_000, 1_024),
  /** How long a request waits there; then 503 with Retry-After. */
  queueMs: whole(1, 600_000, 5_000),
  /** Framing bytes (chunk sizes, extensions, blank lines) in a row that yield no body; beyond it 400. */
  framingBytes: whole(64, 1024 * KiB, 16 * KiB),
  /** Bytes that wait for a slow reader, each way, before the other side is paused. */
  bufferBytes: whole(4 * KiB, 64 * 1024 * KiB, 256 * KiB),
  /** Bytes of further (pipelined) requests held while one is being answered. */
  pipelineBytes: whole(1 * KiB, 16 * 1024 * KiB, 64 * KiB),
  /** A tunnel (upgraded connection) without a byte either way; then it is closed. */
  tunnelIdleMs: whole(1_000, 24 * 3_600_000, 3_600_000),
});

export const inspectSchema = z.strictObject({
  /** Layers of spelling that are undone one inside the other: percent-encoding, escapes, base64, ... */
  decodeDepth: whole(1, 6, 3),
  /** What becomes of a request whose content type names a charset in which no view can see ASCII (UTF-7, EBCDIC): 415, or it passes, counted and told of. */
  unknownCharset: z.enum(["block", "pass"]).default("block"),
  /** Content codings (gzip, deflate, br, zstd) that are decoded beside forwarding, and their budgets. */
  codings: z
    .strictObject({
      /** Codings one on the other; more is over budget. */
      depth: whole(1, 8, 4),
      /** Bodies that a worker decodes at once; one more is answered 503 with Retry-After. */
      open: whole(1, 65_536, 256),
      /** Decoded bytes for each encoded one, beyond `ratioBaseBytes`. */
      ratio: whole(1, 100_000, 200),
      ratioBaseBytes: whole(0, 1024 * 1024 * KiB, 1024 * KiB),
      /** Decoded bytes of one body. */
      decodedBytes: whole(1 * KiB, 1024 * 1024 * 1024 * KiB, 4 * 1024 * 1024 * KiB),
      /** Time spent on decoding one body. */
      decodeMs: whole(10, 600_000, 10_000),
      /** What becomes of a body beyond them: 413, or it passes, counted and told of, its raw bytes inspected. */
      overBudget: z.enum(["block", "pass"]).default("block"),
      /** The same for a body that is not what its coding says: 415. */
      broken: z.enum(["block", "pass"]).default("block"),
      /** The same for a coding that is not known here: 415. */
      unknown: z.enum(["block", "pass"]).default("pass"),
    })
    .prefault({}),
  /** Bytes of a body held before anything goes upstream. */
  holdBytes: whole(0, 16 * 1024 * KiB, 64 * KiB),
  /** How long such bytes are held when no further byte comes. */
  holdMs: whole(1, 10_000, 20),
  /** Work budget of a request: `budgetPerByte` x bytes inspected + `budgetBase`; when spent, 413 or 431. */
  budgetPerByte: whole(1, 1_000, 4),
  budgetBase: whole(1_000, 1_000_000_000, 100_000),
  /** Whole values of a request that are looked for by their hash, while such leaks are loaded; the rest is not, and counted. */
  hashCandidates: whole(1, 10_000, 64),
  /**
   * What becomes of a request that has more of them, or whose body is longer than `holdBytes`, where a rule that blocks
   * holds such tokens: it passes, counted, or is refused as over budget (431, 413).
   */
  hashOverflow: z.enum(["pass", "block"]).default("pass"),
  /** Bytes of heads of open tunnels that a worker keeps to inspect again; beyond it a tunnel's is not kept, and counted. */
  openHeadBytes: whole(0, 16 * 1024 * 1024 * KiB, 64 * 1024 * KiB),
  seen: z
    .strictObject({
      /** Credential values that a worker keeps keyed fingerprints of, for each tenant, 32 bytes each; 0 keeps none. */
      values: whole(0, 4 * KiB * KiB, 64 * KiB),
    })
    .prefault({}),
});

export const recordSchema = z.strictObject({
  /** Open windows in which identical attempts fold into one event. */
  windowsMax: whole(16, 1_000_000, 8_192),
  /** Events that wait to be stored; beyond it they are dropped and counted. */
  outboxMax: whole(16, 1_000_000, 16_384),
  /** How often waiting events are stored. */
  flushMs: whole(1, 10_000, 50),
});

/** The data plane's part of `leakgate.yaml`. */
export const proxySchema = z.strictObject({
  listen: address.default({ host: "127.0.0.1", port: 8080 }),
  /** Of the requests that no route takes; they are the default tenant's. Null: such a request is answered 421. */
  upstream: upstreamSchema.nullable(),
  /** Hosts that belong to other tenants, or go elsewhere; each host stands once. */
  routes: z
    .array(routeSchema)
    .max(10_000)
    .default([])
    .refine((routes) => eachOnce(routes.flatMap(({ hosts }) => hosts)), "name a host more than once"),
  /** Addresses (CIDR) whose X-Forwarded-* and X-Request-Id headers are believed. */
  trust: z.array(z.string().refine(isCidr, "is not an address or CIDR range")).default([]),
  /** How long finished work may take when the gateway stops; then connections are cut. */
  drainMs: whole(0, 600_000, 10_000),
  limits: limitsSchema.default(() => limitsSchema.parse({})),
  inspect: inspectSchema.default(() => inspectSchema.parse({})),
  record: recordSchema.default(() => recordSchema.parse({})),
});

export type ProxyConfig = z.infer<typeof proxySchema>;
export type Limits = z.infer<typeof limitsSchema>;
export type UpstreamConfig = z.infer<typeof upstreamSchema>;
export type InspectConfig = z.infer<typeof inspectSchema>;

/** `upstream: URL` stands for `upstream: {url: URL}`. */
function upstreamOrUrl() {
  return z.preprocess((given) => (typeof given === "string" ? { url: given } : given), upstreamSchema);
}

function isHostPattern(host: string): boolean {
  return host.length <= 255 && /^(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*$|^\[[0-9a-f:.]+\]$/.test(host);
}

function eachOnce(names: readonly string[]): boolean {
  return new Set(names).size === names.length;
}

function isOriginUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  const plain =
    url.pathname === "/" &&
    url.search === "" &&
    url.hash === "" &&
    url.username === "" &&
    url.password === "";
  return plain && (url.protocol === "http:" || url.protocol === "https:");
}

function isCidr(text: string): boolean {
  const match = /^([0-9a-fA-F:.]+)(?:\/([0-9]{1,3}))?$/.exec(text);
  if (match === null) return false;
  const isV6 = match[1]!.includes(":");
  if (!URL.canParse(isV6 ? `http://[${match[1]}]/` : `http://${match[1]}/`)) return false;
  return match[2] === undefined || Number(match[2]) <= (isV6 ? 128 : 32);
}
