import type { ComponentChildren } from "preact";
import { Dialog } from "../parts/dialog.tsx";
import { Icon } from "../parts/icons.tsx";
import { Link, When } from "../parts/small.tsx";
import type { Event } from "../shapes.ts";
import { eventActionWord, eventTypeWord, fullNumber } from "../words.ts";

interface EventDialogProps {
  readonly event: Event;
  readonly onClose: () => void;
  /** Looks only for events that have this value. */
  readonly onNarrow: (field: string, value: string) => void;
}

/** All that is known of an attempt; each value can be searched for. */
export function EventDialog({ event, onClose, onNarrow }: EventDialogProps) {
  const row = (
    name: string,
    field: string | null,
    value: string | null,
    shown: ComponentChildren = value,
  ) => (
    <>
      <dt>{name}</dt>
      <dd>
        {value === null || value === "" ? <span class="quiet">None</span> : shown}
        {field !== null && value !== null && value !== "" && (
          <button
            type="button"
            class="icon-button narrow-by"
            aria-label={`Search for this ${name.toLowerCase()}`}
            onClick={() => {
              onNarrow(field, value);
              onClose();
            }}
          >
            <Icon name="search" size={14} />
          </button>
        )}
      </dd>
    </>
  );
  return (
    <Dialog kind="panel" title="Attempt" onClose={onClose}>
      <div class="dialog-body">
        <dl class="facts event-facts">
          {row("Type", "type", event.type, eventTypeWord(event.type))}
          {row("Action", "action", event.action, eventActionWord(event.action))}
          {row("First", null, event.at, <When at={event.at} isExact />)}
          {row("Last", null, event.lastAt, <When at={event.lastAt} isExact />)}
          {row("Count", null, fullNumber(event.count))}
          {row("Leak", "leak", event.leak, <Link to={`/leaks/${event.leak}`}>{event.leak}</Link>)}
          {row("Rule", "rule", event.rule)}
          {row("Where", "point", event.point)}
          {row("Address", "ip", event.ip, <code>{event.ip}</code>)}
          {row("Method", "method", event.method)}
          {row("Host", "host", event.host)}
          {row("Path", "path", event.path, <code>{event.path}</code>)}
          {row("Parameters", null, event.query.join(", "))}
          {row("User agent", "userAgent", event.userAgent)}
          {row("Request", "requestId", event.requestId, <code>{event.requestId}</code>)}
          {row("Worker", "worker", String(event.worker))}
        </dl>
        <p class="quiet">Nothing here holds the token, nor any other value of the request.</p>
      </div>
    </Dialog>
  );
}
