/**
 * The report that `fettle tune --out` writes, in Chromium and in Firefox: no message, no request, nothing for
 * axe-core, and a brush that works.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { withChromium, withFirefox } from "./launch.js";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const root = fileURLToPath(new URL("../..", import.meta.url));
const TUNE = "tune examples/data/breast-cancer.csv --target diagnosis --trials 8 --epochs 3".split(" ");

/** @returns {Promise<string>} what was found */
export async function checkReportOfStudy() {
  const folder = mkdtempSync(join(tmpdir(), "fettle-report-"));
  try {
    const words = [join(root, "bin/fettle.js"), ...TUNE, "--out", folder, "--overwrite"];
    execFileSync(process.execPath, words, { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
    const url = pathToFileURL(join(folder, "report.html")).href;
    for (const within of [withChromium, withFirefox]) await within((browser) => look(browser, url));
    return "of a real study in Chromium and Firefox: no request, no message, nothing for axe-core; the brush works by mouse and by keyboard";
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What both drivers have is used alone. */
async function look(browser, url) {
  const page = await browser.newPage();
  const faults = [];
  page.on("console", (message) => faults.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  // axe-core has a font as data
  const isOwn = (asked) => asked === url || asked.startsWith("data:");
  page.on("request", (request) => isOwn(request.url()) || faults.push(`request: ${request.url()}`));
  await page.goto(url);
  const selected = () => page.evaluate("document.querySelector('.selected').textContent");
  const all = await selected();
  // the first axis is 48 px from the left of the picture, of which 12 are cut off
  const [x, top, bottom] = await page.evaluate(`(() => {
    const svg = document.querySelector(".brushable svg");
    svg.scrollIntoView({ block: "center", behavior: "instant" });
    const { x, y, width, height } = svg.getBoundingClientRect();
    return [x + (36 * width) / svg.viewBox.baseVal.width, y + 0.5 * height, y + 0.92 * height];
  })()`);
  await page.mouse.move(x, top);
  await page.mouse.down();
  await page.mouse.move(x, bottom, { steps: 4 });
  await page.mouse.up();
  const dragged = await selected();
  if (dragged === all) faults.push(`a drag selects nothing: ${dragged}`);
  await page.focus(".brush button");
  await page.keyboard.press("Enter");
  if ((await selected()) !== all) faults.push("the button does not select all");
  await page.focus('[data-end="1"]');
  for (let i = 0; i < 60; i++) await page.keyboard.press("ArrowLeft");
  if ((await selected()) === all) faults.push("arrow keys select nothing");
  await page.evaluate(AXE);
  const { violations } = await page.evaluate("axe.run(document, { resultTypes: ['violations'] })");
  for (const { id, nodes } of violations) faults.push(`axe ${id}: ${nodes[0].failureSummary}`);
  await page.close();
  if (faults.length > 0) throw new Error(faults.join("\n"));
}
