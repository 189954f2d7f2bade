import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { evaluate } from "./browser.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** Rules about what another width or other colours change. */
export const looks: readonly string[] = [
  "color-contrast",
  "target-size",
  "scrollable-region-focusable",
  "label",
  "select-name",
  "button-name",
  "link-name",
  "link-in-text-block",
];

/** What axe holds against the page as it stands, the serious and the critical; by all its rules, or by some. */
export async function violations(page: Page, rules?: readonly string[]): Promise<string[]> {
  await evaluate(page, axe);
  const options = { resultTypes: ["violations"], ...(rules && { runOnly: { type: "rule", values: rules } }) };
  const { violations: found } = await evaluate<{ violations: Violation[] }>(
    page,
    `axe.run(document, ${JSON.stringify(options)})`,
  );
  return found
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`));
}
