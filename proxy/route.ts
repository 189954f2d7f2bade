import type { Logger } from "pino";
import type { Clock } from "./clock.ts";
import type { Limits, ProxyConfig, UpstreamConfig } from "./config.ts";
import type { Counters } from "./counters.ts";
import { hostName } from "./host.ts";
import type { Places } from "./places.ts";
import type { Policy } from "./policy.ts";
import { Pool } from "./pool.ts";
import type { Recorder } from "./record.ts";
import type { SeenValues } from "./seen.ts";

/** What a worker holds of one tenant: what is enforced for its requests, and where its attempts are recorded. */
export interface Plane {
  readonly tenant: string;
  readonly policy: Policy;
  readonly recorder: Recorder;
  /** How often each leak's tokens were what spent a request's work budget, for the administrator. */
  readonly budgetByLeak: Map<string, number>;
  /** What its requests carried, for those who ask later; null where nothing is kept (`inspect.seen.values: 0`). */
  readonly seen: SeenValues | null;
}

/** Where requests for some hosts go, and whose they are. */
export interface Route {
  readonly plane: Plane;
  readonly policy: Policy;
  readonly pool: Pool;
}

export interface RouteParts {
  readonly config: ProxyConfig;
  /** By name; every tenant that a route names must be there, and the default one where there is an upstream. */
  readonly planes: ReadonlyMap<string, Plane>;
  /** Of the requests that no route's host names. */
  readonly defaultPlane: Plane | null;
  readonly places: Places;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly logger: Logger;
}

/** route: finds by its Host where a request goes. */
export class Routes {
  readonly pools: readonly Pool[];
  private readonly otherwise: Route | null;
  private readonly exact = new Map<string, Route>();
  /** By what follows the `*`. */
  private readonly below = new Map<string, Route>();

  constructor(parts: RouteParts) {
    const { config, planes, defaultPlane } = parts;
    const pools: Pool[] = [];
    const routeTo = (upstream: UpstreamConfig, plane: Plane): Route => {
      const pool = poolOf(upstream, config.limits, parts);
      pools.push(pool);
      return { plane, policy: plane.policy, pool };
    };
    this.otherwise =
      config.upstream === null || defaultPlane === null ? null : routeTo(config.upstream, defaultPlane);
    for (const { hosts, tenant, upstream } of config.routes) {
      const plane = planes.get(tenant);
      if (plane === undefined) throw new Error(`a route names the tenant ${tenant}, which is not loaded`);
      const route = routeTo(upstream, plane);
      for (const host of hosts) {
        if (host.startsWith("*.")) this.below.set(host.slice(1), route);
        else this.exact.set(host, route);
      }
    }
    this.pools = pools;
  }

  /** The route of a Host as the client sent it; null where none takes it. A name goes before a longer, then a shorter wildcard. */
  of(host: string): Route | null {
    if (this.exact.size === 0 && this.below.size === 0) return this.otherwise;
    const name = hostName(host);
    const exact = this.exact.get(name);
    if (exact !== undefined) return exact;
    for (let dot = name.indexOf("."); dot >= 0; dot = name.indexOf(".", dot + 1)) {
      const route = dot > 0 ? this.below.get(name.slice(dot)) : undefined;
      if (route !== undefined) return route;
    }
    return this.otherwise;
  }
}

function poolOf(upstream: UpstreamConfig, limits: Limits, parts: RouteParts): Pool {
  return new Pool(upstream, limits, parts.places, parts.clock, parts.counters, parts.logger);
}
