import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Contender, Family, Missing } from "../contenders.ts";
import type { PlaceName } from "../parity/places.ts";
import { accepts, freePort } from "../processes.ts";
import { which } from "../programs.ts";

/** A program of the system that is measured as it is packaged. */
export interface Program {
  readonly family: Family;
  readonly program: string;
  /** The package of Debian that brings it. */
  readonly debian: string;
  readonly tokens: number;
  readonly looksIn: readonly PlaceName[];
  readonly lacks: readonly string[];
  /** Whether the parts of it that it is loaded with are there. */
  readonly isComplete?: () => boolean;
  /** Writes its configuration into a folder of its own; answers the command line. */
  readonly commandFor: (at: Place) => readonly string[];
}

export interface Place {
  readonly program: string;
  readonly folder: string;
  readonly port: number;
  readonly upstreamPort: number;
}

/** The program as a contender, or what is missing for it. */
export function spawned(wanted: Program): Contender | Missing {
  const { family, tokens, looksIn, lacks } = wanted;
  const program = which(wanted.program);
  if (program === null || wanted.isComplete?.() === false) {
    return { missing: `${family} (Debian package ${wanted.debian})` };
  }
  const name = `${family}-${tokens}`;
  return {
    name,
    family,
    tokens,
    looksIn,
    lacks,
    start: async (processes, upstreamPort) => {
      const folder = join(processes.folder, name);
      mkdirSync(folder, { recursive: true });
      const port = await freePort();
      const [command, ...args] = wanted.commandFor({ program, folder, port, upstreamPort });
      const child = processes.spawn(command!, args, name);
      await processes.until(child, () => accepts(port));
      return { port, child };
    },
  };
}
