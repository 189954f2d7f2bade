import { useState } from "preact/hooks";
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

/** Begins anew whenever `of` changes: a cursor belongs to its list. */
export function usePages(of: string): Pages {
  const [state, setState] = useState<{ of: string; cursors: readonly string[] }>({ of, cursors: [] });
  const cursors = state.of === of ? state.cursors : [];
  return {
    cursor: cursors.at(-1),
    number: cursors.length + 1,
    forth: (next) => setState({ of, cursors: [...cursors, next] }),
    back: () => setState({ of, cursors: cursors.slice(0, -1) }),
    first: () => setState({ of, cursors: [] }),
  };
}

/** Absent where there is one page only. */
export function Pager({ pages, next }: { readonly pages: Pages; readonly next: string | null }) {
  if (pages.number === 1 && next === null) return null;
  return (
    <nav class="pager" aria-label="Pages of the list">
      <span class="quiet">Page {pages.number}</span>
      <button type="button" class="button small" disabled={pages.number === 1} onClick={pages.back}>
        <Icon name="left" size={14} /> Previous
      </button>
      <button
        type="button"
        class="button small"
        disabled={next === null}
        onClick={() => next !== null && pages.forth(next)}
      >
        Next <Icon name="right" size={14} />
      </button>
    </nav>
  );
}
