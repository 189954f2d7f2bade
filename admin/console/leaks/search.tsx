import { useEffect, useRef, useState } from "preact/hooks";
import { setQuery } from "../location.ts";
import { Icon } from "../parts/icons.tsx";
import { type FilterField, filterFields, type LeakFilter, switched } from "./filter.ts";

/** After the last letter of a search. */
const TYPED_MS = 250;

/** Looks once the hands rest; the address has it at once after. */
export function Search({ text }: { readonly text: string }) {
  const [typed, setTyped] = useState(text);
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  // What is typed may end in a blank that the address does not keep.
  useEffect(() => setTyped((before) => (before.trim() === text ? before : text)), [text]);
  useEffect(() => () => clearTimeout(timer.current ?? undefined), []);
  return (
    <div class="search">
      <Icon name="search" size={16} />
      <input
        type="search"
        aria-label="Search what is written of leaks"
        placeholder="Search name, description, target, ..."
        value={typed}
        maxLength={255}
        onInput={({ currentTarget: { value } }) => {
          setTyped(value);
          clearTimeout(timer.current ?? undefined);
          timer.current = setTimeout(() => setQuery({ q: value.trim() }, true), TYPED_MS);
        }}
      />
    </div>
  );
}

/** Filters that no drawing shows. */
const MORE: readonly (readonly [FilterField, value: string, word: string])[] = [
  ["regression", "true", "Came again"],
  ["watch", "true", "Watched"],
  ["remediation", "none", "No remediation"],
  ["remediation", "not_applicable", "Remediation not applicable"],
  ["assignee", "none", "Nobody looks after it"],
];

/** Adds one of these; a chip takes it away again. */
export function MoreFilters({ filter }: { readonly filter: LeakFilter }) {
  const left = MORE.filter(([field, value]) => !filter[field].includes(value));
  return (
    <select
      class="short"
      aria-label="More filters"
      value=""
      onChange={({ currentTarget }) => {
        const chosen = left[Number(currentTarget.value)];
        if (chosen === undefined) return;
        const [field, value] = chosen;
        setQuery({ [field]: switched(filter[field], value) });
      }}
    >
      <option value="">More filters</option>
      {left.map(([field, value, word], at) => (
        <option key={`${field} ${value}`} value={String(at)} title={filterFields[field][0]}>
          {word}
        </option>
      ))}
    </select>
  );
}
