import { CommanderError } from "commander";
import { LineRefused, LinesRefused } from "../rules/linerefused.ts";
import { Refusal } from "../rules/refusal.ts";
import { ConfigRefused } from "./config.ts";
import { ExitCode, exitCodeOf } from "./exit.ts";

/** A command that did not do what it was asked; the message is one sentence for a person. */
export class CommandFailed extends Error {
  readonly exitCode: number;
  constructor(message: string, exitCode: number, cause?: unknown) {
    super(message, { cause });
    this.exitCode = exitCode;
  }
}

/** The action, whose failures then read `could not create the key: why`. */
export function attempting<Args extends unknown[]>(
  what: string,
  action: (...args: Args) => Promise<void>,
): (...args: Args) => Promise<void> {
  return async (...args) => {
    try {
      await action(...args);
    } catch (error) {
      if (error instanceof ConfigRefused || error instanceof CommanderError) throw error;
      throw new CommandFailed(`could not ${what}: ${(error as Error).message}`, codeOf(error), error);
    }
  };
}

/** Says on standard error what went wrong, and answers the exit code. Stacks only where `withStack`. */
export function report(error: unknown, withStack: boolean): number {
  // Help and version end this way too; commander has said what there was to say.
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
  const { message } = error as Error;
  if (error instanceof ConfigRefused) {
    for (const problem of error.problems) console.error(problem);
    console.error(`leakgate: could not go on: ${message}`);
    return ExitCode.usage;
  }
  const { cause } = error as Error;
  if (cause instanceof LinesRefused) for (const each of cause.refused) console.error(each.message);
  console.error(`leakgate: ${message.startsWith("could not") ? message : `could not go on: ${message}`}`);
  if (withStack) console.error(((cause as Error | undefined) ?? (error as Error)).stack);
  return codeOf(error);
}

function codeOf(error: unknown): number {
  // The input is a part of what was typed: nothing was changed, and typing it again will not help.
  const isInput =
    (error instanceof Refusal && error.code === "InputRefused") ||
    error instanceof LineRefused ||
    error instanceof LinesRefused;
  if (isInput) return ExitCode.usage;
  const { exitCode } = error as { exitCode?: unknown };
  return typeof exitCode === "number" ? exitCode : exitCodeOf(error);
}
