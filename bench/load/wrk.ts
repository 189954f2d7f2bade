import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { which } from "../programs.ts";
import type { LoadOrder, LoadResult } from "./order.ts";
import { wireOf } from "./requests.ts";

const TIMEOUT_SECONDS = 10;

/** A closed loop by wrk on one thread. Its times are whole microseconds. */
export async function runWrk(order: LoadOrder): Promise<LoadResult> {
  const program = which("wrk");
  if (program === null) throw new Error("wrk is not installed");
  const script = join(process.cwd(), "wrk.lua");
  writeFileSync(script, scriptOf(order));
  const said = await run(program, [
    ...["--threads", "1"],
    ...["--connections", String(order.connections)],
    ...["--duration", `${order.seconds}s`],
    ...["--timeout", `${TIMEOUT_SECONDS}s`],
    ...["--script", script],
    `http://127.0.0.1:${order.port}`,
  ]);
  return resultOf(said);
}

/** The script: requests in turn, answers counted by their status, and one line of figures at the end. */
export function scriptOf(order: LoadOrder): string {
  const host = `127.0.0.1:${order.port}`;
  const requests = order.requests.map((each) => luaText(wireOf(each, host, order.isFresh === true)));
  return `local requests = {
${requests.join(",\n")}
}
local thread
local turn = 0
statuses = {}
function setup(started) thread = started end
function request()
  turn = turn % #requests + 1
  return requests[turn]
end
function response(status)
  statuses[status] = (statuses[status] or 0) + 1
end
function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format("figures %d %d %d %d %d %d ", summary.requests, failed, summary.duration,
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9)))
  for status, answers in pairs(thread:get("statuses")) do io.write(status, ":", answers, " ") end
  io.write("\\n")
end
`;
}

/** A text as Lua 5.1 writes it. */
export function luaText(text: string): string {
  const escaped = text.replaceAll(/[\\"\r\n]/g, (each) => {
    if (each === "\r") return "\\r";
    return each === "\n" ? "\\n" : `\\${each}`;
  });
  return `"${escaped}"`;
}

/** Reads the line that the script writes; throws when there is none. */
export function resultOf(said: string): LoadResult {
  const found = /^figures ((?:\d+ ){6})(.*)$/m.exec(said);
  if (found === null) throw new Error(`wrk said no figures: ${said.slice(-300)}`);
  const [requests, errors, us, p50, p99, p999] = found[1]!.trim().split(" ").map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const statuses = Object.fromEntries(
    found[2]!
      .trim()
      .split(" ")
      .filter((each) => each !== "")
      .map((each) => each.split(":"))
      .map(([status, count]) => [status!, Number(count)]),
  );
  return { requests, errors, statuses, seconds: us / 1e6, latencyUs: { p50, p99, p999 } };
}

function run(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const output of [child.stdout, child.stderr]) {
      output.setEncoding("utf8");
      output.on("data", (text: string) => {
        said += text;
      });
    }
    const kill = () => child.kill("SIGKILL");
    process.once("exit", kill);
    child.once("error", reject);
    child.once("close", (code) => {
      process.off("exit", kill);
      if (code === 0) resolve(said);
      else reject(new Error(`wrk ended with ${code}: ${said.slice(-300)}`));
    });
  });
}
