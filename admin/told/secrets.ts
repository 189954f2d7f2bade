import { hash, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import type { SecretPlace } from "./config.ts";

/** Shorter ones can be guessed from a single signature. */
const SECRET_CHARS_MIN = 16;

/**
 * The secrets of a receiver: the lines of its file, or the variable. `name` is where it stands in the configuration.
 * Throws an error that names the place and never what is there.
 */
export function secretsOf(
  name: string,
  { secretFile, secretEnv }: SecretPlace,
  env: NodeJS.ProcessEnv = process.env,
): readonly string[] {
  const text = textOf(name, secretFile, secretEnv, env);
  const secrets = text.split(/\r?\n/).map((line) => line.trim());
  const given = secrets.filter((line) => line !== "");
  if (given.length === 0 || given.some((secret) => secret.length < SECRET_CHARS_MIN))
    throw new Error(`the secret of ${name} is shorter than ${SECRET_CHARS_MIN} characters`);
  return given;
}

/** What a file or a variable of the configuration holds. Throws as `secretsOf` does. */
export function textOf(
  name: string,
  path: string | undefined,
  variable: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): string {
  if (path === undefined) {
    const value = env[variable ?? ""];
    if (value === undefined) throw new Error(`the variable ${variable} of ${name} is not set`);
    return value.trim();
  }
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    throw new Error(`could not read ${path} of ${name} (${(error as NodeJS.ErrnoException).code})`);
  }
}

/** Whether two texts are the same; the time tells nothing of where they differ, nor of how long `expected` is. */
export function isSame(given: string, expected: string): boolean {
  return timingSafeEqual(digestOf(given), digestOf(expected));
}

/**
 * The first of the receivers that `verifies` says sent it, or null. No early return: the time must not tell which one
 * it was.
 */
export function senderAmong<Receiver>(
  receivers: readonly Receiver[],
  verifies: (receiver: Receiver) => boolean,
): Receiver | null {
  let found: Receiver | null = null;
  for (const receiver of receivers) {
    const isIt = verifies(receiver);
    if (isIt && found === null) found = receiver;
  }
  return found;
}

/** Whether one of the secrets passes, looking at all of them. */
export function someSecret(secrets: readonly string[], passes: (secret: string) => boolean): boolean {
  return secrets.filter(passes).length > 0;
}

function digestOf(text: string): Buffer {
  return hash("sha256", text, "buffer");
}
