import { checks } from "./checks.ts";
import { placeNames, placeTitles } from "./places.ts";
import type { Proof } from "./prove.ts";

/** What every contender passes whole and blocks, as Markdown: a line each. */
export function parityTable(proofs: readonly Proof[]): string {
  const names = Object.keys(checks) as (keyof typeof checks)[];
  return table([
    [
      "",
      "unlisted",
      "listed: first / middle / last",
      ...names,
      "connections opened upstream by 20 requests in turn",
    ],
    ...proofs.map((proof) => [
      proof.name,
      String(proof.unlisted),
      proof.listed.join(" / "),
      ...names.map((name) => proof.checks[name] ?? "whole"),
      String(proof.upstreamConnections),
    ]),
  ]);
}

/** What became of a listed token in each place, as Markdown; who has no tokens is named beneath, with what it refuses. */
export function reachTable(proofs: readonly Proof[]): string {
  const shown = proofs.filter(({ tokens }) => tokens > 0);
  const rest = proofs.filter(({ tokens }) => tokens === 0).map(namedWithRefusals);
  const lines = table([
    ["a listed token in", ...shown.map(({ name }) => name)],
    ...placeNames.map((place) => [placeTitles[place], ...shown.map(({ reach }) => reach[place])]),
    ["blocked", ...shown.map(({ reach }) => `${blockedIn(reach)} of ${placeNames.length}`)],
  ]);
  return rest.length === 0 ? lines : `${lines}\n\nNo tokens, so that none is blocked: ${rest.join(", ")}.`;
}

function namedWithRefusals({ name, reach }: Proof): string {
  const refused = placeNames.filter((place) => reach[place] !== "passed");
  const what = refused.map((place) => `${placeTitles[place]}: ${reach[place]}`).join("; ");
  return what === "" ? name : `${name} (${what})`;
}

/** What each does not do, as Markdown. */
export function lacksList(proofs: readonly Proof[]): string {
  return proofs
    .filter(({ lacks }) => lacks.length > 0)
    .map(({ name, lacks }) => `- ${name}: ${lacks.join("; ")}.`)
    .join("\n");
}

function blockedIn(reach: Proof["reach"]): number {
  return placeNames.filter((place) => reach[place] === "blocked").length;
}

function table([head, ...lines]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head!), line(head!.map(() => "---")), ...lines.map(line)].join("\n");
}
