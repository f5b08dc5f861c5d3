/** Bundles without any setting for Fettle: they work, or the error says what to set. Needs `dist/`. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type BuildOptions, build } from "esbuild";
import { Miniflare } from "miniflare";
import { afterAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "fettle-bundles-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const tuning = `
  import { dense, float, sequential, tune } from "fettle";
  const x = Array.from({ length: 30 }, (_, i) => [i / 30]);
  export const outcome = async (jobs) => {
    const { best } = await tune({
      x,
      y: x.map(([v]) => 2 * v),
      space: { width: float(1, 4, { step: 1 }) },
      model: ({ width }) => {
        const model = sequential([dense(width), dense(1)]);
        model.compile({ optimizer: "adam", loss: "meanSquaredError" });
        return model;
      },
      metric: "meanSquaredError",
      fit: { epochs: 1 },
      trials: 2,
      ...jobs,
    });
    return JSON.stringify([best.params, best.value]);
  };`;

/** A program in one file, by esbuild, with the options that its manual begins with. */
async function bundled(code: string, options: BuildOptions): Promise<string> {
  const stdin = { contents: `${tuning}\n${code}`, resolveDir: root };
  const { outputFiles } = await build({
    stdin,
    bundle: true,
    write: false,
    logLevel: "silent",
    tsconfigRaw: "{}", // the paths of tsconfig.json lead to the sources
    ...options,
  });
  return (outputFiles ?? [])[0].text;
}

async function run(file: string, code: string): Promise<string> {
  writeFileSync(join(folder, file), code);
  return (await promisify(execFile)(process.execPath, [file], { cwd: folder })).stdout;
}

describe("a bundle for Node, far from the package", () => {
  const program = "outcome({ jobs: 2 }).then((text) => process.stdout.write(text));";

  it.each([
    ["ES module", "program.mjs", "esm"],
    ["CommonJS", "program.cjs", "cjs"],
  ] as const)("as %s tunes to the result of the package", async (_, file, format) => {
    const packaged = join(root, `bundles-${process.pid}.tmp.mjs`);
    writeFileSync(packaged, `${tuning}\n${program}`);
    try {
      const { stdout } = await promisify(execFile)(process.execPath, [packaged]);
      expect(stdout).toMatch(/^\[\{"width":\d\}/);
      expect(await run(file, await bundled(program, { platform: "node", format }))).toBe(stdout);
    } finally {
      rmSync(packaged);
    }
  });
});

describe("a bundle on workerd", () => {
  const worker = `
    export default {
      async fetch() {
        return new Response(await outcome().catch((error) => error.code + ": " + error.message));
      },
    };`;

  const answer = async (options: BuildOptions) => {
    const script = await bundled(worker, { format: "esm", ...options });
    const runtime = new Miniflare({ modules: true, script, compatibilityDate: "2026-04-01", cf: false });
    try {
      return await (await runtime.dispatchFetch("http://localhost/")).text();
    } finally {
      await runtime.dispose();
    }
  };

  it("made as for a page is told how to bundle for workerd", async () => {
    expect(await answer({})).toMatch(
      /^not_found: the kernels could not be loaded from .*; for Workers, bundle with the condition "workerd" \(docs\/runtimes\.md, Bundlers\)$/,
    );
  });
});
