import { useEffect, useState } from "preact/hooks";
import { api } from "../api.ts";
import { useLoaded } from "../loading.ts";
import { Confirm } from "../parts/dialog.tsx";
import { Icon } from "../parts/icons.tsx";
import { Menu } from "../parts/menu.tsx";
import { Pager, usePages } from "../parts/pager.tsx";
import { say } from "../parts/said.tsx";
import { StatusBadge, When } from "../parts/small.tsx";
import { Shown } from "../parts/states.tsx";
import { Table, type TableColumn } from "../parts/table.tsx";
import { useSession } from "../session.tsx";
import type { LeakDetailed, Token, TokenPage } from "../shapes.ts";
import { absoluteTime, fullNumber, relativeTime } from "../words.ts";
import { Leaks } from "./badges.tsx";
import { AddTokens, DecideToken, type TokenDecision, tokenDecisions } from "./tokendialogs.tsx";

const PAGE = 10;

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
  const [deciding, setDeciding] = useState<{ token: Token; decision: TokenDecision } | null>(null);
  const menuOf = (token: Token) => (
    <Menu
      label={`More for token ${token.id}, ${token.preview}`}
      items={[
        ...decisionsOf(token, leak.status).map((decision) => ({
          label: tokenDecisions[decision].label,
          onChoose: () => setDeciding({ token, decision }),
        })),
        { label: "Remove this token", onChoose: () => setRemoving(token) },
      ]}
    />
  );
  const columns: readonly TableColumn<Token>[] = [
    { name: "Token", cell: ({ preview }) => <code>{preview}</code> },
    { name: "Type", cell: ({ kind }) => <span class="badge">{kind}</span> },
    { name: "State", cell: (token) => <TokenState token={token} status={leak.status} /> },
    { name: "Added", cell: ({ addedAt }) => <When at={addedAt} /> },
    ...(mayChange ? [{ name: "More", class: "acts", cell: menuOf }] : []),
  ];
  return (
    <section class="card" aria-labelledby="tokens">
      <div class="card-head">
        <h2 id="tokens">
          Tokens <span class="quiet">{countWords(leak)}</span>
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
            <Table
              caption="Tokens of this leak, masked"
              class="tokens-table"
              columns={columns}
              rows={tokens}
              keyOf={({ id }) => id}
              keyName="token"
            />
            {(next !== null || pages.number > 1) && <Pager pages={pages} next={next} />}
          </>
        )}
      </Shown>
      {isAdding && <AddTokens leak={leak} onClose={() => setAdding(false)} onChanged={onChanged} />}
      {deciding !== null && (
        <DecideToken {...deciding} leak={leak} onClose={() => setDeciding(null)} onChanged={onChanged} />
      )}
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

function countWords({ tokenCount, tokensClosed, tokensFalse }: LeakDetailed): string {
  const alone = [
    ...(tokensClosed > 0 ? [`${fullNumber(tokensClosed)} closed`] : []),
    ...(tokensFalse > 0 ? [`${fullNumber(tokensFalse)} marked false`] : []),
  ];
  return [fullNumber(tokenCount), ...alone].join(", ");
}

/** What may be decided of a token alone; of a leak that is over, nothing. */
function decisionsOf(token: Token, status: string): readonly TokenDecision[] {
  if (status !== "opened" && status !== "patched") return [];
  return token.status === null ? ["close", "mark-false"] : ["reopen"];
}

/** What is to be known of a token: decided alone, mistyped, expired, held elsewhere. */
function TokenState({ token, status }: { readonly token: Token; readonly status: string }) {
  const { checksum, expiresAt, alsoIn } = token;
  const isExpired = expiresAt !== null && new Date(expiresAt).getTime() <= Date.now();
  return (
    <span class="badges">
      <StatusBadge status={token.status ?? status} />
      {checksum === "valid" && <span class="badge good">Checksum fits</span>}
      {checksum === "invalid" && <span class="badge bad">Checksum wrong</span>}
      {expiresAt !== null && (
        <span class={isExpired ? "badge good" : "badge"} title={absoluteTime(expiresAt, true)}>
          {isExpired ? "Expired" : "Expires"} {relativeTime(expiresAt)}
        </span>
      )}
      {alsoIn.length > 0 && (
        <span class="quiet">
          also in <Leaks ids={alsoIn} />
        </span>
      )}
    </span>
  );
}
