import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { GatewayProcess } from "../process.ts";
import { plainUpstream, temporaryFolder } from "../support.ts";
import { type Look, launch, openPage, settled, signIn } from "./browser.ts";
import { makeSituation } from "./situation.ts";
import { code, makeSources, makeWatched } from "./watched.ts";

const images = fileURLToPath(new URL("../../../docs/images/", import.meta.url));

interface View {
  readonly name: string;
  readonly to: string;
  /** What to wait for or do there. */
  readonly ready: (page: Page) => Promise<unknown>;
  /** The page as long as it is, not only what a window shows of it. */
  readonly isWhole?: boolean;
}

/** Each page once. */
const PAGES: readonly View[] = [
  { name: "leaks", to: "/", ready: (page) => page.getByRole("row").nth(3).waitFor() },
  {
    name: "leaks-filtered",
    to: "/?risk=high&source=scanner,github",
    ready: (page) => page.getByRole("row").nth(1).waitFor(),
  },
  {
    name: "add-leak",
    to: "/?add=leak",
    ready: async (page) => {
      await page.getByLabel("Name", { exact: true }).fill("Deploy token in a build log");
      await page.getByRole("button", { name: "Paste many lines" }).click();
      await page
        .getByLabel("A curl command")
        .fill(
          "curl -H 'Authorization: Bearer made-up-token-0001' -H 'X-Api-Key: made-up-token-0002' https://api.example/",
        );
      await page.getByRole("button", { name: "Find tokens" }).click();
    },
  },
  {
    name: "import-report",
    to: "/?add=report",
    ready: async (page) => {
      const name = "gitleaks.json";
      const token = "made-up-reported-token-1";
      const found = { RuleID: "made-up", File: "src/app.env", StartLine: 3, Secret: token, Match: token };
      const report = JSON.stringify([found, { ...found, Secret: "REDACTED" }]);
      const file = { name, mimeType: "application/json", buffer: Buffer.from(report) };
      await page.getByRole("dialog").locator('input[type="file"]').setInputFiles(file);
    },
  },
  {
    name: "apply",
    to: "/?q=Docker",
    ready: async (page) => {
      await page.getByRole("button", { name: "Apply virtual patch" }).click();
      await page.getByRole("dialog").waitFor();
    },
  },
  {
    name: "apply-all",
    to: "/?status=opened",
    ready: async (page) => {
      await page.getByLabel("Select all on this page").check();
      await page.getByRole("button", { name: /^Apply virtual patch \(/ }).click();
      await page.getByRole("dialog").getByText("opened").waitFor();
    },
  },
  {
    name: "leak",
    to: "/leaks/leak-1",
    ready: (page) => page.getByRole("heading", { name: "History" }).waitFor(),
    isWhole: true,
  },
  {
    name: "leak-facts",
    to: "/leaks/leak-6",
    ready: async (page) => {
      await page.getByRole("button", { name: "Edit" }).click();
      await page.getByText("Where and when it leaked").click();
    },
  },
  { name: "events", to: "/events", ready: (page) => page.getByRole("row").nth(3).waitFor() },
  {
    name: "event",
    to: "/events",
    ready: async (page) => {
      await page.getByRole("button", { name: "Details" }).first().click();
      await page.getByRole("dialog").waitFor();
    },
  },
  {
    name: "sources",
    to: "/sources",
    ready: (page) => page.getByText("partner-portal").waitFor(),
    isWhole: true,
  },
  {
    name: "add-source",
    to: "/sources",
    ready: async (page) => {
      await page.getByRole("button", { name: "Add source" }).click();
      await page.getByRole("dialog").waitFor();
    },
  },
  { name: "rules", to: "/rules", ready: (page) => page.getByRole("row").nth(1).waitFor() },
  { name: "keys", to: "/keys", ready: (page) => page.getByRole("row").nth(1).waitFor() },
  { name: "audit", to: "/audit", ready: (page) => page.getByRole("row").nth(3).waitFor() },
  {
    name: "settings",
    to: "/settings",
    ready: (page) => page.getByText("fpr-2").waitFor(),
    isWhole: true,
  },
  {
    name: "destination",
    to: "/settings",
    ready: async (page) => {
      await page.getByRole("button", { name: "New destination" }).click();
      await page.getByRole("button", { name: "Add trigger" }).click();
      await page.getByLabel("Trigger 2", { exact: true }).selectOption("attempts");
    },
  },
  {
    name: "intake-rule",
    to: "/settings",
    ready: async (page) => {
      await page.getByRole("button", { name: "New rule" }).click();
      await page.getByLabel("Begins with").fill("made-up");
      await page
        .getByLabel("Tokens to try")
        .fill("made-up-token-0001\nmade-up-token-0002\nreal-looking-0003");
      await page.getByRole("button", { name: "Dry run" }).last().click();
      await page.getByText("2 of 3 tokens caught").waitFor();
    },
  },
  { name: "status", to: "/status", ready: (page) => page.getByRole("row").nth(1).waitFor() },
];

const LOOKS: readonly Look[] = (["light", "dark"] as const).flatMap((theme) => [
  { width: 1440, height: 900, theme },
  { width: 390, height: 844, theme },
]);

/** Writes a picture of each page into `docs/images/`, light and dark, wide and narrow; words after the command name some. */
async function main(): Promise<void> {
  const only = process.argv.slice(2);
  const folder = temporaryFolder();
  const data = join(folder.path, "data");
  const upstream = await plainUpstream();
  const config = makeWatched(folder.path);
  const gateway = await GatewayProcess.start({ upstream: upstream.url, data, args: ["--config", config] });
  const browser = await launch();
  mkdirSync(images, { recursive: true });
  try {
    await makeSituation(gateway, data);
    await makeSettings(gateway);
    await makeSources(gateway);
    const url = `http://127.0.0.1:${gateway.adminPort}`;
    for (const look of LOOKS) {
      const { page, context, errors } = await openPage(browser, look);
      const shot = (name: string, fullPage = false) =>
        page.screenshot({
          fullPage,
          path: join(images, `${name}-${look.theme}-${look.width}.png`),
          animations: "disabled",
        });
      await page.goto(`${url}/console/`);
      await page.getByLabel("Access key").waitFor();
      if (only.length === 0 || only.includes("sign-in")) await shot("sign-in");
      await signIn(page, url, gateway.key);
      for (const { name, to, ready, isWhole } of PAGES) {
        if (only.length > 0 && !only.includes(name)) continue;
        await page.goto(`${url}/console${to}`);
        await ready(page);
        await settled(page);
        await shot(name, isWhole);
      }
      if (errors.length > 0) throw new Error(`the browser's console says: ${errors.join("\n")}`);
      await context.close();
    }
  } finally {
    await browser.close();
    await gateway.stop();
    await upstream.close();
    folder.remove();
    rmSync(code, { recursive: true, force: true });
  }
}

/** Destinations that are not reached while pictures are taken, and rules of the intake. */
async function makeSettings(gateway: GatewayProcess): Promise<void> {
  await gateway.call("/notifications", {
    kind: "webhook",
    name: "on call",
    url: "https://hooks.example/leakgate",
    triggers: [
      { type: "new_leak", riskMin: 8 },
      { type: "attempts", count: 100, minutes: 5 },
    ],
  });
  await gateway.call("/notifications", {
    kind: "slack",
    name: "#security",
    url: "https://hooks.slack.com/services/made-up",
    triggers: [{ type: "regression" }, { type: "decision" }],
  });
  const rules = "/intake/false-positive-rules";
  await gateway.call(rules, { prefix: "test_", lengthMax: 40, action: "mark_false", reason: "test_value" });
  await gateway.call(rules, { glob: "*example*", action: "refuse", reason: "placeholder" });
}

await main();
