/** What a worker counts; published with its report and shown by `GET /status` and `/metrics`. Gauges are marked. */
export class Counters {
  requests = 0;
  forwarded = 0;
  blocked = 0;
  monitored = 0;
  /** Requests refused because their work budget was spent. */
  budgetExhausted = 0;
  refusedDownstream = 0;
  failedUpstream = 0;
  refusedInternal = 0;
  /** Chunks stopped after the upstream had already received the start of the body. */
  abortedBodies = 0;
  retries = 0;
  tunnels = 0;
  upstreamConnects = 0;
  connectionsAccepted = 0;
  /** Gauge. */
  connections = 0;
  /** Gauge: requests forwarded and not yet answered in full. */
  inFlight = 0;
  /** Gauge. */
  queued = 0;
  /** Gauge. */
  openTunnels = 0;
}
