/**
 * How each runtime is started on the smoke program, with no more rights than a user's
 * program needs. Each entry answers what `smoke` returned there, or throws.
 */
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { app, inTool, versionOf } from "./install.js";

const TIMEOUT = 120_000;

export const runtimes = [
  {
    name: "node",
    version: () => process.versions.node,
    run: () => runProcess(process.execPath, ["main.js"]),
  },
  { name: "workerd", version: () => versionOf("workerd"), run: runWorker },
  { name: "deno", version: () => versionOf("deno"), run: runDeno },
  { name: "bun", version: () => versionOf("bun"), run: runBun },
];

/** Deno may read the kernels and nothing else, and keeps its cache in the project. */
function runDeno() {
  const rights = ["--no-prompt", "--allow-read=node_modules/fettle/wasm"];
  const closed = ["--no-config", "--no-lock", "--node-modules-dir=manual", "--cached-only"];
  const program = inTool("deno", "bin.cjs");
  return runProcess(process.execPath, [program, "run", ...rights, ...closed, "main.js"], {
    DENO_DIR: join(app, "deno"),
    DENO_NO_UPDATE_CHECK: "1",
  });
}

function runBun() {
  // The name has this ending on every system.
  return runProcess(inTool("bun", "bin", "bun.exe"), ["run", "--no-install", "main.js"]);
}

/** Bundled by the conditions that wrangler gives, the kernels left a module of their own beside the worker. */
async function runWorker() {
  const { build } = await importTool("esbuild");
  const out = join(app, "worker");
  const { outputFiles } = await build({
    entryPoints: [join(app, "worker.js")],
    outdir: out,
    bundle: true,
    format: "esm",
    conditions: ["workerd", "worker", "browser"],
    loader: { ".wasm": "copy" },
    write: false,
    logLevel: "silent",
  });
  const script = outputFiles.find(({ path }) => path.endsWith(".js"));
  const generator = /\bnew Function\b|\beval\(/.exec(script.text);
  if (generator) throw new Error(`the bundle holds "${generator[0]}", which workerd refuses at run time`);

  const { Miniflare } = await importTool("miniflare");
  const modules = outputFiles
    .sort((a) => (a === script ? -1 : 1))
    .map(({ path, contents }) => ({
      type: path.endsWith(".wasm") ? "CompiledWasm" : "ESModule",
      path,
      contents,
    }));
  // From 2025-06-01 on, workerd lets code be generated while a worker starts; users may be on either side.
  const worker = new Miniflare({ modules, modulesRoot: out, compatibilityDate: "2025-01-01", cf: false });
  try {
    const response = await worker.dispatchFetch("http://localhost/", {
      signal: AbortSignal.timeout(TIMEOUT),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    return JSON.parse(text);
  } finally {
    await worker.dispose();
  }
}

/** Runs a program in the project and reads the JSON that it prints. */
function runProcess(program, args, variables = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: app,
      env: { ...process.env, NO_COLOR: "1", ...variables },
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
      if (code === 0) resolve(JSON.parse(output));
      else reject(new Error(`ended with ${signal ?? `code ${code}`}\n${complaint}`));
    });
  });
}

/** A package that only `.runtimes/` has. */
function importTool(name) {
  return import(pathToFileURL(createRequire(inTool(name, "package.json")).resolve(name)).href);
}
