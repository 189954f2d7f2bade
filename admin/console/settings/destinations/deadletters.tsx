import { useEffect, useState } from "preact/hooks";
import { api } from "../../api.ts";
import { useLoaded } from "../../loading.ts";
import { Confirm } from "../../parts/dialog.tsx";
import { Pager, usePages } from "../../parts/pager.tsx";
import { say } from "../../parts/said.tsx";
import { When } from "../../parts/small.tsx";
import { Shown } from "../../parts/states.tsx";
import { Table, type TableColumn } from "../../parts/table.tsx";
import { useSession } from "../../session.tsx";
import type { DeadLetters, Delivery } from "../../shapes.ts";
import { counted, fullNumber } from "../../words.ts";
import { messageColumn, outcomeColumn } from "./deliveries.tsx";

const PAGE = 20;

interface DeadLettersProps {
  /** What a destination is called, by its id. */
  readonly nameOf: (destination: string) => string;
  /** Another one loads again. */
  readonly turn: number;
  readonly onChanged: () => void;
}

/** Messages that were given up, and wait for a person; nothing where there are none. */
export function DeadLettersPart({ nameOf, turn, onChanged }: DeadLettersProps) {
  const { mayChange } = useSession();
  const pages = usePages("dead letters");
  const page = useLoaded(
    `dead letters ${pages.cursor ?? ""}`,
    (signal) =>
      api<DeadLetters>("GET", "/dead-letters", { query: { limit: PAGE, cursor: pages.cursor }, signal }),
    true,
  );
  useEffect(() => {
    if (turn > 0) page.reload();
  }, [turn, page.reload]);
  const [dropping, setDropping] = useState<Delivery | null>(null);
  const changed = () => {
    pages.first();
    page.reload();
    onChanged();
  };
  const retry = async (id: string) => {
    try {
      const { retried } = await api<{ retried: number }>("POST", `/dead-letters/${id}/retry`);
      say(`${counted(retried, "message waits", "messages wait")} to be sent again`);
    } catch (error) {
      say((error as Error).message, true);
    }
    changed();
  };
  const columns: readonly TableColumn<Delivery>[] = [
    { name: "Time", cell: ({ createdAt }) => <When at={createdAt} /> },
    { name: "To", cell: ({ destination }) => nameOf(destination) },
    messageColumn,
    outcomeColumn,
  ];
  const acts: TableColumn<Delivery> = {
    name: "Decide",
    class: "acts",
    cell: (letter) => (
      <span class="row-acts">
        <button type="button" class="button small" onClick={() => void retry(letter.id)}>
          Send again
        </button>
        <button type="button" class="button small" onClick={() => setDropping(letter)}>
          Drop
        </button>
      </span>
    ),
  };
  const isUnknown = page.value === null && page.problem === null;
  if (isUnknown || page.value?.total === 0) return null;
  return (
    <section class="spaced" aria-labelledby="dead-letters">
      <div class="card-head">
        <h3 id="dead-letters">
          Given up <span class="quiet">{page.value !== null && fullNumber(page.value.total)}</span>
        </h3>
        {mayChange && (
          <button type="button" class="button small" onClick={() => void retry("all")}>
            Send all again
          </button>
        )}
      </div>
      <Shown of={page} lines={2}>
        {({ deadLetters, next }) => (
          <>
            <Table
              caption="Messages that were given up"
              columns={mayChange ? [...columns, acts] : columns}
              rows={deadLetters}
              keyOf={({ id }) => id}
            />
            <Pager pages={pages} next={next} />
          </>
        )}
      </Shown>
      {dropping !== null && (
        <Confirm
          title="Drop this message?"
          consequence={`It never reaches ${nameOf(dropping.destination)}, and cannot be brought back.`}
          label="Drop"
          onClose={() => setDropping(null)}
          onConfirmed={async () => {
            await api("DELETE", `/dead-letters/${dropping.id}`);
            say("The message is dropped");
            changed();
          }}
        />
      )}
    </section>
  );
}
