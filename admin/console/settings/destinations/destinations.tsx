import { useState } from "preact/hooks";
import { api } from "../../api.ts";
import { useEvery, useLoaded } from "../../loading.ts";
import { Icon } from "../../parts/icons.tsx";
import { Menu, type MenuItem } from "../../parts/menu.tsx";
import { say } from "../../parts/said.tsx";
import { Shown } from "../../parts/states.tsx";
import { Table, type TableColumn } from "../../parts/table.tsx";
import { useSession } from "../../session.tsx";
import type { Destination, Destinations, Tested } from "../../shapes.ts";
import { absoluteTime, counted } from "../../words.ts";
import { DeadLettersPart } from "./deadletters.tsx";
import { DeliveriesDialog } from "./deliveries.tsx";
import { RemoveDestination, RotateDestination } from "./destinationacts.tsx";
import { DestinationForm, kindWords } from "./destinationform.tsx";
import { triggerWords } from "./triggers.tsx";

/** Messages come and go by themselves. */
const LOOK_MS = 10_000;

const COLUMNS: readonly TableColumn<Destination>[] = [
  { name: "Name", cell: ({ name }) => <b>{name}</b> },
  { name: "Kind", cell: ({ kind }) => kindWords[kind] },
  { name: "Where", class: "request", cell: ({ url, host, to }) => url ?? host ?? to?.join(", ") },
  {
    name: "When",
    cell: ({ triggers }) =>
      triggers.length === 0 ? (
        <span class="quiet">Never, but for tests</span>
      ) : (
        <ul>
          {triggers.map((trigger) => {
            const words = triggerWords(trigger);
            return <li key={words}>{words}</li>;
          })}
        </ul>
      ),
  },
  { name: "State", cell: (each) => <State of={each} /> },
];

type Act = "change" | "messages" | "rotate" | "remove";

/** Where messages go, when, and what became of them. */
export function DestinationsCard() {
  const { mayChange } = useSession();
  const destinations = useLoaded(
    "destinations",
    (signal) => api<Destinations>("GET", "/notifications", { signal }),
    true,
  );
  const [turn, setTurn] = useState(0);
  const [isMaking, setMaking] = useState(false);
  const [acting, setActing] = useState<{ act: Act; of: Destination } | null>(null);
  const reload = () => {
    destinations.reload();
    setTurn((count) => count + 1);
  };
  useEvery(LOOK_MS, reload);
  const close = () => setActing(null);
  const turnOn = async ({ id, name, version }: Destination, enabled: boolean) => {
    try {
      await api("PATCH", `/notifications/${id}`, { body: { enabled }, ifMatch: version });
      say(`${name} is switched ${enabled ? "on" : "off"}`);
    } catch (error) {
      say((error as Error).message, true);
    }
    reload();
  };
  const menuOf = (of: Destination): MenuItem[] => [
    { label: "Send a test", onChoose: () => void test(of) },
    { label: "Change", onChoose: () => setActing({ act: "change", of }) },
    {
      label: of.enabled ? "Switch off" : "Switch on",
      onChoose: () => void turnOn(of, !of.enabled),
    },
    ...(of.kind === "webhook"
      ? [{ label: "Rotate the secret", onChoose: () => setActing({ act: "rotate", of }) }]
      : []),
    { label: "Remove", onChoose: () => setActing({ act: "remove", of }) },
  ];
  const actsColumn: TableColumn<Destination> = {
    name: "More",
    class: "acts",
    cell: (of) => (
      <span class="row-acts">
        <button
          type="button"
          class="button small"
          aria-label={`Messages to ${of.name}`}
          onClick={() => setActing({ act: "messages", of })}
        >
          Messages
        </button>
        {mayChange && <Menu label={`More for ${of.name}`} items={menuOf(of)} />}
      </span>
    ),
  };
  const nameOf = (id: string) => destinations.value?.notifications.find((each) => each.id === id)?.name ?? id;
  const sendsMail = destinations.value?.mail ?? false;

  return (
    <section class="card spaced" aria-labelledby="destinations">
      <div class="card-head">
        <h2 id="destinations">Notifications</h2>
        {mayChange && (
          <button type="button" class="button small" onClick={() => setMaking(true)}>
            <Icon name="plus" size={14} /> New destination
          </button>
        )}
      </div>
      <Shown of={destinations} lines={3}>
        {({ notifications }) =>
          notifications.length === 0 ? (
            <p class="quiet">
              Nobody is told anything yet. A destination is a webhook, a channel of Slack, or mailboxes; each
              says when it is told.
            </p>
          ) : (
            <Table
              caption="Destinations"
              columns={[...COLUMNS, actsColumn]}
              rows={notifications}
              keyOf={({ id }) => id}
            />
          )
        }
      </Shown>
      <DeadLettersPart nameOf={nameOf} turn={turn} onChanged={destinations.reload} />
      {isMaking && (
        <DestinationForm
          of={null}
          sendsMail={sendsMail}
          onClose={() => setMaking(false)}
          onChanged={reload}
        />
      )}
      {acting?.act === "change" && (
        <DestinationForm of={acting.of} sendsMail={sendsMail} onClose={close} onChanged={reload} />
      )}
      {acting?.act === "messages" && <DeliveriesDialog of={acting.of} onClose={close} />}
      {acting?.act === "rotate" && <RotateDestination of={acting.of} onClose={close} onChanged={reload} />}
      {acting?.act === "remove" && <RemoveDestination of={acting.of} onClose={close} onChanged={reload} />}
    </section>
  );
}

function State({ of: { enabled, disabledBecause, waiting, previousSecretUntil } }: { of: Destination }) {
  const notes = [
    disabledBecause === "gone" && "the receiver answered that it is gone",
    waiting > 0 && counted(waiting, "message waits", "messages wait"),
    previousSecretUntil !== null && `the old secret signs until ${absoluteTime(previousSecretUntil)}`,
  ].filter((note) => note !== false);
  return (
    <span>
      <span class={enabled ? "badge good" : "badge"}>{enabled ? "On" : "Off"}</span>
      {notes.length > 0 && <span class="quiet"> {notes.join(", ")}</span>}
    </span>
  );
}

/** Sends a test message and tells what the receiver said. */
async function test({ id, name }: Destination): Promise<void> {
  try {
    const { delivered, status, ms, error } = await api<Tested>("POST", `/notifications/${id}/test`);
    if (delivered) say(`The test reached ${name}. It answered ${status} after ${ms} ms.`);
    else say(`The test did not reach ${name}: ${error}`, true);
  } catch (error) {
    say((error as Error).message, true);
  }
}
