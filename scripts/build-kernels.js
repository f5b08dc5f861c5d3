// Compiles kernels/ to wasm/kernels.wasm (strict SIMD) and wasm/kernels-relaxed.wasm (FMA, opt-in).
// Skipped where neither the sources nor the compiler changed.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const out = join(root, "wasm");
const stamp = join(out, ".stamp");
const builds = { "kernels.wasm": "simd", "kernels-relaxed.wasm": "simd,relaxed-simd" };

const sources = readdirSync(join(root, "kernels"), { recursive: true })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => join(root, "kernels", name))
  .sort();
const inputs = [
  ...sources,
  join(root, "src/graph/opcodes.ts"),
  join(root, "node_modules/assemblyscript/package.json"),
  fileURLToPath(import.meta.url),
];
const hash = createHash("sha256");
for (const file of inputs) hash.update(readFileSync(file));
const digest = hash.digest("hex");

const fresh =
  existsSync(stamp) &&
  readFileSync(stamp, "utf8") === digest &&
  Object.keys(builds).every((name) => existsSync(join(out, name)));

if (!fresh) {
  const { default: asc } = await import("assemblyscript/asc");
  mkdirSync(out, { recursive: true });
  for (const [name, features] of Object.entries(builds)) {
    const { error, stderr } = await asc.main(
      [
        "kernels/index.ts",
        ...["--outFile", `wasm/${name}`, "--baseDir", root],
        ...["--enable", features, "--runtime", "stub", "--noAssert", "--initialMemory", "16"],
        // As fast as with shrinkLevel 0, which inlines more, and 9 kB smaller when zipped.
        ...["--optimizeLevel", "3", "--shrinkLevel", "1"],
      ],
      {},
    );
    if (error) {
      console.error(stderr.toString());
      process.exit(1);
    }
  }
  writeFileSync(stamp, digest);
}
