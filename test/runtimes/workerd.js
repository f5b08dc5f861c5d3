/** The program on Cloudflare's workerd, as wrangler would bundle and start it. */
import { join } from "node:path";
import { build } from "esbuild";
import { Miniflare } from "miniflare";

const TIMEOUT = 120_000;

/**
 * @param {string} folder - where `worker.js` lies, and from where `fettle` resolves
 * @returns what `report` returned there
 * @throws Error if it cannot run, or generates code
 */
export async function runWorkerd(folder) {
  const out = join(folder, "worker");
  const { outputFiles } = await build({
    entryPoints: [join(folder, "worker.js")],
    outdir: out,
    bundle: true,
    format: "esm",
    conditions: ["workerd", "worker", "browser"],
    // The kernels stay a module of their own beside the worker.
    loader: { ".wasm": "copy", ".csv": "text" },
    tsconfigRaw: "{}",
    write: false,
    logLevel: "silent",
  });
  const script = outputFiles.find(({ path }) => path.endsWith(".js"));
  const generator = /\bnew Function\b|\beval\(/.exec(script.text);
  if (generator) throw new Error(`the bundle holds "${generator[0]}", which workerd refuses at run time`);
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
