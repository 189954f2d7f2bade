import { execFileSync, spawn } from "node:child_process";
import { resolve } from "node:path";
import { programOf } from "../programs.ts";
import { until } from "../support.ts";

/** From the start of a server to its first word; Django loads for seconds on a busy machine. */
const START_WITHIN_MS = 30_000;
/** The servers lie beside this source; what is built from it is started from the same folder. */
const folder = resolve("test/backends");

/** A framework, how it is started, and what must be there for that. */
export interface Kind {
  readonly name: string;
  /** The command, or null where a program or a module is absent. */
  readonly command: () => readonly string[] | null;
}

export const KINDS: readonly Kind[] = [
  { name: "Express", command: () => [process.execPath, "express.mjs"] },
  { name: "Fastify", command: () => [process.execPath, "fastify.mjs"] },
  { name: "Hono", command: () => [process.execPath, "hono.mjs"] },
  { name: "http.server", command: () => python("http.server", "httpserver.py") },
  { name: "Django", command: () => python("django", "djangoapp.py") },
  { name: "PHP", command: () => withProgram("php", ["-S", "127.0.0.1:0", "index.php"]) },
];

function withProgram(name: string, args: readonly string[]): readonly string[] | null {
  const program = programOf(name);
  return program === null ? null : [program, ...args];
}

/** The system's own Python has the system's packages, and is not always the first. */
function python(module: string, script: string): readonly string[] | null {
  for (const program of [programOf("python3"), "/usr/bin/python3"]) {
    if (program === null) continue;
    try {
      execFileSync(program, ["-c", `import ${module}`], { stdio: "ignore" });
      return [program, "-B", script];
    } catch {
      // Absent, or without the module.
    }
  }
  return null;
}

/** A backend that listens. */
export interface Backend {
  readonly name: string;
  readonly port: number;
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts a backend that looks for these tokens; null where it cannot be had on this machine. */
export async function startBackend(kind: Kind, wanted: readonly string[]): Promise<Backend | null> {
  const command = kind.command();
  if (command === null) return null;
  const child = spawn(command[0]!, command.slice(1), {
    cwd: folder,
    env: { ...process.env, WANTED: JSON.stringify(wanted) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<void>((done) => child.once("close", () => done()));
  let said = "";
  const listen = (bytes: Buffer) => {
    // The first words tell the port; a server that logs each request must not fill the memory.
    if (said.length < 4_096) said += bytes.toString("latin1");
  };
  child.stdout.on("data", listen);
  child.stderr.on("data", listen);
  const portIn = () => /^port ([0-9]+)$|127\.0\.0\.1:([0-9]+)\) started/m.exec(said);
  const stop = () => {
    child.kill("SIGKILL");
    return ended;
  };
  try {
    await until(`${kind.name} listens`, () => portIn() !== null || child.exitCode !== null, START_WITHIN_MS);
    const found = portIn();
    if (found === null) throw new Error(`could not start ${kind.name}: ${said}`);
    const port = Number(found[1] ?? found[2]);
    return { name: kind.name, port, url: `http://127.0.0.1:${port}`, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
