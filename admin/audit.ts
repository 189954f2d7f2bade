import { setTimeout } from "node:timers/promises";
import {
  type ChangeFilter,
  changeCsv,
  changesBackwards,
  changesCsvHead,
  changesForwards,
  isAsked,
} from "../rules/changes.ts";
import { canonicalJson, type JournalEntry } from "../rules/journal.ts";
import type { RulesStore } from "../rules/store.ts";
import { changeList, journalVerdict } from "./answers.ts";
import { type Call, call } from "./call.ts";
import { streamed, whileListening } from "./eventstream.ts";
import { parameters } from "./inputs.ts";
import { Problem } from "./problem.ts";
import type { Services } from "./services.ts";
import { forwards } from "./stretch.ts";
import { historyView, type View } from "./views.ts";

/** Entries that one call looks at before it answers what it has, with a `next`. */
const LOOKED_MAX = 20_000;
/** How often the tail looks for changes, and after how long without any it says so. */
const LOOK_MS = 200;
const IDLE_MS = 15_000;

const types = { csv: "text/csv; charset=utf-8; header=present", ndjson: "application/x-ndjson" } as const;

/** `/audit`: the tenant's journal, in which every change stands: who, when, from where, what, before and after. */
export function auditCalls(services: Services): readonly Call[] {
  return [
    call({
      method: "get",
      path: "/audit",
      tag: "Audit",
      summary: "Changes, newest first",
      access: "look",
      query: parameters.audit,
      answers: { 200: { description: "A page of changes", schema: changeList } },
      handle: ({ context, tenant: { store }, query: { limit, cursor, ...filter } }) => {
        forwards(filter.from, filter.to);
        const { changes, next } = pageOf(store, filter, limit, cursor);
        return context.json({ changes: changes.map(changeView), next });
      },
    }),
    call({
      method: "get",
      path: "/audit/export",
      tag: "Audit",
      summary: "All changes, oldest first, as they are stored",
      description: "NDJSON keeps the bytes that `leakgate audit verify` and the chain of hashes are about.",
      access: "look",
      query: parameters.auditExport,
      answers: { 200: { description: "A change a line", content: types.ndjson } },
      handle: ({ context, tenant: { store }, query: { format, ...filter } }) => {
        forwards(filter.from, filter.to);
        return context.body(exported(store, filter, format), 200, { "content-type": types[format] });
      },
    }),
    call({
      method: "get",
      path: "/audit/verify",
      tag: "Audit",
      summary: "Walk the chain of hashes from the first change to the newest",
      description:
        "Keep the `head` elsewhere: a journal that was cut off cannot be told from an older one. `leakgate audit verify` compares all that is stored with it too.",
      access: "look",
      answers: {
        200: { description: "Whether it holds, and where it first does not", schema: journalVerdict },
      },
      handle: async ({ context, tenant: { store } }) => {
        const head = store.head();
        const verdict = await store.verifyChain();
        if (verdict.ok) return context.json({ ok: true, entries: verdict.entries, head: head.hash });
        return context.json({ ok: false, revision: verdict.revision, why: verdict.why });
      },
    }),
    call({
      method: "get",
      path: "/audit/tail",
      tag: "Audit",
      summary: "Word of changes as they are made, as server-sent events",
      description: "Many changes in one breath are one message; what was changed, `/audit` tells.",
      access: "look",
      answers: {
        200: {
          description: "Messages `revision`, the first at once, each with the newest revision",
          content: "text/event-stream",
        },
      },
      handle: ({ context, principal, tenant: { store } }) => {
        const { gone, signal } = whileListening(services, principal);
        // Kept alive, the connection would hold up the admin's close, which ends the stream.
        const headers = { "content-type": "text/event-stream", connection: "close" };
        return context.body(streamed(revisions(store, signal), gone), 200, headers);
      },
    }),
  ];
}

/** The newest revision whenever it has grown (HTML, section 9.2), and a comment where nothing came for a while. */
async function* revisions(store: RulesStore, signal: AbortSignal): AsyncGenerator<string> {
  yield "retry: 1000\n\n";
  let told = -1;
  let toldAt = performance.now();
  while (!signal.aborted) {
    const revision = store.revision();
    const isIdle = performance.now() - toldAt >= IDLE_MS;
    if (revision !== told) yield `event: revision\ndata: ${JSON.stringify({ revision })}\n\n`;
    else if (isIdle) yield ": nothing was changed\n\n";
    if (revision !== told || isIdle) toldAt = performance.now();
    told = revision;
    await setTimeout(LOOK_MS, undefined, { signal }).catch(() => {});
  }
}

/** Hashes are shown: they are what a copy is compared by. */
function changeView(entry: JournalEntry): View {
  return {
    ...historyView(entry),
    subject: entry.subject,
    previousHash: entry.previousHash,
    hash: entry.hash,
  };
}

function pageOf(
  store: RulesStore,
  filter: ChangeFilter,
  limit: number,
  cursor: number | undefined,
): { changes: JournalEntry[]; next: string | null } {
  if (cursor === 0) throw new Problem(400, "The cursor is not one that this API gave out.");
  const changes: JournalEntry[] = [];
  let looked = 0;
  for (const entry of changesBackwards(store, filter.subject, cursor)) {
    const isFull = changes.length === limit || ++looked > LOOKED_MAX;
    if (isFull) return { changes, next: String(entry.revision + 1) };
    // What is older is older still.
    if (filter.from !== undefined && entry.at < filter.from) break;
    if (isAsked(filter, entry)) changes.push(entry);
  }
  return { changes, next: null };
}

function exported(
  store: RulesStore,
  filter: ChangeFilter,
  format: keyof typeof types,
): ReadableStream<Uint8Array> {
  const line = (entry: JournalEntry) =>
    format === "csv" ? `${changeCsv(entry)}\r\n` : `${canonicalJson(entry)}\n`;
  async function* pieces(): AsyncGenerator<string> {
    if (format === "csv") yield `${changesCsvHead}\r\n`;
    for (const entries of changesForwards(store)) {
      const asked = entries.filter((entry) => isAsked(filter, entry));
      if (asked.length > 0) yield asked.map(line).join("");
    }
  }
  return streamed(pieces(), new AbortController());
}
