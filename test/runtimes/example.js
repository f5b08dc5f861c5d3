/**
 * The browser example in Chromium, under a policy that forbids to make code from strings: it comes to the
 * bits that Node comes to, also after a reload in the middle; it never blocks its page, asks nothing of a
 * network, can be paused and stopped, answers a row by hand as the model that it gives away does, says what
 * it refuses, fits a small window, and keeps axe-core's rules.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { writePage } from "../../examples/browser/bundle.js";
import { fingerprint, optionsFor } from "../../examples/browser/tuning.js";
import { serving } from "./browsers.js";
import { longestTask, lookAtTasks } from "./tasks.js";

const SETTINGS = { target: "diagnosis", trials: 15, epochs: 10, seed: 7 };
/** Milliseconds of a task of the page that a person may notice. */
const LONG = 50;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

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
  await writePage(join(folder, "example"));
  return serving(join(folder, "example"), async (origin) => {
    const open = async () => {
      // a context of its own, so that nothing is kept of the one before
      const context = await browser.newContext({ viewport: { width: 360, height: 700 } });
      const page = await context.newPage();
      page.on("pageerror", (error) => {
        throw error;
      });
      page.on("request", (request) => {
        if (!request.url().startsWith(origin) && !/^(blob|data):/.test(request.url()))
          throw new Error(`it asks for ${request.url()}`);
      });
      await page.goto(`${origin}/index.html`);
      await page.locator('option:has-text("diagnosis")').waitFor({ state: "attached" });
      return page;
    };
    const { longest } = await lookAtTasks(LONG, async () => {
      const ended = await open();
      const longest = await longestTask(browser, ended, () => runsToItsEnd(ended, onNode));
      await fits(ended);
      await keepsRules(ended);
      await answersByHand(ended);
      await ended.context().close();
      return { longest };
    });
    must(longest <= LONG, `a task of the page took ${longest} ms`);
    await goesOn(await open(), onNode);
    await pausesAndStops(await open());
    await refuses(await open());
    const found = `Node's bits, also after a reload; no task of the page over ${Math.ceil(longest)} ms`;
    return `${found}; works without a network; by keyboard it pauses and stops; refuses in words, fits 360 px, keeps axe-core's rules`;
  });
}

async function fillSettings(page) {
  for (const [name, value] of Object.entries(SETTINGS)) {
    if (name !== "target") await page.fill(`[name=${name}]`, String(value));
  }
  await page.selectOption("[name=target]", SETTINGS.target);
}

async function runsToItsEnd(page, expected) {
  await fillSettings(page);
  await page.focus("[name=seed]");
  await page.keyboard.press("Enter");
  await stateIs(page, "done");
  await saysTheBits(page, expected);
  must((await page.locator("#results tbody tr").count()) === 10, "the ten best trials are not listed");
  await page.locator("#chart svg").waitFor();
  await page.waitForFunction(() => document.querySelector("#chart").ariaLabel.includes("15 trials"));
  await page.locator("#curves svg").waitFor();
  await page.locator("#prediction .predicted").waitFor();
}

async function saysTheBits(page, expected) {
  const found = await page.textContent("#final");
  must(found.includes(expected), `Chromium says ${found}, Node came to ${expected}`);
}

async function fits(page) {
  must(
    await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth),
    "the page is wider than a window of 360 px",
  );
}

async function keepsRules(page) {
  await page.evaluate(axe);
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    await page.waitForTimeout(400); // colours change little by little
    const { violations } = await page.evaluate(() => globalThis.axe.run());
    const words = violations.map(
      ({ id, nodes }) => `${id} at ${nodes.map(({ target }) => target).join(", ")}`,
    );
    must(violations.length === 0, `in ${colorScheme} colours axe-core finds ${words.join("; ")}`);
  }
}

/** A row by hand is answered as the downloaded model answers it. */
async function answersByHand(page) {
  const before = await page.textContent("#prediction");
  await page.click("#another");
  await page.waitForFunction((text) => document.querySelector("#prediction").textContent !== text, before);
  await page.fill("#inputs label:first-child input", "30");
  await page.locator("#prediction", { hasText: "Your own row" }).waitFor();
  const row = await page.evaluate(() =>
    Object.fromEntries(
      [...document.querySelectorAll("#inputs label")].map((label) => [
        label.title,
        Number(label.querySelector("input").value),
      ]),
    ),
  );
  const download = page.waitForEvent("download");
  await page.click("#get-model");
  const { loadPredictor } = await import("fettle/predict");
  const model = await loadPredictor(readFileSync(await (await download).path()));
  const [answer] = model.answers(row);
  const said = await page.textContent("#prediction");
  const share = `${(100 * answer.probabilities[answer.class]).toFixed(1)} %`;
  const report = page.waitForEvent("download");
  await page.click("#get-report");
  const html = readFileSync(await (await report).path(), "utf8");
  must(
    html.includes("Predicting diagnosis") && html.includes("<svg"),
    "the report has no title or no picture",
  );
  must(said.includes(answer.class) && said.includes(share), `the page says ${said}, its model ${share}`);
}

/**
 * A tab that is reloaded, and one that is closed, go on where they were; a second tab is told; without a
 * network the page opens.
 */
