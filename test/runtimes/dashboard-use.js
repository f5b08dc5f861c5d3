/**
 * What a person does with the dashboard beside reading: selecting lines of a picture, comparing trials of two
 * studies, trying points by hand, notes and tags in two pages at once, downloads; and pages whose server
 * ends, starts again, or wants another key.
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { drawn, goTo, must, opened, started, withCommand, withDashboard } from "./dashboard-pages.js";

const table = fileURLToPath(new URL("../../examples/data/breast-cancer.csv", import.meta.url));
/** The file of `filled`, with its study `first` of 40 trials. */
const STUDIES = "studies.db";

/** @returns {Promise<string>} what was found @throws Error if it is not as it must be */
export async function usesDashboard(bin, browser, folder) {
  const path = join(folder, STUDIES);
  await withDashboard(bin, ["--storage", path, "--edit"], async (url) => {
    await selectsLines(browser, url);
    await comparesTrialsOfTwoStudies(browser, url);
    await writesNotesInTwoPages(browser, url);
    await seesALineGrow(browser, url, path);
  });
  await survivesItsServer(bin, browser, path);
  await seesATrainingGrow(bin, browser);
  await triesPoints(bin, browser, join(folder, "watched.db"));
  return "selects lines, overlays trials of two studies, sees lines and a training grow, tries points, shares notes, saves files, and outlives its server";
}

/** Room of the picture of parallel coordinates around its axes, as the page gives it. */
const AXES = { left: 40, top: 44, bottom: 28 };
/** The range of `rate`, with the room that an axis has at its ends. */
const RATES = { low: 1e-4 / 1000 ** 0.04, high: 0.1 * 1000 ** 0.04 };

const counted = (page, text) => page.locator(".tools [role=status]", { hasText: text }).waitFor();
const selected = async (page) =>
  Number.parseInt(await page.locator(".brush [role=status]").textContent(), 10);

/**
 * A part of an axis is selected by a drag, and of another by keyboard; the table shows the trials of both.
 */
async function selectsLines(browser, url) {
  const { page, end } = await opened(browser, url);
  await goTo(page, "#/study/first");
  await drawn(page);
  await page.click("button:text-is('Parallel coordinates')");
  const picture = page.locator('.picture [role=img][aria-label^="Parameters of each trial"]');
  await picture.locator("canvas").waitFor();
  await picture.scrollIntoViewIfNeeded();
  const { x, y, height } = await picture.boundingBox();
  const from = y + AXES.top;
  const length = height - AXES.top - AXES.bottom;
  // the middle of the axis of `rate`, the first: from 30 to 70 % from above
  await page.mouse.move(x + AXES.left, from + 0.3 * length);
  await page.mouse.down();
  for (const share of [0.4, 0.5, 0.6, 0.7]) await page.mouse.move(x + AXES.left, from + share * length);
  await page.mouse.up();
  await page.locator(".brush [role=status]").waitFor();
  const byMouse = await selected(page);
  await counted(page, `${byMouse} of 40`);
  const rates = (await page.locator(".body .row > :nth-child(4)").allTextContents()).map(Number);
  const rateAt = (share) => RATES.low * (RATES.high / RATES.low) ** share;
  // a drag begins and ends within a pixel or two
  const isWithin = (rate) => rate > rateAt(0.28) && rate < rateAt(0.72);
  must(rates.length === byMouse && byMouse < 40 && byMouse > 4, `a drag selects ${byMouse} of 40 trials`);
  must(rates.every(isWithin), `a drag from ${rateAt(0.3)} to ${rateAt(0.7)} selects the rates ${rates}`);
  // by keyboard: the upper half of `units`
  await page.focus(".sliders summary");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await page.locator(".sliders fieldset").nth(1).locator("input").first().focus();
  for (let i = 0; i < 50; i++) await page.keyboard.press("ArrowRight");
  await page.waitForFunction(
    (before) => Number.parseInt(document.querySelector(".brush [role=status]").textContent, 10) < before,
    byMouse,
  );
  const both = await selected(page);
  await counted(page, `${both} of 40`);
  const units = (await page.locator(".body .row > :nth-child(5)").allTextContents()).map(Number);
  must(units.length === both && units.every((each) => each >= 64), `the upper half of units is ${units}`);
  await page.focus("button:text-is('Select all')");
  await page.keyboard.press("Enter");
  await counted(page, "40 trials");
  await end();
}

