/**
 * Every `js` and `ts` block of README and the other pages. A block runs as a module of its own on the built
 * package, those of a page in one process, and prints nothing unless `outputs` says what; those that cannot
 * run in Node are in `elsewhere`, with the reason. One that begins with the name of an example is a part of
 * it, which runs with the rest. Those of TypeScript compile in `tsdoc.test.ts`.
 */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BuildOptions, build } from "esbuild";
import { describe, expect, it } from "vitest";
import { type Block, blocks, blockWith, root, run, runInTurn } from "./blocks.js";
import { outputs } from "./outputs.js";

/** The file of which a block is a part, named in its first line, and the part. */
function excerptOf({ code }: Block): readonly [file: string, part: string] | undefined {
  const [, file, part] = /^\/\/ (examples\/\S+)\n([\s\S]*)$/.exec(code) ?? [];
  return file === undefined ? undefined : [file, part];
}

/** Blocks that do not run in Node as they are. */
const elsewhere = new Map<Block, { readonly reason: string; check(block: Block): Promise<void> }>([
  ...["loadPredictor(", "serveNode(", "await fetch("].map(
    (part) =>
      [
        blockWith("docs/guide.md", part),
        { reason: "needs the model of the page, which guide.test.ts trains", check: async () => {} },
      ] as const,
  ),
  [
    blockWith("docs/storage.md", "fettle/store/indexeddb"),
    { reason: "a page, which test/runtimes/page-storage.js opens", check: async () => {} },
  ],
  [
    blockWith("docs/serving.md", "serveNode("),
    { reason: "a server, which serving.test.ts runs, kills and starts again", check: async () => {} },
  ],
  [
    blockWith("docs/serving-models.md", "serveNode("),
    { reason: "a server, which serving-models.test.ts runs", check: async () => {} },
  ],
  [
    blockWith("docs/serving-models.md", "cloudflare:workers"),
    {
      reason: "a Worker",
      check: (block) =>
        bundles(block, {
          conditions: ["workerd"],
          loader: { ".wasm": "copy" },
          external: ["cloudflare:workers", "./model.fettle"],
        }),
    },
  ],
  [
    blockWith("docs/serving.md", "studyWorker"),
    {
      reason: "a Worker",
      check: (block) => bundles(block, { conditions: ["workerd"], loader: { ".wasm": "copy" } }),
    },
  ],
  [
    blockWith("docs/runtimes.md", "await ready({ module: await"),
    { reason: "a page", check: (block) => bundles(block, { loader: { ".wasm": "file" } }) },
  ],
  [
    blockWith("docs/runtimes.md", "entryPoints"),
    { reason: "reads a file of the user's", check: bundlesAWorker },
  ],
]);

const code = blocks.filter(({ language }) => ["js", "ts"].includes(language));

/** What blocks of a page print; they run when the first is asked for. */
const outputsOfPages = new Map<string, ReturnType<typeof runInTurn>>();
function outputsOf(page: string): ReturnType<typeof runInTurn> {
  const known = outputsOfPages.get(page);
  if (known) return known;
  const runs = code.filter((block) => block.page === page && !excerptOf(block) && !elsewhere.has(block));
  const outputs = runInTurn(runs);
  outputsOfPages.set(page, outputs);
  return outputs;
}

describe("the code on", { timeout: 180_000 }, () => {
  it.each(code.map((block) => [`${block.page}, line ${block.line}`, block] as const))(
    "%s has the result that the page states",
    async (_, block) => {
      const excerpt = excerptOf(block);
      if (excerpt) return expect(readFileSync(join(root, excerpt[0]), "utf8")).toContain(excerpt[1]);
      const other = elsewhere.get(block);
      if (other) return other.check(block);
      const output = (await outputsOf(block.page)).get(block);
      if (output === undefined) throw new Error("the block did not run");
      const check = outputs.get(block);
      if (check) check(output);
      else expect(output).toBe("");
    },
  );
});

it("is in languages that the tests know", () => {
  const languages = new Set(blocks.map(({ language }) => language));
  // no language: what a command prints
  expect([...languages].filter((language) => !["js", "ts", "sh", "python", ""].includes(language))).toEqual(
    [],
  );
});

it("of docs/testing.md has an example for each check", () => {
  const examples = blocks.filter(({ page, language }) => page === "docs/testing.md" && language === "js");
  const checks = examples.flatMap(({ code }) => code.match(/\bcheck[A-Z]\w+(?=\()/g) ?? []);
  expect(new Set(checks)).toEqual(
    new Set([
      "checkGradients",
      "checkOperation",
      "checkOptimizer",
      "checkLayer",
      "checkStrategy",
      "checkScheduler",
      "checkExecutor",
      "checkReproducibility",
    ]),
  );
});

async function bundles(block: Block, options: BuildOptions): Promise<void> {
  const { outputFiles = [], warnings } = await build({
    stdin: { contents: block.code, resolveDir: root, loader: block.language === "ts" ? "ts" : "js" },
    bundle: true,
    format: "esm",
    outdir: "out",
    write: false,
    logLevel: "silent",
    tsconfigRaw: "{}", // the paths of tsconfig.json lead to the sources
    ...options,
  });
  expect(warnings).toEqual([]);
  expect(outputFiles.some(({ path }) => path.endsWith(".wasm"))).toBe(true);
}

/** Runs the block in a project that has a `worker.js` and the package. */
async function bundlesAWorker(block: Block): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "fettle-worker-"));
  const copies = {
    dist: "node_modules/fettle/dist",
    wasm: "node_modules/fettle/wasm",
    "package.json": "node_modules/fettle/package.json",
  };
  try {
    for (const [from, to] of Object.entries(copies)) {
      cpSync(join(root, from), join(folder, to), { recursive: true });
    }
    writeFileSync(join(folder, "worker.js"), 'export { tune } from "fettle";\n');
    await run(block, folder);
    expect(readdirSync(join(folder, "out")).map((file) => file.replace(/-.*\./, "."))).toEqual([
      "kernels.wasm",
      "worker.js",
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
