import type { TargetedEvent } from "preact";
import { useState } from "preact/hooks";
import { cameBack } from "../location.ts";
import { Icon } from "./icons.tsx";

/** The pages of a list that is read by cursors: how many lie behind, and the way back. */
export interface Pages {
  /** The cursor of the page that is shown. */
  readonly cursor: string | undefined;
  readonly number: number;
  readonly forth: (next: string) => void;
  readonly back: () => void;
  readonly first: () => void;
}

/** Lists whose page is remembered, for who comes back to one. */
const KEPT_MAX = 50;
const kept = new Map<string, readonly string[]>();

/** Begins anew whenever `of` changes: a cursor belongs to its list. */
export function usePages(of: string): Pages {
  const [state, setState] = useState<{ of: string; cursors: readonly string[] }>(() => ({
    of,
    cursors: cameBack() ? (kept.get(of) ?? []) : [],
  }));
  const cursors = state.of === of ? state.cursors : [];
  const show = (next: readonly string[]) => {
    kept.delete(of);
    kept.set(of, next);
    if (kept.size > KEPT_MAX) kept.delete(kept.keys().next().value!);
    setState({ of, cursors: next });
  };
  return {
    cursor: cursors.at(-1),
    number: cursors.length + 1,
    forth: (next) => show([...cursors, next]),
    back: () => show(cursors.slice(0, -1)),
    first: () => show([]),
  };
}

/** Absent where there is one page only. */
export function Pager({ pages, next }: { readonly pages: Pages; readonly next: string | null }) {
  if (pages.number === 1 && next === null) return null;
  return (
    <nav class="pager" aria-label="Pages of the list">
      <span class="quiet">Page {pages.number}</span>
      <button
        type="button"
        class="button small"
        disabled={pages.number === 1}
        onClick={(event) => {
          showTop(event);
          pages.back();
        }}
      >
        <Icon name="left" size={14} /> Previous
      </button>
      <button
        type="button"
        class="button small"
        disabled={next === null}
        onClick={(event) => {
          showTop(event);
          if (next !== null) pages.forth(next);
        }}
      >
        Next <Icon name="right" size={14} />
      </button>
    </nav>
  );
}

/** A new page is read from its top. */
function showTop({ currentTarget }: TargetedEvent<HTMLElement>): void {
  const list = currentTarget.closest("section");
  if (list !== null && list.getBoundingClientRect().top < 0) list.scrollIntoView();
}
