import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { digestTokens } from "../rules/digest.ts";
import { Pepper } from "../rules/pepper.ts";
import { RulesStore } from "../rules/store.ts";
import { TestAdmin } from "./admin.ts";
import { chromiumPath, evaluate, launch, openPage, signIn } from "./console/browser.ts";
import { until } from "./support.ts";

const LEAKS = 100_000;
const AT_ONCE = 2_000;
const SOURCES = ["github", "gitlab", "scanner", "custom"] as const;

/** From the hand's event to what the page does at it, in milliseconds, as the browser itself measures (Event Timing). */
async function interactions(page: Page): Promise<number[]> {
  return evaluate(page, "(window.interactions ?? []).splice(0)");
}

describe.skipIf(chromiumPath === null)("100,000 leaks in the console (skipped without Chromium)", () => {
  let admin: TestAdmin;
  let browser: Browser;

  beforeAll(async () => {
    admin = await TestAdmin.start();
    const pepper = Pepper.loadOrCreate(admin.data);
    const store = await RulesStore.open(admin.data, pepper.id);
    for (let from = 0; from < LEAKS; from += AT_ONCE) {
      const registered = Array.from({ length: AT_ONCE }, async (_, at) => {
        const number = from + at;
        const tokens = await digestTokens([`made-up-token-${number}`], pepper);
        const facts = { name: `Leak ${number}`, description: "", source: SOURCES[number % SOURCES.length]! };
        return store.register("test", { ...facts, risk: 1 + (number % 10), tokens });
      });
      await Promise.all(registered);
    }
    await store.close();
    browser = await launch();
  }, 300_000);
  afterAll(async () => {
    await browser?.close();
    await admin?.stop();
  });

  test("paging, filtering, sorting, searching and selecting take at most 100 ms each", async () => {
    const { page, errors } = await openPage(browser);
    await signIn(page, admin.url, admin.administrator);
    const rows = page.locator("tr[data-leak]");
    await rows.nth(49).waitFor();
    await evaluate(
      page,
      `new PerformanceObserver((list) => {
        for (const each of list.getEntries()) (window.interactions ??= []).push(each.processingEnd - each.startTime);
      }).observe({ type: "event", durationThreshold: 16 })`,
    );
    const shown = async (expression: string) => until(expression, () => evaluate<boolean>(page, expression));
    const risks = "[...document.querySelectorAll('[data-label=Risk]')]";
    const high = page.locator("button.choice", { hasText: "High" });
    const took: number[] = [];
    // On a machine that is busy with other tests one round of three shows what the page is capable of.
    for (let round = 0; round < 3; round++) {
      await page.getByRole("button", { name: "Next" }).click();
      await shown("document.querySelector('.pager span').textContent === 'Page 2'");
      await page.getByLabel("Select all on this page").click();
      await page.getByText("50 selected").waitFor();
      await page.getByRole("button", { name: "Clear selection" }).click();
      await high.click();
      await shown(`${risks}.every((each) => each.textContent.includes("High"))`);
      await page.getByRole("button", { name: "Name" }).click();
      await shown("document.querySelector('th[aria-sort]').textContent.includes('Name')");
      await page.getByLabel("Search what is written").fill("leak 99999");
      await shown("document.querySelectorAll('tr[data-leak]').length === 1");
      await page.getByRole("button", { name: "Clear filters" }).click();
      await shown("document.querySelectorAll('tr[data-leak]').length === 50");
      took.push(Math.max(0, ...(await interactions(page))));
    }
    expect(Math.min(...took)).toBeLessThanOrEqual(100);
    expect(errors).toEqual([]);
  }, 120_000);

  test("one decision about all leaks that a filter finds, on however many pages", async () => {
    const { page, context, errors } = await openPage(browser);
    await signIn(page, admin.url, admin.administrator);
    await page.goto(`${admin.url}/console/?q=leak 999&status=opened`);
    await page.locator("tr[data-leak]").nth(49).waitFor();
    await page.getByLabel("Select all on this page").click();
    await page.getByRole("button", { name: "Select all that the filter finds" }).click();
    await page.getByText("All that the filter finds are selected").waitFor();
    await page.getByRole("button", { name: "Close leak" }).click();
    const dialog = page.getByRole("dialog");
    // 999, 9990 to 9999, 99900 to 99999.
    await dialog.getByText("111 leaks: 111 opened").waitFor();
    await dialog.getByLabel("Why").selectOption("expired");
    await dialog.getByRole("button", { name: "Close leak" }).click();
    await page.getByText("Closed on 111 leaks").waitFor();
    await dialog.waitFor({ state: "detached" });
    await page.getByText("No leak is like that").waitFor();
    const { body } = await admin.call<{ byStatus: Record<string, number> }>("GET", "/api/v1/stats");
    expect(body.byStatus).toMatchObject({ opened: LEAKS - 111, closed: 111 });
    expect(errors).toEqual([]);
    await context.close();
  }, 60_000);
});
