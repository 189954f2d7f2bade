import { api } from "../api.ts";
import { useLoaded } from "../loading.ts";
import { say } from "../parts/said.tsx";
import { When } from "../parts/small.tsx";
import { Shown } from "../parts/states.tsx";
import { useSession } from "../session.tsx";
import type { SignedIn } from "../shapes.ts";
import { counted } from "../words.ts";

/** Who is signed in; each sign-in can be ended. */
export function SessionsCard() {
  const { tenant, mayChange } = useSession();
  const sessions = useLoaded(
    `sessions ${tenant}`,
    (signal) => api<{ sessions: SignedIn[] }>("GET", "/sessions", { signal }),
    true,
  );
  const end = async (session: SignedIn) => {
    try {
      await api("DELETE", `/sessions/${session.id}`);
      say(`${session.name} is signed out`);
    } catch (error) {
      say((error as Error).message, true);
    }
    sessions.reload();
  };
  return (
    <section class="card spaced" aria-labelledby="sessions">
      <h2 id="sessions" class="card-head">
        {mayChange ? "Signed in" : "Your sign-ins"}
      </h2>
      <Shown of={sessions} lines={2}>
        {({ sessions: all }) =>
          all.length === 0 ? (
            <p class="quiet">Nobody is signed in to this tenant by a key of its own.</p>
          ) : (
            <div class="table-frame">
              <table class="stacks">
                <caption class="for-readers">Sign-ins, {counted(all.length, "row")}</caption>
                <thead>
                  <tr>
                    <th scope="col">Who</th>
                    <th scope="col">From</th>
                    <th scope="col">Since</th>
                    <th scope="col">Last seen</th>
                    <th scope="col">Ends</th>
                    <th scope="col">
                      <span class="for-readers">End it</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {all.map((session) => (
                    <tr key={session.id}>
                      <td data-label="Who">
                        <span>
                          <b>{session.name}</b> {session.isCurrent && <span class="badge">this one</span>}
                        </span>
                      </td>
                      <td data-label="From" class="mono">
                        {session.from}
                      </td>
                      <td data-label="Since">
                        <When at={session.createdAt} />
                      </td>
                      <td data-label="Last seen">
                        <When at={session.lastSeenAt} />
                      </td>
                      <td data-label="Ends">
                        <When at={session.expiresAt} />
                      </td>
                      <td class="acts">
                        <button type="button" class="button small" onClick={() => void end(session)}>
                          Sign out
                        </button>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Shown>
    </section>
  );
}
