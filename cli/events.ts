import { type Command, Option } from "commander";
import { eventView, iso } from "../admin/views.ts";
import { csvHead, csvLine } from "../rules/events/csv.ts";
import type { EventFilter } from "../rules/events/filter.ts";
import { type GroupField, groupFields, type Sums } from "../rules/events/groups.ts";
import { parseSearch } from "../rules/events/search.ts";
import type { EventLog, VpatchEvent } from "../rules/events.ts";
import { type Flags, loadConfig } from "./config.ts";
import { openEvents } from "./data.ts";
import { attempting } from "./failure.ts";
import { type TenantFlags, tenantOptions, wholeNumber } from "./options.ts";
import { Output } from "./output.ts";
import { table } from "./table.ts";
import { second } from "./times.ts";

interface EventFlags extends Flags, TenantFlags {
  readonly limit?: number;
  readonly oldest?: boolean;
  readonly json?: boolean;
  readonly csv?: boolean;
  readonly count?: boolean;
  readonly groupBy?: GroupField;
  readonly follow?: boolean;
}

const SHOWN = 50;

/** `leakgate events`: the attempts of a tenant, looked for, counted, grouped, exported and followed. */
export function registerEvents(program: Command): void {
  tenantOptions(
    program
      .command("events")
      .description(
        "look for attempts, by a search line: leakgate events 'ip:10.0.0.0/8 !point:cookie last 7 days'",
      )
      .argument("[search...]", "conditions, all of which must hold; docs/search.md has the language")
      .option("--limit <n>", `how many at most (default: ${SHOWN}; all with --json and --csv)`, wholeNumber)
      .option("--oldest", "the oldest first")
      .option("--json", "a JSON object a line")
      .addOption(
        new Option("--csv", "comma-separated values").conflicts(["json", "follow", "count", "groupBy"]),
      )
      .addOption(new Option("--count", "how many there are, exactly").conflicts(["follow", "groupBy"]))
      .addOption(new Option("--group-by <field>", "how many there are of each value").choices(groupFields))
      .addOption(
        new Option("--follow", "those that are stored from now on").conflicts(["groupBy", "oldest"]),
      ),
  ).action(attempting("look for events", look));
}

async function look(search: readonly string[], flags: EventFlags): Promise<void> {
  const { data } = loadConfig(flags);
  const filter = parseSearch(search.join(" "), Date.now());
  const events = openEvents(data, flags.tenant);
  const output = new Output();
  try {
    if (flags.follow) await follow(events, filter, flags, output);
    else if (flags.count) await output.line(sumsText(await events.count(filter), flags.json ?? false));
    else if (flags.groupBy !== undefined) await showGroups(events, filter, flags.groupBy, flags, output);
    else await show(events, filter, flags, output);
    await output.flush();
  } finally {
    await events.close();
  }
}

async function show(events: EventLog, filter: EventFilter, flags: EventFlags, output: Output): Promise<void> {
  const isAll = flags.json === true || flags.csv === true;
  let left = flags.limit ?? (isAll ? Number.POSITIVE_INFINITY : SHOWN);
  const shown: VpatchEvent[] = [];
  if (flags.csv) await output.line(csvHead.trimEnd());
  for await (const some of events.each(filter, { isOldestFirst: flags.oldest ?? false })) {
    for (const event of some.slice(0, left)) {
      if (flags.json) await output.line(JSON.stringify(eventView(event)));
      else if (flags.csv) await output.line(csvLine(event).trimEnd());
      else shown.push(event);
    }
    left -= some.length;
    if (left <= 0) break;
  }
  if (!isAll) await output.line(table(HEADINGS, shown.map(row)));
  if (left < 0 && flags.limit === undefined)
    console.error(`there are more than these ${SHOWN}; --limit shows more`);
}

/** Until a signal, or the reader goes. Of what is counted on, the event is written again with its new count. */
async function follow(
  events: EventLog,
  filter: EventFilter,
  { json, limit = Number.POSITIVE_INFINITY }: EventFlags,
  output: Output,
): Promise<void> {
  const ending = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => ending.abort());
  let told = 0;
  for await (const each of await events.tail(filter, { signal: ending.signal })) {
    if (each.kind === "idle") continue;
    await output.line(json ? JSON.stringify(eventView(each.event)) : row(each.event).join("  "));
    await output.flush();
    if (++told >= limit) return;
  }
}

async function showGroups(
  events: EventLog,
  filter: EventFilter,
  field: GroupField,
  { json, limit = SHOWN }: EventFlags,
  output: Output,
): Promise<void> {
  const groups = await events.groups(filter, field);
  const top = groups.top(limit);
  if (json) {
    for (const { value, ...sums } of top) await output.line(JSON.stringify({ value, ...sumsView(sums) }));
    return;
  }
  const rows = top.map(({ value, attempts, events: records, lastAt }) => [
    value ?? "(none)",
    String(attempts),
    String(records),
    second(lastAt),
  ]);
  await output.line(table([field.toUpperCase(), "ATTEMPTS", "EVENTS", "LAST"], rows));
  if (groups.size > top.length) console.error(`there are ${groups.size} values; --limit shows more`);
}

/** Of nothing there is no first and last. */
function sumsView({ events, attempts, firstAt, lastAt }: Sums) {
  const isNone = events === 0;
  return { events, attempts, firstAt: isNone ? null : iso(firstAt), lastAt: isNone ? null : iso(lastAt) };
}

function sumsText(sums: Sums, asJson: boolean): string {
  if (asJson) return JSON.stringify(sumsView(sums));
  if (sums.events === 0) return "0 attempts";
  const { attempts, events, firstAt, lastAt } = sums;
  return `${attempts} attempts in ${events} events, from ${second(firstAt)} to ${second(lastAt)}`;
}

const HEADINGS = ["WHEN", "ACTION", "COUNT", "LEAK", "IP", "POINT", "METHOD", "HOST", "PATH"];

function row({ at, action, count, leak, ip, point, method, host, path }: VpatchEvent): string[] {
  return [second(at), action, String(count), leak ?? "-", ip, point, method, host, path];
}
