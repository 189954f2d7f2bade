import { Menu, type MenuItem } from "../parts/menu.tsx";
import { Link, When } from "../parts/small.tsx";
import { useSession } from "../session.tsx";
import type { Source } from "../shapes.ts";
import { counted, fullNumber, sourceWord } from "../words.ts";
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
  return (
    <div class="table-frame">
      <table class="stacks sources-table">
        <caption class="for-readers">Watched sources, {counted(sources.length, "row")}</caption>
        <thead>
          <tr>
            <th scope="col">Source</th>
            <th scope="col">State</th>
            <th scope="col">Last look</th>
            <th scope="col">Next look</th>
            <th scope="col" class="number">
              Tokens met
            </th>
            {mayChange && (
              <th scope="col">
                <span class="for-readers">More</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {sources.map((source) => (
            <Row key={source.id} of={source} acts={acts} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ of: source, acts }: { readonly of: Source; readonly acts: SourceActs }) {
  const { mayChange } = useSession();
  const { id, kind, address, schedule, lastRunAt, nextRunAt, last, enabled, state } = source;
  return (
    <tr data-source={id}>
      <td data-label="Source" class="source-cell">
        <span>
          <b class="source-address">{address}</b>
          <br />
          <span class="quiet">
            {sourceWord(kind)}, {scheduleWord(schedule).toLowerCase()}
          </span>
        </span>
      </td>
      <td data-label="State" class="source-cell">
        <State of={source} />
      </td>
      <td data-label="Last look">
        {lastRunAt === null ? <span class="quiet">Never</span> : <When at={lastRunAt} />}
      </td>
      <td data-label="Next look">
        {nextRunAt === null ? <span class="quiet">None</span> : <When at={nextRunAt} />}
      </td>
      <td data-label="Tokens met" class="number">
        {last === null ? (
          <span class="quiet">-</span>
        ) : last.findings === 0 ? (
          "0"
        ) : (
          <Link to={`/?source=${kind}`}>{fullNumber(last.findings)}</Link>
        )}
      </td>
      {mayChange && (
        <td class="acts">
          {state === "running" ? (
            <button type="button" class="button small" onClick={() => acts.stop(source)}>
              Stop
            </button>
          ) : (
            <button type="button" class="button small" disabled={!enabled} onClick={() => acts.run(source)}>
              Look now
            </button>
          )}
          <Menu label={`More for ${address}`} items={itemsOf(source, acts)} />
        </td>
      )}
    </tr>
  );
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
