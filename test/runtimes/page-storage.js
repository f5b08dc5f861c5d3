/**
 * Storages in a page, in real browsers: the laws of storages hold; a search whose tab is closed, or whose
 * browser is killed, goes on to the bits of one that was not; two tabs run one study; other releases and a
 * full disk are told in words.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { CHROMIUM_FLAGS, reportOf, serving } from "./browsers.js";
import { app, importTool, installBrowser, installPackages } from "./install.js";

const PUPPETEER = "24.43.1";
const LAW_RUNS = 10;
/** Megabytes that the full disk has, and what does not fit. */
const QUOTA = 8;
const LARGE = 64;

const browsers = {
  chromium: {
    commands: ["chromium", "chromium-browser", "google-chrome"],
    options: { browser: "chrome", args: CHROMIUM_FLAGS },
    async fill(page, origin) {
      const session = await page.createCDPSession();
      await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: QUOTA * 2 ** 20 });
    },
  },
  firefox: {
    commands: ["firefox-esr", "firefox"],
    options: { browser: "firefox" },
    /** In kilobytes. */
    full: { extraPrefsFirefox: { "dom.quotaManager.temporaryStorage.fixedLimit": QUOTA * 2 ** 10 } },
  },
};

/** `npm run test:runtimes -- page-storage` */
export const pageStorageCheck = {
  name: "page-storage",
  install: () => installPackages({ "puppeteer-core": PUPPETEER }),
  async run() {
    const folder = join(app, "..", "stored");
    const nodePaths = [join(app, "../../node_modules")]; // fast-check is not among the package's own
    const entryPoints = { index: join(app, "stored-page.js") };
    const shared = { outdir: folder, bundle: true, format: "esm", splitting: true, target: "es2022" };
    await build({ ...shared, entryPoints, nodePaths, loader: { ".wasm": "file" }, logLevel: "error" });
    writeFileSync(
      join(folder, "page.html"),
      '<!doctype html><script type="module" src="index.js"></script>\n',
    );
    const { search } = await import(pathToFileURL(join(app, "stored.js")).href);
    const { memoryStorage } = await import("fettle/store");
    const expected = await search(memoryStorage());
    const found = [];
    for (const [name, browser] of Object.entries(browsers))
      found.push(`${name}: ${await serving(folder, (origin) => checkIn(browser, origin, expected))}`);
    return found.join("; ");
  },
};

async function checkIn({ commands, options, full = {}, fill }, origin, expected) {
  const puppeteer = (await importTool("puppeteer-core")).default;
  const executablePath = installBrowser(commands);
  const profile = mkdtempSync(join(tmpdir(), "fettle-profile-"));
  const launch = (more = {}) =>
    puppeteer.launch({ ...options, executablePath, headless: true, userDataDir: profile, ...more });
  let browser = await launch();
  const open = async () => {
    const page = await browser.newPage();
    await reportOf(page, `${origin}/page.html`);
    return page;
  };
  const call = (page, name, ...values) =>
    page.evaluate((method, given) => globalThis.page[method](...given), name, values);
  try {
    const first = await open();
    const databases = await call(first, "laws", LAW_RUNS);
    await first.close();

    const ends = [
      (page) => page.close(),
      async () => {
        const gone = new Promise((resolve) => browser.process().once("exit", resolve));
        browser.process().kill("SIGKILL");
        await gone;
        browser = await launch();
      },
      (page) => page.reload().then(() => page.close()),
    ];
    let all = 0;
    for (const [i, end] of ends.entries()) {
      const page = await open();
      page.evaluate(() => void globalThis.page.search("search", 20)).catch(() => {});
      const enough = Math.min(55, all + 12);
      await page.waitForFunction((count) => globalThis.page.kept.length >= count, {}, enough - all);
      const kept = await page.evaluate(() => globalThis.page.kept);
      await end(page);
      const next = await open();
      const found = await call(next, "finished", "search");
      const lost = kept.filter((number) => !found.includes(number));
      must(lost.length === 0, `end ${i} lost the trials ${lost}`);
      all = found.length;
      await next.close();
    }
    must(all < 60, "the search had ended before it was killed");
    const last = await open();
    must((await call(last, "search", "search", 0)) === expected, "a killed search ends with other trials");

    const other = await open();
    const both = await Promise.all([last, other].map((page) => call(page, "search", "both", 1)));
    must(
      both.every((each) => each === expected),
      "two tabs end with other trials",
    );
    const [closed, later] = await call(other, "upgrade", "both");
    must(/store_failed: .*with a later release.*reload this page/.test(closed), `told ${closed}`);
    must(/invalid_checkpoint: .*schema version 7; this release reads at most 1/.test(later), `told ${later}`);

    await browser.close();
    browser = await launch(full);
    const filled = await open();
    await fill?.(filled, origin);
    const [words, artifacts] = await call(filled, "fill", "full", LARGE);
    must(/store_failed: .*gives this page no more space; delete studies/.test(words), `told ${words}`);
    must(artifacts === "small", `kept ${artifacts}`);
    return `all laws on ${databases} databases; ${ends.length} ends of a tab or browser lost nothing and came to Node's trials; a full disk is told`;
  } finally {
    await browser.close();
    rmSync(profile, { recursive: true, force: true });
  }
}

function must(condition, message) {
  if (!condition) throw new Error(message);
}
