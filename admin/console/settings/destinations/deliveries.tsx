import { api } from "../../api.ts";
import { useEvery, useLoaded } from "../../loading.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { Link, When } from "../../parts/small.tsx";
import { Shown } from "../../parts/states.tsx";
import { Table, type TableColumn } from "../../parts/table.tsx";
import type { Delivery, DeliveryList, Destination } from "../../shapes.ts";
import { counted } from "../../words.ts";

const LOOK_MS = 2_000;
const SHOWN = 20;

const MESSAGE_WORDS: Readonly<Record<string, string>> = {
  "leak.created": "Leak registered",
  "leak.undecided": "Leak undecided",
  "leak.first_attempt": "First attempt",
  "leak.attempts": "Many attempts",
  "leak.regression": "Token came back",
  "leak.decided": "Decision",
};
const STATUS: Readonly<Record<Delivery["status"], readonly [word: string, kind: string]>> = {
  queued: ["Waits", "status-opened"],
  delivered: ["Delivered", "good"],
  dead: ["Given up", "bad"],
};

/** What a message was about. */
export const messageColumn: TableColumn<Delivery> = {
  name: "Message",
  cell: ({ message: { type, data } }) => {
    const { leak } = (data ?? {}) as { leak?: { id: string; name: string } };
    return (
      <span class="leak-name">
        {MESSAGE_WORDS[String(type)] ?? String(type)}
        {leak !== undefined && <Link to={`/leaks/${leak.id}`}>{leak.name}</Link>}
      </span>
    );
  },
};

/** What came of the last try. */
export const outcomeColumn: TableColumn<Delivery> = {
  name: "Last try",
  cell: ({ attempts, lastAt, lastStatus, lastError }) =>
    lastAt === null ? (
      <span class="quiet">None yet</span>
    ) : (
      <span>
        {lastError ?? `answered ${lastStatus}`} <span class="quiet">{counted(attempts, "try", "tries")}</span>
      </span>
    ),
};

const COLUMNS: readonly TableColumn<Delivery>[] = [
  { name: "Time", cell: ({ createdAt }) => <When at={createdAt} /> },
  messageColumn,
  {
    name: "State",
    cell: ({ status }) => <span class={`badge ${STATUS[status][1]}`}>{STATUS[status][0]}</span>,
  },
  outcomeColumn,
];

interface DeliveriesProps {
  readonly of: Destination;
  readonly onClose: () => void;
}

/** The newest messages of a destination, and what became of them. */
export function DeliveriesDialog({ of: { id, name }, onClose }: DeliveriesProps) {
  const deliveries = useLoaded(
    `deliveries ${id}`,
    (signal) =>
      api<DeliveryList>("GET", `/notifications/${id}/deliveries`, { query: { limit: SHOWN }, signal }),
    true,
  );
  useEvery(LOOK_MS, deliveries.reload);
  return (
    <Dialog kind="panel" title={`Messages to ${name}`} onClose={onClose}>
      <div class="dialog-body">
        <Shown of={deliveries} lines={4}>
          {({ deliveries: all }) =>
            all.length === 0 ? (
              <p class="quiet">No message yet. Tests are not kept: what came of one is told at once.</p>
            ) : (
              <Table caption="Messages" columns={COLUMNS} rows={all} keyOf={(each) => each.id} />
            )
          }
        </Shown>
      </div>
    </Dialog>
  );
}