async function goesOn(page, expected) {
  await fillSettings(page);
  await page.click("#start");
  const hasTrials = () =>
    page.waitForFunction(() => Number.parseInt(document.querySelector("#count").textContent, 10) > 0);
  await hasTrials();
  // so that it has not ended when the other tab comes
  await page.click("#pause");
  await stateIs(page, "paused");
  const other = await page.context().newPage();
  await other.goto(page.url());
  await other.locator("#error", { hasText: "another tab of this page is tuning" }).waitFor();
  await other.close();
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await page.context().setOffline(true);
  await page.reload();
  await hasTrials();
  await stateIs(page, "done");
  await saysTheBits(page, expected);
  const next = await page.context().newPage();
  await page.close();
  await next.goto(page.url());
  await stateIs(next, "done");
  await saysTheBits(next, expected);
  await next.context().close();
}

async function pausesAndStops(page) {
  const count = () => page.textContent("#count");
  await page.fill("[name=trials]", "1000");
  await page.focus("#start");
  await page.keyboard.press("Enter");
  await page.locator("#results tbody tr").first().waitFor();
  must((await focusOf(page)) === "pause", `after Start the focus is on "${await focusOf(page)}"`);
  await page.keyboard.press("Space");
  await stateIs(page, "paused");
  await page.evaluate(() => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(["a,b\n1,2\n"], "other.csv", { type: "text/csv" }));
    document.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
  });
  await page.locator("#error", { hasText: "This study is still tuning" }).waitFor();
  await page.waitForTimeout(400); // the slice at work, and a picture
  const before = await count();
  await page.waitForTimeout(400);
  must((await count()) === before, "it goes on while it is paused");
  await page.click("#pause");
  const changes = () =>
    page.waitForFunction((text) => document.querySelector("#count").textContent !== text, before);
  await changes();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await stateIs(page, "stopped");
  must((await focusOf(page)) === "start", `after Stop the focus is on "${await focusOf(page)}"`);
  must(await page.isEnabled("#start"), "it cannot be started after it was stopped");
  const stopped = Number.parseInt(await count(), 10);
  await page.click("#pause"); // it says Resume
  await page.waitForFunction(
    (least) => Number.parseInt(document.querySelector("#count").textContent, 10) > least,
    stopped,
  );
  await page.context().close();
}

async function refuses(page) {
  await page.fill("[name=trials]", "0");
  await page.click("#start");
  must((await page.getAttribute("body", "data-state")) === null, "it starts with no trials");
  await page.fill("[name=trials]", "3");
  await page.click("label:has([value=own])");
  await page.click("#start");
  must((await page.textContent("#error")).startsWith("Choose a file first"), "it starts without a table");
  const file = (content) => ({ name: "table.csv", mimeType: "text/csv", buffer: Buffer.from(content) });
  const told = async (content, words) => {
    await page.setInputFiles("[name=file]", file(content));
    await page.locator("#error", { hasText: words }).waitFor();
  };
  await told("a,b\n1\n", /line 2/);
  await told(Buffer.alloc(33 * 2 ** 20, "a"), "the file has 33 MB; this page reads at most 32 MB");
  await told(Buffer.from([0x50, 0x4b, 3, 4, 0xff, 0xfe, 0, 1]), "the file is not text");
  await told("alone\n1\n2\n", "must have at least two columns");
  await told("", /.{10}/);
  await told('[{"a": 1}]', "the file is JSON");
  await told("<!doctype html><table></table>", "the file is a page of HTML");
  await told(`a,b\n${"x,y\n".repeat(30)}`, "no column of the table can be predicted");
  // a column of one value is named, and is no target
  const constant = Array.from({ length: 30 }, (_, i) => `${i % 7},${i % 2 ? "yes" : "no"},same\n`).join("");
  await page.setInputFiles("[name=file]", file(`a,b,c\n${constant}`));
  await page.locator("option", { hasText: 'c (is "same" in every row)' }).waitFor({ state: "attached" });
  must((await page.inputValue("[name=target]")) === "b", "the target is not the last column that can be one");
  must(await page.isDisabled("option[value=c]"), "a column of one value can be a target");
  // a large table that is read late is not shown for a small one that was chosen after it
  await page.setInputFiles("[name=file]", file(`late,table\n${"1.5,2.5\n".repeat(2_000_000)}`));
  await page.setInputFiles("[name=file]", file(`a,b\n${"1,2\n2,3\n".repeat(9)}`));
  await page.locator("#about", { hasText: "18 rows" }).waitFor();
  await page.waitForTimeout(3000);
  must((await page.textContent("#about")).includes("18 rows"), "a table that came late is shown");
  const markup = "<script>globalThis.hacked = 1</script>";
  const rows = Array.from({ length: 30 }, (_, i) => `${(i * i) % 17},<img src=x onerror=hacked=1>${i % 2}\n`);
  await page.setInputFiles("[name=file]", file(`${markup},"<b>y</b>"\n${rows.join("")}`));
  await page.locator("option", { hasText: "<b>y</b>" }).waitFor({ state: "attached" });
  must((await page.textContent("#look thead")).includes(markup), "it does not show a name as it is written");
  await page.click("#start");
  await stateIs(page, "done");
  must((await page.evaluate(() => globalThis.hacked)) === undefined, "it runs the text of a table");
  await fits(page);
  await page.fill("[name=paste]", "a,b\n1,x\n2,y\n");
  await page.locator("#start").focus();
  await page.locator("option", { hasText: /^b$/ }).waitFor({ state: "attached" });
  await page.click("#start");
  await stateIs(page, "failed");
  must((await page.textContent("#error")).length > 20, "it does not say why it refuses a table");
  await page.context().close();
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
