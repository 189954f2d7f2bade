import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { looks, violations } from "./console/axe.ts";
import { chromiumPath, DESK, evaluate, launch, openPage, settled, signIn } from "./console/browser.ts";
import { makeSituation } from "./console/situation.ts";
import { GatewayProcess } from "./process.ts";
import { plainUpstream, temporaryFolder, until } from "./support.ts";

const statusOf = (page: Page, id: string) => page.locator(`[data-leak="${id}"] [data-label="Status"]`);

describe.skipIf(chromiumPath === null)(
  "the console in Chromium (skipped where Chromium is not installed)",
  () => {
    const folder = temporaryFolder();
    const data = join(folder.path, "data");
    let upstream: Awaited<ReturnType<typeof plainUpstream>>;
    let gateway: GatewayProcess;
    let browser: Browser;
    let url: string;
    let ids: string[];
    let analyst: string;

    beforeAll(async () => {
      upstream = await plainUpstream();
      gateway = await GatewayProcess.start({ upstream: upstream.url, data });
      url = `http://127.0.0.1:${gateway.adminPort}`;
      ids = await makeSituation(gateway, data);
      const made = await gateway.call<{ key: string }>("/keys", { name: "Bob", role: "analyst" });
      analyst = made.body.key;
      browser = await launch();
    }, 120_000);
    afterAll(async () => {
      await browser?.close();
      await gateway?.stop();
      await upstream?.close();
      folder.remove();
    });

    test("a leak by hand: registered, patched, tried, marked false, reopened, closed", async () => {
      const { page, context, errors } = await openPage(browser);
      await signIn(page, url, gateway.key);
      await page.getByRole("button", { name: "Add leak" }).first().click();
      const panel = page.getByRole("dialog");
      await panel.getByLabel("Name", { exact: true }).fill("Key in a made-up log");
      await panel.getByLabel("Description").fill("Found by hand");
      await panel.getByText("13 / 255").waitFor();
      await panel.getByLabel("Risk", { exact: false }).first().fill("9");
      await panel.getByText("High").waitFor();
      await panel.getByRole("button", { name: "Paste many lines" }).click();
      await panel
        .getByLabel("A curl command")
        .fill("curl -H 'Authorization: Bearer made-up-console-token' http://api.example/");
      await panel.getByRole("button", { name: "Find tokens" }).click();
      await panel.getByText("made****(21)").waitFor();
      // One that the API refuses: the reason stands at its row, and the rest stays.
      await panel.getByLabel("Token", { exact: true }).fill("short");
      await panel.getByLabel("Token", { exact: true }).press("Enter");
      await panel.getByRole("button", { name: "Add leak" }).click();
      await panel.getByText("the token is shorter than 6 bytes").waitFor();
      await panel.getByRole("button", { name: "Remove token ****(5)" }).click();
      await panel.getByRole("button", { name: "Add leak" }).click();
      await page.getByRole("heading", { level: 1, name: "Key in a made-up log" }).waitFor();
      // The clear token has left the page.
      expect(await page.content()).not.toContain("made-up-console-token");
      expect(
        await evaluate(
          page,
          "[...document.querySelectorAll('input,textarea')].map((each) => each.value).join()",
        ),
      ).not.toContain("made-up-console-token");

      const decide = async (name: string) => {
        await page.getByRole("button", { name, exact: true }).click();
        const dialog = page.getByRole("dialog");
        await dialog.getByRole("button", { name, exact: true }).click();
        await dialog.waitFor({ state: "detached" });
      };
      const shows = (status: string) =>
        page.locator(".leak-badges").getByText(status, { exact: true }).waitFor();
      const passes = async () => (await gateway.get("made-up-console-token")).status;

      expect(await passes()).toBe(200);
      await decide("Apply virtual patch");
      await shows("Patched");
      expect(await passes()).toBe(403);
      // An attempt is seen within two seconds, without a hand on the page. On a machine that is busy with other tests one of
      // several shows it.
      const seenAfterMs: number[] = [];
      for (let attempts = 1; seenAfterMs.length < 5 && !seenAfterMs.some((ms) => ms < 2_000); attempts++) {
        if (attempts > 1) expect(await passes()).toBe(403);
        const began = performance.now();
        const words = attempts === 1 ? "1 attempt" : `${attempts} attempts`;
        await page.locator('[data-count="recent"]').getByText(words, { exact: true }).waitFor();
        seenAfterMs.push(performance.now() - began);
      }
      expect(Math.min(...seenAfterMs)).toBeLessThan(2_000);

      await decide("Mark as false");
      await shows("Marked false");
      expect(await passes()).toBe(200);
      await decide("Reopen");
      await shows("Opened");
      await page.getByText("Unprotected").waitFor();
      expect(await passes()).toBe(200);
      await decide("Apply virtual patch");
      await shows("Patched");
      expect(await passes()).toBe(403);
      await page.getByRole("button", { name: "Close leak" }).click();
      await page.getByLabel("Why").selectOption("revoked");
      await page.getByLabel("Comment, for the history").fill("As agreed with the owner");
      await page.getByRole("dialog").getByRole("button", { name: "Close leak", exact: true }).click();
      await page.getByRole("dialog").waitFor({ state: "detached" });
      await page.locator(".history").getByText("because: revoked").waitFor();
      await page.getByRole("region", { name: "History" }).getByText("As agreed with the owner").waitFor();
      await shows("Closed");
      expect(await passes()).toBe(200);
      expect(errors).toEqual([]);
      await context.close();
    });

    test("donut, ring, status and text filter; chips take a filter away; the address restores the view", async () => {
      const { page, context, errors } = await openPage(browser);
      await signIn(page, url, gateway.key);
      await page.locator(".donut canvas").first().waitFor();
      const rows = page.locator("tr[data-leak]");
      await until("the list is there", async () => (await rows.count()) >= ids.length);

      // The first slice begins at the top and goes clockwise: a little right of the top is the largest source.
      await page.locator(".sources .donut").click({ position: { x: 84, y: 14 } });
      await page.getByRole("button", { name: /^Remove filter Source:/ }).waitFor();
      await until("the list is filtered", async () => (await rows.count()) < ids.length);
      const source = new URL(page.url()).searchParams.get("source");
      expect(source).not.toBe(null);

      await page
        .locator(".rings .donut")
        .first()
        .click({ position: { x: 48, y: 8 } });
      await page.getByRole("button", { name: "Remove filter Risk: High" }).waitFor();
      await page.getByRole("button", { name: /^Opened/ }).click();
      await page.getByLabel("Search what is written of leaks").fill("a");
      await until("all filters are in the address", () => {
        const query = new URL(page.url()).searchParams;
        return ["source", "risk", "status", "q"].every((name) => query.has(name));
      });
      await until("what is shown is what was asked for", async () => {
        const badges = await rows.locator('[data-label="Risk"]').allTextContents();
        const statuses = await rows.locator('[data-label="Status"]').allTextContents();
        return badges.every((text) => text.includes("High")) && statuses.every((text) => text === "Opened");
      });
      const [address, seen] = [page.url(), await rows.count()];

      await page.goto(address);
      await until("the address restores it", async () => (await rows.count()) === seen);
      await page.getByRole("button", { name: "Remove filter Risk: High" }).click();
      await until("the chip is gone", () => !page.url().includes("risk="));
      await page.getByRole("button", { name: "Clear filters" }).click();
      await until("all are shown again", async () => (await rows.count()) >= ids.length);
      await page.goBack();
      await until("back brings the filter back", async () => page.url().includes("source="));
      expect(errors).toEqual([]);
      await context.close();
    });

    test("the page of a leak: facts, comments, one token alone, the rule, an end, the watch", async () => {
      const { page, context, errors } = await openPage(browser);
      const made = await gateway.call<{ id: string }>("/leaks", {
        name: "Keys of the made-up shop",
        risk: 7,
        tokens: ["made-up-shop-token-1", "made-up-shop-token-2"],
      });
      const { id } = made.body;
      const passes = async (number: number) => (await gateway.get(`made-up-shop-token-${number}`)).status;
      await signIn(page, url, gateway.key);
      await page.goto(`${url}/console/leaks/${id}`);
      const dialog = page.getByRole("dialog");
      const send = async (name: string) => {
        await dialog.getByRole("button", { name, exact: true }).click();
        await dialog.waitFor({ state: "detached" });
      };

      await page.getByRole("button", { name: "Edit" }).click();
      await dialog.getByText("Where and when it leaked").click();
      await dialog.getByLabel("Address where it leaked").fill("ftp://git.example/shop");
      await dialog.getByLabel("Who looks after it").fill("Bob");
      await dialog.getByLabel("What the tokens open").fill("The shop's API");
      await dialog.getByRole("button", { name: "Save" }).click();
      await dialog.locator("#leak-sourceUrl-said").getByText(/http/).waitFor();
      await dialog.getByLabel("Address where it leaked").fill("https://git.example/shop#L3");
      await send("Save");
      await page.getByRole("link", { name: "https://git.example/shop#L3" }).waitFor();
      await page.locator(".facts").getByText("Bob").waitFor();

      await page.getByLabel("New comment").fill("made-up-shop-token-1");
      await page.getByRole("button", { name: "Comment", exact: true }).click();
      await page.locator(".new-comment .refused").getByText(/token/).waitFor();
      await page.getByLabel("New comment").fill("The owner is told");
      await page.getByRole("button", { name: "Comment", exact: true }).click();
      await page.locator(".comments").getByText("The owner is told").waitFor();

      await page.getByText("No rule is in force: attempts are not seen.").waitFor();
      await page.getByRole("button", { name: "Apply virtual patch" }).click();
      await dialog.getByText("Only for some hosts or methods").click();
      await dialog.getByLabel("Methods").fill("not a method");
      await dialog.getByRole("button", { name: "Apply virtual patch" }).click();
      await dialog.getByText("is not a valid entry").first().waitFor();
      await dialog.getByLabel("Methods").fill("get, head");
      await dialog.getByLabel("Ends").selectOption("For 7 days");
      await send("Apply virtual patch");
      await page.getByText("GET, HEAD").waitFor();
      await page
        .locator(".leak-badges")
        .getByText(/^Ends /)
        .waitFor();
      expect([await passes(1), await passes(2)]).toEqual([403, 403]);

      await page.getByRole("button", { name: /^More for token 2/ }).click();
      await page.getByRole("menuitem", { name: "Mark this token as false" }).click();
      await dialog.getByLabel("Why").selectOption("test_value");
      await send("Mark this token as false");
      await page.locator('[data-token="2"]').getByText("Marked false").waitFor();
      expect([await passes(1), await passes(2)]).toEqual([403, 200]);
      await page.getByRole("button", { name: /^More for token 2/ }).click();
      await page.getByRole("menuitem", { name: "Take the decision back" }).click();
      // The rule's form needs the version that this makes, which comes with the leak and not with its tokens.
      const reread = page.waitForResponse(
        (answer) =>
          new URL(answer.url()).pathname.endsWith(`/leaks/${id}`) && answer.request().method() === "GET",
      );
      await send("Take the decision back");
      await reread;
      await page.locator('[data-token="2"]').getByText("Patched").waitFor();
      expect(await passes(2)).toBe(403);

      await page.getByRole("button", { name: "Change", exact: true }).click();
      await dialog.getByLabel("Monitor").check();
      expect(await dialog.getByLabel("Methods").inputValue()).toBe("GET, HEAD");
      await send("Change the rule");
      await page.getByText("Monitor: recorded, and let pass").waitFor();
      expect(await passes(1)).toBe(200);

      await page.getByRole("button", { name: "Close leak" }).click();
      await send("Close leak");
      await page.getByText("Attempts with its tokens are not recorded.").waitFor();
      await page.getByRole("button", { name: "Watch it" }).click();
      await send("Watch it");
      await page.locator(".leak-badges").getByText("Watched").waitFor();
      expect(await passes(1)).toBe(200);
      await page.getByRole("link", { name: "See them" }).click();
      await page.locator("tbody tr").getByText("Watched").first().waitFor();
      expect(errors).toEqual([]);
      await context.close();
    });

    test("what another changed meanwhile is not overwritten, and a double click makes one", async () => {
      const { page, context, errors } = await openPage(browser);
      const body = { name: "Changed by two", risk: 3, tokens: ["made-up-edited-by-two-1"] };
      const { id } = (await gateway.call<{ id: string }>("/leaks", body)).body;
      await signIn(page, url, gateway.key);
      await page.goto(`${url}/console/leaks/${id}`);
      await page.getByRole("button", { name: "Edit" }).click();
      await gateway.call(`/leaks/${id}`, { risk: 9 }, "PATCH");
      await page.locator(".leak-badges").getByText("9 High").waitFor();
      await page.getByLabel("Description").fill("Mine");
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByText("Somebody changed it a moment ago").waitFor();
      await page.getByRole("button", { name: "Cancel" }).click();

      await page.getByRole("link", { name: "Keys and users" }).click();
      await page.getByRole("button", { name: "New key" }).click();
      await page.getByRole("dialog").getByLabel("Name").fill("Made once");
      await page.getByRole("dialog").getByRole("button", { name: "Make key" }).dblclick();
      await page.getByRole("button", { name: "I have it" }).click();
      await page.getByRole("cell", { name: "Made once", exact: true }).waitFor();
      expect(await page.getByRole("cell", { name: "Made once", exact: true }).count()).toBe(1);
      expect(errors).toEqual([]);
      await context.close();
    });

    test("what others do is seen without a hand on the page", async () => {
      const { page, context, errors } = await openPage(browser);
      await signIn(page, url, gateway.key);
      await page.locator("tr[data-leak]").first().waitFor();
      const body = { name: "Found by another", risk: 3, tokens: ["made-up-by-another-1"] };
      const made = await gateway.call<{ id: string }>("/leaks", body);
      await page.goto(`${url}/console/?q=Found by another`);
      await statusOf(page, made.body.id).getByText("Opened").waitFor();
      await gateway.call(`/leaks/${made.body.id}/close`, {});
      await statusOf(page, made.body.id).getByText("Closed").waitFor({ timeout: 2_000 });
      expect(errors).toEqual([]);
      await context.close();
    });

    test("another scanner's report: its counts, what was refused, and the way to its leaks", async () => {
      const { page, context, errors } = await openPage(browser);
      await signIn(page, url, gateway.key);
      await page.getByRole("button", { name: "Import report" }).click();
      const dialog = page.getByRole("dialog");
      const choose = (text: string) =>
        dialog
          .getByLabel("Report", { exact: true })
          .setInputFiles({ name: "report.json", mimeType: "application/json", buffer: Buffer.from(text) });
      const send = () => dialog.getByRole("button", { name: "Import report" }).click();
      await choose("[1]");
      await send();
      await dialog
        .getByText(/cannot be told/)
        .first()
        .waitFor();
      const finding = (Secret: string) => ({ RuleID: "made-up", Secret, File: "made-up/console.env" });
      const secrets = ["made-up-imported-1", "made-up-imported-2", "REDACTED", "REDACTED"];
      await choose(JSON.stringify(secrets.map(finding)));
      await send();
      await dialog.getByText("4 findings of gitleaks").waitFor();
      await dialog.getByText("2 Redacted: a mask stands").waitFor();
      expect(await violations(page)).toEqual([]);
      await dialog.getByRole("link", { name: "See its leaks" }).click();
      await dialog.waitFor({ state: "detached" });
      await page.getByRole("button", { name: "Remove filter Source: gitleaks" }).waitFor();
      const rows = page.locator("tr[data-leak]");
      await until("the list has them", async () => (await rows.count()) === 2);
      expect(await rows.first().textContent()).toContain("made-up token in made-up/console.env");
      expect(errors).toEqual([]);
      await context.close();
    });

    test("several leaks at once: selected, patched together", async () => {
      const { page, context } = await openPage(browser);
      await signIn(page, url, gateway.key);
      const some = ["Staging keys in a wiki page", "Slack export with keys"];
      for (const name of some) await page.getByLabel(`Select ${name}`).check();
      await page.getByRole("button", { name: "Apply virtual patch (2)" }).click();
      await page.getByRole("dialog").getByText("2 leaks: 2 opened").waitFor();
      await page.getByRole("dialog").getByText("every request that carries any of their tokens").waitFor();
      await page.getByRole("dialog").getByRole("button", { name: "Apply virtual patch" }).click();
      await page.getByRole("dialog").waitFor({ state: "detached" });
      for (const at of [4, 15]) await statusOf(page, ids[at]!).getByText("Patched").waitFor();
      await context.close();
    });

    test("an analyst sees all and is given no means to change it", async () => {
      const { page, context, errors } = await openPage(browser);
      await signIn(page, url, analyst);
      await page.locator("tr[data-leak]").first().waitFor();
      for (const name of [
        "Add leak",
        "Import report",
        "Apply virtual patch",
        "Edit",
        "Add tokens",
        "New key",
      ])
        expect(await page.getByRole("button", { name }).count()).toBe(0);
      expect(await page.getByRole("checkbox").count()).toBe(0);
      await page.goto(`${url}/console/leaks/${ids[0]}`);
      await page.getByRole("heading", { name: "History" }).waitFor();
      await page.getByRole("region", { name: "Seen at 4" }).getByText("docs/setup.md, line 14").waitFor();
      expect(await page.locator("#page button").count()).toBe(0);
      // By its address he comes to the page of keys, and is told.
      await page.goto(`${url}/console/keys`);
      await page.getByText("Not for this key").first().waitFor();
      expect(await page.getByRole("button", { name: "New key" }).count()).toBe(0);
      expect(errors).toEqual([]);
      await context.close();
    });

    test("events: searched, narrowed, refused with the place, and live", async () => {
      const { page, context, errors } = await openPage(browser);
      await signIn(page, url, gateway.key);
      await page.getByRole("link", { name: "Events" }).click();
      await page.locator("tbody tr").nth(5).waitFor();
      const line = page.getByLabel("Search events");
      await line.fill("acti");
      await page.getByRole("option", { name: "action:", exact: true }).waitFor();
      await line.press("ArrowDown");
      await line.press("Enter");
      await page.getByRole("option", { name: "action:blocked" }).waitFor();
      await line.press("ArrowDown");
      await line.press("Enter");
      await line.press("Enter");
      await until("it is searched", () => decodeURIComponent(page.url()).includes("search=action:"));
      await line.fill("nothing:1");
      await line.press("Enter");
      await page
        .getByText(/at character 1:/)
        .first()
        .waitFor();
      await page.getByRole("button", { name: "Type = Virtual patch" }).click();
      await line.fill("type:vpatch last 7 days");
      await line.press("Enter");
      await page.getByRole("button", { name: "Live" }).click();
      await page.getByText("Live: 0 events").waitFor();
      const patched = `made-up-token-2-0000`;
      await until("it is enforced", async () => (await gateway.get(patched)).status === 403);
      await page.locator("tbody tr").first().waitFor({ timeout: 2_000 });
      await page.getByRole("button", { name: "Details" }).first().click();
      await page.getByRole("dialog").getByText("header authorization").waitFor();
      expect(errors).toEqual([]);
      await context.close();
    });

    test("by the keyboard alone: signed in, a leak patched, signed out", async () => {
      const { page, context, errors } = await openPage(browser);
      const press = (...keys: string[]) =>
        keys.reduce((done, key) => done.then(() => page.keyboard.press(key)), Promise.resolve());
      const focused = () =>
        evaluate<string>(
          page,
          "(document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent).trim()",
        );
      /** Goes on with Tab until the focus is there. */
      const tabTo = async (name: string) => {
        for (let count = 0; count < 150; count++) {
          if ((await focused()) === name) return;
          await press("Tab");
        }
        throw new Error(`Tab does not reach ${name}`);
      };
      await page.goto(`${url}/console/?q=Docker`);
      await page.getByLabel("Access key").waitFor();
      await press("Tab");
      await page.keyboard.type(gateway.key);
      await press("Enter");
      await page.locator("tr[data-leak]").first().waitFor();
      expect(await focused()).toBe("API Leaks");
      await page.reload();
      await page.locator("tr[data-leak]").first().waitFor();
      await press("Tab");
      expect(await focused()).toBe("Skip to the page");
      await press("Enter");
      await tabTo("Apply virtual patch");
      await press("Enter");
      await page.getByRole("dialog").waitFor();
      await press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
      expect(await focused()).toBe("Apply virtual patch");
      await press("Enter");
      await page.getByRole("dialog").waitFor();
      await tabTo("Apply virtual patch");
      await press("Enter");
      await page.locator("tr[data-leak]").getByText("Patch applied").waitFor();
      await tabTo("More for Docker image layer with a token");
      await press("Enter");
      await until("the menu has the focus", async () => (await focused()) === "Open");
      await press("ArrowDown", "ArrowUp", "Enter");
      await page.getByRole("heading", { name: "Docker image layer with a token" }).waitFor();
      await until("the page's name has the focus", async () => /^(?:leak-|Docker)/.test(await focused()));
      await tabTo("Sign out");
      await press("Enter");
      await page.getByRole("heading", { name: "Sign in" }).waitFor();
      expect(errors).toEqual([]);
      await context.close();
    });

    test("every page, light and dark: nothing serious for axe, and none wider than its window, from a telephone to a wall", async () => {
      const pages = [
        "/",
        "/?add=leak",
        "/?add=report",
        `/leaks/${ids[0]}`,
        "/events",
        "/rules",
        "/keys",
        "/audit",
        "/settings",
        "/status",
        "/nowhere",
      ];
      const isWide = "document.documentElement.scrollWidth > document.documentElement.clientWidth";
      const { page, context, errors } = await openPage(browser);
      await page.goto(`${url}/console/`);
      await page.getByLabel("Access key").waitFor();
      expect(await violations(page)).toEqual([]);
      await signIn(page, url, gateway.key);
      for (const path of pages) {
        await page.emulateMedia({ colorScheme: "light" });
        await page.setViewportSize({ width: DESK.width, height: DESK.height });
        await page.goto(`${url}/console${path}`);
        await page.getByRole("heading", { level: 1 }).first().waitFor({ state: "attached" });
        await settled(page);
        expect([path, await violations(page)]).toEqual([path, []]);
        for (const width of [2_560, 1_024, 800, 360]) {
          await page.setViewportSize({ width, height: 844 });
          await settled(page);
          expect([path, width, await evaluate(page, isWide)]).toEqual([path, width, false]);
        }
        await page.emulateMedia({ colorScheme: "dark" });
        expect([path, await violations(page, looks)]).toEqual([path, []]);
      }
      expect(errors).toEqual([]);
      await context.close();
    }, 180_000);

    test("sign-out ends the session; nobody comes back by the browser's history", async () => {
      const { page, context } = await openPage(browser);
      await signIn(page, url, gateway.key);
      await page.getByRole("link", { name: "Rules" }).click();
      await page.getByRole("heading", { level: 1, name: "Rules" }).waitFor();
      const [cookie] = await context.cookies(url);
      expect(cookie).toMatchObject({
        name: "__Host-leakgate",
        httpOnly: true,
        secure: true,
        sameSite: "Strict",
      });
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.getByRole("heading", { name: "Sign in" }).waitFor();
      await page.goBack();
      await page.getByRole("heading", { name: "Sign in" }).waitFor();
      const answer = await fetch(`${url}/api/v1/session`, {
        headers: { cookie: `${cookie!.name}=${cookie!.value}` },
      });
      expect(answer.status).toBe(401);
      await context.close();
    });

    test("a wrong key is refused, and a session that ends while one looks leads to the sign-in", async () => {
      const { page, context } = await openPage(browser);
      await page.goto(`${url}/console/audit`);
      await page.getByLabel("Access key").fill("lgk_made-up");
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByText("This key is not valid").waitFor();
      await page.getByLabel("Access key").fill(gateway.key);
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByRole("heading", { level: 1, name: "Audit" }).waitFor();
      await context.clearCookies();
      await page.getByRole("link", { name: "Status" }).click();
      await page.getByText("Your session has ended").waitFor();
      await context.close();
    });
  },
);
