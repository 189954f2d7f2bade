import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { programOf } from "../programs.ts";
import { until } from "../support.ts";

/** Where Chromium is; null where it is absent, and tests of the console skip. */
export const chromiumPath =
  programOf("chromium") ?? programOf("chromium-browser") ?? programOf("google-chrome");

export interface Look {
  readonly width: number;
  readonly height: number;
  readonly theme: "light" | "dark";
}

export const DESK: Look = { width: 1440, height: 900, theme: "light" };

/** A real browser. Throws where there is none. */
export function launch(): Promise<Browser> {
  if (chromiumPath === null) throw new Error("Chromium is not installed");
  return chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
}

/** A page of its own, without cookies; whatever the browser's console calls an error is kept in `errors`. */
export async function openPage(
  browser: Browser,
  look = DESK,
): Promise<{ page: Page; context: BrowserContext; errors: string[] }> {
  const context = await browser.newContext({
    viewport: { width: look.width, height: look.height },
    colorScheme: look.theme,
    reducedMotion: "reduce",
    locale: "en-GB",
    timezoneId: "UTC",
  });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on("console", (message) => {
    // The API's own refusals, such as the first question who is signed in, are answers.
    if (message.type() === "error" && !/status of 4\d\d/.test(message.text())) errors.push(message.text());
  });
  page.on("pageerror", (error) => errors.push(String(error)));
  return { page, context, errors };
}

/** Signs in by hand, as people do. */
export async function signIn(page: Page, url: string, key: string): Promise<void> {
  await page.goto(`${url}/console/`);
  await page.getByLabel("Access key").fill(key);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page
    .getByRole("navigation", { name: "Pages", exact: true })
    .or(page.getByRole("button", { name: "Navigation" }))
    .first()
    .waitFor();
}

/**
 * Evaluates an expression in the page, by the debugger's own call: what Playwright does with a text is `eval`, which the page's
 * policy forbids. Waits for promises; throws what the page throws.
 */
export async function evaluate<T>(page: Page, expression: string): Promise<T> {
  const session = await page.context().newCDPSession(page);
  try {
    const given = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await session.send("Runtime.evaluate", given);
    if (exceptionDetails !== undefined)
      throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value as T;
  } finally {
    await session.detach();
  }
}

/** Resolves when all that is loaded is there and charts are drawn. */
export async function settled(page: Page): Promise<void> {
  const isSettled = `document.querySelector(".waiting") === null &&
    [...document.querySelectorAll(".chart")].every((each) => each.querySelector("canvas"))`;
  await until("the page is settled", () => evaluate<boolean>(page, isSettled));
  // Two frames for the charts to draw what they were given.
  await evaluate(
    page,
    "new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(() => drawn(null))))",
  );
}
