// Bundles the modules of dist/ for hosts that load files directly: Node, Deno, Bun, and pages without a
// bundler. Bundlers and edge hosts use the modules themselves. Each bundle is as deep in dist/ as the modules
// whose relative paths it contains.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { rolldown } from "rolldown";

/**
 * Writes other characters than ASCII as escapes. With a single one, V8 keeps and scans the whole file in two
 * bytes a character, at each start and for each function that it compiles later.
 */
const ascii = {
  name: "ascii",
  generateBundle(_, bundle) {
    const escaped = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
    for (const chunk of Object.values(bundle))
      if (chunk.type === "chunk") chunk.code = chunk.code.replace(/[^\0-\x7f]/g, escaped);
  },
};

const { exports } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

const shared = {
  cwd: fileURLToPath(new URL("..", import.meta.url)),
  // the paths in tsconfig.json lead to the sources
  tsconfig: false,
  plugins: [ascii],
  // some modules are imported both statically and dynamically
  checks: { ineffectiveDynamicImport: false },
};
const forNode = {
  ...shared,
  platform: "node",
  external: [
    /^node:/,
    /^bun:/,
    "commander",
    "cli-progress",
    "picocolors",
    "fast-check",
    "echarts",
    "@resvg/resvg-wasm",
    "hyparquet",
    "libsql",
    "pg",
    "pg-boss",
  ],
};

/**
 * Short names of variables and fewer tokens take a fifth off the time of parsing. Functions and classes keep
 * their names, and statements their lines, for the traces of errors.
 */
const names = { function: true, class: true };
const READABLE = {
  mangle: { toplevel: true, keepNames: names },
  compress: { keepNames: names },
  codegen: { removeWhitespace: false },
};

/** ECharts is some 600 files, which Node takes half a second to load. */
const IN_ONE_FILE = { echarts: "echarts/dist/echarts.esm.min.mjs" };

/** Writes a bundle to `dist/<folder>`. */
async function bundle(folder, input, output = {}) {
  const made = await rolldown(input);
  await made.write({
    dir: `dist/${folder}`,
    format: "esm",
    comments: false,
    ...(folder === "node" && { paths: IN_ONE_FILE, minify: READABLE }),
    ...output,
  });
  await made.close();
}

/** The paths of the modules that an entry loads: all, or those that it imports before it runs. */
async function modulesOf(input, atOnce = false) {
  const made = await rolldown(input);
  const { output } = await made.generate({ codeSplitting: atOnce });
  await made.close();
  const chunks = new Map(output.map((chunk) => [chunk.fileName, chunk]));
  const taken = new Set(output.filter(({ isEntry }) => isEntry || !atOnce));
  for (const { imports } of taken)
    for (const name of imports) if (chunks.has(name)) taken.add(chunks.get(name));
  return [...taken].flatMap(({ modules }) => Object.keys(modules));
}

// For pages without a bundler, which resolve neither packages nor conditions.
for (const [name, path] of Object.entries({ index: "dist/index.js", predict: "dist/predict/index.js" }))
  await bundle(
    "browser",
    { ...shared, platform: "browser", input: { [name]: path } },
    { minify: true, codeSplitting: false },
  );

// A thread shares no modules with the main thread: each program is one file with only what it needs.
const programs = { worker: "dist/tune/jobs/worker.js", benchmarkWorker: "dist/benchmark/worker.js" };
for (const [name, path] of Object.entries(programs)) {
  const output = { codeSplitting: false, entryFileNames: "[name].mjs", minify: true };
  await bundle("node", { ...forNode, input: { [name]: path } }, output);
}

// For Node, where loading a hundred files (0.7 ms each) takes longer than a study's first step. The library
// is one file, and what the other entries share is another, so that each class exists once. What a predictor
// needs are two more, which the library loads too: what it begins with, and what it loads for other networks
// than stacks of dense layers. What the command line loads before it knows the command are the last two: its
// own part, and the base, which all others load too.
const predictor = { ...forNode, input: { predict: "dist/predict/index.js" } };
const predict = new Set(await modulesOf(predictor, true));
const compiler = new Set(await modulesOf(predictor));
const library = new Set(await modulesOf({ ...forNode, input: { index: "dist/index.js" } }));
const cli = new Set(await modulesOf({ ...forNode, input: { cli: "dist/cli/main.js" } }, true));
const entries = Object.fromEntries(
  Object.values(exports).flatMap(({ node, default: modules }) =>
    node ? [[basename(node, ".js"), modules.slice("./".length)]] : [],
  ),
);
await bundle(
  "node",
  {
    ...forNode,
    input: { ...entries, cli: "dist/cli/main.js" },
  },
  {
    chunkFileNames: ({ facadeModuleId }) =>
      facadeModuleId?.includes("/cli/") ? "cli-[name].js" : "[name].js",
    codeSplitting: {
      groups: [
        { name: "base", test: (id) => cli.has(id) && !id.includes("/cli/"), priority: 4 },
        { name: "command", test: (id) => cli.has(id), priority: 3 },
        { name: "predictor", test: (id) => predict.has(id), priority: 2 },
        { name: "compiler", test: (id) => compiler.has(id), priority: 1 },
        { name: "library", test: (id) => library.has(id) },
        { name: "shared", minShareCount: 2 },
      ],
    },
  },
);

// The page of the dashboard, with the library that draws its pictures in a file of its own, which is loaded
// after the first paint.
await build({
  absWorkingDir: shared.cwd,
  entryPoints: ["main.tsx", "analysis.ts", "style.css", "index.html", "icon.svg"].map(
    (file) => `src/dashboard/page/${file}`,
  ),
  outdir: "dist/dashboard/page",
  bundle: true,
  splitting: true,
  minify: true,
  format: "esm",
  platform: "browser",
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  loader: { ".html": "copy", ".svg": "copy" },
  // the page shows results and computes none: what needs a host is not in it
  tsconfigRaw: "{}",
  legalComments: "none",
  logLevel: "warning",
});
