/** The program on Vercel's edge runtime, bundled as Vercel does. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

/** `*.wasm?module` is a module that the host compiled and left in a global. */
const wasmModules = {
  name: "wasm-modules",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\.wasm\?module$/ }, ({ path, resolveDir }) => ({
      path: join(resolveDir, path.replace("?module", "")),
      namespace: "wasm-module",
    }));
    onLoad({ filter: /.*/, namespace: "wasm-module" }, ({ path }) => ({
      contents: `export default globalThis[${JSON.stringify(path)}];`,
    }));
  },
};

/**
 * @param {string} folder - where `edge.js` lies, and from where `fettle` resolves
 * @param {typeof import("edge-runtime").EdgeRuntime} EdgeRuntime
 * @returns what `report` returned there
 */
export async function runEdge(folder, EdgeRuntime) {
  const { outputFiles, metafile } = await build({
    entryPoints: [join(folder, "edge.js")],
    bundle: true,
    conditions: ["edge-light", "worker", "browser"],
    loader: { ".csv": "text" },
    plugins: [wasmModules],
    tsconfigRaw: "{}",
    metafile: true,
    write: false,
    logLevel: "silent",
  });
  const paths = Object.keys(metafile.inputs).filter((path) => path.startsWith("wasm-module:"));
  const kernels = paths.map((path) => path.slice("wasm-module:".length));
  if (kernels.length !== 1)
    throw new Error(`the bundle asks for ${kernels.length} WebAssembly modules, not for one`);
  const runtime = new EdgeRuntime({
    initialCode: outputFiles[0].text,
    // As in production, where no code can be made from strings or bytes.
    codeGeneration: { strings: false, wasm: false },
    extend: (context) =>
      Object.assign(context, { [kernels[0]]: new WebAssembly.Module(readFileSync(kernels[0])) }),
  });
  const response = await runtime.dispatchFetch("http://localhost/");
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return JSON.parse(text);
}
