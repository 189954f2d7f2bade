import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chromiumPath, launch, openPage, settled, signIn } from "./console/browser.ts";
import { GatewayProcess } from "./process.ts";
import { temporaryFolder } from "./support.ts";

const token = "acme_q7x2k9w4m1z8v5t3r6p";
const live = "made-up-and-live-0001";

describe.skipIf(chromiumPath === null)(
  "sources in the console (skipped where Chromium is not installed)",
  () => {
    const folder = temporaryFolder();
    const code = join(folder.path, "code");
    const config = join(folder.path, "leakgate.yaml");
    let gateway: GatewayProcess;
    let browser: Browser;
    let url: string;
    let analyst: string;
    beforeAll(async () => {
      mkdirSync(code);
      writeFileSync(join(code, ".env"), `TOKEN=${token}\nOLD=${live}\n`);
      const scan = { paths: [code], formats: [{ name: "acme", prefix: "acme_", pattern: "[a-z0-9]{19}" }] };
      writeFileSync(config, JSON.stringify({ scan }));
      const data = join(folder.path, "data");
      const upstream = "http://127.0.0.1:1";
      gateway = await GatewayProcess.start({ upstream, data, workers: 1, args: ["--config", config] });
      url = `http://127.0.0.1:${gateway.adminPort}`;
      analyst = (await gateway.call<{ key: string }>("/keys", { name: "Bob", role: "analyst" })).body.key;
      browser = await launch();
    }, 60_000);
    afterAll(async () => {
      await browser?.close();
      await gateway?.stop();
      folder.remove();
    });

    test("a folder is added, looked at, and its leaks are there; live tokens and a policy are made", async () => {
      const { page, context, errors } = await openPage(browser);
      await signIn(page, url, gateway.key);
      await page.getByRole("link", { name: "Sources" }).click();
      await page.getByText("Nothing is watched yet").waitFor();

      await page.getByRole("button", { name: "Add tokens" }).click();
      await page.getByLabel("Whose they are").fill("billing");
      await page.getByLabel("Token", { exact: true }).fill(live);
      await page.getByLabel("Token", { exact: true }).press("Enter");
      await page.getByRole("dialog").getByRole("button", { name: "Add tokens" }).click();
      await page.getByRole("row").filter({ hasText: "billing" }).getByText("1", { exact: true }).waitFor();
      expect(await page.content()).not.toContain(live);

      await page.getByRole("button", { name: "Make policy" }).click();
      await page.getByLabel("Kind of token").fill("acme");
      await page.getByRole("dialog").getByRole("button", { name: "Make policy" }).click();
      await page.getByText("of kind acme").waitFor();

      // What nobody allowed is refused in words, and the form stays.
      await page.getByRole("button", { name: "Add source" }).click();
      await page.getByLabel("What it is").selectOption("folder");
      await page.getByLabel("Where it is").fill("/etc");
      await page.getByRole("dialog").getByRole("button", { name: "Add source" }).click();
      await page.getByText("is in none of the folders that may be watched").waitFor();
      await page.getByLabel("Where it is").fill(code);
      await page.getByLabel("Looked at").selectOption("By hand only");
      await page.getByRole("dialog").getByRole("button", { name: "Add source" }).click();
      const row = page.locator('[data-source="source-1"]');
      await row.getByText("By hand", { exact: true }).waitFor();
      await row.getByRole("button", { name: "Look now" }).click();
      await row.getByRole("link", { name: "2" }).click();
      await page.getByRole("row").nth(2).waitFor();
      await settled(page);

      // One by its format, patched by the policy; one by the inventory, for people to decide.
      const { body } = await gateway.call<{ leaks: { status: string; source: string }[] }>("/leaks");
      expect(body.leaks.map(({ status, source }) => [status, source]).sort()).toEqual([
        ["opened", "folder"],
        ["patched", "folder"],
      ]);
      expect(errors).toEqual([]);
      await context.close();
    }, 60_000);

    test("an analyst sees them, and has nothing to press", async () => {
      const { page, context, errors } = await openPage(browser);
      await signIn(page, url, analyst);
      await page.goto(`${url}/console/sources`);
      await page.locator('[data-source="source-1"]').getByText(code).waitFor();
      await page.getByText("of kind acme").waitFor();
      await page.getByText("billing").waitFor();
      for (const name of ["Add source", "Look now", "Add tokens", "Make policy", "Remove"])
        expect(await page.getByRole("button", { name }).count()).toBe(0);
      expect(await page.getByRole("checkbox").isDisabled()).toBe(true);
      expect(errors).toEqual([]);
      await context.close();
    }, 60_000);
  },
);
