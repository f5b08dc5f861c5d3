/**
 * The example of transfer learning in Chromium, under its policy: while the page trains on its own thread,
 * the bar is painted in several states, and Stop is answered; trained to its end, it reads digits that the
 * network of TensorFlow.js was not trained on.
 */
import { join } from "node:path";
import { writePage } from "../../examples/transfer-learning/bundle.js";
import { EPOCHS } from "../../examples/transfer-learning/learning.js";
import { serving } from "./browsers.js";

/**
 * @param {string} folder - for the bundle
 * @param {import("playwright-core").Browser} browser
 * @returns {Promise<string>} what was found
 * @throws Error if it is not as it must be
 */
export async function checkTransfer(folder, browser) {
  const outdir = join(folder, "transfer-learning");
  await writePage(outdir);
  return serving(outdir, async (origin) => {
    const states = await paintedStates(await opened(browser, origin));
    must(states > 1, `the bar was painted in ${states} states while the page trained`);
    await stops(await opened(browser, origin));
    return `trains in the page, painted in ${states} states; stops at a click`;
  });
}

async function opened(browser, origin) {
  const page = await browser.newPage();
  page.on("pageerror", (error) => {
    throw error;
  });
  await page.goto(`${origin}/index.html`);
  return page;
}

/** Trains to the end. In how many states the bar was when a frame was painted. */
async function paintedStates(page) {
  await page.evaluate(() => {
    globalThis.states = new Set();
    const bar = document.querySelector("#progress");
    const look = () => {
      if (bar.value > 0 && bar.value < 1) globalThis.states.add(bar.value);
      requestAnimationFrame(look);
    };
    look();
  });
  await page.click("#start");
  await page.locator("#state", { hasText: "Done" }).waitFor({ timeout: 120_000 });
  const share = Number(/([\d.]+) %/.exec(await page.textContent("#state"))[1]);
  must(share > 80, `only ${share} % of the images are read`);
  must((await page.evaluate(() => document.querySelector("#progress").value)) === 1, "the bar is not full");
  const { size } = await page.evaluate(() => ({ size: globalThis.states.size }));
  await page.close();
  return size;
}

/** Stop, clicked in the first frame after the first epoch, ends the training before its last epoch. */
async function stops(page) {
  await page.evaluate(() => {
    const look = () => {
      if (document.querySelector("#progress").value > 0) document.querySelector("#stop").click();
      else requestAnimationFrame(look);
    };
    look();
  });
  await page.click("#start");
  await page.locator("#state", { hasText: "Stopped" }).waitFor({ timeout: 120_000 });
  const reached = await page.evaluate((epochs) => document.querySelector("#progress").value * epochs, EPOCHS);
  must(reached < EPOCHS, "it was trained to its end");
  await page.close();
}

function must(holds, message) {
  if (!holds) throw new Error(message);
}
