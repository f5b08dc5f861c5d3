/** Runs a file of `examples/` on the built package, and shows what it prints. Needs `dist/`. */
import { execFile } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
let runs = 0;

/**
 * What the example prints. `npm run example` does the same on the sources, which takes a second more.
 *
 * @param name - of the file, without its ending
 * @throws if its exit code is not 0
 */
export async function runExample(name: string, ...args: readonly string[]): Promise<string> {
  const source = join(root, `examples/${name}.ts`);
  // at the root, where `fettle` is the built package, and where nothing is packed
  const file = join(root, `example-${process.pid}-${runs++}.tmp.mjs`);
  const { outputFiles } = await build({
    entryPoints: [source],
    bundle: true,
    format: "esm",
    platform: "node",
    packages: "external",
    // data lies beside the source
    define: { "import.meta.url": JSON.stringify(pathToFileURL(source).href) },
    tsconfigRaw: "{}", // the paths of tsconfig.json lead to the sources
    write: false,
    logLevel: "silent",
  });
  writeFileSync(file, outputFiles[0].contents);
  try {
    return (await promisify(execFile)(process.execPath, [file, ...args], { cwd: root })).stdout;
  } finally {
    rmSync(file);
  }
}
