import { useState } from "preact/hooks";
import { type Decision, decisions, statusesFor } from "../decide/decisions.ts";
import type { Leak } from "../shapes.ts";
import { bodyOf, type LeakFilter } from "./filter.ts";

/** Single leaks that one decision may name; for more there is the filter. */
export const SELECTED_MAX = 1_000;
const STATUSES = ["opened", "patched", "closed", "marked_false"];

/** What a decision would be about. */
export interface Possible {
  readonly decision: Decision;
  /** Null where only the API can count them. */
  readonly count: number | null;
  readonly filter: object;
}

interface Ticked {
  /** The filter under which they were ticked. */
  readonly asked: string;
  readonly ticked: ReadonlyMap<string, Leak>;
  readonly isAll: boolean;
}
const none = (asked: string): Ticked => ({ asked, ticked: new Map(), isAll: false });

/** Leaks that are ticked, or all that the filter finds. */
export interface Selection {
  /** Null: all that the filter finds. */
  readonly count: number | null;
  readonly has: (leak: Leak) => boolean;
  readonly tick: (some: readonly Leak[], isOn: boolean) => void;
  readonly tickAll: () => void;
  readonly clear: () => void;
  readonly possible: () => readonly Possible[];
}

/** What is ticked in a list; another filter unticks it: nobody shall decide about what is not in view. */
export function useSelection(filter: LeakFilter): Selection {
  const asked = JSON.stringify({ ...filter, sort: "" });
  const [state, setState] = useState<Ticked>(none(asked));
  const { ticked, isAll } = state.asked === asked ? state : none(asked);
  return {
    count: isAll ? null : ticked.size,
    has: ({ id }) => isAll || ticked.has(id),
    tick: (some, isOn) => {
      const next = new Map(isAll ? [] : ticked);
      for (const leak of some) {
        if (isOn) next.set(leak.id, leak);
        else next.delete(leak.id);
      }
      setState({ asked, ticked: next, isAll: false });
    },
    tickAll: () => setState({ asked, ticked: new Map(), isAll: true }),
    clear: () => setState(none(asked)),
    possible: () => {
      const all = Object.keys(decisions) as Decision[];
      if (isAll) {
        const statuses = filter.status.length === 0 ? STATUSES : filter.status;
        return all.flatMap((decision) => {
          const among = statusesFor(decision, statuses);
          return among.length === 0 ? [] : [{ decision, count: null, filter: bodyOf(filter, among) }];
        });
      }
      return all.flatMap((decision) => {
        const status = statusesFor(decision, STATUSES);
        const ids = [...ticked.values()].filter((leak) => status.includes(leak.status)).map(({ id }) => id);
        return ids.length === 0 ? [] : [{ decision, count: ids.length, filter: { ids, status } }];
      });
    },
  };
}
