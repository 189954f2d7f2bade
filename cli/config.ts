import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { z } from "zod";
import { adminSchema } from "../admin/config.ts";
import { type ProxyConfig, proxySchema, upstreamSchema } from "../proxy/config.ts";
import { ConfigDocument, type ConfigFileText } from "./config/document.ts";
import {
  type Environment,
  type Flags,
  isGroup,
  type Override,
  override,
  overridesOf,
  unknownEnvironment,
  withoutShorthands,
} from "./config/overrides.ts";
import { type Problem, problemsOf } from "./config/problems.ts";
import { ExitCode } from "./exit.ts";

const DEFAULT_FILE = "leakgate.yaml";

const address = proxySchema.shape.listen.unwrap();

const { intake: intakeSchema, scan: scanSchema, ...adminShape } = adminSchema.shape;

const adminPartSchema = z.strictObject({
  listen: address.default({ host: "127.0.0.1", port: 8081 }),
  ...adminShape,
});

/** Beside `admin`, whose process takes it in. */
const intakePartSchema = z.strictObject({
  /** An address of its own, so that the admin API need not be reached by who sends. */
  listen: address.optional(),
  ...intakeSchema.unwrap().shape,
});

const workersSchema = z.strictObject({
  /** Proxy processes; `auto` is one per available core. */
  count: z
    .union([z.literal("auto"), z.int().min(1).max(256)], {
      error: 'must be "auto" or a whole number from 1 to 256',
    })
    .default("auto"),
  /** Who hands out new connections: the kernel (`shared`) or the supervisor in turn (`balanced`). */
  accept: z.enum(["shared", "balanced"]).default("shared"),
});

const logSchema = z.strictObject({
  level: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
});

export type { Flags };

/** All of `leakgate.yaml`. */
export const configSchema = z.strictObject({
  /** Folder of pepper, rules, events and runtime reports; a relative one starts at the working directory. */
  data: z.string().min(1).default("./data"),
  ...proxySchema.shape,
  upstream: upstreamSchema.optional(),
  workers: workersSchema.default(() => workersSchema.parse({})),
  admin: adminPartSchema.default(() => adminPartSchema.parse({})),
  intake: intakePartSchema.default(() => intakePartSchema.parse({})),
  scan: scanSchema,
  log: logSchema.default(() => logSchema.parse({})),
});

/** What a running Leakgate works with: plain values (they travel to the workers as JSON), checked and frozen. */
export interface Config {
  /** Absolute. */
  readonly data: string;
  readonly proxy: ProxyConfig;
  readonly admin: z.infer<typeof adminPartSchema>;
  readonly intake: z.infer<typeof intakePartSchema>;
  readonly scan: z.infer<typeof scanSchema>;
  readonly workers: { readonly count: number; readonly accept: "shared" | "balanced" };
  readonly log: z.infer<typeof logSchema>;
}

/** A config before anybody asked whether it names an upstream: `serve` else starts the sample API, `keys` does not care. */
export type Settings = Config;

/** The configuration cannot be used; `problems` holds a line for each reason, with its place. */
export class ConfigRefused extends Error {
  readonly exitCode = ExitCode.usage;
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(
      problems.length === 1
        ? "the configuration has a problem"
        : `the configuration has ${problems.length} problems`,
    );
    this.problems = problems;
  }
}

export interface ConfigSources {
  readonly flags: Flags;
  readonly env: Environment;
  readonly file: ConfigFileText | null;
  /** What `workers.count: auto` stands for. */
  readonly cores: number;
}

/**
 * One checked config from flags, `LEAKGATE_*` variables, the file and the defaults, in that order of precedence.
 * Pure. Throws ConfigRefused, which lists every problem with its line or flag.
 */
