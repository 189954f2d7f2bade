import { decisions } from "../decide/decisions.ts";
import { fullNumber } from "../words.ts";
import { type Possible, SELECTED_MAX, type Selection } from "./selection.ts";

interface BulkProps {
  readonly selection: Selection;
  /** Whether the filter finds more than is ticked. */
  readonly hasMore: boolean;
  readonly onDecide: (what: Possible) => void;
}

/** What may be decided for all that are selected at once; each button says for how many of them, where that is known. */
export function Bulk({ selection, hasMore, onDecide }: BulkProps) {
  const { count, possible, tickAll, clear } = selection;
  if (count === 0) return null;
  const isTooMany = count !== null && count > SELECTED_MAX;
  return (
    <fieldset class="bulk">
      <legend class="for-readers">What to do with the selected leaks</legend>
      <b>{count === null ? "All that the filter finds are selected" : `${fullNumber(count)} selected`}</b>
      {hasMore && count !== null && (
        <button type="button" class="link" onClick={tickAll}>
          Select all that the filter finds
        </button>
      )}
      {isTooMany && (
        <span class="refused">At most {fullNumber(SELECTED_MAX)} can be decided one by one.</span>
      )}
      {!isTooMany &&
        possible().map((what) => (
          <button key={what.decision} type="button" class="button small" onClick={() => onDecide(what)}>
            {decisions[what.decision].label}
            {what.count !== null && ` (${what.count})`}
          </button>
        ))}
      <button type="button" class="quiet-button" onClick={clear}>
        Clear selection
      </button>
    </fieldset>
  );
}
