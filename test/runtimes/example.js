/**
 * The browser example in Chromium, under a policy that forbids to make code from strings: it comes to the bits that Node
 * comes to, never blocks its page, can be paused and stopped, says what it refuses, and fits a small window.
 */
import { join } from "node:path";
import { build } from "esbuild";
import { bundle } from "../../examples/browser/bundle.js";
import { fingerprint, optionsFor } from "../../examples/browser/tuning.js";
import { serving } from "./browsers.js";

const SETTINGS = { target: "diagnosis", trials: 15, epochs: 10, seed: 7 };
/** A task of the page that is longer is one that a person may notice. */
const LONG = "longtask"; // over 50 ms, by the standard
/**
 * A task also takes long where other programs have the processor. What blocks a page does so in each of these, so that
 * one without is enough.
 */
const ATTEMPTS = 5;

/**
 * @param {string} folder - for the bundle
 * @param {import("playwright-core").Browser} browser
 * @param {string} csv - the text of `fettle/data/breast-cancer.csv`
 * @returns {Promise<string>} what was found
 * @throws Error if it is not as it must be
 */
export async function checkExample(folder, browser, csv) {
  const { tune } = await import("fettle");
  const onNode = await fingerprint(await tune(optionsFor({ csv, ...SETTINGS })));
  await build(bundle(join(folder, "example")));
  return serving(join(folder, "example"), async (origin) => {
    const open = async () => {
      const page = await browser.newPage({ viewport: { width: 360, height: 700 } });
      page.on("pageerror", (error) => {
        throw error;
      });
      await page.goto(`${origin}/index.html`);
      await page.locator('option:has-text("diagnosis")').waitFor({ state: "attached" });
      return page;
    };
    const attempts = [];
    while (attempts.length < ATTEMPTS && attempts.at(-1) !== 0)
      attempts.push(await runsToItsEnd(await open(), onNode));
    must(
      attempts.at(-1) === 0,
      `tasks of the page took as long as ${attempts.map(Math.round).join(", ")} ms`,
    );
    await pausesAndStops(await open());
    await refuses(await open());
    return `Node's bits; no task of the page over 50 ms, at attempt ${attempts.length}; by keyboard it pauses and stops; refuses, fits 360 px`;
  });
}

/** @returns the milliseconds of the longest task over 50 ms while it tuned, 0 if there was none */
async function runsToItsEnd(page, expected) {
  for (const [name, value] of Object.entries(SETTINGS)) {
    if (name !== "target") await page.fill(`[name=${name}]`, String(value));
  }
  await page.selectOption("[name=target]", SETTINGS.target);
  await page.evaluate((type) => {
    globalThis.long = [];
    globalThis.observer = new PerformanceObserver((list) => globalThis.long.push(...list.getEntries()));
    globalThis.observer.observe({ type });
  }, LONG);
  await page.focus("[name=seed]");
  await page.keyboard.press("Enter");
  await stateIs(page, "done");
  const found = await page.textContent("#final");
  must(found.includes(expected), `Chromium says ${found}, Node came to ${expected}`);
  must((await page.locator("tbody tr").count()) === 10, "the ten best trials are not listed");
  must(
    (await page.getAttribute("#chart", "aria-label")).includes("15 trials"),
    "the chart is not of all trials",
  );
  must(
    await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth),
    "the page is wider than a window of 360 px",
  );
  const longest = await page.evaluate(() => {
    globalThis.long.push(...globalThis.observer.takeRecords());
    return Math.max(0, ...globalThis.long.map(({ duration }) => duration));
  });
  await page.close();
  return longest;
}

async function pausesAndStops(page) {
  const count = () => page.textContent("#count");
  await page.fill("[name=trials]", "1000");
  await page.focus("#start");
  await page.keyboard.press("Enter");
  await page.locator("#count", { hasText: "best" }).waitFor();
  must((await focusOf(page)) === "pause", `after Start the focus is on "${await focusOf(page)}"`);
  await page.keyboard.press("Space");
  await stateIs(page, "paused");
  await page.waitForTimeout(400); // the slice at work, and a picture
  const before = await count();
  await page.waitForTimeout(400);
  must((await count()) === before, "it goes on while it is paused");
  await page.click("#pause");
  await page.waitForFunction((text) => document.querySelector("#count").textContent !== text, before);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await stateIs(page, "stopped");
  must((await focusOf(page)) === "start", `after Stop the focus is on "${await focusOf(page)}"`);
  must(await page.isEnabled("#start"), "it cannot be started after it was stopped");
  await page.close();
}

async function refuses(page) {
  await page.fill("[name=trials]", "0");
  await page.click("#start");
  must((await page.getAttribute("body", "data-state")) === null, "it starts with no trials");
  await page.fill("[name=trials]", "3");
  await page.selectOption("[name=table]", "file");
  await page.click("#start");
  must((await page.textContent("#error")) === "Choose a file first.", "it starts without a table");
  const file = (text) => ({ name: "table.csv", mimeType: "text/csv", buffer: Buffer.from(text) });
  await page.setInputFiles("[name=file]", file("a,b\n1\n"));
  await page.locator("#error", { hasText: /line 2/ }).waitFor();
  await page.setInputFiles("[name=file]", file("a,b\n1,x\n2,y\n"));
  await page.locator("option", { hasText: /^b$/ }).waitFor({ state: "attached" });
  await page.click("#start");
  await stateIs(page, "failed");
  must((await page.textContent("#error")).length > 20, "it does not say why it refuses a table");
  await page.close();
}

const focusOf = (page) => page.evaluate(() => document.activeElement.id);

/** Waits for a state of the tuning, and fails where it comes to another end. */
async function stateIs(page, state) {
  const ends = [state, "done", "failed"];
  await page.waitForFunction((wanted) => wanted.includes(document.body.dataset.state), ends, {
    timeout: 120_000,
  });
  const found = await page.getAttribute("body", "data-state");
  must(found === state, `the tuning is ${found}, not ${state}: ${await page.textContent("#error")}`);
}

function must(condition, message) {
  if (!condition) throw new Error(message);
}
