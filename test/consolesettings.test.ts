import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { violations } from "./console/axe.ts";
import { chromiumPath, evaluate, launch, openPage, settled, signIn } from "./console/browser.ts";
import { makeSituation } from "./console/situation.ts";
import { clientSecret, TestProvider } from "./oidc.ts";
import { GatewayProcess, leakgate } from "./process.ts";
import { Receiver } from "./receivers.ts";
import { freePort, plainUpstream, temporaryFolder, until } from "./support.ts";

const people = { ann: { name: "Ann", groups: ["security"] }, dave: { name: "Dave", groups: ["nobody"] } };
const rowWith = (page: Page, text: string) => page.getByRole("row").filter({ hasText: text });
const dialog = (page: Page) => page.getByRole("dialog");
const isAlone = (page: Page) => dialog(page).waitFor({ state: "detached" });

/** Opens the menu of a row and chooses from it. */
async function choose(page: Page, row: string, label: string): Promise<void> {
  await page.getByRole("button", { name: `More for ${row}` }).click();
  await page.getByRole("menuitem", { name: label, exact: true }).click();
}

/** What is shown once, which is then put away. */
async function shownOnce(page: Page): Promise<string> {
  const secret = (await dialog(page).locator(".clear-key").textContent()) ?? "";
  await page.getByRole("button", { name: "I have it" }).click();
  await isAlone(page);
  expect(await page.content()).not.toContain(secret);
  return secret;
}

