/**
 * The dashboard and the page that tunes in Firefox: no error, no request to another host, no violation that
 * axe-core finds, sorting, filtering and comparing by keyboard; and the bits that Node comes to. What a
 * browser must measure is checked in Chromium.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writePage } from "../../examples/browser/bundle.js";
import { fingerprint, optionsFor } from "../../examples/browser/tuning.js";
import { serving } from "./browsers.js";
import { filled, withDashboard } from "./dashboard-pages.js";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SETTINGS = { target: "diagnosis", trials: 5, epochs: 5, seed: 7 };
const PATIENCE = 60_000;

/**
 * @param {string} bin - the program of the command line
 * @param {import("puppeteer-core").Browser} browser
 * @returns {Promise<string>} what was found
 * @throws Error if it is not as it must be
 */
export async function checkDashboardInFirefox(bin, browser) {
  const folder = mkdtempSync(join(tmpdir(), "fettle-dashboard-"));
  try {
    const path = join(folder, "studies.db");
    await (await filled(path, 300)).close();
    await withDashboard(bin, ["--storage", path], async (url) => {
      const { page, end } = await opened(browser, url);
      await until(page, () => document.querySelector(".cards .study"));
      await keepsRules(page);
      await goTo(page, "#/study/first");
      await until(page, () => document.querySelector(".picture canvas"));
      await keepsRules(page);
      await sortsFiltersAndCompares(page);
      await keepsRules(page);
      await selectsLines(page);
      await keepsRules(page);
      await goTo(page, "#/compare/first/many");
      await until(page, () => document.querySelectorAll(".picture canvas").length > 1);
      await keepsRules(page);
      await end();
    });
    return "sorts, filters, selects and compares by keyboard; no error, no violation, no request elsewhere";
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function sortsFiltersAndCompares(page) {
  await focus(page, ".head button", "value");
  await page.keyboard.press("Enter");
  await until(page, () => document.querySelector("[aria-sort=ascending]")?.textContent.includes("value"));
  await until(page, () => document.querySelector(".row.best")?.dataset.row === "0");
  await focus(page, "[type=search]");
  await page.keyboard.type("optimizer:sgd status:complete");
  await until(page, () => document.querySelector(".tools [role=status]").textContent.includes(" of 40"));
  const kept = await page.evaluate(() =>
    [...document.querySelectorAll(".body .row > :nth-child(6)")].map(({ textContent }) => textContent),
  );
  must(kept.length > 0 && kept.every((text) => text.includes("sgd")), `the filter keeps ${kept}`);
  await focus(page, ".body .row a[tabindex='0']");
  for (const key of ["Home", " ", "ArrowDown", " "]) await page.keyboard.press(key);
  await until(page, () => [...document.querySelectorAll("a")].some((a) => a.textContent === "Compare 2"));
  await focus(page, "a", "Compare 2");
  await page.keyboard.press("Enter");
  await until(page, () => /^Trials \d+ and \d+$/.test(document.querySelector("h1")?.textContent));
  await until(page, () => document.querySelector(".picture canvas"));
}

/** The upper half of an axis of parallel coordinates, by its slider: the table shows its trials. */
async function selectsLines(page) {
  await goTo(page, "#/study/first");
  await until(page, () => document.querySelector(".segments"));
  await focus(page, ".segments button", "Parallel coordinates");
  await page.keyboard.press("Enter");
  await until(page, () => document.querySelector(".sliders"));
  await focus(page, ".sliders summary");
  await page.keyboard.press("Enter");
  await focus(page, ".sliders fieldset:nth-of-type(2) input");
  for (let i = 0; i < 50; i++) await page.keyboard.press("ArrowRight");
  await until(page, () => document.querySelector(".tools [role=status]").textContent.includes(" of 40"));
  const units = await page.evaluate(() =>
    [...document.querySelectorAll(".body .row > :nth-child(5)")].map(({ textContent }) =>
      Number(textContent),
    ),
  );
  must(units.length > 0 && units.every((each) => each >= 64), `the upper half of units is ${units}`);
}

/**
 * @param {string} folder - for the bundle
 * @param {import("puppeteer-core").Browser} browser
 * @param {string} csv - the text of `fettle/data/breast-cancer.csv`
 * @returns {Promise<string>} what was found
 * @throws Error if it is not as it must be
 */
export async function checkExampleInFirefox(folder, browser, csv) {
  const { tune } = await import("fettle");
  const onNode = await fingerprint(await tune(optionsFor({ csv, ...SETTINGS })));
  await writePage(join(folder, "example"));
  return serving(join(folder, "example"), async (origin) => {
    const { page, end } = await opened(browser, `${origin}/index.html`);
    await until(page, () =>
      [...document.querySelectorAll("option")].some((each) => each.textContent.includes("diagnosis")),
    );
    await page.evaluate((settings) => {
      for (const [name, value] of Object.entries(settings)) {
        const field = document.querySelector(`[name=${name}]`);
        field.value = String(value);
        for (const type of ["input", "change"]) field.dispatchEvent(new Event(type, { bubbles: true }));
      }
    }, SETTINGS);
    await focus(page, "[name=seed]");
    await page.keyboard.press("Enter");
    await until(page, () => ["done", "failed"].includes(document.body.dataset.state));
    const said = await page.evaluate(() => document.querySelector("#final").textContent);
    must(said.includes(onNode), `Firefox says ${said}, Node came to ${onNode}`);
    await until(page, () => document.querySelector("#chart svg") && document.querySelector("#curves svg"));
    await until(page, () => document.querySelector("#prediction .predicted"));
    await keepsRules(page);
    await end();
    return "Node's bits; no error, no violation, no request elsewhere";
  });
}

/** Opens a page that may neither complain nor ask another host. */
async function opened(browser, url) {
  const page = await browser.newPage();
  await page.setViewport({ width: 1280, height: 900 });
  const wrong = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warn") wrong.push(message.text());
  });
  page.on("pageerror", (error) => wrong.push(error.message));
  page.on("request", (request) => {
    const to = request.url();
    if (!to.startsWith(new URL(url).origin) && !/^(blob|data):/.test(to)) wrong.push(`a request to ${to}`);
  });
  await page.goto(url);
  return {
    page,
    async end() {
      await page.close();
      must(wrong.length === 0, `the page complains: ${wrong.join("; ")}`);
    },
  };
}

async function keepsRules(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(async () =>
    (await globalThis.axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 120)}`),
  );
  must(found.length === 0, `axe-core finds ${found.join("; ")}`);
}

/**
 * Waits until a function is true in the page. The driver's own way makes code from strings, which the page's
 * policy forbids.
 */
async function until(page, isSo) {
  const end = Date.now() + PATIENCE;
  while (!(await page.evaluate(`Boolean((${isSo})())`))) {
    must(Date.now() < end, `within ${PATIENCE} ms this is not so: ${isSo}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const goTo = (page, hash) =>
  page.evaluate((to) => {
    location.hash = to;
  }, hash);

/** Gives the focus to the first element of a selector, with a text. */
async function focus(page, selector, text = "") {
  const found = await page.evaluate(
    (where, words) => {
      const all = [...document.querySelectorAll(where)];
      const one = all.find(({ textContent }) => textContent.includes(words));
      one?.focus();
      return one !== undefined;
    },
    selector,
    text,
  );
  must(found, `there is no ${selector} with "${text}"`);
}

function must(condition, message) {
  if (!condition) throw new Error(message);
}
