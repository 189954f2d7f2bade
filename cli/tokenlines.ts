import { open } from "node:fs/promises";
import type { TokenDigest } from "../rules/digest.ts";
import type { LineRefusals } from "../rules/linerefused.ts";
import { ExitCode } from "./exit.ts";
import { CommandFailed } from "./failure.ts";
import { linesOf } from "./lines.ts";
import { Progress } from "./progress.ts";

/** A list with more wrong lines is the wrong file: its other lines would only repeat it. */
export const lineRefusalsMax = 50;

/** A file, or standard input for `-`. Throws CommandFailed. */
export async function bytesOf(file: string): Promise<AsyncIterable<Buffer>> {
  if (file === "-") return process.stdin;
  try {
    return (await open(file)).createReadStream({ highWaterMark: 1_048_576 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CommandFailed(`the file ${file} cannot be read (${code})`, ExitCode.usage, error);
  }
}

/** Digests a list, one a line, onto `tokens`, and collects the lines that are none; says on a terminal how far it is. */
export async function digestLines(
  bytes: AsyncIterable<Buffer>,
  digestOne: (text: string, line: number) => TokenDigest,
  tokens: TokenDigest[],
  refusals: LineRefusals,
): Promise<void> {
  const progress = new Progress("tokens digested");
  for await (const batch of linesOf(bytes)) {
    if (refusals.isFull) break;
    for (const { text, number } of batch) {
      const digest = refusals.collect(() => digestOne(text, number));
      if (digest === null) continue;
      tokens.push(digest);
      if (tokens.length % 10_000 === 0) progress.show(tokens.length);
    }
  }
  progress.clear();
}
