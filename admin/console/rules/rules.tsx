import { api } from "../api.ts";
import { scopeWord } from "../leak/protection.tsx";
import { useLoaded } from "../loading.ts";
import { Pager, usePages } from "../parts/pager.tsx";
import { Link, PageHead, When } from "../parts/small.tsx";
import { Notice, Shown } from "../parts/states.tsx";
import type { RulePage } from "../shapes.ts";
import { actorWord, counted } from "../words.ts";

const PAGE = 50;

/** The virtual patches in force. */
export function RulesPage() {
  const pages = usePages("rules");
  const page = useLoaded(
    `rules ${pages.cursor ?? ""}`,
    (signal) => api<RulePage>("GET", "/rules", { query: { limit: PAGE, cursor: pages.cursor }, signal }),
    true,
  );
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
                <div class="table-frame">
                  <table class="stacks">
                    <caption class="for-readers">Rules in force, {counted(rules.length, "row")}</caption>
                    <thead>
                      <tr>
                        <th scope="col">Rule</th>
                        <th scope="col">Leak</th>
                        <th scope="col">Mode</th>
                        <th scope="col">Where</th>
                        <th scope="col">Applied</th>
                        <th scope="col">By</th>
                        <th scope="col">Attempts</th>
                      </tr>
                    </thead>
                    <tbody>
                      {rules.map((rule) => (
                        <tr key={rule.id}>
                          <td data-label="Rule">{rule.id}</td>
                          <td data-label="Leak">
                            <Link to={`/leaks/${rule.leak}`}>{rule.leak}</Link>
                          </td>
                          <td data-label="Mode">
                            <span
                              class={rule.mode === "block" ? "badge status-patched" : "badge status-opened"}
                            >
                              {rule.mode === "block" ? "Block" : "Monitor"}
                            </span>
                          </td>
                          <td data-label="Where">{scopeWord(rule.scope)}</td>
                          <td data-label="Applied">
                            <When at={rule.appliedAt} />
                          </td>
                          <td data-label="By">{actorWord(rule.appliedBy)}</td>
                          <td data-label="Attempts">
                            <Link to={`/events?search=rule:${rule.id}`}>See them</Link>
                          </td>
                        </tr>
                      ))}
                    </tbody>
                  </table>
                </div>
                <Pager pages={pages} next={next} />
              </>
            )
          }
        </Shown>
      </section>
    </>
  );
}
