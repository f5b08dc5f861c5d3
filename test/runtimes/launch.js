/**
 * The runtimes: what each needs to be installed, and how it is started on the program, with no more rights
 * than a user's program needs. `run(jobs)` answers what `report` returned there, or throws.
 */
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { CHROMIUM_FLAGS, reportOf, serving } from "./browsers.js";
import { runEdge } from "./edge.js";
import { app, importTool, installBrowser, installPackages, inTool, versionOf } from "./install.js";
import { runWorkerd } from "./workerd.js";

const TIMEOUT = 120_000;
const FILE = "its own module";
const IMPORT = "static import";
const FETCH = "fetch";
/** How many threads the study is done with, beside one, where there are any. */
const THREADS = [2, 3];
const CHROMIUM = ["chromium", "chromium-browser", "google-chrome"];
const PLAYWRIGHT = "1.65.1";
const FIREFOX = ["firefox-esr", "firefox"];
const PUPPETEER = "24.43.1";

/** The name has this ending on every system. */
const BUN = [inTool("bun", "bin", "bun.exe"), "run", "--no-install"];

/** Each with `command` where it runs the command line. */
export const runtimes = [
  node("20.20.2"),
  node("22.23.3"),
  node("24.21.0"),
  node("26.10.0"),
  // V8 pairs vectors of 128 bits; the bits of numbers stay
  withFlags(node("26.10.0"), "node-26-wide", ["--experimental-wasm-revectorize"]),
  {
    name: "deno",
    kernels: FILE,
    install: () => installPackages({ deno: "2.9.6" }),
    version: () => versionOf("deno"),
    threads: THREADS,
    /** As a user starts the command line. */
    command: denoCommand(["--allow-read", "--allow-env", "--allow-sys"]),
    run: (jobs) =>
      // the program may read the package's table and nothing else
      runProcess(denoCommand(["--allow-read=node_modules/fettle/examples"]), ["main.js", String(jobs)]),
  },
  {
    name: "bun",
    kernels: FILE,
    install: () => installPackages({ bun: "1.4.5" }),
    version: () => versionOf("bun"),
    threads: THREADS,
    command: BUN,
    run: (jobs) => runProcess(BUN, ["main.js", String(jobs)]),
  },
  {
    name: "workerd",
    kernels: IMPORT,
    install: () => {}, // a development dependency
    version: () => createRequire(import.meta.resolve("miniflare"))("workerd/package.json").version,
    run: () => runWorkerd(app),
  },
  {
    name: "edge-runtime",
    kernels: IMPORT,
    install: () => installPackages({ "edge-runtime": "4.0.1" }),
    version: () => versionOf("edge-runtime"),
    run: async () => runEdge(app, (await importTool("edge-runtime")).EdgeRuntime),
  },
  browser("chromium", CHROMIUM, "playwright-core", PLAYWRIGHT, runChromium),
  browser("firefox", FIREFOX, "puppeteer-core", PUPPETEER, runFirefox),
];

function node(version) {
  const major = version.split(".")[0];
  const folder = `node-${major}`;
  const system = process.platform === "win32" ? "win" : process.platform;
  const program = system === "win" ? ["bin", "node.exe"] : ["bin", "node"];
  return {
    name: folder,
    kernels: FILE,
    install: () => installPackages({ [folder]: `npm:node-${system}-${process.arch}@${version}` }),
    version: () => versionOf(folder),
    threads: THREADS,
    command: [inTool(folder, ...program)],
    run: (jobs) => runProcess([inTool(folder, ...program)], ["main.js", String(jobs)]),
  };
}

/** A runtime once more, with flags. Commands are not run there. */
function withFlags({ install, version, kernels, threads, command: [program] }, name, flags) {
  const run = (jobs) => runProcess([program, ...flags], ["main.js", String(jobs)]);
  return { name, kernels, install, version, threads, run };
}

/** The version of a browser is known once it runs. */
function browser(name, commands, driver, driverVersion, run) {
  let path;
  let version;
  return {
    name,
    kernels: FETCH,
    install() {
      installPackages({ [driver]: driverVersion });
      path = installBrowser(commands);
    },
    version: () => version,
    async run() {
      const [started, close] = await run(path, await importTool(driver));
      try {
        version = (await started.version()).replace(/^.*\//, "");
        return await serving(app, async (origin) => reportOf(await started.newPage(), `${origin}/page.html`));
      } finally {
        await close();
      }
    },
  };
}

/**
 * Starts Chromium for as long as `use` takes.
 *
 * @param {(browser: import("playwright-core").Browser) => Promise<T>} use
 * @template T
 */
export async function withChromium(use) {
  installPackages({ "playwright-core": PLAYWRIGHT });
  const [started, close] = await runChromium(installBrowser(CHROMIUM), await importTool("playwright-core"));
  try {
    return await use(started);
  } finally {
    await close();
  }
}

/**
 * Starts Firefox for as long as `use` takes.
 *
 * @param {(browser: import("puppeteer-core").Browser) => Promise<T>} use
 * @template T
 */
export async function withFirefox(use) {
  installPackages({ "puppeteer-core": PUPPETEER });
  const [started, close] = await runFirefox(installBrowser(FIREFOX), await importTool("puppeteer-core"));
  try {
    return await use(started);
  } finally {
    await close();
  }
}

async function runChromium(executablePath, { default: playwright }) {
  const started = await playwright.chromium.launch({ executablePath, args: CHROMIUM_FLAGS });
  return [started, () => started.close()];
}

async function runFirefox(executablePath, { default: puppeteer }) {
  const started = await puppeteer.launch({ browser: "firefox", executablePath, headless: true });
  return [started, () => started.close()];
}

/** Deno with some rights, on what is there. */
function denoCommand(rights) {
  const closed = ["--no-config", "--no-lock", "--node-modules-dir=manual", "--cached-only"];
  return [process.execPath, inTool("deno", "bin.cjs"), "run", "--no-prompt", ...rights, ...closed];
}

/**
 * Runs a program in the project and reads the JSON that it prints.
 *
 * @param {string[]} command - the program, and words before the others
 * @param {number[]} codes - exit codes of success
 */
export function runProcess([program, ...words], args, codes = [0]) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...words, ...args], {
      cwd: app,
      // Deno keeps its cache in the project
      env: { ...process.env, NO_COLOR: "1", DENO_DIR: join(app, "deno"), DENO_NO_UPDATE_CHECK: "1" },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: TIMEOUT,
    });
    let output = "";
    let complaint = "";
    child.stdout.on("data", (chunk) => {
      output += chunk;
    });
    child.stderr.on("data", (chunk) => {
      complaint += chunk;
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (codes.includes(code)) resolve(JSON.parse(output));
      else reject(new Error(`ended with ${signal ?? `code ${code}`}\n${complaint}`));
    });
  });
}
