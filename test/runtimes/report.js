/**
 * The report of a study in Chromium: it asks the network for nothing, has no fault that axe-core finds, and
 * its brush works.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const WIDTHS = [360, 1280, 2560];
/** Milliseconds in which a report opens, by its trials. */
const MOST = { 200: 1000, 10000: 3000 };

/**
 * @param {import("playwright-core").Browser} browser
 * @returns {Promise<string>} what was found
 */
export async function checkReport(browser) {
  const folder = mkdtempSync(join(tmpdir(), "fettle-report-"));
  try {
    const found = [];
    for (const [trials, most] of Object.entries(MOST)) {
      const file = join(folder, `${trials}.html`);
      const page = await reportOf(Number(trials));
      writeFileSync(file, page);
      const loaded = await inBothThemes(browser, pathToFileURL(file).href);
      if (loaded > most)
        throw new Error(`the report of ${trials} trials took ${loaded} ms to open; ${most} are allowed`);
      found.push(`${trials} trials: ${Math.round(page.length / 1000)} kB, opened in ${loaded} ms`);
    }
    await brush(browser, pathToFileURL(join(folder, "200.html")).href);
    return `${found.join("; ")}; no request, no message, nothing for axe-core at ${WIDTHS.slice(0, 2).join(" and ")} px, and room at ${WIDTHS.at(-1)}, in both themes; the brush works`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A study that has everything that a report can show. */
async function reportOf(count) {
  const { choice, Curves, float, int } = await import("../../dist/node/index.js");
  const { createReport } = await import("../../dist/node/report.js");
  const space = {
    learningRate: float(1e-4, 0.3, { log: true }),
    units: int(4, 128, { log: true }),
    optimizer: choice(["adam", "sgd"]),
    momentum: float(0, 0.99, { when: { optimizer: ["sgd"] } }),
  };
  const trials = Array.from({ length: count }, (_, number) => {
    const at = (prime) => ((number * prime) % 997) / 997;
    const optimizer = number % 3 ? "adam" : "sgd";
    const params = {
      learningRate: 1e-4 * 3000 ** at(271),
      units: Math.round(4 * 32 ** at(613)),
      optimizer,
      ...(optimizer === "sgd" && { momentum: 0.99 * at(389) }),
    };
    const base = { number, params, std: null, seconds: 1 + at(131) };
    if (number % 29 === 4) return { ...base, value: null, status: "failed", error: "<b>no memory</b>" };
    const value = 0.1 + (at(271) - 0.6) ** 2 + 0.1 * at(743);
    const valLoss = [Array.from({ length: 12 }, (_, epoch) => value + 1 / (epoch + 1))];
    return { ...base, value, std: 0.01, status: "complete", curves: new Curves({ loss: valLoss, valLoss }) };
  });
  const p = Array.from({ length: 120 }, (_, i) => ((i * 47) % 120) / 120);
  return createReport(
    {
      name: "diagnosis of <breast-cancer.csv>",
      space,
      strategy: "gp",
      directions: ["minimize"],
      metrics: ["logLoss"],
      trials,
    },
    {
      folds: 5,
      test: { logLoss: 0.1, accuracy: 0.95 },
      threshold: 0.4,
      use: [{ title: "On the command line", code: "npx fettle predict study/model.fettle <data.csv>" }],
      predictions: {
        target: "diagnosis",
        classes: ["benign", "malignant"],
        truth: p.map((each) => Number(each > 0.45)),
        predicted: p.map((each) => Number(each >= 0.4)),
        probabilities: p.map((each) => [1 - each, each]),
        threshold: 0.4,
      },
      segments: [{ name: "city", values: p.map((each) => (each > 0.3 ? "Oslo" : "Lüneburg")) }],
      data: {
        name: "t.csv",
        rows: 569,
        columns: [{ name: "city", kind: "category" }],
        warnings: ["a warning"],
      },
      repeat: { command: "npx fettle tune t.csv --target diagnosis", facts: [["seed", "1"]] },
    },
  );
}

/** @returns {Promise<number>} the most milliseconds until the page was loaded */
async function inBothThemes(browser, url) {
  let most = 0;
  for (const colorScheme of ["light", "dark"]) {
    for (const width of WIDTHS) {
      const [page, faults] = await opened(browser, url, { colorScheme, viewport: { width, height: 900 } });
      most = Math.max(
        most,
        await page.evaluate("Math.round(performance.getEntriesByType('navigation')[0].loadEventEnd)"),
      );
      const wide = await page.evaluate("document.documentElement.scrollWidth");
      if (wide > width) throw new Error(`at ${width} px the page is ${wide} px wide`);
      // axe-core takes long for each of many marks
      if (width !== WIDTHS.at(-1)) {
        await page.evaluate(AXE);
        const { violations } = await page.evaluate("axe.run(document, { resultTypes: ['violations'] })");
        for (const { id, nodes } of violations)
          faults.push(`${colorScheme} ${width}: axe ${id} at ${nodes[0].target}: ${nodes[0].failureSummary}`);
      }
      await page.close();
      if (faults.length > 0) throw new Error(faults.join("\n"));
    }
  }
  return most;
}

/** A page, and what it should not have done. */
async function opened(browser, url, options) {
  const page = await browser.newPage(options);
  const faults = [];
  page.on("console", (message) => faults.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  page.on("request", (request) => request.url() !== url && faults.push(`request: ${request.url()}`));
  await page.goto(url);
  return [page, faults];
}

/** Selects trials by mouse, and by keyboard. */
async function brush(browser, url) {
  const [page, faults] = await opened(browser, url, { viewport: { width: 1280, height: 900 } });
  const state = () =>
    page.evaluate(`({
      out: document.querySelectorAll(".brushable .out").length,
      lines: document.querySelectorAll(".brushable [data-i]").length,
      said: document.querySelector(".selected").textContent,
    })`);
  const all = await state();
  const must = (condition, what, found) => {
    if (!condition) throw new Error(`${what}; received ${JSON.stringify(found)}`);
  };
  must(all.out === 0 && all.lines > 150, "every line is there, and selected", all);
  const picture = page.locator(".brushable svg");
  await picture.scrollIntoViewIfNeeded();
  const { x, y, height } = await picture.boundingBox();
  // the first axis is 48 px from the left of the picture, of which 12 are cut off
  await page.mouse.move(x + 36, y + height * 0.5);
  await page.mouse.down();
  await page.mouse.move(x + 36, y + height * 0.9, { steps: 4 });
  await page.mouse.up();
  const dragged = await state();
  must(dragged.out > 10 && dragged.out < all.lines, "a drag along an axis fades some lines", dragged);
  must(
    /^\d+ of \d+ trials; the best: trial \d+/.test(dragged.said),
    "the page says how many are selected",
    dragged.said,
  );
  await page.getByRole("button", { name: "Select all" }).press("Enter");
  must((await state()).out === 0, "the button selects all", await state());
  const slider = page.getByRole("group", { name: "logLoss" }).getByRole("slider", { name: "to" });
  await slider.focus();
  for (let i = 0; i < 60; i++) await page.keyboard.press("ArrowLeft");
  const typed = await state();
  must(typed.out > 10 && typed.out < all.lines, "arrow keys fade some lines", typed);
  const text = await slider.getAttribute("aria-valuetext");
  must(Number(text) > 0, "the slider says its value", text);
  must(faults.length === 0, "nothing went wrong", faults);
  await page.close();
}
