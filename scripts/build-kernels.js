// Compiles kernels/ to wasm/kernels.wasm (strict SIMD) and wasm/kernels-relaxed.wasm (FMA, opt-in).
// Each says in a custom section "fettle" of what release it is, and the first digits of the SHA-256 of what comes before.
// Skipped where neither the sources, the compiler nor the release changed.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const out = join(root, "wasm");
const stamp = join(out, ".stamp");
const builds = { "kernels.wasm": "simd", "kernels-relaxed.wasm": "simd,relaxed-simd" };

const sources = ["kernels", "src/graph/opcodes"].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(root, folder, name))
    .sort(),
);
const inputs = [
  ...sources,
  join(root, "node_modules/assemblyscript/package.json"),
  fileURLToPath(import.meta.url),
];
const hash = createHash("sha256");
for (const file of inputs) hash.update(readFileSync(file));
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const digest = hash.update(version).digest("hex");

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
    label(join(out, name));
  }
  writeFileSync(stamp, digest);
}

/** Appends what the kernels are, which an engine reads without running them. */
function label(file) {
  const bytes = readFileSync(file);
  const build = createHash("sha256").update(bytes).digest("hex").slice(0, 12);
  const words = ["fettle", `${version} ${build}`].map((text) => Buffer.from(text, "ascii"));
  const [name, what] = words;
  // The id of custom sections, and lengths below 128, which are one byte of LEB128.
  const section = Buffer.concat([Buffer.of(name.length), name, what]);
  writeFileSync(file, Buffer.concat([bytes, Buffer.of(0, section.length), section]));
}
