import { api } from "../api.ts";
import { useLoaded } from "../loading.ts";
import { say } from "../parts/said.tsx";
import { When } from "../parts/small.tsx";
import { Shown } from "../parts/states.tsx";
import { Table, type TableColumn } from "../parts/table.tsx";
import { useSession } from "../session.tsx";
import type { SignedIn } from "../shapes.ts";

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
  const columns: readonly TableColumn<SignedIn>[] = [
    {
      name: "Who",
      cell: ({ name, isCurrent }) => (
        <span>
          <b>{name}</b> {isCurrent && <span class="badge">this one</span>}
        </span>
      ),
    },
    { name: "From", class: "mono", cell: ({ from }) => from },
    { name: "Since", cell: ({ createdAt }) => <When at={createdAt} /> },
    { name: "Last seen", cell: ({ lastSeenAt }) => <When at={lastSeenAt} /> },
    { name: "Ends", cell: ({ expiresAt }) => <When at={expiresAt} /> },
    {
      name: "End it",
      class: "acts",
      cell: (session) => (
        <button type="button" class="button small" onClick={() => void end(session)}>
          Sign out
        </button>
      ),
    },
  ];
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
            <Table caption="Sign-ins" columns={columns} rows={all} keyOf={({ id }) => id} />
          )
        }
      </Shown>
    </section>
  );
}
