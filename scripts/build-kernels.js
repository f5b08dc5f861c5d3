// Compiles kernels/ to wasm/kernels.wasm (strict SIMD), wasm/kernels-relaxed.wasm (FMA, opt-in), and
// wasm/predict.wasm, what of the first predictors call. A custom section "fettle" in each names the release
// and the first digits of the SHA-256 of the bytes before it; that of predict.wasm ends with its name. Does
// nothing if the sources, the compiler and the release are unchanged.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const out = join(root, "wasm");
const stamp = join(out, ".stamp");
/**
 * What an import of `fettle/kernels.wasm` or another is where a bundler or a host compiles WebAssembly files.
 */
const TYPES = `declare const kernels: WebAssembly.Module;
export default kernels;
`;
/**
 * Passes after those that make code fast. Like locals get like numbers and like functions are neighbours,
 * which takes 2 % off when zipped.
 */
const ZIPS_SMALLER = ["ssa-nomerge", "reorder-locals", "coalesce-locals", "reorder-functions-by-name"];
/** Each with its entry in kernels/, its features, and what follows in its label. */
const builds = {
  "kernels.wasm": ["index.ts", "simd", ""],
  "kernels-relaxed.wasm": ["index.ts", "simd,relaxed-simd", ""],
  "predict.wasm": ["predict.ts", "simd", " predict"],
};

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
  ["kernels.base64.js", ...Object.keys(builds).flatMap((name) => [name, `${name}.d.ts`])].every((name) =>
    existsSync(join(out, name)),
  );

if (!fresh) {
  const { default: asc } = await import("assemblyscript/asc");
  mkdirSync(out, { recursive: true });
  for (const [name, [entry, features, part]] of Object.entries(builds)) {
    const { error, stderr } = await asc.main(
      [
        `kernels/${entry}`,
        ...["--outFile", `wasm/${name}`, "--baseDir", root],
        ...["--enable", features, "--runtime", "stub", "--noAssert", "--initialMemory", "16"],
        // As fast as with shrinkLevel 0, which inlines more, and 9 kB smaller when zipped.
        ...["--optimizeLevel", "3", "--shrinkLevel", "1"],
        ...["--runPasses", ZIPS_SMALLER.join(",")],
      ],
      {},
    );
    if (error) {
      console.error(stderr.toString());
      process.exit(1);
    }
    label(join(out, name), part);
    writeFileSync(join(out, `${name}.d.ts`), TYPES);
  }
  // for hosts that compile WebAssembly at run time, where a bundle may have no file beside it
  const base64 = readFileSync(join(out, "kernels.wasm")).toString("base64");
  writeFileSync(join(out, "kernels.base64.js"), `export default "${base64}";\n`);
  writeFileSync(stamp, digest);
}

/** Appends the custom section, which an engine reads without running the kernels. */
function label(file, part) {
  const bytes = readFileSync(file);
  const build = createHash("sha256").update(bytes).digest("hex").slice(0, 12);
  const words = ["fettle", `${version} ${build}${part}`].map((text) => Buffer.from(text, "ascii"));
  const [name, content] = words;
  // 0 is the id of custom sections; lengths below 128 are one byte of LEB128.
  const section = Buffer.concat([Buffer.of(name.length), name, content]);
  writeFileSync(file, Buffer.concat([bytes, Buffer.of(0, section.length), section]));
}
