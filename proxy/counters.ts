/** What a worker counts; published with its report and shown by `GET /status` and `/metrics`. Gauges are marked. */
export class Counters {
  requests = 0;
  forwarded = 0;
  blocked = 0;
  monitored = 0;
  /** Requests refused because their work budget was spent. */
  budgetExhausted = 0;
  /** Requests with more whole values than `inspect.hashCandidates`: the rest was not looked for by its hash. */
  hashCandidatesExceeded = 0;
  /** Bodies longer than `inspect.holdBytes`: their values were not looked for by their hash. */
  hashBodiesTooLong = 0;
  /** Bodies of which only the raw bytes were inspected, as configured: an unknown or broken coding, or over budget. */
  undecoded = 0;
  refusedDownstream = 0;
  failedUpstream = 0;
  refusedInternal = 0;
  /** Chunks stopped after the upstream had already received the start of the body. */
  abortedBodies = 0;
  retries = 0;
  /** Requests sent on a connection whose last answer had not come yet, see `upstream.pipelining`. */
  pipelined = 0;
  tunnels = 0;
  /** Heads of open tunnels and exchanges under way that were inspected again, since other tokens are enforced. */
  reinspected = 0;
  /** Tunnels and exchanges ended by that; each is among `blocked` too, or among `budgetExhausted`. */
  closedOpen = 0;
  /** Tunnels whose head found no place in `inspect.openHeadBytes`: they are not inspected again. */
  openHeadsNotKept = 0;
  upstreamConnects = 0;
  connectionsAccepted = 0;
  /** Gauge. */
  connections = 0;
  /** Gauge: requests that are worked on, at most `limits.inFlight`. */
  inFlight = 0;
  /** Gauge: bodies whose content coding is being undone. */
  decoding = 0;
  /** Gauge. */
  queued = 0;
  /** Gauge. */
  openTunnels = 0;
  /** Gauge: bytes of the heads of open tunnels that are kept. */
  openHeadBytes = 0;
}