export function parseConfig(sources: ConfigSources): Settings {
  const document = sources.file === null ? null : new ConfigDocument(sources.file);
  const strangers = unknownEnvironment(sources.env).map((name) => `${name}: Leakgate knows no such variable`);
  if (document !== null && document.problems.length > 0)
    throw new ConfigRefused([...document.problems, ...strangers]);

  const overrides = overridesOf(sources.flags, sources.env);
  const values = withoutShorthands(document?.values ?? {}, Object.keys(configSchema.shape));
  const merged = isGroup(values) ? overrides.reduce(override, values) : values;
  const parsed = configSchema.safeParse(merged);
  const found = parsed.success ? contradictions(parsed.data) : problemsOf(parsed.error.issues, configSchema);
  const placed = found.map((problem) => place(problem, overrides, document)).sort((a, b) => a.line - b.line);
  const problems = [...placed.map(({ text }) => text), ...strangers];
  if (!parsed.success || problems.length > 0) throw new ConfigRefused(problems);

  const { data, workers, admin, intake, scan, log, upstream, ...proxy } = parsed.data;
  return frozen({
    data: resolve(data),
    proxy: { ...proxy, upstream: upstream ?? null },
    admin,
    intake,
    scan,
    workers: { ...workers, count: workers.count === "auto" ? sources.cores : workers.count },
    log,
  });
}

/** Reads the file that `--config` or LEAKGATE_CONFIG names, else ./leakgate.yaml where there is one, and parses. */
export function loadConfig(flags: Flags, env: Environment = process.env): Settings {
  const named = flags.config ?? (env.LEAKGATE_CONFIG || null);
  const path = named ?? DEFAULT_FILE;
  const file = named === null && !existsSync(path) ? null : { path, text: readText(path) };
  return parseConfig({ flags, env, file, cores: availableParallelism() });
}

/** The settings as a config of a gateway; throws ConfigRefused where neither an upstream nor a route is named. */
export function withUpstream(settings: Settings, fallback: string | null = null): Config {
  const upstream =
    settings.proxy.upstream ?? (fallback === null ? null : upstreamSchema.parse({ url: fallback }));
  if (upstream === null && settings.proxy.routes.length === 0)
    throw new ConfigRefused([
      "upstream: is missing; name it with --upstream, LEAKGATE_UPSTREAM or in leakgate.yaml",
    ]);
  return frozen({ ...settings, proxy: { ...settings.proxy, upstream } });
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new ConfigRefused([`${path}: could not be read (${(error as NodeJS.ErrnoException).code})`]);
  }
}

/** Puts the place before the words: `--listen: `, `LEAKGATE_LISTEN: ` or `leakgate.yaml:7: listen: `. */
function place(
  { path, text, isUnknownKey }: Problem,
  overrides: readonly Override[],
  document: ConfigDocument | null,
): { line: number; text: string } {
  const origin = overrides.find((each) => each.path.every((step, index) => step === path[index]));
  if (origin !== undefined) return { line: 0, text: `${origin.origin}: ${text}` };
  const named = isUnknownKey || path.length === 0 ? text : `${path.map(String).join(".")}: ${text}`;
  if (document === null) return { line: 0, text: named };
  const line = document.lineOf(path);
  return { line, text: `${document.path}:${line}: ${named}` };
}

/** Values that are right one by one and wrong together. */
function contradictions(values: z.infer<typeof configSchema>): Problem[] {
  const { listen, admin, intake } = values;
  const isSame = (one: typeof listen, other = intake.listen) =>
    one.port !== 0 && one.port === other?.port && one.host === other.host;
  const found = [
    {
      wrong: isSame(listen, admin.listen),
      path: ["admin", "listen"],
      text: "is the address that the proxy listens on",
    },
    {
      wrong: isSame(listen) || isSame(admin.listen),
      path: ["intake", "listen"],
      text: "is an address that the proxy or the admin listens on",
    },
    {
      wrong: admin.oidc !== undefined && admin.publicUrl === undefined,
      path: ["admin", "oidc"],
      text: "needs admin.publicUrl, to which the provider sends people back",
    },
  ];
  return found.filter(({ wrong }) => wrong).map(({ path, text }) => ({ path, text, isUnknownKey: false }));
}

/** Frozen to the depth: nobody changes a setting after it was checked. */
function frozen<T extends object>(value: T): T {
  for (const inner of Object.values(value)) if (typeof inner === "object" && inner !== null) frozen(inner);
  return Object.freeze(value);
}
