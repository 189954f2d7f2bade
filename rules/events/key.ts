import { Refusal } from "../refusal.ts";

/** Time in milliseconds, worker, and a number that no other event of that worker and time has. Events lie in this order. */
export type EventKey = readonly [at: number, worker: number, sequence: number];

/** The cursor is none of ours, or was cut. */
export class EventCursorInvalid extends Refusal {
  readonly code = "CursorInvalid";
  constructor() {
    super("the cursor is not one that this API gave out");
  }
}

/** `<time>-<worker>-<sequence>` in base 36; ids of one worker sort by time until the year 2059. */
export function eventId(at: number, worker: number, sequence: number): string {
  return `${at.toString(36)}-${worker.toString(36)}-${sequence.toString(36)}`;
}

/** Throws where the id is not one of `eventId`: such an event would overwrite another. */
export function keyOf(event: { readonly id: string }): EventKey {
  const key = parse(event.id);
  if (key === null) throw new Error(`could not store an event: ${JSON.stringify(event.id)} is no event id`);
  return key;
}

/** An event's id serves as the place after it. */
export function cursorOf(event: { readonly id: string }): string {
  return event.id;
}

/** Throws EventCursorInvalid. */
export function keyOfCursor(cursor: string): EventKey {
  const key = parse(cursor);
  if (key === null) throw new EventCursorInvalid();
  return key;
}

/** Null where the text is no event id. */
export function keyOfId(id: string): EventKey | null {
  return parse(id);
}

/** Ten digits of base 36 stay below 2^53. */
function parse(id: string): EventKey | null {
  const match = /^([0-9a-z]{1,10})-([0-9a-z]{1,6})-([0-9a-z]{1,10})$/.exec(id);
  if (match === null) return null;
  return [Number.parseInt(match[1]!, 36), Number.parseInt(match[2]!, 36), Number.parseInt(match[3]!, 36)];
}
