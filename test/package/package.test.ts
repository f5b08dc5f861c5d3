/** The package as its users get it: packed, installed in an empty folder, imported and run. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { init, parse } from "es-module-lexer";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

await init;
const root = fileURLToPath(new URL("../..", import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  version: string;
  dependencies: Record<string, string>;
  peerDependenciesMeta: Record<string, { optional?: boolean }>;
};

/** Runs a command to its end and returns what it printed; a code other than 0 is an error. */
async function run(command: string, words: readonly string[], cwd: string): Promise<string> {
  return (await promisify(execFile)(command, words, { cwd })).stdout;
}

/** Files in a folder and below, as paths from it. */
function filesIn(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => relative(folder, join(entry.parentPath, entry.name))).sort();
}

describe("the packed package", () => {
  const temporary = mkdtempSync(join(tmpdir(), "fettle-package-"));
  const user = join(temporary, "user");
  const installed = join(user, "node_modules/fettle");

  beforeAll(async () => {
    // Built already: `npm test` does so, and a second build could disturb other tests.
    const packed = await run(
      "npm",
      ["pack", "--ignore-scripts", "--json", "--pack-destination", temporary],
      root,
    );
    const [{ filename }] = JSON.parse(packed) as { filename: string }[];
    mkdirSync(user);
    writeFileSync(join(user, "package.json"), '{ "private": true }\n');
    const options = ["--prefer-offline", "--no-audit", "--no-fund"];
    await run("npm", ["install", ...options, join(temporary, filename)], user);
  }, 120_000);

  afterAll(() => rmSync(temporary, { recursive: true, force: true }));

  it("runs README's first example", async () => {
    const readme = readFileSync(join(root, "README.md"), "utf8");
    const example = /^```js\n(.*?)^```$/ms.exec(readme)?.[1];
    expect(example).toContain('from "fettle"');
    writeFileSync(join(user, "example.mjs"), example!);
    expect(await run(process.execPath, ["example.mjs"], user)).toMatch(/\d/);
  });

  it("has the command line", async () => {
    expect(await run("npx", ["--no-install", "fettle", "--version"], user)).toBe(`${manifest.version}\n`);
    const table = join("node_modules/fettle", "examples/data/iris.csv");
    const words = ["tune", table, "--target", "species", "--trials", "2", "--epochs", "2", "--json"];
    const report = JSON.parse(await run("npx", ["--no-install", "fettle", ...words], user)) as {
      trials: unknown[];
    };
    expect(report.trials).toHaveLength(2);
  });

  it("brings its kernels and types", () => {
    const files = filesIn(installed);
    const needed = ["dist/index.js", "dist/index.d.ts", "wasm/kernels.wasm", "wasm/kernels-relaxed.wasm"];
    expect(files).toEqual(expect.arrayContaining([...needed, "bin/fettle.js", "README.md", "LICENSE"]));
  });

  it("holds nothing else", () => {
    const shipped = [
      /^(package\.json|README\.md|CHANGELOG\.md|LICENSE)$/,
      /^bin\/fettle\.js$/,
      /^dist\/([a-z0-9]+\/)*[A-Za-z0-9]+\.(js|d\.ts)$/,
      /^wasm\/kernels(-relaxed)?\.wasm$/,
      /^examples\/data\/([a-z-]+\.csv|README\.md)$/,
    ];
    const surplus = filesIn(installed).filter((file) => !shipped.some((pattern) => pattern.test(file)));
    expect(surplus).toEqual([]);
  });

  it("was built from the sources there are", () => {
    const sources = new Set(filesIn(join(root, "src")).map((file) => file.replace(/\.ts$/, "")));
    const built = filesIn(join(installed, "dist")).map((file) => file.replace(/(\.d)?\.[jt]s$/, ""));
    const bundled = built.filter((file) => /^(browser|node)\//.test(file));
    expect(bundled.filter((file) => !file.includes("chunk"))).toEqual([
      "browser/index",
      ...[
        "node/benchmark",
        "node/benchmarkWorker",
        "node/cli",
        "node/cloudflare",
        "node/index",
        "node/serve",
      ],
      ...["node/testing", "node/worker"],
    ]);
    expect(built.filter((file) => !sources.has(file) && !bundled.includes(file))).toEqual([]);
  });

  it("gives Node and pages the exports that everyone gets", async () => {
    const exportsOf = (file: string) =>
      run(
        process.execPath,
        ["-p", `import("./${file}").then((m) => console.log(Object.keys(m).sort().join()))`],
        installed,
      );
    const files = ["dist/index.js", "dist/node/index.js", "dist/browser/index.js"];
    const [modules, ...bundles] = await Promise.all(files.map(exportsOf));
    expect(modules).toContain("tune");
    expect(bundles).toEqual([modules, modules]);
    for (const [entry, name] of Object.entries({
      benchmark: "runBenchmark",
      serve: "serveStudies",
      cloudflare: "studyWorker",
    })) {
      const both = [`dist/${entry}/index.js`, `dist/node/${entry}.js`];
      const [ofModules, ofBundle] = await Promise.all(both.map(exportsOf));
      expect(ofModules).toContain(name);
      expect(ofBundle).toBe(ofModules);
    }
  });

  it("names no folder of the machine that built it", () => {
    const folders = [root.replace(/[\\/]$/, ""), homedir(), temporary];
    const telling = filesIn(installed).filter((file) => {
      const content = readFileSync(join(installed, file), "latin1");
      return folders.some((folder) => content.includes(`${folder}/`));
    });
    expect(telling).toEqual([]);
  });
});

it("npx fettle works in the checkout", async () => {
  expect(await run("npx", ["--no-install", "fettle", "--version"], root)).toBe(`${manifest.version}\n`);
});

describe("import graph", () => {
  /** Every file that an entry reaches, as paths from dist, and every package. */
  function reach(...entries: string[]): { files: string[]; packages: string[] } {
    const dist = join(root, "dist");
    const files = new Set<string>();
    const packages = new Set<string>();
    const visit = (file: string): void => {
      if (files.has(file)) return;
      files.add(file);
      const text = readFileSync(join(dist, file), "utf8");
      for (const { n: name } of parse(text)[0]) {
        if (name === undefined) continue; // import.meta
        if (name.startsWith(".")) visit(join(dirname(file), name));
        else if (name !== "#platform") packages.add(name);
        else for (const host of ["node", "browser"]) visit(`platform/${host}.js`);
      }
    };
    entries.forEach(visit);
    return { files: [...files].sort(), packages: [...packages].sort() };
  }

  it.each(["index.js", "tune/worker.js"])(
    "%s pulls in no command-line, report, benchmark, server, storage or test code",
    (entry) => {
      const { files, packages } = reach(entry);
      expect(files.length).toBeGreaterThan(20);
      expect(
        files.filter((file) => /^(benchmark|cli|cloudflare|report|serve|store|testing)\//.test(file)),
      ).toEqual([]);
      const foreign = packages.filter((name) => !name.startsWith("node:"));
      expect(foreign.filter((name) => !["ndarray", "papaparse"].includes(name))).toEqual([]);
    },
  );

  it("the benchmark pulls in no command-line, report, storage or test code", () => {
    const { files } = reach("benchmark/index.js", "benchmark/worker.js");
    expect(files).toContain("benchmark/runner.js");
    expect(files.filter((file) => /^(cli|report|store|testing)\//.test(file))).toEqual([]);
  });

  it("the command line needs no package that is not a dependency, and loads optional ones late", () => {
    const { files, packages } = reach("cli/main.js");
    const foreign = packages.filter((name) => !name.startsWith("node:"));
    expect(foreign).toContain("commander"); // the walk finds something
    const optional = foreign.filter((name) => !Object.hasOwn(manifest.dependencies, name));
    expect(optional).toEqual(["echarts"]);
    expect(manifest.peerDependenciesMeta.echarts).toEqual({ optional: true });
    const early = files.filter((file) =>
      parse(readFileSync(join(root, "dist", file), "utf8"))[0].some(
        ({ n, d }) => d === -1 && n !== undefined && optional.includes(n),
      ),
    );
    expect(early).toEqual([]);
  });
});
