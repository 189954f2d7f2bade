import { type Decision, decisions, decisionsFor } from "../decide/decisions.ts";
import { go, hrefOf } from "../location.ts";
import { Icon } from "../parts/icons.tsx";
import { Menu, type MenuItem } from "../parts/menu.tsx";
import { say } from "../parts/said.tsx";
import { Link, RiskBadge, StatusBadge, When } from "../parts/small.tsx";
import { useSession } from "../session.tsx";
import type { Leak } from "../shapes.ts";
import { counted, remediationWord, shortNumber, sourceWord } from "../words.ts";

interface RowProps {
  readonly leak: Leak;
  readonly isSelected: boolean;
  readonly onSelect: (isOn: boolean) => void;
  readonly onDecide: (decision: Decision) => void;
}

/** A leak in the list. */
export function Row({ leak, isSelected, onSelect, onDecide }: RowProps) {
  const { mayChange } = useSession();
  return (
    <tr class={isSelected ? "is-selected" : ""} data-leak={leak.id}>
      {mayChange && (
        <td class="tick">
          <input
            type="checkbox"
            aria-label={`Select ${leak.name}`}
            checked={isSelected}
            onChange={({ currentTarget }) => onSelect(currentTarget.checked)}
          />
        </td>
      )}
      <td data-label="Date">
        <When at={leak.createdAt} />
      </td>
      <td data-label="Volume" class="number">
        <span title={counted(leak.tokenCount, "token")}>{shortNumber(leak.tokenCount)}</span>
      </td>
      <td data-label="Name">
        <span class="leak-name">
          <Link to={`/leaks/${leak.id}`}>{leak.name}</Link>
          <span class="quiet">
            {sourceWord(leak.source)}
            {leak.assignee !== null && `, ${leak.assignee}`}
          </span>
        </span>
      </td>
      <td data-label="Risk">
        <RiskBadge risk={leak.risk} level={leak.riskLevel} />
      </td>
      <td data-label="Remediation">
        <Remediation leak={leak} onApply={() => onDecide("vpatch")} />
      </td>
      <td data-label="Status">
        <span class="badges">
          <StatusBadge status={leak.status} />
          {leak.regression && <span class="badge bad">Came again</span>}
          {leak.watch !== null && <span class="badge">Watched</span>}
        </span>
      </td>
      <td class="acts">
        <Menu label={`More for ${leak.name}`} items={itemsOf(leak, mayChange, onDecide)} />
      </td>
    </tr>
  );
}

function itemsOf(leak: Leak, mayChange: boolean, onDecide: (decision: Decision) => void): MenuItem[] {
  const copied = () =>
    navigator.clipboard.writeText(location.origin + hrefOf(`/leaks/${leak.id}`)).then(
      () => say("Link copied"),
      () => say("The browser does not let us copy", true),
    );
  return [
    { label: "Open", icon: "right", onChoose: () => go(`/leaks/${leak.id}`) },
    {
      label: "See attempts",
      icon: "events",
      onChoose: () => go(`/events?search=${encodeURIComponent(`leak:${leak.id}`)}`),
    },
    { label: "Copy link", icon: "copy", onChoose: () => void copied() },
    ...(mayChange ? decisionsFor(leak.status) : []).map((decision) => ({
      label: decisions[decision].label,
      onChoose: () => onDecide(decision),
    })),
  ];
}

function Remediation({ leak, onApply }: { readonly leak: Leak; readonly onApply: () => void }) {
  const { mayChange } = useSession();
  if (leak.rule !== null)
    return (
      <span class="badge status-patched">
        <Icon name="check" size={14} /> {leak.rule.mode === "block" ? "Patch applied" : "Patch monitors"}
      </span>
    );
  if (leak.status !== "opened" || !mayChange || leak.remediation === "not_applicable")
    return (
      <span class="quiet" title={leak.remediationReason ?? undefined}>
        {remediationWord(leak.remediation)}
      </span>
    );
  return (
    <button type="button" class="button small" onClick={onApply}>
      Apply virtual patch
    </button>
  );
}
