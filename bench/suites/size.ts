/**
 * What a browser downloads: minified modules as Rolldown (Vite's bundler) makes them, and their WebAssembly,
 * gzipped. Of Fettle as built, in `dist/`. What is imported while a page runs is apart: `tune` loads so what
 * trains and scores models, and the default strategy. The peers' bundles hold all of their exports, so ours
 * is given with all of its exports too.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { type OutputChunk, rolldown } from "rolldown";
import type { Peers } from "../peers.js";
import { plainRow, type Row } from "../row.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

export async function* size({ tf, jax }: Peers): AsyncIterable<Row> {
  const kernels = zipped(readFileSync(join(root, "wasm/kernels.wasm")));
  const predict = zipped(readFileSync(join(root, "wasm/predict.wasm")));
  const tune = await bundled('export { tune } from "fettle";', root);
  const dense = await bundled('export { adam, dense, sequential, tune } from "fettle";', root);
  const all = await bundled(
    'export * from "fettle"; export * from "fettle/engine"; export * from "fettle/ops";',
    root,
  );
  const predictor = await bundled('export { loadPredictor } from "fettle/predict";', root);
  const ours = { suite: "size", size: "gzip" };
  yield plainRow({ ...ours, name: "kernels.wasm" }, "kB", kernels);
  yield plainRow({ ...ours, name: "predict.wasm" }, "kB", predict);
  yield plainRow({ ...ours, name: "{ loadPredictor } with it" }, "kB", predictor.first + predict);
  yield plainRow({ ...ours, name: "and what others load" }, "kB", predictor.later + kernels);
  yield plainRow({ ...ours, name: "{ tune } with kernels" }, "kB", tune.first + kernels);
  yield plainRow({ ...ours, name: "{ tune, sequential, dense, adam }" }, "kB", dense.first + kernels);
  yield plainRow({ ...ours, name: "and all that they load" }, "kB", dense.first + dense.later + kernels);
  if (tf) {
    const code = 'export * from "@tensorflow/tfjs-core"; export * from "@tensorflow/tfjs-backend-wasm";';
    const manifest = createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm");
    const wasm = zipped(readFileSync(join(dirname(manifest), "tfjs-backend-wasm-simd.wasm")));
    const { first } = await bundled(code, root);
    yield plainRow(
      { ...ours, name: "all with kernels" },
      "kB",
      all.first + kernels,
      "tfjs-core + wasm",
      first + wasm,
    );
  }
  if (jax) {
    const { first } = await bundled('export * from "@jax-js/jax";', root);
    yield plainRow({ ...ours, name: "all with kernels" }, "kB", all.first + kernels, "jax-js", first);
  }
}

const ENTRY = "\0entry";

/** Kilobytes of a module for browsers with all that it imports: at first, and while it runs. */
export async function bundled(
  code: string,
  directory: string,
): Promise<{ readonly first: number; readonly later: number }> {
  const entry = {
    name: "entry",
    resolveId: (id: string) => (id === ENTRY ? join(directory, "entry.js") : null),
    load: (id: string) => (id === join(directory, "entry.js") ? code : null),
  };
  const bundle = await rolldown({
    input: ENTRY,
    plugins: [entry],
    cwd: directory,
    platform: "browser",
    logLevel: "silent",
    // the paths of the root's tsconfig.json lead to the sources and to Node's platform
    tsconfig: false,
  });
  const { output } = await bundle.generate({ format: "esm", minify: true });
  await bundle.close();
  const chunks = new Map(
    output.filter(({ type }) => type === "chunk").map((chunk) => [chunk.fileName, chunk as OutputChunk]),
  );
  const first = new Set<string>();
  const take = (name: string): void => {
    if (first.has(name)) return;
    first.add(name);
    for (const imported of chunks.get(name)?.imports ?? []) if (chunks.has(imported)) take(imported);
  };
  for (const { isEntry, fileName } of chunks.values()) if (isEntry) take(fileName);
  let [now, later] = [0, 0];
  for (const { fileName, code } of chunks.values()) {
    if (first.has(fileName)) now += zipped(Buffer.from(code));
    else later += zipped(Buffer.from(code));
  }
  return { first: now, later };
}

export function zipped(bytes: Uint8Array): number {
  return gzipSync(bytes, { level: 9 }).length / 1000;
}