/** Trials of two studies are drawn on the same axes, and what differs is marked. */
async function comparesTrialsOfTwoStudies(browser, url) {
  const { page, end } = await opened(browser, url);
  // by mouse: from two trials of one study to one of another
  await goTo(page, "#/study/first/compare/1,2");
  await drawn(page);
  await page.selectOption(".start select", "<script>alert(1)</script>");
  await page.fill(".start [type=number]", "4");
  await page.click("button:text-is('Add')");
  const overlay = (name) => page.locator(`.picture [role=img][aria-label*="${name}"] canvas`);
  for (const name of ["A trial 1", "A trial 2", "B trial 4"]) await overlay(name).first().waitFor();
  // by keyboard: other trials
  await page.focus(".start input >> nth=0");
  await page.keyboard.press("Control+A");
  await page.keyboard.type("5, 6");
  await page.keyboard.press("Enter");
  await overlay("A trial 6").first().waitFor();
  must((await overlay("A trial 1").count()) === 0, "a trial that is compared no more is still drawn");
  const marked = await page.locator("[aria-label='Trials side by side'] .differs").count();
  must(marked > 0, "parameters that differ are not marked");
  const ranges = page.locator("[aria-label='Where they search']");
  must((await ranges.locator("tbody tr").count()) === 3, "the ranges of three parameters are not listed");
  must((await ranges.locator(".differs").count()) === 0, "ranges that are the same are marked");
  await end();
}

/** What one page saves, another that is open shows; what a person is writing there stays. */
async function writesNotesInTwoPages(browser, url) {
  const one = await opened(browser, url);
  const two = await opened(browser, url);
  for (const { page } of [one, two]) {
    await goTo(page, "#/study/first/trial/5");
    await page.locator("textarea").waitFor();
  }
  await one.page.fill("textarea", "from the first");
  await one.page.fill(".notes input", "a, b");
  await one.page.focus(".notes button:text-is('Save')");
  await one.page.keyboard.press("Enter");
  await one.page.locator(".notes [role=status]", { hasText: "Saved" }).waitFor();
  await two.page.locator(".tag", { hasText: "b" }).waitFor();
  must((await two.page.inputValue("textarea")) === "from the first", "the other page has no note");
  await two.page.fill("textarea", "half a sent");
  await one.page.fill("textarea", "from the first, again");
  await one.page.click(".notes button:text-is('Save')");
  await two.page.locator(".notes [role=status]", { hasText: "Another page has saved" }).waitFor();
  must((await two.page.inputValue("textarea")) === "half a sent", "what was being written is gone");
  await two.page.click("button:text-is('Show that')");
  must((await two.page.inputValue("textarea")) === "from the first, again", "the other note is not shown");
  await one.end();
  await two.end();
}

/** The curve of a running trial grows on its page, in an overlay, and on the page of the study. */
async function seesALineGrow(browser, url, path) {
  const { createStudy, float, random } = await import("fettle");
  const { sqliteStorage } = await import("fettle/store/sqlite");
  const storage = await sqliteStorage(path);
  const study = createStudy({ space: { x: float(0, 1) }, strategy: random(), direction: "minimize" });
  const stored = await storage.create("growing", study.toJSON(), { metrics: ["height"] });
  const { page, end } = await opened(browser, url);
  for (const number of [0, 1]) await stored.add({ number, params: { x: 0.5 } });
  await stored.report(0, { step: 10, value: 2 });
  let step = 10;
  for (const hash of ["#/study/growing/trial/1", "#/study/growing/compare/0,1", "#/study/growing"]) {
    await goTo(page, hash);
    for (let i = 0; i < 2; i++) {
      step += 10;
      await stored.report(1, { step, value: 1 / step });
      const said = `[role=img][aria-label^="height by step"][aria-label*="${(1 / step).toFixed(4)} of trial 1"]`;
      await page.locator(`.curves ${said} canvas`).waitFor();
    }
  }
  await end();
  await storage.delete("growing");
  await storage.close();
}

/** The curve of the only trial of a run grows epoch by epoch, long before the trial ends. */
async function seesATrainingGrow(bin, browser) {
  const words = [
    "tune",
    table,
    "--target",
    "diagnosis",
    "--trials",
    "1",
    "--epochs",
    "100000",
    "--jobs",
    "1",
  ];
  const run = await started(bin, [...words, "--watch"]);
  try {
    const { page, end } = await opened(browser, run.url);
    await page.click(".name");
    await page.locator('.curves [role=img][aria-label^="loss by epoch"] canvas').waitFor();
    let last = 0;
    for (let looks = 0; looks < 3; looks++) {
      const grown = await page.waitForFunction((before) => {
        const label = document.querySelector(".curves [role=img]")?.ariaLabel ?? "";
        const epoch = Number(/at epoch (\d+):/.exec(label)?.[1]);
        return epoch > before && epoch;
      }, last);
      last = await grown.jsonValue();
    }
    const running = await page.locator(".body .row .pill.running").count();
    must(running === 1 && last < 100_000, `at epoch ${last}, ${running} trials run`);
    await end();
  } finally {
    await run.end("SIGKILL");
  }
}

