/**
 * Bundlers, each configured as its manual begins, on two pages of a user's project that run in Chromium, one
 * that tunes and one that predicts: the outcomes must be Node's. Vite and webpack follow
 * `new URL(…, import.meta.url)` to the kernels; the others are given them as a file of the bundle. webpack
 * also bundles a program for Node, as Next.js does for its routes.
 */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import { reportOf, serving } from "./browsers.js";
import { app, importTool, installPackages, inTool, versionOf } from "./install.js";
import { withChromium } from "./launch.js";

/** The pages, by their programs. */
const PAGES = ["bundled", "predicted"];

/** Each bundles a page's program into a folder, with `index.js` as what a page loads. */
const bundlers = [
  {
    name: "vite",
    install: () => installPackages({ vite: "8.3.8" }),
    version: () => versionOf("vite"),
    async build(name, outDir) {
      const { build } = await importTool("vite");
      const files = { entryFileNames: "index.js" };
      const input = join(app, `${name}.js`);
      const options = { outDir, emptyOutDir: true, rolldownOptions: { input, output: files } };
      await build({ root: app, base: "./", configFile: false, logLevel: "error", build: options });
    },
    /** Its server for development, which bundles packages in another way. */
    async serve(name, use) {
      const { createServer } = await importTool("vite");
      writeFileSync(join(app, "vite.html"), page(`/${name}.js`));
      const local = { host: "127.0.0.1", port: 0 };
      const server = await createServer({ root: app, configFile: false, logLevel: "error", server: local });
      try {
        await server.listen();
        return await use(`${server.resolvedUrls.local[0]}vite.html`);
      } finally {
        await server.close();
      }
    },
  },
  {
    name: "webpack",
    install: () => installPackages({ webpack: "5.112.2" }),
    version: () => versionOf("webpack"),
    build: (name, path) =>
      webpack({ entry: `./${name}.js`, output: { path, filename: "index.js", publicPath: "auto" } }),
    /** A program for Node, which prints its outcome. */
    async program(path) {
      await webpack({ target: "node", entry: "./bundled-node.js", output: { path, filename: "node.cjs" } });
      return join(path, "node.cjs");
    },
  },
  {
    name: "esbuild",
    install: () => {}, // a development dependency
    version: () => esbuild.version,
    async build(name, outdir) {
      await esbuild.build({
        entryPoints: { index: join(app, `${name}-given.js`) },
        outdir,
        bundle: true,
        splitting: true,
        format: "esm",
        minify: true,
        loader: { ".wasm": "file" },
        logLevel: "silent",
      });
    },
  },
  {
    name: "rolldown",
    install: () => installPackages({ rolldown: "1.3.2" }),
    version: () => versionOf("rolldown"),
    async build(name, dir) {
      const { rolldown } = await importTool("rolldown");
      const bundle = await rolldown({
        input: { index: join(app, `${name}-given.js`) },
        platform: "browser",
        moduleTypes: { ".wasm": "asset" },
        logLevel: "silent",
      });
      await bundle.write({ dir, format: "esm", minify: true });
      await bundle.close();
    },
  },
];

async function webpack(options) {
  const run = createRequire(inTool("webpack", "package.json"))("webpack");
  const problems = await new Promise((resolve, reject) => {
    run({ mode: "production", context: app, ...options }, (error, stats) =>
      error ? reject(error) : resolve(stats.toString("errors-only")),
    );
  });
  if (problems) throw new Error(problems);
}

const page = (script) => `<!doctype html><script type="module" src="${script}"></script>\n`;

/** As checks: each reports what it found, or throws if an outcome is not Node's. */
export const bundlerChecks = bundlers.map(({ name, version, install, build, serve, program }) => ({
  name,
  version,
  install,
  async run() {
    const { models } = await importProgram("predicted-models");
    const files = `export default ${JSON.stringify(await models())};\n`;
    writeFileSync(join(app, "predicted-files.js"), files);
    const sizes = [];
    for (const entry of PAGES) {
      const out = join(app, "..", "bundled", name, entry);
      rmSync(out, { recursive: true, force: true });
      await build(entry, out);
      writeFileSync(join(out, "page.html"), page("index.js"));
      const expected = await (await importProgram(`${entry}-outcome`)).outcome();
      await withChromium(async (browser) => {
        const compare = async (url) =>
          checkEqual(entry, await reportOf(await browser.newPage(), url), expected);
        await serving(out, (origin) => compare(`${origin}/page.html`));
        await serve?.(entry, compare);
      });
      sizes.push(sizeOf(out, entry));
      if (program && entry === "bundled")
        checkEqual(
          "program",
          execFileSync(process.execPath, [await program(join(out, "node"))], { encoding: "utf8" }),
          expected,
        );
    }
    const places = `Chromium${serve ? ", from its server too" : ""}${program ? ", and in Node" : ""}`;
    const [tunes, predicts] = sizes;
    return `runs in ${places}, to Node's outcomes; ${tunes} kB gzipped in all, ${predicts} to predict`;
  },
}));

const importProgram = (name) => import(pathToFileURL(join(app, `${name}.js`)).href);

function checkEqual(what, found, expected) {
  if (found !== expected) throw new Error(`its ${what}'s outcome is ${found}, Node's is ${expected}`);
}

/**
 * Kilobytes of code and kernels, gzipped, including what is loaded later. Bundlers also copy the kernels of
 * predictors, which a page that tunes does not fetch.
 */
function sizeOf(folder, entry) {
  const unused = entry === "bundled" && readFileSync(join(app, "node_modules/fettle/wasm/predict.wasm"));
  const files = readdirSync(folder, { recursive: true }).filter((file) => /\.(js|wasm)$/.test(file));
  const contents = files.map((file) => readFileSync(join(folder, file)));
  const used = contents.filter((bytes) => !unused || !bytes.equals(unused));
  const size = used.reduce((sum, bytes) => sum + gzipSync(bytes, { level: 9 }).length / 1000, 0);
  return size.toFixed(1);
}
