import { cpus } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { machine, root, versions } from "../machine.ts";
import { Processes } from "../processes.ts";
import { writeResult } from "../report.ts";
import { earlyExitCall } from "./comparator.ts";
import * as functions from "./functions.ts";
import { startGateway, stayOnOneCore, stopGateway } from "./gateway.ts";
import { LEAKY_TOKENS, makeLeakyBuild } from "./leakybuild.ts";
import { FUNCTION_LIMIT_NS, functionLevel, type Level, REQUEST_LIMIT_NS, requestLevel } from "./level.ts";
import { type Options, parseOptions } from "./options.ts";
import { comparedPlan, type Plan, SET, searchedPlan, soundPlan, type TableName } from "./plan.ts";
import { conclusion, levelLines } from "./said.ts";
import { makeTable } from "./tables.ts";
import { listed } from "./tokens.ts";

/**
 * Whether time tells listed tokens from unlisted ones: `npm run bench:timing [-- --quick] [--tokens N] [--blocks N]
 * [--requests N] [--seed N]`.
 *
 * The matcher, the decision, and a whole request over loopback through `leakgate serve` whose rule is in monitor mode,
 * so that a listed token passes. Paired and randomised (batches.ts, requests.ts); Wilcoxon's signed-rank test, Welch's t,
 * and the bootstrapped interval of the median difference (verdict.ts). The same test of builds that leak must detect it,
 * or the run proves nothing and exits with 1. Linux only.
 */
const TABLES: readonly TableName[] = ["many", "one", "other"];
/** A comparison of 40 bytes takes nanoseconds. */
const COMPARISONS_PER_BATCH = 512;

interface Folders {
  readonly data: string;
  /** Of each table within it. */
  readonly tables: Readonly<Record<TableName, string>>;
  readonly leakyData: string;
  readonly leakyTable: string;
  readonly leakyBuild: string;
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  const processes = new Processes();
  try {
    const at = new Date().toISOString();
    const folders = await prepare(processes, options);
    const levels = await functionLevels(folders, options);
    const core = stayOnOneCore(cpus().length);
    if (core === null) said("taskset is not there: requests wake other cores, and vary more");
    levels.push(...(await requestLevels(processes, folders, options)));
    const { lines, isValid } = conclusion(levels);
    for (const level of levels) console.log(levelLines(level).join("\n"));
    console.log(lines.join("\n"));
    const limits = { functionNs: FUNCTION_LIMIT_NS, requestNs: REQUEST_LIMIT_NS };
    const result = { at, machine: machine(), versions: versions(), options, core, limits, isValid, levels };
    console.log(`\n${writeResult("timing-", result)}`);
    if (!isValid) process.exitCode = 1;
  } finally {
    await processes.stop();
  }
}

/** Writes the tables, and the build that leaks. */
async function prepare(processes: Processes, { seed, tokens }: Options): Promise<Folders> {
  const data = join(processes.folder, "data");
  const leakyData = join(processes.folder, "leaky-data");
  said(`registering ${tokens} tokens`);
  return {
    data,
    tables: {
      many: await makeTable(data, "many", seed, tokens),
      one: await makeTable(data, "one", seed, 1),
      other: await makeTable(data, "other", seed, 1),
    },
    leakyData,
    leakyTable: await makeTable(leakyData, "many", seed, LEAKY_TOKENS),
    leakyBuild: makeLeakyBuild(join(processes.folder, "leaky")),
  };
}

/** The matcher and the decision, of the build and of the one that leaks; and a comparison that stops early. */
async function functionLevels(
  folders: Folders,
  { seed, tokens, functions: order, leakyFunctions }: Options,
): Promise<Level[]> {
  const { many, one, other } = folders.tables;
  const { openTable } = functions;
  const tables = { many: await openTable(many), one: await openTable(one), other: await openTable(other) };
  const plan = soundPlan(seed, tokens);
  expectMatches(plan, (token, table) => functions.matchesIn(tables[table], token));
  said("timing the matcher and the decision");
  const levels = [
    functionLevel(
      "matcher",
      plan,
      (each) => functions.matcherCall(tables[each.table], each.tokens),
      order,
      seed,
    ),
    functionLevel(
      "decision",
      plan,
      (each) => functions.decisionCall(tables[each.table], each.tokens),
      order,
      seed,
    ),
  ];

  const copy = pathToFileURL(join(folders.leakyBuild, "bench/timing", "functions.js")).href;
  const leaky = (await import(copy)) as typeof functions;
  const table = await leaky.openTable(folders.leakyTable);
  const searched = searchedPlan(seed, LEAKY_TOKENS);
  expectMatches(searched, (token) => leaky.matchesIn(table, token));
  const listedTokens = Array.from({ length: SET }, (_, number) => listed(seed, number));
  const compared = { ...leakyFunctions, callsPerBatch: COMPARISONS_PER_BATCH };
  levels.push(
    functionLevel(
      "matcher that leaks",
      searched,
      ({ tokens: of }) => leaky.matcherCall(table, of),
      leakyFunctions,
      seed,
    ),
    functionLevel(
      "decision that leaks",
      searched,
      ({ tokens: of }) => leaky.decisionCall(table, of),
      leakyFunctions,
      seed,
    ),
    functionLevel(
      "comparison that leaks",
      comparedPlan(seed),
      ({ tokens: of }) => earlyExitCall(listedTokens, of),
      compared,
      seed,
    ),
  );
  return levels;
}

/** A class times what it says only if its tokens match, or do not. */
function expectMatches(plan: Plan, matchesIn: (token: string, table: TableName) => readonly number[]): void {
  for (const { name, table, tokens, isListed } of plan.classes) {
    for (const token of tokens)
      if (matchesIn(token, table).some((matches) => matches !== Number(isListed)))
        throw new Error(`a token of "${name}" ${isListed ? "does not match once" : "matches"}`);
  }
}

/** Whole requests through the build, and through the one that leaks. */
async function requestLevels(processes: Processes, folders: Folders, options: Options): Promise<Level[]> {
  const { seed, tokens, requests, leakyRequests } = options;
  said("timing whole requests");
  const gateway = await startGateway(processes, join(root, "dist"), folders.data, TABLES);
  const sound = await requestLevel("whole request", soundPlan(seed, tokens), gateway, requests, seed);
  await stopGateway(processes, gateway);
  said("timing whole requests through the build that leaks");
  const leaky = await startGateway(processes, folders.leakyBuild, folders.leakyData, ["many"]);
  const plan = searchedPlan(seed, LEAKY_TOKENS);
  const leaking = await requestLevel("whole request that leaks", plan, leaky, leakyRequests, seed);
  await stopGateway(processes, leaky);
  return [sound, leaking];
}

function said(what: string): void {
  console.log(`${(performance.now() / 1_000).toFixed(0).padStart(4)} s  ${what}`);
}

await main();
