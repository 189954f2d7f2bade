import { useState } from "preact/hooks";
import { refusedRows } from "../addleak/addleak.tsx";
import { useLeaving } from "../addleak/leaving.tsx";
import { TokenRows } from "../addleak/tokenrows.tsx";
import { useTokens } from "../addleak/tokens.ts";
import { type ApiProblem, api, refusalsOf } from "../api.ts";
import { useLoaded } from "../loading.ts";
import { Confirm, DialogForm } from "../parts/dialog.tsx";
import { Icon } from "../parts/icons.tsx";
import { say } from "../parts/said.tsx";
import { When } from "../parts/small.tsx";
import { Shown } from "../parts/states.tsx";
import { removeColumn, Table, type TableColumn } from "../parts/table.tsx";
import { useSession } from "../session.tsx";
import type { InventoryAdded, InventoryList } from "../shapes.ts";
import { actorWord, counted, fullNumber } from "../words.ts";

type Entry = InventoryList["inventory"][number];

/** The team's live tokens: how many are listed under which name. */
export function InventoryCard() {
  const { mayChange } = useSession();
  const list = useLoaded("inventory", (signal) => api<InventoryList>("GET", "/inventory", { signal }), true);
  const [isAdding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<string | null>(null);
  const columns: readonly TableColumn<Entry>[] = [
    { name: "Name", cell: ({ name }) => <b>{name}</b> },
    { name: "Tokens", class: "number", cell: ({ tokens }) => fullNumber(tokens) },
    { name: "Last added", cell: ({ addedAt }) => <When at={addedAt} /> },
    { name: "By", cell: ({ addedBy }) => actorWord(addedBy) },
    ...(mayChange
      ? [
          removeColumn<Entry>(
            ({ name }) => name,
            ({ name }) => setRemoving(name),
          ),
        ]
      : []),
  ];
  return (
    <section class="card spaced" aria-labelledby="inventory">
      <h2 id="inventory" class="card-head">
        Inventory of live tokens
        {mayChange && (
          <button type="button" class="button small" onClick={() => setAdding(true)}>
            <Icon name="plus" size={16} /> Add tokens
          </button>
        )}
      </h2>
      <Shown of={list} lines={2}>
        {({ inventory }) =>
          inventory.length === 0 ? (
            <p class="hint card-said">
              Tokens that are in use and have not leaked. Where a source holds one of them it becomes a leak,
              whatever it looks like. Only digests are kept, and nothing is blocked by it.
            </p>
          ) : (
            <Table caption="Inventory" columns={columns} rows={inventory} keyOf={({ name }) => name} />
          )
        }
      </Shown>
      {isAdding && (
        <AddTokens
          onClose={() => setAdding(false)}
          onAdded={() => {
            setAdding(false);
            list.reload();
          }}
        />
      )}
      {removing !== null && (
        <Confirm
          title={`Forget the tokens of ${removing}?`}
          consequence="They are not looked for any more. Leaks that were found by them stay."
          label="Remove"
          onClose={() => setRemoving(null)}
          onConfirmed={async () => {
            await api("DELETE", `/inventory/${removing}`);
            say(`The tokens of ${removing} are forgotten`);
            list.reload();
          }}
        />
      )}
    </section>
  );
}

/** Lists live tokens. They are in the panel alone, and gone from it with the answer. */
function AddTokens({ onClose, onAdded }: { readonly onClose: () => void; readonly onAdded: () => void }) {
  const [name, setName] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const [refusals, setRefusals] = useState<Readonly<Record<string, string>>>({});
  const tokens = useTokens(() => setProblem(null));
  const { leave, question } = useLeaving(tokens.isFilled, onClose, tokens.typed);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    setRefusals(name === "" ? { name: "Say whose they are." } : {});
    const rows = await tokens.complete();
    setProblem(typeof rows === "string" ? rows : null);
    if (name === "" || typeof rows === "string") return;
    setBusy(true);
    try {
      const body = { name, tokens: rows.map(({ text }) => text) };
      const { added } = await api<InventoryAdded>("POST", "/inventory", { body });
      tokens.setRows([]);
      say(`${counted(added, "token")} of ${name} ${added === 1 ? "is" : "are"} looked for from now on`);
      onAdded();
    } catch (error) {
      const { message, errors } = error as ApiProblem;
      tokens.setRows(refusedRows(rows, errors));
      setProblem(message);
      setRefusals(refusalsOf(errors));
      setBusy(false);
    }
  };
  return (
    <>
      <DialogForm
        kind="panel"
        title="Add live tokens"
        label="Add tokens"
        isBusy={isBusy}
        problem={problem}
        onClose={leave}
        onSubmit={submit}
      >
        <div class="field">
          <label for="inventory-name">Whose they are</label>
          <input
            id="inventory-name"
            value={name}
            placeholder="billing"
            maxLength={40}
            autocomplete="off"
            spellcheck={false}
            onInput={({ currentTarget }) => setName(currentTarget.value.trim().toLowerCase())}
          />
          <p class="hint">An owner or a service: a-z, 0-9 and -.</p>
          <p class="refused" role="alert">
            {refusals.name}
          </p>
        </div>
        <TokenRows tokens={tokens} isInvalid={problem !== null && tokens.rows.length === 0} />
      </DialogForm>
      {question}
    </>
  );
}
