/** Time in milliseconds, worker, and a number that no other event of that worker has. */
export type EventKey = readonly [at: number, worker: number, sequence: number];

/** The cursor is none of ours, or was cut. */
export class EventCursorInvalid extends Error {
  readonly code = "CursorInvalid";
  constructor() {
    super("the cursor is not one that this API gave out");
  }
}

/** `<time>-<worker>-<sequence>`, in base 36. */
export function eventId(at: number, worker: number, sequence: number): string {
  return `${at.toString(36)}-${worker.toString(36)}-${sequence.toString(36)}`;
}

export function keyOf(event: { readonly id: string }): EventKey {
  return parse(event.id) ?? [0, 0, 0];
}

/** An event's id serves as the place after it. */
export function cursorOf(key: EventKey): string {
  return eventId(...key);
}

export function keyOfCursor(cursor: string): EventKey {
  const key = parse(cursor);
  if (key === null) throw new EventCursorInvalid();
  return key;
}

function parse(id: string): EventKey | null {
  const match = /^([0-9a-z]{1,10})-([0-9a-z]{1,4})-([0-9a-z]{1,10})$/.exec(id);
  if (match === null) return null;
  return [Number.parseInt(match[1]!, 36), Number.parseInt(match[2]!, 36), Number.parseInt(match[3]!, 36)];
}
