/** Programs on Cloudflare's workerd. */
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { Miniflare } from "miniflare";

const TIMEOUT = 120_000;

/**
 * A worker as wrangler would bundle and start it.
 *
 * @param {string} entry - its module, from where `fettle` resolves
 * @param {Partial<import("miniflare").MiniflareOptions> & { mayGenerate?: boolean }} options - and whether
 *   its text may hold what generates code, as another library's does without running it
 * @throws Error if it generates code
 */
export async function startWorkerd(entry, { mayGenerate = false, ...options } = {}) {
  const out = join(dirname(entry), "worker");
  const { outputFiles } = await build({
    entryPoints: [entry],
    outdir: out,
    bundle: true,
    format: "esm",
    conditions: ["workerd", "worker", "browser"],
    // The kernels stay a module of their own beside the worker.
    loader: { ".wasm": "copy", ".csv": "text", ".fettle": "copy" },
    external: ["cloudflare:workers"],
    tsconfigRaw: "{}",
    write: false,
    logLevel: "silent",
  });
  const script = outputFiles.find(({ path }) => path.endsWith(".js"));
  const generator = /\bnew Function\b|\beval\(/.exec(script.text);
  if (generator && !mayGenerate)
    throw new Error(`the bundle holds "${generator[0]}", which workerd refuses at run time`);
  const modules = outputFiles
    .sort((a) => (a === script ? -1 : 1))
    .map(({ path, contents }) => ({
      type: path.endsWith(".wasm") ? "CompiledWasm" : path.endsWith(".fettle") ? "Data" : "ESModule",
      path,
      contents,
    }));
  // From 2025-06-01 on, workerd lets code be generated while a worker starts; users may be on either side.
  const compatibilityDate = "2025-01-01";
  return new Miniflare({ modules, modulesRoot: out, compatibilityDate, cf: false, ...options });
}

/**
 * What a worker answers, as JSON.
 *
 * @throws Error if its answer is an error
 */
export async function answerOf(worker, url = "http://localhost/") {
  const response = await worker.dispatchFetch(url, { signal: AbortSignal.timeout(TIMEOUT) });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return JSON.parse(text);
}

/**
 * @param {string} folder - where `worker.js` lies, and from where `fettle` resolves
 * @returns what `report` returned there
 * @throws Error if it cannot run, or generates code
 */
export async function runWorkerd(folder) {
  const worker = await startWorkerd(join(folder, "worker.js"));
  try {
    return await answerOf(worker);
  } finally {
    await worker.dispose();
  }
}
