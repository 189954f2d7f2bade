import { Link, When } from "../parts/small.tsx";
import { Sortable } from "../parts/sortable.tsx";
import type { Event } from "../shapes.ts";
import { counted, eventActionWord, fullNumber } from "../words.ts";

interface EventTableProps {
  readonly events: readonly Event[];
  /** Without one the order is what it is. */
  readonly sorted?: string;
  readonly onSort?: (sort: string) => void;
  readonly onOpen: (event: Event) => void;
}

const ACTION_CLASS: Readonly<Record<string, string>> = { blocked: "bad", monitored: "status-opened" };

/** Attempts, a row each. */
export function EventTable({ events, sorted = "-at", onSort, onOpen }: EventTableProps) {
  return (
    <div class="table-frame">
      <table class="stacks">
        <caption class="for-readers">Attempts, {counted(events.length, "row")}</caption>
        <thead>
          <tr>
            {onSort === undefined ? (
              <th scope="col">Time</th>
            ) : (
              <Sortable
                columns={[{ name: "Time", sort: "at", isDownFirst: true }]}
                sorted={sorted}
                onSort={onSort}
              />
            )}
            <th scope="col" class="number">
              Count
            </th>
            <th scope="col">Action</th>
            <th scope="col">Leak</th>
            <th scope="col">From</th>
            <th scope="col">Request</th>
            <th scope="col">Where</th>
            <th scope="col">
              <span class="for-readers">Details</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {events.map((event) => (
            <tr key={event.id}>
              <td data-label="Time">
                <When at={event.at} isExact />
              </td>
              <td data-label="Count" class="number">
                {fullNumber(event.count)}
              </td>
              <td data-label="Action">
                <span class={`badge ${ACTION_CLASS[event.action] ?? ""}`}>
                  {eventActionWord(event.action)}
                </span>
              </td>
              <td data-label="Leak">
                {event.leak === null ? (
                  <span class="quiet">None</span>
                ) : (
                  <Link to={`/leaks/${event.leak}`}>{event.leak}</Link>
                )}
              </td>
              <td data-label="From" class="mono">
                {event.ip}
              </td>
              <td data-label="Request" class="request">
                <span class="mono">
                  <b>{event.method}</b> {event.host}
                  {event.path}
                </span>
              </td>
              <td data-label="Where">{event.point}</td>
              <td class="acts">
                <button type="button" class="button small" onClick={() => onOpen(event)}>
                  Details
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
