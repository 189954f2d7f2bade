import { useEffect, useState } from "preact/hooks";
import { refusedRows } from "../addleak/addleak.tsx";
import { type TokenRow, TokenRows } from "../addleak/tokenrows.tsx";
import { type ApiProblem, api } from "../api.ts";
import { useLoaded } from "../loading.ts";
import { Confirm, DialogForm } from "../parts/dialog.tsx";
import { Icon } from "../parts/icons.tsx";
import { Pager, usePages } from "../parts/pager.tsx";
import { say } from "../parts/said.tsx";
import { When } from "../parts/small.tsx";
import { Shown } from "../parts/states.tsx";
import { useSession } from "../session.tsx";
import type { LeakChanged, LeakDetailed, Token, TokenPage } from "../shapes.ts";
import { counted, fullNumber } from "../words.ts";

const PAGE = 20;

interface TokensProps {
  readonly leak: LeakDetailed;
  readonly turn: number;
  readonly onChanged: () => void;
}

/** The leak's tokens, masked. */
export function TokensCard({ leak, turn, onChanged }: TokensProps) {
  const { mayChange } = useSession();
  const pages = usePages(leak.id);
  const page = useLoaded(
    `${leak.id} ${pages.cursor ?? ""}`,
    (signal) =>
      api<TokenPage>("GET", `/leaks/${leak.id}/tokens`, {
        query: { limit: PAGE, cursor: pages.cursor },
        signal,
      }),
    true,
  );
  useEffect(() => {
    if (turn > 0) page.reload();
  }, [turn, page.reload]);
  const [isAdding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<Token | null>(null);
  return (
    <section class="card" aria-labelledby="tokens">
      <div class="card-head">
        <h2 id="tokens">
          Tokens <span class="quiet">{fullNumber(leak.tokenCount)}</span>
        </h2>
        {mayChange && (
          <button type="button" class="button small" onClick={() => setAdding(true)}>
            <Icon name="plus" size={14} /> Add tokens
          </button>
        )}
      </div>
      <Shown of={page} lines={3}>
        {({ tokens, next }) => (
          <>
            <div class="table-frame">
              <table>
                <caption class="for-readers">Tokens of this leak, masked</caption>
                <thead>
                  <tr>
                    <th scope="col">Token</th>
                    <th scope="col">Type</th>
                    <th scope="col">Added</th>
                    {mayChange && (
                      <th scope="col">
                        <span class="for-readers">Remove</span>
                      </th>
                    )}
                  </tr>
                </thead>
                <tbody>
                  {tokens.map((token) => (
                    <tr key={token.id}>
                      <td>
                        <code>{token.preview}</code>
                      </td>
                      <td>
                        <span class="badge">{token.kind}</span>
                      </td>
                      <td>
                        <When at={token.addedAt} />
                      </td>
                      {mayChange && (
                        <td class="acts">
                          <button
                            type="button"
                            class="icon-button"
                            aria-label={`Remove token ${token.id}, ${token.preview}`}
                            onClick={() => setRemoving(token)}
                          >
                            <Icon name="close" size={14} />
                          </button>
                        </td>
                      )}
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
            <Pager pages={pages} next={next} />
          </>
        )}
      </Shown>
      {isAdding && <AddTokens leak={leak} onClose={() => setAdding(false)} onChanged={onChanged} />}
      {removing !== null && (
        <Confirm
          title="Remove this token?"
          consequence={`The leak is about ${removing.preview} no longer, and requests with it pass, unless another patched leak holds the token.`}
          label="Remove token"
          onClose={() => setRemoving(null)}
          onConfirmed={async () => {
            const query = { wait: "enforced" };
            await api("DELETE", `/leaks/${leak.id}/tokens/${removing.id}`, { query });
            say("The token is removed");
            onChanged();
          }}
        />
      )}
    </section>
  );
}

function AddTokens({
  leak,
  onClose,
  onChanged,
}: Omit<TokensProps, "turn"> & { readonly onClose: () => void }) {
  const [rows, setRows] = useState<readonly TokenRow[]>([]);
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const add = async (event: SubmitEvent) => {
    event.preventDefault();
    if (rows.length === 0) return setProblem("Add at least one token.");
    setBusy(true);
    try {
      const changed = await api<LeakChanged>("POST", `/leaks/${leak.id}/tokens`, {
        query: { wait: "enforced" },
        body: { tokens: rows.map(({ text }) => text) },
      });
      setRows([]);
      const already = changed.already ?? 0;
      say(`${counted(changed.added ?? 0, "token")} added${already > 0 ? `, ${already} were there` : ""}`);
      onChanged();
      onClose();
    } catch (error) {
      const { message, errors } = error as ApiProblem;
      setProblem(message);
      setRows(refusedRows(rows, errors));
      setBusy(false);
    }
  };
  return (
    <DialogForm
      kind="panel"
      title={`Add tokens to ${leak.name}`}
      label="Add tokens"
      isBusy={isBusy}
      problem={problem}
      onClose={onClose}
      onSubmit={add}
    >
      <TokenRows rows={rows} onRows={setRows} />
    </DialogForm>
  );
}
