/**
 * What a browser downloads: minified bundles and their WebAssembly, gzipped. Of Fettle as built, in `dist/`.
 * The peers' bundles hold all of their exports, so ours is given with all of its exports too.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { home, type Peers } from "../peers.js";
import { plainRow, type Row } from "../row.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

export async function* size({ tf, jax }: Peers): AsyncIterable<Row> {
  const kernels = zipped(readFileSync(join(root, "wasm/kernels.wasm")));
  const tune = await bundled('export { tune } from "fettle";', root);
  const all = await bundled('export * from "fettle";', root);
  const ours = { suite: "size", size: "gzip" };
  yield plainRow({ ...ours, name: "{ tune }" }, "kB", tune);
  yield plainRow({ ...ours, name: "kernels.wasm" }, "kB", kernels);
  yield plainRow({ ...ours, name: "{ tune } with kernels" }, "kB", tune + kernels);
  if (tf) {
    const code = 'export * from "@tensorflow/tfjs-core"; export * from "@tensorflow/tfjs-backend-wasm";';
    const manifest = createRequire(join(home, "package.json")).resolve("@tensorflow/tfjs-backend-wasm");
    const wasm = zipped(readFileSync(join(dirname(manifest), "tfjs-backend-wasm-simd.wasm")));
    const peer = (await bundled(code, home)) + wasm;
    yield plainRow({ ...ours, name: "all with kernels" }, "kB", all + kernels, "tfjs-core + wasm", peer);
  }
  if (jax) {
    const peer = await bundled('export * from "@jax-js/jax";', home);
    yield plainRow({ ...ours, name: "all with kernels" }, "kB", all + kernels, "jax-js", peer);
  }
}

/** Kilobytes of a module for browsers with all that it imports. */
async function bundled(contents: string, resolveDir: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "browser",
    // The paths of the root's tsconfig.json lead to the sources and to Node's platform.
    tsconfigRaw: "{}",
    logLevel: "error",
  });
  return zipped(outputFiles[0].contents);
}

function zipped(bytes: Uint8Array): number {
  return gzipSync(bytes, { level: 9 }).length / 1000;
}
