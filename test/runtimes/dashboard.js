/**
 * The dashboard in Chromium, from the command line of the installed package: no error, no request to another
 * host, no violation that axe-core finds; sorting, filtering, comparing, notes, pausing and resuming by mouse
 * and by keyboard; and 10,000 trials that stay fluid.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { drawn, filled, goTo, must, opened, withDashboard } from "./dashboard-pages.js";
import { usesDashboard } from "./dashboard-use.js";
import { longestTask, lookAtTasks } from "./tasks.js";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const MANY = 10_000;
const TOKEN = "a token of this check";
/** Bytes of JavaScript's heap of a page that shows so many trials, after a collection of garbage. */
const MOST_HEAP = 30e6;
/** Seconds that a page of many trials is watched while more come. */
const WATCHED = 6;
/** Milliseconds of the processor that a task may take, by the standard of long tasks. */
const MOST_TASK = 50;
/** Frames after which a page is left, from none on. */
const MOMENTS = 16;

/**
 * @param {string} bin - the program of the command line
 * @param {import("playwright-core").Browser} browser
 * @returns {Promise<string>} what was found
 * @throws Error if it is not as it must be
 */
export async function checkDashboard(bin, browser) {
  const folder = mkdtempSync(join(tmpdir(), "fettle-dashboard-"));
  try {
    const path = join(folder, "studies.db");
    const storage = await filled(path);
    const violations = await withDashboard(bin, ["--storage", path, "--edit"], async (url) => {
      await looks(browser, url);
      await sortsFiltersAndCompares(browser, url);
      await showsParameters(browser, url);
      await leavesPictures(browser, url);
      return [await seen(browser, url, "light"), await seen(browser, url, "dark")];
    });
    must(violations.flat().length === 0, `axe-core finds ${violations.flat().join("; ")}`);
    const { heap, longest, trials } = await withDashboard(bin, ["--storage", path], (url) =>
      staysFluid(browser, url, storage),
    );
    await storage.close();
    await pausesAndResumes(bin, browser);
    const used = await usesDashboard(bin, browser, folder);
    return (
      `sorts, filters, compares, pauses and resumes by mouse and keyboard; ${used}; no violation; ${trials} trials: ` +
      `${(heap / 1e6).toFixed(1)} MB of heap, at most ${longest.toFixed(0)} ms of the processor in a task`
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The pages fit windows from 360 px to 4K, and names are no markup. */
async function looks(browser, url) {
  for (const width of [360, 1280, 3840]) {
    const { page, end } = await opened(browser, url, { viewport: { width, height: 800 } });
    const title = page.locator(".name", { hasText: "<script>alert(1)</script>" });
    must((await title.count()) === 1, "a study's name is not shown as it is");
    must(!(await page.evaluate(() => location.hash)).includes("key"), "the key stays in the address");
    for (const hash of ["#/", "#/study/first", "#/study/first/trial/3", "#/study/first/compare/1,2"]) {
      await goTo(page, hash);
      if (hash !== "#/" && !hash.endsWith("3")) await drawn(page);
      const isWide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
      must(!isWide, `${hash} is wider than a window of ${width} px`);
    }
    await end();
  }
}

/** What axe-core finds on each page. */
async function seen(browser, url, colorScheme) {
  const { page, end } = await opened(browser, url, { colorScheme, reducedMotion: "reduce" });
  const found = [];
  for (const hash of [
    "#/",
    "#/study/first",
    "#/study/first/trial/1",
    "#/study/first/compare/1,2",
    "#/compare/first/many",
  ]) {
    await goTo(page, hash);
    if (hash === "#/") await page.locator(".cards .study").first().waitFor();
    else await drawn(page);
    await page.evaluate(axe);
    const violations = await page.evaluate(async () => (await globalThis.axe.run()).violations);
    for (const { id, nodes } of violations)
      found.push(`${colorScheme} ${hash} ${id}: ${nodes[0].html.slice(0, 120)}`);
  }
  await end();
  return found;
}

/** The numbers of the trials in view, from the top. */
const numbersOf = (page) =>
  page
    .locator(".body .row")
    .evaluateAll((rows) =>
      rows
        .sort((a, b) => Number(a.dataset.row) - Number(b.dataset.row))
        .map((row) => Number.parseInt(row.querySelector("a").textContent, 10)),
    );

async function sortsFiltersAndCompares(browser, url) {
  const { page, end } = await opened(browser, url);
  // by mouse
  await page.click('.name:text-is("first")');
  await drawn(page);
  must((await numbersOf(page))[0] === 39, "the newest trial is not first");
  await page.click(".head button:has-text('value')");
  await page.waitForSelector("[aria-sort=ascending]:has-text('value')");
  must(
    (await page.locator(".row.best").getAttribute("data-row")) === "0",
    "the best is not first by its value",
  );
  await page.fill("[type=search]", "optimizer:sgd status:complete");
  await page.waitForFunction(() =>
    document.querySelector(".tools [role=status]").textContent.includes(" of 40"),
  );
  const kept = await page.locator(".body .row > :nth-child(6)").allTextContents();
  must(kept.length > 0 && kept.every((text) => text.includes("sgd")), `the filter keeps ${kept}`);
  await page.fill("[type=search]", "");
  // by keyboard: sort, go to the third row, mark it and the next, compare
  await page.focus(".head button:has-text('rate')");
  await page.keyboard.press("Enter");
  await page.waitForSelector("[aria-sort=ascending]:has-text('rate')");
  await page.focus(".body .row a[tabindex='0']");
  for (const key of ["Home", "ArrowDown", "ArrowDown", " ", "ArrowDown", " "]) await page.keyboard.press(key);
  const two = (await numbersOf(page)).slice(2, 4);
  await page.focus("a:text-is('Compare 2')");
  await page.keyboard.press("Enter");
  await page.locator("h1", { hasText: `Trials ${two[0]} and ${two[1]}` }).waitFor();
  await drawn(page);
  must((await page.locator(".differs").count()) > 0, "parameters that differ are not marked");
  await page.keyboard.press("Escape");
  await page.locator("h1", { hasText: "first" }).waitFor();
  // a trial, and a note that stays
  await page.click(`.row a:text-is("${await firstShown(page)}")`);
  await page.locator("textarea").waitFor();
  await page.fill("textarea", "<img src=x onerror=alert(1)>");
  await page.fill(".notes input", "keep, <i>");
  await page.keyboard.press("Enter");
  await page.locator(".tag", { hasText: "<i>" }).waitFor();
  await page.keyboard.press("Escape");
  await page.fill("[type=search]", "tag:keep");
  await page.locator(".tools [role=status]", { hasText: "1 of 40" }).waitFor();
  await end();
}

/**
 * Pictures of what parameters do come when they are chosen by keyboard, by a thread that may load the
 * kernels.
 */
async function showsParameters(browser, url) {
  const { page, end } = await opened(browser, url);
  await goTo(page, "#/study/first");
  await drawn(page);
  must((await page.locator(".picture canvas").count()) < 3, "a picture is drawn before it is chosen");
  for (const [button, said] of [
    ["Importances", "What matters for value. "],
    ["Parallel coordinates", "Parameters of each trial. "],
    ["One parameter", "value by rate. "],
  ]) {
    await page.focus(`button:text-is('${button}')`);
    await page.keyboard.press("Enter");
    await page.locator(`.picture [role=img][aria-label^="${said}"] canvas`).waitFor();
    await page.evaluate(axe);
    const found = await page.evaluate(async () =>
      (await globalThis.axe.run()).violations.map(({ id }) => id),
    );
    must(found.length === 0, `with ${button}, axe-core finds ${found}`);
  }
  await page.selectOption(".choices select", "optimizer");
  await page.locator('.picture [role=img][aria-label^="value by optimizer. "] canvas').waitFor();
  await goTo(page, "#/compare/first/many");
  await page.locator('.overlay [role=img][aria-label*="; B many: "] canvas').waitFor();
  await end();
}

/** A page may be left at any moment of the drawing of its pictures. */
async function leavesPictures(browser, url) {
  const { page, end } = await opened(browser, url);
  for (let moment = 0; moment < MOMENTS; moment++) {
    await goTo(page, "#/study/first");
    await drawn(page);
    await page.evaluate(async (frames) => {
      location.hash = "#/study/first/compare/1,2";
      for (let i = 0; i < frames; i++) await new Promise((resolve) => requestAnimationFrame(resolve));
      location.hash = "#/";
    }, moment);
    await page.locator(".cards .study").first().waitFor();
  }
  await end();
}

const firstShown = async (page) => (await numbersOf(page))[0];

/** Heap and tasks of a page that shows many trials, while more come and it is scrolled and sorted. */
async function staysFluid(browser, url, storage) {
  const look = await lookAtTasks(MOST_TASK, (last) => watched(browser, url, storage, last?.trials ?? MANY));
  const { heap, longest } = look;
  must(heap <= MOST_HEAP, `the page has ${heap} bytes of heap, more than ${MOST_HEAP}`);
  must(longest <= MOST_TASK, `a task took ${longest.toFixed(0)} ms of the processor, more than ${MOST_TASK}`);
  return look;
}

/** One look at the study from its trial `number` on. */
async function watched(browser, url, storage, number) {
  const study = await storage.open("many");
  const { page, end } = await opened(browser, url);
  await goTo(page, "#/study/many");
  await drawn(page);
  await page.locator(".tools [role=status]", { hasText: `${number.toLocaleString("en")} trials` }).waitFor();
  const longest = await longestTask(browser, page, async () => {
    await page.click("button:text-is('Importances')");
    const until = Date.now() + 1000 * WATCHED;
    for (let i = 0; Date.now() < until; i++) {
      const params = { rate: 0.01, units: 5, optimizer: "adam" };
      await study.add({ number, params });
      await study.tell({ number, params, value: 5 + i, std: null, seconds: 0.1, status: "complete" });
      number++;
      await page.locator(".grid").evaluate((grid, at) => grid.scrollTo(0, at), (i * 7919) % 300_000);
      if (i % 10 === 3)
        await page
          .locator(".head button")
          .nth(1 + (i % 3))
          .click();
      await page.waitForTimeout(100);
    }
    await page.locator(".tools [role=status]", { hasText: number.toLocaleString("en") }).waitFor();
    await page.locator('.picture [role=img][aria-label^="What matters"] canvas').waitFor();
  });
  must((await page.locator(".body .row").count()) < 60, "rows out of view are drawn");
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize: heap } = await session.send("Runtime.getHeapUsage");
  await end();
  return { heap, longest, trials: number };
}

/** A study of a host is started by `fettle/serve`, paused by mouse and resumed by keyboard. */
async function pausesAndResumes(bin, browser) {
  const { adam, dense, float, int, sequential } = await import("fettle");
  const { serveStudies } = await import("fettle/serve");
  const { memoryStorage } = await import("fettle/store");
  const { serveNode } = await import("fettle/serve/node");
  const x = Array.from({ length: 60 }, (_, i) => [i / 60]);
  const storage = memoryStorage();
  const host = serveStudies({
    token: TOKEN,
    storage,
    settings: { trials: int(1, 10_000) },
    tuner: ({ trials }) => ({
      x,
      y: x.map(([each]) => each * each),
      trials,
      space: { learningRate: float(0.001, 0.1) },
      model({ learningRate }) {
        const model = sequential([dense(4), dense(1)]);
        model.compile({ optimizer: adam({ learningRate }), loss: "meanSquaredError" });
        return model;
      },
    }),
  });
  const serve = (answer, port) => serveNode(answer, { port, closeTimeout: 1000 });
  let server = await serve(host.fetch, 0);
  const ask = (path, method, body) =>
    fetch(`${server.url}/studies/hosted${path}`, {
      method,
      body,
      headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
    });
  try {
    await ask("", "POST", JSON.stringify({ trials: 5000 }));
    const words = ["--url", server.url, "--token", TOKEN, "--study", "hosted", "--edit"];
    await withDashboard(bin, words, async (url) => {
      const { page, end } = await opened(browser, url, { allowed: /status of (409|507)/ });
      await page.click(".name");
      await drawn(page);
      await page.click("button:text-is('Pause')");
      await page.locator(".pill.paused").waitFor();
      must((await (await ask("", "GET")).json()).phase === "paused", "the host has not paused");
      await page.focus("button:text-is('Resume')");
      await page.keyboard.press("Enter");
      await page.locator(".actions .pill.running").waitFor();
      must((await (await ask("", "GET")).json()).phase === "running", "the host has not resumed");
      // the host takes another token, as after one expired: the page says so, and goes on when it takes this
      // one again
      const { port } = server;
      await server.close();
      server = await serve((request) => host.fetch(new Request(request, { headers: {} })), port);
      await page.locator("[role=alert]", { hasText: "the host answered" }).waitFor();
      await server.close();
      server = await serve(host.fetch, port);
      await page.locator(".dot.live").waitFor();
      await page.locator("[role=alert]").waitFor({ state: "detached" });
      await page.click("button:text-is('Cancel')");
      await page.locator(".actions .pill.cancelled").waitFor();
      await end();
    });
    const wrong = ["--url", server.url, "--token", "a wrong token of this check", "--study", "hosted"];
    await withDashboard(bin, wrong, async (url) => {
      const page = await browser.newPage();
      await page.goto(url);
      await page.locator("[role=alert]", { hasText: "the host answered" }).waitFor();
      await page.close();
    });
  } finally {
    await server.close();
  }
}
