import { Menu, type MenuItem } from "../parts/menu.tsx";
import { Link, When } from "../parts/small.tsx";
import { Table, type TableColumn } from "../parts/table.tsx";
import { useSession } from "../session.tsx";
import type { Source } from "../shapes.ts";
import { fullNumber, sourceWord } from "../words.ts";
import { leftOut, progressWord, scheduleWord, stateWord, troubleWord } from "./words.ts";

/** What can be done with a source. */
export interface SourceActs {
  readonly run: (source: Source) => unknown;
  readonly stop: (source: Source) => unknown;
  readonly turn: (source: Source) => unknown;
  readonly edit: (source: Source) => unknown;
  readonly remove: (source: Source) => unknown;
}

interface SourceTableProps {
  readonly sources: readonly Source[];
  readonly acts: SourceActs;
}

/** Watched sources, a row each. */
export function SourceTable({ sources, acts }: SourceTableProps) {
  const { mayChange } = useSession();
  const columns = mayChange ? [...COLUMNS, actsColumn(acts)] : COLUMNS;
  return (
    <Table
      caption="Watched sources"
      class="sources-table"
      columns={columns}
      rows={sources}
      keyOf={({ id }) => id}
      keyName="source"
    />
  );
}

const COLUMNS: readonly TableColumn<Source>[] = [
  {
    name: "Source",
    class: "source-cell",
    cell: ({ kind, address, schedule }) => (
      <span>
        <b class="source-address">{address}</b>
        <br />
        <span class="quiet">
          {sourceWord(kind)}, {scheduleWord(schedule).toLowerCase()}
        </span>
      </span>
    ),
  },
  { name: "State", class: "source-cell", cell: (source) => <State of={source} /> },
  {
    name: "Last look",
    cell: ({ lastRunAt }) =>
      lastRunAt === null ? <span class="quiet">Never</span> : <When at={lastRunAt} />,
  },
  {
    name: "Next look",
    cell: ({ nextRunAt }) => (nextRunAt === null ? <span class="quiet">None</span> : <When at={nextRunAt} />),
  },
  {
    name: "Tokens met",
    class: "number",
    cell: ({ kind, last }) => {
      if (last === null) return <span class="quiet">-</span>;
      if (last.findings === 0) return "0";
      return <Link to={`/?source=${kind}`}>{fullNumber(last.findings)}</Link>;
    },
  },
];

function actsColumn(acts: SourceActs): TableColumn<Source> {
  return {
    name: "More",
    class: "acts",
    cell: (source) => (
      <>
        {source.state === "running" ? (
          <button type="button" class="button small" onClick={() => acts.stop(source)}>
            Stop
          </button>
        ) : (
          <button
            type="button"
            class="button small"
            disabled={!source.enabled}
            onClick={() => acts.run(source)}
          >
            Look now
          </button>
        )}
        <Menu label={`More for ${source.address}`} items={itemsOf(source, acts)} />
      </>
    ),
  };
}

function itemsOf(source: Source, acts: SourceActs): MenuItem[] {
  return [
    { label: "Change", onChoose: () => acts.edit(source) },
    { label: source.enabled ? "Switch off" : "Switch on", onChoose: () => acts.turn(source) },
    { label: "Remove", onChoose: () => acts.remove(source) },
  ];
}

function State({ of: source }: { readonly of: Source }) {
  const { state, progress, last } = source;
  const trouble = troubleWord(source);
  const tone = state === "paused" ? "bad" : trouble === null && last !== null ? "good" : "";
  return (
    <span>
      <span class={`badge ${state === "off" ? "" : tone}`}>{stateWord(state)}</span>
      {progress !== null && <span class="quiet"> {progressWord(progress)}</span>}
      {progress === null && (trouble ?? leftOut(source)) !== null && (
        <p class={`source-said ${trouble === null ? "quiet" : "refused"}`}>{trouble ?? leftOut(source)}</p>
      )}
    </span>
  );
}
