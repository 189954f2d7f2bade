import type { Command } from "commander";
import { historyView, leakView, tokenView } from "../../admin/views.ts";
import type { JournalEntry } from "../../rules/journal.ts";
import { type Leak, timeBoxOf, watchOf } from "../../rules/leak.ts";
import { LeakUnknown } from "../../rules/refusal.ts";
import type { Rule } from "../../rules/rule.ts";
import type { TokenRecordView } from "../../rules/store/pages.ts";
import type { RulesStore } from "../../rules/store.ts";
import { type Flags, loadConfig } from "../config.ts";
import { openToRead } from "../data.ts";
import { attempting } from "../failure.ts";
import { type TenantFlags, tenantOptions, wholeNumber } from "../options.ts";
import { table } from "../table.ts";
import { minute } from "../times.ts";
import { filterOptions, type LeakFilter, leaksAsked } from "./filter.ts";

const HISTORY_SHOWN = 20;

type ListFlags = Flags &
  TenantFlags &
  LeakFilter & { readonly limit: number; readonly json?: boolean; readonly ids?: boolean };
type ShowFlags = Flags & TenantFlags & { readonly json?: boolean; readonly tokens?: boolean };

/** `leakgate leaks list | show`. */
export function registerLeakViews(leaks: Command): void {
  tenantOptions(
    filterOptions(leaks.command("list").description("list leaks, the newest first"))
      .option("--limit <n>", "how many at most", wholeNumber, 50)
      .option("--ids", "the ids alone, one a line, for xargs")
      .option("--json", "as JSON"),
  ).action(attempting("list the leaks", list));
  tenantOptions(
    leaks
      .command("show")
      .description("show a leak, its rule and its history")
      .argument("<id>", "such as leak-7")
      .option("--tokens", "its tokens too, masked")
      .option("--json", "as JSON"),
  ).action(attempting("show the leak", show));
}

async function list({ limit, json, ids, ...flags }: ListFlags): Promise<void> {
  const { store } = await openToRead(loadConfig(flags).data, flags.tenant);
  try {
    const { leaks, hasMore } = leaksAsked(store, flags, limit);
    if (json) {
      const views = leaks.map((leak) => leakView(leak, store.ruleOf(leak.id)));
      console.log(JSON.stringify(views, null, 2));
    } else if (ids) {
      if (leaks.length > 0) console.log(leaks.map(({ id }) => id).join("\n"));
    } else {
      console.log(
        table(
          HEADINGS,
          leaks.map((leak) => row(leak, store.ruleOf(leak.id))),
        ),
      );
    }
    if (hasMore) console.error(`there are more than these ${limit}; --limit shows more`);
  } finally {
    await store.close();
  }
}

const HEADINGS = ["ID", "RISK", "STATUS", "TOKENS", "SOURCE", "NAME", "UPDATED"];

function row(leak: Leak, rule: Rule | null): string[] {
  const status = rule?.mode === "monitor" ? `${leak.status} (monitor)` : leak.status;
  const { id, risk, tokenCount, source, name, updatedAt } = leak;
  return [id, String(risk), status, String(tokenCount), source, name, minute(updatedAt)];
}

async function show(id: string, { json, tokens: withTokens, ...flags }: ShowFlags): Promise<void> {
  const { store } = await openToRead(loadConfig(flags).data, flags.tenant);
  try {
    const leak = store.leak(id);
    if (leak === null) throw new LeakUnknown(id);
    const rule = store.ruleOf(id);
    const history = store.history(id, HISTORY_SHOWN);
    const tokens = withTokens ? [...liveTokens(store, id)] : [];
    if (json) {
      const more = withTokens ? { tokens: tokens.map(tokenView) } : {};
      const view = { ...leakView(leak, rule), history: history.map(historyView), ...more };
      console.log(JSON.stringify(view, null, 2));
      return;
    }
    console.log(factsText(leak, rule));
    console.log(`\n${table(["WHEN", "WHO", "WHAT", "WHY", "COMMENT"], history.map(historyRow))}`);
    if (withTokens)
      console.log(`\n${table(["TOKEN", "PREVIEW", "KIND", "ADDED", "ALONE"], tokens.map(tokenRow))}`);
  } finally {
    await store.close();
  }
}

function factsText(leak: Leak, rule: Rule | null): string {
  const scope = [...(rule?.scope.hosts ?? []), ...(rule?.scope.methods ?? [])].join(" ") || "everywhere";
  const until = timeBoxOf(leak)?.until ?? null;
  const watch = watchOf(leak);
  const facts: [string, string][] = [
    ["name", leak.name],
    ...optional("description", leak.description === "" ? null : leak.description),
    ["risk", String(leak.risk)],
    ["source", [leak.source, leak.sourceUrl, leak.sourceAuthor].filter((each) => each !== null).join(" ")],
    ...optional("leaked", leak.sourceAt === null ? null : minute(leak.sourceAt)),
    ...optional("target", leak.target),
    ...optional("assignee", leak.assignee),
    ...optional("not applicable", leak.notApplicable),
    ["status", leak.status],
    ...optional("until", until === null ? null : `${minute(until)}, then it is opened again`),
    ...optional(
      "watched",
      watch === null ? null : watch.until === null ? "yes" : `until ${minute(watch.until)}`,
    ),
    ["tokens", tokensText(leak)],
    ...optional("regression of", leak.regressionOf.join(" ") || null),
    ["version", String(leak.version)],
    ["registered", minute(leak.createdAt)],
    ["updated", minute(leak.updatedAt)],
  ];
  if (rule !== null)
    facts.push([
      "rule",
      `${rule.id}, ${rule.mode}, ${scope}, by ${rule.appliedBy} ${minute(rule.appliedAt)}`,
    ]);
  return table([leak.id.toUpperCase(), ""], facts);
}

function tokensText({ tokenCount, tokensClosed, tokensFalse }: Leak): string {
  const alone = [
    ...(tokensClosed === 0 ? [] : [`${tokensClosed} closed alone`]),
    ...(tokensFalse === 0 ? [] : [`${tokensFalse} marked false alone`]),
  ];
  return alone.length === 0 ? String(tokenCount) : `${tokenCount}, of which ${alone.join(", ")}`;
}

function optional(name: string, value: string | null): [string, string][] {
  return value === null ? [] : [[name, value]];
}

function historyRow({ at, actor, action, reason = "", comment = "" }: JournalEntry): string[] {
  return [minute(at), actor, action, reason, comment.replaceAll("\n", " ")];
}

function tokenRow({ number, preview, kind, addedAt, alone }: TokenRecordView): string[] {
  return [String(number), preview, kind, minute(addedAt), alone ?? ""];
}

function* liveTokens(store: RulesStore, id: string): Generator<TokenRecordView> {
  for (let number = 0; number < store.tokenPageCount(id); number++) {
    const page = store.tokenPage(id, number);
    for (let place = 0; place < page.count; place++) if (!page.removedAt(place)) yield page.at(place);
  }
}
