import { api } from "../api.ts";
import { scopeWord } from "../leak/protection.tsx";
import { useLive } from "../live.ts";
import { useLoaded } from "../loading.ts";
import { Pager, usePages } from "../parts/pager.tsx";
import { Link, PageHead, When } from "../parts/small.tsx";
import { Notice, Shown } from "../parts/states.tsx";
import { Table, type TableColumn } from "../parts/table.tsx";
import type { Rule, RulePage } from "../shapes.ts";
import { actorWord } from "../words.ts";

const PAGE = 50;
const COLUMNS: readonly TableColumn<Rule>[] = [
  { name: "Rule", cell: ({ id }) => id },
  { name: "Leak", cell: ({ leak }) => <Link to={`/leaks/${leak}`}>{leak}</Link> },
  {
    name: "Mode",
    cell: ({ mode }) => (
      <span class={mode === "block" ? "badge status-patched" : "badge status-opened"}>
        {mode === "block" ? "Block" : "Monitor"}
      </span>
    ),
  },
  { name: "Where", cell: ({ scope }) => scopeWord(scope) },
  { name: "Applied", cell: ({ appliedAt }) => <When at={appliedAt} /> },
  { name: "By", cell: ({ appliedBy }) => actorWord(appliedBy) },
  { name: "Attempts", cell: ({ id }) => <Link to={`/events?search=rule:${id}`}>See them</Link> },
];

/** The virtual patches in force. */
export function RulesPage() {
  const pages = usePages("rules");
  const page = useLoaded(
    `rules ${pages.cursor ?? ""}`,
    (signal) => api<RulePage>("GET", "/rules", { query: { limit: PAGE, cursor: pages.cursor }, signal }),
    true,
  );
  useLive(page.reload, null);
  return (
    <>
      <PageHead title="Rules" />
      <section class="card" aria-label="Rules in force">
        <Shown of={page}>
          {({ rules, next }) =>
            rules.length === 0 ? (
              <Notice icon="rules" title="No rule is in force">
                <p>
                  Applying the virtual patch to a leak makes one. Closing the leak, or marking it false,
                  removes it.
                </p>
                <p>
                  <Link to="/?status=opened">See the leaks that are open</Link>
                </p>
              </Notice>
            ) : (
              <>
                <Table caption="Rules in force" columns={COLUMNS} rows={rules} keyOf={({ id }) => id} />
                <Pager pages={pages} next={next} />
              </>
            )
          }
        </Shown>
      </section>
    </>
  );
}
