import { useState } from "preact/hooks";
import { api } from "../api.ts";
import { useLive } from "../live.ts";
import { useLoaded } from "../loading.ts";
import { Confirm } from "../parts/dialog.tsx";
import { Icon } from "../parts/icons.tsx";
import { Menu, type MenuItem } from "../parts/menu.tsx";
import { say } from "../parts/said.tsx";
import { PageHead, When } from "../parts/small.tsx";
import { Shown } from "../parts/states.tsx";
import { Table, type TableColumn } from "../parts/table.tsx";
import { useSession } from "../session.tsx";
import type { Key, KeyChanged } from "../shapes.ts";
import { absoluteTime, roleWord } from "../words.ts";
import { NewKey, RotateKey } from "./newkey.tsx";
import { SessionsCard } from "./sessions.tsx";

type Act = "rotate" | "revoke" | "disable";

/** Access keys of the tenant, and who is signed in. */
export function KeysPage() {
  const { isGlobal, mayChange, who } = useSession();
  const [isForGlobal, setForGlobal] = useState(false);
  const scope = isForGlobal ? "global" : null;
  const keys = useLoaded(
    `keys ${scope ?? ""}`,
    (signal) => api<{ keys: Key[] }>("GET", "/keys", { query: { scope }, signal }),
    true,
  );
  useLive(keys.reload, null);
  const [isMaking, setMaking] = useState(false);
  const [acting, setActing] = useState<{ act: Act; key: Key } | null>(null);
  const patch = async (key: Key, body: object, done: string) => {
    const changed = await api<KeyChanged>("PATCH", `/keys/${key.id}`, { query: { scope }, body });
    say(changed.warning ?? done, changed.warning !== undefined);
    keys.reload();
  };
  const close = () => setActing(null);
  const menuOf = (key: Key): MenuItem[] => [
    { label: "Rotate", onChoose: () => setActing({ act: "rotate", key }) },
    key.disabledAt === null
      ? { label: "Disable", onChoose: () => setActing({ act: "disable", key }) }
      : {
          label: "Enable",
          onChoose: () =>
            void patch(key, { disabled: false }, "The key is enabled").catch((error: Error) =>
              say(error.message, true),
            ),
        },
    { label: "Revoke", onChoose: () => setActing({ act: "revoke", key }) },
  ];
  const columns: readonly TableColumn<Key>[] = [
    {
      name: "Name",
      cell: ({ id, name }) => (
        <span>
          <b>{name}</b> {id === who.id && <span class="badge">yours</span>}
        </span>
      ),
    },
    { name: "Role", cell: ({ role }) => roleWord(role) },
    { name: "Begins with", cell: ({ prefix }) => <code>{prefix}</code> },
    { name: "State", cell: (key) => <KeyState of={key} /> },
    {
      name: "Last use",
      cell: ({ lastUsedAt }) =>
        lastUsedAt === null ? <span class="quiet">Never</span> : <When at={lastUsedAt} />,
    },
    { name: "Made", cell: ({ createdAt }) => <When at={createdAt} /> },
    {
      name: "More",
      class: "acts",
      cell: (key) =>
        mayChange && key.revokedAt === null && <Menu label={`More for ${key.name}`} items={menuOf(key)} />,
    },
  ];

  return (
    <>
      <PageHead title="Keys and users">
        {isGlobal && (
          <label class="check">
            <input type="checkbox" checked={isForGlobal} onChange={() => setForGlobal(!isForGlobal)} />
            Keys of global roles
          </label>
        )}
        {mayChange && (
          <button type="button" class="button primary" onClick={() => setMaking(true)}>
            <Icon name="plus" /> New key
          </button>
        )}
      </PageHead>
      <section class="card" aria-labelledby="keys">
        <h2 id="keys" class="card-head">
          Access keys
        </h2>
        <Shown of={keys}>
          {(value) => (
            <Table caption="Access keys" columns={columns} rows={value.keys} keyOf={({ id }) => id} />
          )}
        </Shown>
      </section>
      <SessionsCard />
      {isMaking && <NewKey isForGlobal={isForGlobal} onClose={() => setMaking(false)} onMade={keys.reload} />}
      {acting?.act === "rotate" && (
        <RotateKey of={acting.key} scope={scope} onClose={close} onMade={keys.reload} />
      )}
      {acting?.act === "disable" && (
        <Confirm
          title={`Disable ${acting.key.name}?`}
          consequence="Whoever uses it is refused from the next call on, and signed out, until it is enabled again."
          label="Disable"
          onClose={close}
          onConfirmed={() => patch(acting.key, { disabled: true }, "The key is disabled")}
        />
      )}
      {acting?.act === "revoke" && (
        <Confirm
          title={`Revoke ${acting.key.name}?`}
          consequence="Whoever uses it is refused from the next call on, and signed out. A revoked key never counts again."
          label="Revoke"
          onClose={close}
          onConfirmed={async () => {
            const changed = await api<KeyChanged>("DELETE", `/keys/${acting.key.id}`, { query: { scope } });
            say(changed.warning ?? "The key is revoked", changed.warning !== undefined);
            keys.reload();
          }}
        />
      )}
    </>
  );
}

function KeyState({ of: key }: { readonly of: Key }) {
  if (key.revokedAt !== null) return <span class="badge">Revoked</span>;
  if (key.disabledAt !== null) return <span class="badge">Disabled</span>;
  if (key.expiresAt !== null && new Date(key.expiresAt).getTime() <= Date.now())
    return <span class="badge bad">Expired</span>;
  return (
    <span>
      <span class="badge good">Good</span>
      {key.expiresAt !== null && <span class="quiet"> until {absoluteTime(key.expiresAt)}</span>}
    </span>
  );
}
