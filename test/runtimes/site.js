/**
 * The static site: every link of it leads somewhere, and its main pages, opened in Chromium, ask for nothing
 * from elsewhere, tell no error, fit a window of 360 px and keep axe-core's rules in light and dark colours.
 */
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, posix } from "node:path";
import { buildSite } from "../../scripts/site/build.js";
import { serving } from "./browsers.js";

/** Those of ours, and what TypeDoc begins with. */
const MAIN = [
  "index.html",
  "docs/readme.html",
  "docs/storage.html",
  "docs/benchmark.html",
  "docs/tables.html",
];
const OPENED = [...MAIN, "reference/index.html", "tune/index.html"];
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/**
 * @param {string} folder - for the site
 * @param {import("playwright-core").Browser} browser
 * @returns {Promise<string>} what was found
 * @throws Error if it is not as it must be
 */
export async function checkSite(folder, browser) {
  await buildSite(folder);
  const links = checkLinks(folder);
  return serving(folder, async (origin) => {
    for (const path of OPENED) await checkPage(browser, origin, path);
    await checkSearch(browser, origin);
    return `${links} links lead somewhere; the search finds a part of a page; ${OPENED.length} pages ask for nothing from elsewhere, and ${MAIN.length} keep axe-core's rules and fit 360 px`;
  });
}

/** @returns {number} how many links within the site were followed */
function checkLinks(folder) {
  const files = new Set(readdirSync(folder, { recursive: true }).map((file) => file.replaceAll("\\", "/")));
  const pages = [...files].filter((file) => file.endsWith(".html"));
  const texts = new Map(pages.map((file) => [file, readFileSync(join(folder, file), "utf8")]));
  const anchors = new Map(
    [...texts].map(([file, text]) => [
      file,
      new Set([...text.matchAll(/ id="([^"]*)"/g)].map(([, id]) => plain(id))),
    ]),
  );
  const broken = [];
  let followed = 0;
  for (const [file, text] of texts)
    for (const [, written] of text.matchAll(/<(?:a|link|script|img)\b[^>]*? (?:href|src)="([^"]*)"/g)) {
      if (/^[a-z]+:/.test(written)) continue;
      const [path, anchor = ""] = plain(written).split("#");
      const target = path === "" ? file : posix.join(posix.dirname(file), decodeURI(path.split("?")[0]));
      followed++;
      const isThere =
        files.has(target) && (anchor === "" || anchors.get(target)?.has(decodeURIComponent(anchor)));
      if (!isThere) broken.push(`${file}: ${written}`);
    }
  must(followed > 1000, `only ${followed} links were found`);
  must(broken.length === 0, `${broken.length} links lead nowhere, such as ${broken.slice(0, 10).join(", ")}`);
  return followed;
}

const plain = (text) =>
  text
    .replace(/&amp;/g, "&")
    .replace(/&lt;/g, "<")
    .replace(/&gt;/g, ">")
    .replace(/&quot;/g, '"');

async function checkPage(browser, origin, path) {
  // TypeDoc's pages have scripts and styles of their own within
  const bypassCSP = path.startsWith("reference/");
  const context = await browser.newContext({ bypassCSP, viewport: { width: 360, height: 740 } });
  const page = await context.newPage();
  const faults = [];
  page.on("pageerror", ({ message }) => faults.push(message));
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  page.on("request", (request) => {
    if (!request.url().startsWith(origin)) faults.push(`it asks for ${request.url()}`);
  });
  await page.goto(`${origin}/${path}`, { waitUntil: "networkidle" });
  const missing = await page.evaluate(async () => {
    const pictures = [...document.images];
    await Promise.all(
      pictures.map((each) =>
        Object.assign(each, { loading: "eager" })
          .decode()
          .catch(() => {}),
      ),
    );
    return pictures.filter(({ naturalWidth }) => naturalWidth === 0).map(({ src }) => src);
  });
  if (missing.length > 0) faults.push(`the pictures ${missing} do not load`);
  if (MAIN.includes(path)) {
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (wide > 0) faults.push(`it is ${wide} px wider than a window of 360 px`);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => globalThis.axe.run());
      for (const { id, nodes } of violations)
        faults.push(`axe-core finds ${id} at ${nodes.slice(0, 4).map(({ target }) => target)}`);
    }
  }
  await context.close();
  must(faults.length === 0, `${path}: ${faults.join("; ")}`);
}

/** Types a few words on the first page and on one below, and follows the first result. */
async function checkSearch(browser, origin) {
  const page = await browser.newPage();
  for (const path of ["index.html", "docs/storage.html"]) {
    await page.goto(`${origin}/${path}`, { waitUntil: "networkidle" });
    await page.locator("#search input").fill("learning rate sched");
    await page.locator("#search li a").first().waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL(`${origin}/docs/optimizers.html#learning-rate-schedules`);
  }
  await page.close();
}

function must(condition, message) {
  if (!condition) throw new Error(message);
}
