import type { Logger } from "pino";

/**
 * What nobody caught ends the process, as Node has it, since nothing is known of its state any more; the supervisor
 * starts it again. Before that it is a line of the log like any other (ASVS 5.0, 16.5.4);
 * `flush` writes out what the log still holds.
 */
export function logUncaught(logger: Logger, flush: () => void = () => {}): void {
  process.on("uncaughtExceptionMonitor", (error: unknown, origin) => {
    const { message, stack } = error instanceof Error ? error : { message: typeof error, stack: undefined };
    logger.fatal({ origin, reason: message, stack }, "the process ends by an error that nobody caught");
    flush();
  });
}
