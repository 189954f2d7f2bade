import { type Command, InvalidArgumentError, Option } from "commander";
import {
  type Leak,
  type LeakStatus,
  leakLimits,
  leakStatuses,
  type RiskLevel,
  riskLevel,
} from "../../rules/leak.ts";
import type { RiskLevels } from "../../rules/settings.ts";
import { type LeakQuery, type LeakSort, leakSorts, listLimitMax } from "../../rules/store/listing.ts";
import type { RulesStore } from "../../rules/store.ts";

/** What `leaks list` asks for, as the API's filters. */
export interface LeakFilter {
  readonly status?: LeakStatus[];
  readonly risk?: (number | RiskLevel)[];
  readonly source?: string[];
  readonly q?: string;
  readonly sort?: Order;
}

interface Order {
  readonly sort: LeakSort;
  readonly descending: boolean;
}

export function filterOptions(command: Command): Command {
  return command
    .option("--status <list>", `any of ${leakStatuses.join(", ")}, with commas`, statuses)
    .option("--risk <list>", "8, 8-10, high, medium, low, with commas", risks)
    .option("--source <list>", "any of these sources, with commas", (text: string) => text.split(","))
    .option("--q <text>", "text in the name or the description")
    .addOption(
      new Option(
        "--sort <field>",
        `${leakSorts.join(", ")}; turned round by a - before it (default: -created)`,
      ).argParser(order),
    );
}

/** The leaks that the filter asks for, at most `limit`, and whether there are more. */
export function leaksAsked(
  store: RulesStore,
  { sort: order, risk, ...filter }: LeakFilter,
  limit: number,
): { readonly leaks: Leak[]; readonly hasMore: boolean } {
  const query: LeakQuery = {
    ...filter,
    ...(order ?? { sort: "created", descending: true }),
    ...(risk === undefined ? {} : { risk: risksOf(risk, store.settings().levels) }),
  };
  const leaks: Leak[] = [];
  let after: string | undefined;
  while (leaks.length < limit) {
    const page = store.listLeaks({ ...query, after, limit: Math.min(limit - leaks.length, listLimitMax) });
    leaks.push(...page.leaks);
    if (page.next === null) return { leaks, hasMore: false };
    after = page.next;
  }
  return { leaks, hasMore: true };
}

function statuses(text: string): LeakStatus[] {
  return text.split(",").map((given) => {
    const status = leakStatuses.find((each) => each === given.replace("-", "_"));
    if (status === undefined) throw new InvalidArgumentError(`It must be any of ${leakStatuses.join(", ")}.`);
    return status;
  });
}

const ALL_RISKS = Array.from({ length: leakLimits.riskMax }, (_, index) => index + 1);

function risks(text: string): (number | RiskLevel)[] {
  return text.split(",").flatMap((part): (number | RiskLevel)[] => {
    if (part === "high" || part === "medium" || part === "low") return [part];
    const [, low, high = low] = /^([0-9]{1,2})(?:-([0-9]{1,2}))?$/.exec(part) ?? [];
    const asked = ALL_RISKS.filter((risk) => risk >= Number(low) && risk <= Number(high));
    if (asked.length === 0)
      throw new InvalidArgumentError("It must be 1 to 10, a range as 8-10, or high, medium, low.");
    return asked;
  });
}

/** What the words mean is a setting of the tenant. */
function risksOf(asked: readonly (number | RiskLevel)[], levels: RiskLevels): number[] {
  return ALL_RISKS.filter((risk) => asked.includes(risk) || asked.includes(riskLevel(risk, levels)));
}

function order(text: string): Order {
  const descending = text.startsWith("-");
  const sort = leakSorts.find((each) => each === text.replace(/^-/, ""));
  if (sort === undefined) throw new InvalidArgumentError(`It must be one of ${leakSorts.join(", ")}.`);
  return { sort, descending };
}