describe.skipIf(chromiumPath === null)(
  "settings, keys, tenants and sign-in in Chromium (skipped where Chromium is not installed)",
  () => {
    const folder = temporaryFolder();
    const data = join(folder.path, "data");
    let upstream: Awaited<ReturnType<typeof plainUpstream>>;
    let gateway: GatewayProcess;
    let provider: TestProvider;
    let receiver: Receiver;
    let browser: Browser;
    /** Of the administrator, who signs in once. */
    let open: Awaited<ReturnType<typeof openPage>>;
    let url: string;
    let analyst: string;

    beforeAll(async () => {
      // The provider reminds that it is not set up for production.
      for (const level of ["info", "warn"] as const) vi.spyOn(console, level).mockImplementation(() => {});
      const port = await freePort();
      // Another site than the provider's, which has a number for its name.
      url = `http://localhost:${port}`;
      provider = await TestProvider.start({ publicUrl: url, people });
      receiver = await Receiver.start();
      upstream = await plainUpstream();
      const clientSecretFile = join(folder.path, "secret");
      writeFileSync(clientSecretFile, clientSecret);
      const oidc = {
        issuer: provider.issuer,
        label: "Acme",
        clientId: "leakgate",
        clientSecretFile,
        allowInsecureIssuer: true,
        mapping: [{ group: "security", role: "administrator" }],
      };
      const admin = { publicUrl: url, oidc, notify: { allowPrivate: true, retrySeconds: [] } };
      const config = join(folder.path, "leakgate.yaml");
      writeFileSync(config, JSON.stringify({ admin }));
      const args = ["--config", config];
      gateway = await GatewayProcess.start({
        upstream: upstream.url,
        data,
        admin: `127.0.0.1:${port}`,
        args,
      });
      await makeSituation(gateway, data);
      const made = await gateway.call<{ key: string }>("/keys", { name: "Bob", role: "analyst" });
      analyst = made.body.key;
      browser = await launch();
      open = await openPage(browser);
      await signIn(open.page, url, gateway.key);
    }, 120_000);
    afterAll(async () => {
      vi.restoreAllMocks();
      await browser?.close();
      await gateway?.stop();
      await upstream?.close();
      await receiver?.stop();
      await provider?.stop();
      folder.remove();
    });

    /** At a place of the console, as the administrator; what is done there leaves no error in the browser's console. */
    async function at(place: string, body: (page: Page) => Promise<void>): Promise<void> {
      await open.page.goto(`${url}/console${place}`);
      await body(open.page);
      expect(open.errors).toEqual([]);
    }

    /** The same as somebody else. */
    async function as(key: string, place: string, body: (page: Page) => Promise<void>): Promise<void> {
      const { page, context, errors } = await openPage(browser);
      await signIn(page, url, key);
      await page.goto(`${url}/console${place}`);
      await body(page);
      expect(errors).toEqual([]);
      await context.close();
    }

    test("levels of risk are changed, and a leak is then high", () =>
      at("/?q=Mobile", async (page) => {
        await rowWith(page, "Mobile app").getByText("Medium").waitFor();
        await page.goto(`${url}/console/settings`);
        await page.getByLabel("Medium from risk").fill("9");
        await page.getByText("Medium begins at 2 or above").waitFor();
        await page.getByRole("button", { name: "Save levels" }).click();
        await page.getByText("levels.medium is not below levels.high").waitFor();
        await page.getByLabel("Medium from risk").fill("3");
        await page.getByLabel("High from risk").fill("7");
        await page.getByText("High 7 to 10").waitFor();
        await page.getByRole("button", { name: "Save levels" }).click();
        await page.getByText("The risk levels are changed").waitFor();
        await page.goto(`${url}/console/?q=Mobile`);
        await rowWith(page, "Mobile app").getByText("High").waitFor();
      }));

    test("a false-positive rule is tried, made, asked and removed", () =>
      at("/settings", async (page) => {
        await page.getByRole("button", { name: "New rule" }).click();
        await page.getByRole("button", { name: "Make rule" }).click();
        await page.getByText("or another criterion must be given").waitFor();
        await dialog(page).getByLabel("Begins with").fill("console-test-");
        const tokens = "console-test-0001\nmade-up-token-0001\nabc";
        await dialog(page).getByLabel("Tokens to try").fill(tokens);
        await dialog(page).getByRole("button", { name: "Dry run" }).click();
        await page.getByText("line 3: the token is shorter than 6 bytes").waitFor();
        await dialog(page).getByLabel("Tokens to try").fill(tokens.slice(0, -4));
        await dialog(page).getByRole("button", { name: "Dry run" }).click();
        await page.getByText("1 of 2 tokens caught").waitFor();
        await page.getByRole("button", { name: "Make rule" }).click();
        await isAlone(page);
        await rowWith(page, "begins with console-test-").getByText("Marked false").waitFor();

        await page.getByRole("button", { name: "Dry run" }).click();
        await dialog(page).getByLabel("Tokens to try").fill("console-test-0002");
        await dialog(page).getByRole("button", { name: "Dry run" }).click();
        await page.getByText("cons****(17) Marked false by fpr-1").waitFor();
        await page.keyboard.press("Escape");
        await isAlone(page);
        await page.getByRole("button", { name: "Remove fpr-1" }).click();
        await page.getByRole("button", { name: "Remove rule" }).click();
        await page.getByText("No rule. A rule tells tokens").waitFor();
      }));

    test("a webhook is made, tested, told of a leak; its dead letter is sent again; it is rotated and removed", () =>
      at("/settings", async (page) => {
        await page.getByRole("button", { name: "New destination" }).click();
        await dialog(page).getByLabel("Name").fill("on call");
        await dialog(page).getByLabel("Address").fill("ftp://hooks.example");
        await page.getByRole("button", { name: "Make destination" }).click();
        await page.getByText("url is not https").waitFor();
        await dialog(page).getByLabel("Address").fill(receiver.url());
        await dialog(page).getByLabel("of risk, or higher").fill("8");
        await page.getByRole("button", { name: "Make destination" }).click();
        const secret = await shownOnce(page);
        expect(secret).toMatch(/^whsec_/);
        await rowWith(page, "on call").getByText("A leak of risk 8 or higher is registered").waitFor();

        await choose(page, "on call", "Send a test");
        await page.getByText("The test reached on call. It answered 200").waitFor();
        await choose(page, "on call", "Rotate the secret");
        await page.getByRole("button", { name: "Rotate", exact: true }).click();
        expect(await shownOnce(page)).not.toBe(secret);
        await page.getByText("the old secret signs until").waitFor();

        const register = (name: string) =>
          gateway.call("/leaks", { name, risk: 9, tokens: [`made-up-${name}`] });
        await register("told-of");
        await page.getByRole("button", { name: "Messages to on call" }).click();
        await rowWith(page, "told-of").getByText("Delivered").waitFor();
        await rowWith(page, "told-of").getByText("answered 200").waitFor();
        receiver.answering = () => 500;
        await register("given-up");
        await rowWith(page, "given-up").getByText("Given up").waitFor();
        receiver.answering = () => 200;
        await page.reload();
        await rowWith(page, "given-up").getByRole("button", { name: "Send again" }).click();
        await page.getByText("1 message waits to be sent again").waitFor();
        await until("it came", () =>
          receiver.got.some(({ headers, text }, index) => {
            const id = headers["webhook-id"];
            const isFirst = receiver.got.findIndex((each) => each.headers["webhook-id"] === id) === index;
            return text.includes("given-up") && !isFirst;
          }),
        );
        await page.getByRole("heading", { name: "Given up" }).waitFor({ state: "detached" });

        await choose(page, "on call", "Change");
        await dialog(page).getByLabel("Name").fill("night shift");
        await page.getByRole("button", { name: "Save", exact: true }).click();
        await isAlone(page);
        await choose(page, "night shift", "Switch off");
        await rowWith(page, "night shift").getByText("Off", { exact: true }).waitFor();
        await choose(page, "night shift", "Remove");
        await dialog(page).getByRole("button", { name: "Remove" }).click();
        await page.getByText("Nobody is told anything yet").waitFor();
      }));

    test("an analyst sees the settings and is given no means to change them", async () => {
      await gateway.call("/intake/false-positive-rules", {
        glob: "*example*",
        action: "refuse",
        reason: "placeholder",
      });
      const hook = {
        kind: "webhook",
        name: "for all",
        url: receiver.url(),
        triggers: [{ type: "decision" }],
      };
      await gateway.call("/notifications", hook);
      const look = async (page: Page) => {
        await page.getByText("like *example*").waitFor();
        await page.getByText("Somebody decides about a leak").waitFor();
        await page.getByText(/^High \d+ to 10/).waitFor();
        const buttons = page.locator("#page section.card").getByRole("button");
        expect(new Set(await buttons.allTextContents())).toEqual(new Set(["Messages", "Sign out"]));
        await page.getByRole("button", { name: "Messages to for all" }).click();
        await page.getByText("No message yet").waitFor();
      };
      await as(analyst, "/settings", look);
    });

    test("a key is made and shown once, rotated, disabled, enabled and revoked", () =>
      at("/keys", async (page) => {
        const statusOf = async (key: string) =>
          (await fetch(`${url}/api/v1/leaks`, { headers: { authorization: `Bearer ${key}` } })).status;
        await page.getByRole("button", { name: "New key" }).click();
        await page.getByRole("button", { name: "Make key" }).click();
        await page.getByText("Give the key a name").waitFor();
        await dialog(page).getByLabel("Name").fill("robot");
        await dialog(page).getByLabel("Role").selectOption("administrator");
        await dialog(page).getByLabel("Expires").selectOption("in 30 days");
        await page.getByRole("button", { name: "Make key" }).click();
        const first = await shownOnce(page);
        expect(await statusOf(first)).toBe(200);
        await rowWith(page, "robot").getByText("until").waitFor();

        await choose(page, "robot", "Rotate");
        await page.getByRole("button", { name: "Rotate", exact: true }).click();
        const second = await shownOnce(page);
        expect([await statusOf(first), await statusOf(second)]).toEqual([401, 200]);
        await choose(page, "robot", "Disable");
        await dialog(page).getByRole("button", { name: "Disable" }).click();
        await rowWith(page, "robot").getByText("Disabled").waitFor();
        expect(await statusOf(second)).toBe(401);
        await choose(page, "robot", "Enable");
        await rowWith(page, "robot").getByText("Good").waitFor();
        expect(await statusOf(second)).toBe(200);
        await choose(page, "robot", "Revoke");
        await dialog(page).getByRole("button", { name: "Revoke" }).click();
        await rowWith(page, "robot").getByText("Revoked").waitFor();
        expect(await statusOf(second)).toBe(401);
      }));

    test("a global administrator makes a tenant and sees its leaks alone", async () => {
      const args = ["keys", "create", "--role", "global_administrator", "--name", "Root", "--data", data];
      const root = (await leakgate(args)).out.trim();
      const makeAndLook = async (page: Page) => {
        await page.getByLabel("Name of a new tenant").fill("acme");
        await page.getByRole("button", { name: "Make tenant" }).click();
        await rowWith(page, "acme").getByRole("button", { name: "acme" }).click();
        await until("acme is looked at", () => new URL(page.url()).searchParams.get("tenant") === "acme");
        await page.locator(".side").getByRole("link", { name: "API Leaks" }).click();
        await page.getByRole("button", { name: "Add leak" }).last().click();
        await dialog(page).getByLabel("Name", { exact: true }).fill("Theirs alone");
        await dialog(page).getByLabel("Token", { exact: true }).fill("made-up-acme-token");
        await dialog(page).getByLabel("Token", { exact: true }).press("Enter");
        await dialog(page).getByRole("button", { name: "Add leak" }).click();
        await page.getByRole("heading", { level: 1, name: "Theirs alone" }).waitFor();
        await page.locator(".side").getByRole("link", { name: "API Leaks" }).click();
        const rows = page.locator("tr[data-leak]");
        await rows.first().waitFor();
        expect(await rows.count()).toBe(1);
        await page.getByLabel("Tenant").selectOption("default");
        await page.getByText("Docker image layer with a token").first().waitFor();
        expect(await rows.filter({ hasText: "Theirs alone" }).count()).toBe(0);
        await page.getByLabel("Tenant").selectOption("acme");
        await rows.filter({ hasText: "Theirs alone" }).waitFor();
        expect(await rows.count()).toBe(1);
      };
      await as(root, "/settings", makeAndLook);
    });

    test("sample leaks are loaded, and removed", () =>
      at("/settings", async (page) => {
        const statuses = page.locator('tr[data-leak] [data-label="Status"]');
        await page.getByRole("button", { name: "Load sample leaks" }).click();
        await page.getByText("Three sample leaks are loaded").waitFor();
        await page.goto(`${url}/console/?source=sample`);
        await statuses.nth(2).waitFor();
        expect(await statuses.allTextContents()).toEqual(["Opened", "Opened", "Opened"]);
        await page.goto(`${url}/console/settings`);
        await page.getByRole("button", { name: "Remove them" }).click();
        await dialog(page).getByRole("button", { name: "Remove" }).click();
        await page.getByText("3 sample leaks removed").waitFor();
        await page.goto(`${url}/console/?source=sample`);
        await statuses.nth(2).waitFor();
        expect(await statuses.allTextContents()).toEqual(["Marked false", "Marked false", "Marked false"]);
      }));

    test("drawing over the histogram of events narrows the time", () =>
      at("/events?search=last+7+days", async (page) => {
        const chart = page.locator(".chart.is-brushed canvas").first();
        await chart.waitFor();
        await settled(page);
        const before = Number(await page.locator("tbody tr").count());
        expect(before).toBeGreaterThan(5);
        const { x, y, width, height } = (await chart.boundingBox())!;
        await page.mouse.move(x + width * 0.5, y + height * 0.5);
        await page.mouse.down();
        await page.mouse.move(x + width * 0.6, y + height * 0.5, { steps: 5 });
        await page.mouse.up();
        const search = () => new URL(page.url()).searchParams.get("search") ?? "";
        await until("the time is in the address", () => /from:\S+ to:\S+/.test(search()));
        const [, from = "", to = ""] = /from:(\S+) to:(\S+)/.exec(search())!;
        const hours = (Date.parse(to) - Date.parse(from)) / 3_600_000;
        expect(hours).toBeGreaterThan(12);
        expect(hours).toBeLessThan(30);
        const times = () =>
          page.locator("tbody time").evaluateAll((all) => all.map((each) => each.getAttribute("datetime")!));
        await until("only such events are listed", async () => {
          const shown = await times();
          return shown.length > 0 && shown.every((each) => each >= from && each <= to);
        });
      }));

    test("a person signs in by the provider and is back where they were; signs out there too", async () => {
      const { page, context, errors } = await openPage(browser);
      // The provider's pages want fonts from elsewhere.
      const isElsewhere = ({ hostname }: URL) => !["localhost", "127.0.0.1"].includes(hostname);
      await context.route(isElsewhere, (route) => route.fulfill({ body: "" }));
      const atProvider = async (name: string) => {
        await page.getByRole("link", { name: "Sign in with Acme" }).click();
        await page.getByPlaceholder("Enter any login").fill(name);
        await page.getByPlaceholder("and password").fill("made-up");
        await page.getByRole("button", { name: "Sign-in" }).click();
        await page.getByRole("button", { name: "Continue" }).click();
      };
      await page.goto(`${url}/console/rules?x=%5C`);
      await atProvider("ann");
      await page.getByRole("heading", { level: 1, name: "Rules" }).waitFor();
      expect(page.url()).toBe(`${url}/console/rules?x=%5C`);
      await page.locator(".who").getByText("Ann").waitFor();
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.getByRole("button", { name: "Yes, sign me out" }).click();
      await page.getByRole("heading", { name: "Sign in" }).waitFor();
      expect(page.url()).toBe(`${url}/console/`);

      await page.goto(`${url}/console/rules`);
      await atProvider("dave");
      await page.getByText("none of your groups has a role here").waitFor();
      await until("it is said once", () => page.url() === `${url}/console/rules`);
      await page.goto(`${url}/auth/oidc/callback?code=made-up&state=made-up`);
      await page.getByText("The provider did not vouch for you").waitFor();
      expect(await violations(page)).toEqual([]);
      expect(errors).toEqual([]);
      await context.close();
    });

    test("axe finds nothing serious in the settings and their dialogs", () =>
      at("/settings", async (page) => {
        const check = async (what: string) => {
          await settled(page);
          expect([what, await violations(page)]).toEqual([what, []]);
          const isWide = "document.documentElement.scrollWidth > document.documentElement.clientWidth";
          expect([what, await evaluate(page, isWide)]).toEqual([what, false]);
        };
        for (const name of ["New destination", "New rule", "Messages to for all"]) {
          await page.getByRole("button", { name }).click();
          await check(name);
          await page.keyboard.press("Escape");
          await isAlone(page);
        }
        await page.setViewportSize({ width: 390, height: 844 });
        await page.getByRole("radio", { name: "Dark" }).check();
        await page.getByText("like *example*").waitFor();
        await check("the page");
      }));
  },
);
