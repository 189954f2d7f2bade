import { useEffect, useId, useRef, useState } from "preact/hooks";
import { api } from "../api.ts";
import { Icon } from "../parts/icons.tsx";
import type { EventGroups } from "../shapes.ts";
import { condition, otherFields, proposedFields, stretches } from "./line.ts";

interface SearchLineProps {
  /** What stands in it, searched or not. */
  readonly typed: string;
  readonly onTyped: (typed: string) => void;
  /** Why the API cannot read the line. */
  readonly refusal: string | null;
  readonly onSearch: (line: string) => void;
}

const PROPOSED_MAX = 8;
const ASK_MS = 150;

/** A search line that proposes fields, and the values that events have; arrows choose, Tab or Enter takes. */
export function SearchLine({ typed, onTyped, refusal, onSearch }: SearchLineProps) {
  const [proposals, setProposals] = useState<readonly string[]>([]);
  const [chosen, setChosen] = useState(-1);
  const field = useRef<HTMLInputElement>(null);
  const list = useId();
  const [asking, setAsking] = useState<string | null>(null);

  useEffect(() => {
    if (asking === null) return;
    const gone = new AbortController();
    const timer = setTimeout(() => {
      proposalsFor(asking, gone.signal).then(
        (found) => {
          setProposals(found);
          setChosen(-1);
        },
        // Proposals are a help; without them one types on.
        () => {},
      );
    }, ASK_MS);
    return () => {
      clearTimeout(timer);
      gone.abort();
    };
  }, [asking]);

  const close = () => {
    setAsking(null);
    setProposals([]);
    setChosen(-1);
  };
  const take = (proposal: string) => {
    const caret = field.current!.selectionStart ?? typed.length;
    const before = typed.slice(0, caret);
    const isWhole = !proposal.endsWith(":");
    const begin = before.slice(0, before.length - lastWord(before).length) + proposal + (isWhole ? " " : "");
    onTyped(begin + typed.slice(caret).trimStart());
    field.current!.focus();
    // Once the line is drawn anew; else the caret would stand at its end.
    requestAnimationFrame(() => field.current?.setSelectionRange(begin.length, begin.length));
    if (isWhole) close();
    else setAsking(proposal);
  };
  const pressed = (event: KeyboardEvent) => {
    const { key } = event;
    const isOpen = proposals.length > 0;
    if (key === "Enter" && chosen < 0) {
      event.preventDefault();
      close();
      onSearch(typed.trim());
    } else if (isOpen && (key === "ArrowDown" || key === "ArrowUp")) {
      event.preventDefault();
      setChosen(
        (chosen +
          (key === "ArrowDown" ? 1 : -1) +
          proposals.length +
          (chosen < 0 && key === "ArrowUp" ? 1 : 0)) %
          proposals.length,
      );
    } else if (chosen >= 0 && (key === "Enter" || key === "Tab")) {
      event.preventDefault();
      take(proposals[chosen]!);
    } else if (isOpen && key === "Escape") {
      event.preventDefault();
      close();
    }
  };

  return (
    <form
      class="search-line"
      onSubmit={(event) => {
        event.preventDefault();
        close();
        onSearch(typed.trim());
      }}
    >
      <div class="search wide">
        <Icon name="search" size={16} />
        <input
          ref={field}
          class="mono"
          role="combobox"
          aria-label="Search events"
          aria-expanded={proposals.length > 0}
          aria-controls={list}
          aria-autocomplete="list"
          aria-activedescendant={chosen < 0 ? undefined : `${list}-${chosen}`}
          aria-invalid={refusal !== null}
          aria-describedby={`${list}-said`}
          autocomplete="off"
          spellcheck={false}
          value={typed}
          maxLength={4096}
          onInput={({ currentTarget: { value, selectionStart } }) => {
            onTyped(value);
            setAsking(lastWord(value.slice(0, selectionStart ?? value.length)));
          }}
          onKeyDown={pressed}
          onBlur={close}
        />
        <div
          id={list}
          class="proposals"
          role="listbox"
          tabIndex={-1}
          aria-label="Proposals"
          hidden={proposals.length === 0}
        >
          {proposals.map((proposal, at) => (
            <div
              key={proposal}
              id={`${list}-${at}`}
              role="option"
              tabIndex={-1}
              aria-selected={at === chosen}
              onPointerDown={(event) => {
                event.preventDefault();
                take(proposal);
              }}
            >
              {proposal}
            </div>
          ))}
        </div>
      </div>
      <button type="submit" class="button">
        Search
      </button>
      <p id={`${list}-said`} class="refused" role="alert">
        {refusal}
      </p>
    </form>
  );
}

/** The condition that is being written; blanks in quotes belong to it. */
function lastWord(text: string): string {
  return /(?:"(?:\\.|[^"\\])*"?|[^\s"])*$/.exec(text)?.[0] ?? "";
}

/** What may stand where the word stands: fields by how they begin, then values by what events have. */
async function proposalsFor(word: string, signal: AbortSignal): Promise<string[]> {
  const not = word.startsWith("!") ? "!" : "";
  const bare = word.slice(not.length);
  const colon = bare.indexOf(":");
  if (colon < 0) {
    if (bare === "") return [];
    const fields = [...proposedFields, ...otherFields].map((field) => `${not}${field}:`);
    const words = not === "" ? [...fields, ...stretches] : fields;
    return words.filter((each) => each.toLowerCase().startsWith(word.toLowerCase())).slice(0, PROPOSED_MAX);
  }
  const by = proposedFields.find((field) => field.toLowerCase() === bare.slice(0, colon).toLowerCase());
  if (by === undefined) return [];
  const begun = bare
    .slice(colon + 1)
    .replaceAll('"', "")
    .toLowerCase();
  const { groups } = await api<EventGroups>("GET", "/events/groups", { query: { by, limit: 100 }, signal });
  return groups
    .flatMap(({ value }) => (value?.toLowerCase().includes(begun) ? [`${not}${condition(by, value)}`] : []))
    .slice(0, PROPOSED_MAX);
}
