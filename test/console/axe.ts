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

/** What axe holds against the page as it stands, the serious and the critical. */
export async function violations(page: Page): Promise<string[]> {
  await evaluate(page, axe);
  const { violations: found } = await evaluate<{ violations: Violation[] }>(
    page,
    'axe.run(document, { resultTypes: ["violations"] })',
  );
  return found
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`));
}
