import pino from "pino";
import { type RunningAdmin, startAdmin } from "../admin/start.ts";
import type { Config } from "./config.ts";
import { ExitCode, exitCodeOf } from "./exit.ts";
import { endAtOnce, logUncaught } from "./lastresort.ts";
import { version } from "./version.ts";

/** What the supervisor says to the admin process, and the process to it. */
export type ToAdmin = { readonly kind: "start"; readonly config: Config } | { readonly kind: "drain" };
export type FromAdmin =
  /** The process listens to messages; one sent before would be lost. */
  | { readonly kind: "up" }
  | { readonly kind: "ready"; readonly port: number }
  | { readonly kind: "failed"; readonly message: string; readonly code: number };

/** Starts the admin of this process; used by the process below and by `leakgate admin`. */
export function startConfigured(
  config: Pick<Config, "data" | "admin" | "intake" | "scan" | "log">,
): Promise<RunningAdmin> {
  const destination = pino.destination({ fd: 2, sync: true });
  const logger = pino({ level: config.log.level, base: { pid: process.pid, part: "admin" } }, destination);
  logUncaught(logger, endAtOnce);
  const { listen, ...admin } = config.admin;
  const { listen: intakeListen, ...intake } = config.intake;
  return startAdmin({
    data: config.data,
    listen,
    intakeListen,
    config: { ...admin, intake, scan: config.scan },
    logger,
    version,
  });
}

/** The entry of the admin process under the supervisor. */
function main(): void {
  let admin: RunningAdmin | null = null;
  const send = (message: FromAdmin, then: () => void = () => {}) => process.send?.(message, then);
  // A signal to the whole group (Ctrl-C) reaches the supervisor too, which stops us last.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => {});
  process.on("disconnect", endAtOnce);
  process.on("message", async (message: ToAdmin) => {
    try {
      if (message.kind === "start") {
        admin = await startConfigured(message.config);
        send({ kind: "ready", port: admin.address.port });
      } else {
        await admin?.close();
        process.exit(ExitCode.ok);
      }
    } catch (error) {
      const code = exitCodeOf(error);
      send({ kind: "failed", message: (error as Error).message, code }, () => process.exit(code));
    }
  });
  send({ kind: "up" });
}

if (process.send !== undefined && process.argv[1]?.endsWith("admin-process.js")) main();
