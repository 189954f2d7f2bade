/** What the command line may say; the names are commander's for `--upstream-host` and so on. */
export interface Flags {
  readonly upstream?: string | undefined;
  readonly upstreamHost?: string | undefined;
  readonly listen?: string | undefined;
  readonly admin?: string | undefined;
  readonly data?: string | undefined;
  readonly workers?: string | undefined;
  readonly logLevel?: string | undefined;
  readonly config?: string | undefined;
  /** Stands for `--log-level debug`, and shows where errors come from. */
  readonly verbose?: boolean | undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** A setting that stands above the file; `origin` names it in messages: `--listen` or `LEAKGATE_LISTEN`. */
export interface Override {
  readonly path: readonly string[];
  readonly value: string | number;
  readonly origin: string;
}

type Group = Readonly<Record<string, unknown>>;

/** What may be set apart from the file, and where it goes. */
const OVERRIDES = [
  { path: ["upstream", "url"], flag: "upstream", option: "--upstream", env: "LEAKGATE_UPSTREAM" },
  {
    path: ["upstream", "host"],
    flag: "upstreamHost",
    option: "--upstream-host",
    env: "LEAKGATE_UPSTREAM_HOST",
  },
  { path: ["listen"], flag: "listen", option: "--listen", env: "LEAKGATE_LISTEN" },
  { path: ["admin", "listen"], flag: "admin", option: "--admin", env: "LEAKGATE_ADMIN" },
  { path: ["data"], flag: "data", option: "--data", env: "LEAKGATE_DATA" },
  { path: ["workers", "count"], flag: "workers", option: "--workers", env: "LEAKGATE_WORKERS" },
  { path: ["log", "level"], flag: "logLevel", option: "--log-level", env: "LEAKGATE_LOG_LEVEL" },
] as const;

/** Read elsewhere: the file's path before the file, the pepper's by rules/pepper.ts, the secret by admin/oidc.ts. */
const OTHER_NAMES = ["LEAKGATE_CONFIG", "LEAKGATE_PEPPER_FILE", "LEAKGATE_OIDC_CLIENT_SECRET"];

/** Every `LEAKGATE_*` variable that means something. */
export const environmentNames: readonly string[] = [...OVERRIDES.map(({ env }) => env), ...OTHER_NAMES];

/** Flags, then environment; an empty variable counts as not set, as compose files write it. */
export function overridesOf(flags: Flags, env: Environment): Override[] {
  return OVERRIDES.flatMap(({ path, flag, option, env: name }): Override[] => {
    const flagged = flag === "logLevel" && flags.verbose === true ? (flags.logLevel ?? "debug") : flags[flag];
    if (flagged !== undefined) return [{ path, value: typed(path, flagged), origin: option }];
    const value = env[name];
    return value ? [{ path, value: typed(path, value), origin: name }] : [];
  });
}

/** The count of workers is the one number among them. */
function typed(path: readonly string[], text: string): string | number {
  return path[0] === "workers" && /^[0-9]{1,9}$/.test(text) ? Number(text) : text;
}

/**
 * What Kubernetes puts into every pod beside a service named `leakgate...`: LEAKGATE_SERVICE_HOST,
 * LEAKGATE_PORT=tcp://10.0.0.7:8080, LEAKGATE_PORT_8080_TCP_ADDR. Nobody means a setting by those.
 */
const KUBERNETES_NAMES =
  /_SERVICE_(?:HOST|PORT(?:_[A-Z0-9_]+)?)$|_PORT_[0-9]+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?$/;

/** The `LEAKGATE_*` variables that mean nothing: a misspelled one must not be passed over in silence. */
export function unknownEnvironment(env: Environment): string[] {
  return Object.keys(env).filter((name) => {
    if (!name.startsWith("LEAKGATE_") || environmentNames.includes(name)) return false;
    // The file says which of these are read; one that it names and nobody sets ends the start.
    if (name.startsWith("LEAKGATE_INTAKE_")) return false;
    if (KUBERNETES_NAMES.test(name)) return false;
    return !(name.endsWith("_PORT") && /^(?:tcp|udp|sctp):\/\//.test(env[name] ?? ""));
  });
}

export function isGroup(value: unknown): value is Group {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The key that a plain value in place of a group stands for: `upstream: URL`, `workers: 4`, `admin: HOST:PORT`. */
const MAIN_KEYS: Readonly<Record<string, string>> = { upstream: "url", workers: "count", admin: "listen" };

/**
 * The values with every group written out, and a bare port as the text of an address. A known key without a value
 * (a group whose lines are all commented out) is left to its default.
 */
export function withoutShorthands(values: unknown, known: readonly string[]): unknown {
  if (!isGroup(values)) return values;
  const set = Object.entries(values).filter(([key, value]) => value !== null || !known.includes(key));
  const full = set.map(([key, value]) => {
    const main = MAIN_KEYS[key];
    const isPlain = typeof value === "string" || typeof value === "number";
    return [key, main !== undefined && isPlain ? { [main]: value } : value];
  });
  return addressAsText(Object.fromEntries(full));
}

function addressAsText(values: Group): Group {
  const fields = Object.entries(values).map(([key, value]) => {
    if ((key === "admin" || key === "intake") && isGroup(value)) return [key, addressAsText(value)];
    return [key, key === "listen" && typeof value === "number" ? String(value) : value];
  });
  return Object.fromEntries(fields);
}

/** The values with one of them replaced; groups on the way are made. */
export function override(values: Group, { path, value }: Pick<Override, "path" | "value">): Group {
  const [key, ...rest] = path;
  const inner = values[key!];
  const replaced = rest.length === 0 ? value : override(isGroup(inner) ? inner : {}, { path: rest, value });
  return { ...values, [key!]: replaced };
}