/** A port that is free. */
const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** A page says when its server is gone or wants another key, and goes on when it has both again. */
async function survivesItsServer(bin, browser, path) {
  const words = ["dashboard", "--storage", path, "--port", String(await freePort())];
  const context = await browser.newContext();
  let { url, end } = await started(bin, words);
  try {
    const page = await context.newPage();
    const alert = (text) => page.locator("[role=alert]", { hasText: text }).waitFor();
    const isLive = async () => {
      await page.locator(".dot.live").waitFor();
      await page.locator("[role=alert]").waitFor({ state: "detached" });
    };
    await page.goto(`${url.slice(0, -8)}anotherkey`);
    await alert("no valid key");
    await page.goto(url); // in the bar of the page that is open: nothing is loaded anew
    await page.locator(".cards .study").first().waitFor();
    await goTo(page, "#/study/first");
    await isLive();
    await end("SIGKILL");
    await alert("does not answer");
    must((await page.locator(".body .row").count()) > 0, "what was shown is gone with the server");
    ({ url, end } = await started(bin, words));
    await alert("no valid key");
    const other = await context.newPage();
    await other.goto(url);
    await isLive();
    await page.locator(".tools [role=status]", { hasText: "40 trials" }).waitFor();
  } finally {
    await end("SIGKILL");
    await context.close();
  }
}

/**
 * A run is paused, a point is changed from its best and tried, the better is kept, the run is ended, and its
 * files are saved.
 */
async function triesPoints(bin, browser, path) {
  const words = ["tune", table, "--target", "diagnosis", "--trials", "400", "--epochs", "5", "--jobs", "1"];
  await withCommand(bin, [...words, "--storage", path, "--study", "watched", "--watch"], async (url) => {
    const { page, end } = await opened(browser, url, { allowed: /status of 400/ });
    await page.click(".name");
    await page.locator(".row.best").waitFor();
    await page.focus("button:text-is('Pause')");
    await page.keyboard.press("Enter");
    await page.locator(".actions .pill.paused").waitFor();
    // by keyboard: open the best trial, move its rate along the range, run it
    const best = Number.parseInt(await page.locator(".row.best a").textContent(), 10);
    await page.focus(".row.best a");
    await page.keyboard.press("Enter");
    await page.focus("button:text-is('Change and try')");
    await page.keyboard.press("Enter");
    await page.locator("dialog[open]").waitFor();
    await page.focus("[aria-label='learningRate along its range']");
    await page.keyboard.press("Home"); // the best rate may be the highest already
    for (let i = 0; i < 9; i++) await page.keyboard.press("ArrowRight");
    const rate = await page.getAttribute("[aria-label='learningRate along its range']", "aria-valuetext");
    await page.focus("button:text-is('Run it next')");
    await page.keyboard.press("Enter");
    await page.locator(".try", { hasText: `learningRate ${rate}` }).waitFor();
    // by mouse: what is outside of its range is refused in the dialog
    await page.click("button:text-is('Change and try')");
    await page.fill("dialog label:has-text('units') input", "100000");
    await page.click("button:text-is('Run it next')");
    await page.locator("dialog .refusal", { hasText: "units" }).waitFor();
    await page.keyboard.press("Escape");
    await page.locator("dialog[open]").waitFor({ state: "detached" });
    await page.keyboard.press("Escape");
    await page.click("button:text-is('Resume')");
    await page.locator(".try", { hasText: "has ended" }).waitFor();
    const tried = /^Trial (\d+)/.exec(await page.locator(".try").textContent())[1];
    // keep the better, and see both
    await page.focus(".try button:has-text('Keep trial')");
    await page.keyboard.press("Enter");
    await page.locator(".try button[aria-pressed=true]").waitFor();
    await page.fill("[type=search]", "tag:keep");
    await page.locator(".tools [role=status]", { hasText: /^1 of/ }).waitFor();
    await page.click(".try a:text-is('See both curves')");
    await page.locator("h1", { hasText: `Trials ${best} and ${tried}` }).waitFor();
    await page.locator(`.picture [role=img][aria-label*="of trial ${tried}"] canvas`).waitFor();
    const differing = await page.locator(".compared .differs th").allTextContents();
    must(differing.join().startsWith("learningRate"), `${differing} differ, and not the rate alone`);
    // end it, and take what it made
    await page.keyboard.press("Escape");
    await page.click("button:text-is('Cancel')");
    await page.locator(".actions .pill.done").waitFor({ timeout: 60_000 });
    const rows = Number.parseInt(await page.locator(".tools [role=status]").textContent(), 10);
    const csv = await saved(page, ".actions button:has-text('Trials as CSV')", "click");
    must(
      csv.toString().trim().split("\n").length === rows + 1,
      `the CSV has not ${rows} trials and a header`,
    );
    const { loadPredictor } = await import("fettle/predict");
    const model = await loadPredictor(await saved(page, ".actions button:has-text('model.fettle')", "Enter"));
    must(model.answers !== undefined, "the model cannot answer");
    await end();
  });
}

/** The bytes of a file that a button saves, by mouse or by a key. */
async function saved(page, button, how) {
  const download = page.waitForEvent("download");
  if (how === "click") await page.click(button);
  else {
    await page.focus(button);
    await page.keyboard.press(how);
  }
  return readFileSync(await (await download).path());
}
