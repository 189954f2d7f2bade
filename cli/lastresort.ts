import type { Logger } from "pino";

/**
 * What nobody caught ends the process, as Node has it, since nothing is known of its state any more; the supervisor
 * starts it again. Before that it is a line of the log like any other (ASVS 5.0, 16.5.4), and `atEnd` is called.
 */
export function logUncaught(logger: Logger, atEnd: () => void = () => {}): void {
  process.on("uncaughtExceptionMonitor", (error: unknown, origin) => {
    const { message, stack } = error instanceof Error ? error : { message: typeof error, stack: undefined };
    logger.fatal({ origin, reason: message, stack }, "the process ends by an error that nobody caught");
    atEnd();
  });
}

/**
 * Ends a process that may have a change of the store under way. Not by an exit: that waits for the threads of libuv's
 * pool, and one of them may wait, inside lmdb-js, for this one to run the change it is about to commit. What was
 * acknowledged is on the disk.
 */
export function endAtOnce(): void {
  process.kill(process.pid, "SIGKILL");
}
