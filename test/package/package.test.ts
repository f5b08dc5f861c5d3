/** The package as its users get it: packed, installed in an empty folder, imported and run. */
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { init, parse } from "es-module-lexer";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RECORDED } from "../../src/testing/tuning.js";
import { ended, filesIn, type Installation, installPackage, manifest, root, run } from "./install.js";
import { published } from "./published.js";

await init;

/**
 * The command of the package that is installed in a folder: what `npx fettle` runs there, without npm's own
 * half a second.
 */
const command = (cwd: string): string => join(cwd, "node_modules/.bin/fettle");

/** Runs a module in a folder. */
const node = (cwd: string, code: string) =>
  ended(process.execPath, ["--input-type=module", "--eval", code], cwd);

describe("the packed package", () => {
  let installation: Installation;
  let user: string;
  let installed: string;

  beforeAll(async () => {
    installation = await installPackage();
    ({ user, installed } = installation);
  }, 120_000);

  afterAll(() => installation?.remove());

  // packing and installing take as long as all tests of the installation
  published(() => installation);

  it("runs README's first example", async () => {
    const readme = readFileSync(join(root, "README.md"), "utf8");
    const example = /^```js\n(.*?)^```$/ms.exec(readme)?.[1];
    expect(example).toContain('from "fettle"');
    writeFileSync(join(user, "example.mjs"), example!);
    expect((await run(process.execPath, ["example.mjs"], user)).stdout).toMatch(/\d/);
  });

  it("has the command line", async () => {
    const version = await run("npx", ["--no-install", "fettle", "--version"], user);
    expect(version.stdout).toBe(`${manifest.version}\n`);
    const table = join("node_modules/fettle", "examples/data/iris.csv");
    const words = ["tune", table, "--target", "species", "--trials", "2", "--epochs", "2", "--json"];
    const { stdout } = await run(command(user), words, user);
    const report = JSON.parse(stdout) as { trials: unknown[] };
    expect(report.trials).toHaveLength(2);
  });

  it("brings its kernels and types", () => {
    const files = filesIn(installed);
    const kernels = ["kernels.wasm", "kernels-relaxed.wasm", "predict.wasm"].map((file) => `wasm/${file}`);
    const needed = ["dist/index.js", "dist/index.d.ts", ...kernels];
    expect(files).toEqual(expect.arrayContaining([...needed, "bin/fettle.js", "README.md", "LICENSE"]));
  });

  it("holds nothing else", () => {
    const shipped = [
      /^(package\.json|README\.md|CHANGELOG\.md|CONTRIBUTING\.md|SECURITY\.md|LICENSE)$/,
      /^bin\/fettle\.js$/,
      /^dist\/([a-zA-Z0-9]+\/)*[A-Za-z0-9-]+\.(js|mjs|d\.ts)$/,
      /^dist\/dashboard\/page\/(index\.html|style\.css|icon\.svg)$/,
      /^wasm\/((kernels(-relaxed)?|predict)\.wasm(\.d\.ts)?|kernels\.base64\.js)$/,
      /^docs\/(benchmark\/)?[a-z0-9-]+\.(md|svg)$/,
      /^examples\/data\/([a-z-]+\.csv|README\.md)$/,
      /^examples\/((browser|transfer-learning|cloudflare|cloudflare\/src)\/)?[a-zA-Z0-9.-]+\.(js|ts|json|jsonc|html|css|svg|md|bin)$/,
      /^examples\/python\/client\.py$/,
    ];
    const surplus = filesIn(installed).filter((file) => !shipped.some((pattern) => pattern.test(file)));
    expect(surplus).toEqual([]);
  });

  it("was built from the sources there are", () => {
    const sources = new Set(filesIn(join(root, "src")).map((file) => file.replace(/\.ts$/, "")));
    const built = filesIn(join(installed, "dist")).map((file) => file.replace(/(\.d\.ts|\.m?js)$/, ""));
    const isPage = (file: string) => /^dashboard\/page\/([a-z]+|[a-z]+-[A-Z0-9]+)$/.test(file);
    const bundled = built.filter((file) => /^(browser|node)\//.test(file));
    const entries = Object.values(manifest.exports).flatMap((target) =>
      typeof target === "object" && target.node ? [target.node.replace(/^\.\/dist\/|\.js$/g, "")] : [],
    );
    const commands = bundled.flatMap((file) => file.match(/^node\/(cli-\w+)$/)?.[1] ?? []);
    expect(commands.length).toBeGreaterThan(10);
    for (const [, name] of commands.map((file) => file.split("-")))
      expect(sources.has(`cli/${name}`) || sources.has(`cli/${name}/${name}`), name).toBe(true);
    const parts = [
      "base",
      "claim",
      "cli",
      "command",
      "compiler",
      "library",
      "libsql",
      "predictor",
      "rolldown-runtime",
      "shared",
    ];
    const threads = ["benchmarkWorker", "worker"];
    expect([...bundled].sort()).toEqual(
      [
        ...["browser/index", "browser/predict", ...entries],
        ...[...parts, ...commands, ...threads].map((name) => `node/${name}`),
      ].sort(),
    );
    expect(built.filter((file) => !sources.has(file) && !bundled.includes(file) && !isPage(file))).toEqual(
      [],
    );
  });

  it("gives Node and pages the exports that everyone gets", async () => {
    const exportsOf = async (file: string) => {
      const program = `import("./${file}").then((m) => console.log(Object.keys(m).sort().join()))`;
      return (await run(process.execPath, ["-p", program], installed)).stdout;
    };
    const files = ["dist/index.js", "dist/node/index.js", "dist/browser/index.js"];
    const [modules, ...bundles] = await Promise.all(files.map(exportsOf));
    expect(modules).toContain("tune");
    expect(bundles).toEqual([modules, modules]);
    for (const [entry, name] of Object.entries({
      benchmark: "runBenchmark",
      serve: "serveStudies",
      cloudflare: "studyWorker",
      ops: "matmul",
      predict: "loadPredictor",
    })) {
      const both = [`dist/${entry}/index.js`, `dist/node/${entry}.js`];
      const [ofModules, ofBundle] = await Promise.all(both.map(exportsOf));
      expect(ofModules).toContain(name);
      expect(ofBundle).toBe(ofModules);
    }
  });

  it("benchmarks without echarts, says that it draws nothing, and refuses to if told to", async () => {
    expect(existsSync(join(user, "node_modules/echarts"))).toBe(false);
    const words = "benchmark --problems beale --optimizers sgd --seeds 1 --trials 1".split(" ");
    const silent = await ended(command(user), [...words, "--out", "made"], user);
    expect(silent).toMatchObject({
      code: 0,
      stderr:
        "No pictures: pictures need the package echarts; run npm install echarts, and the same command adds them.\n",
    });
    expect(filesIn(join(user, "made"))).toEqual([
      ...["analysis.json", "runs.jsonl", "tables.csv", "times.csv"],
    ]);
    expect(await ended(command(user), [...words, "--pictures", "--out", "refused"], user)).toEqual({
      code: 2,
      stdout: "",
      stderr: "error: pictures need the package echarts; run npm install echarts\n",
    });
    expect(existsSync(join(user, "refused"))).toBe(false);
  });

  it("works without fast-check, and says what the laws need", async () => {
    expect(existsSync(join(user, "node_modules/fast-check"))).toBe(false);
    expect(await node(user, 'const { tune } = await import("fettle"); console.log(typeof tune)')).toEqual({
      code: 0,
      stdout: "function\n",
      stderr: "",
    });
    const imported = await node(user, 'await import("fettle/testing")');
    expect(imported.code).toBe(1);
    expect(imported.stderr).toContain("Cannot find package 'fast-check' imported from");
    const verified = await ended(command(user), ["verify"], user);
    expect(verified).toEqual({
      code: 2,
      stdout: "",
      stderr:
        "error: fettle verify needs the package fast-check, which is not installed with fettle: " +
        "npm install --save-dev fast-check@4\n",
    });
  });

  describe("with fast-check", () => {
    let tester: string;

    beforeAll(() => {
      tester = join(installation.temporary, "tester");
      // as after the installation of both; fast-check and its dependency are those of the checkout
      cpSync(user, tester, { recursive: true, verbatimSymlinks: true });
      for (const name of ["fast-check", "pure-rand"]) {
        cpSync(join(root, "node_modules", name), join(tester, "node_modules", name), { recursive: true });
      }
    });

    it("checks gradients", async () => {
      const check = (slope: string) => `
        import { mul, sin, stopGradient } from "fettle/ops";
        import { checkGradients } from "fettle/testing";
        checkGradients((x) => mul(${slope}, sin(x)), [[0.5, -2, 1]]);
        console.log("held");`;
      expect(await node(tester, check("x"))).toEqual({ code: 0, stdout: "held\n", stderr: "" });
      const { code, stderr } = await node(tester, check("stopGradient(x)"));
      expect(code).toBe(1);
      expect(stderr).toContain("the gradient with respect to argument 0 [3], entry 0, is ");
    });

    it("verifies itself, and says what it was that did not hold", async () => {
      const words = ["verify", "--only", "reproducibility", "--cases", "8"];
      const sound = await ended(command(tester), words, tester);
      expect({ code: sound.code, stderr: sound.stderr }).toEqual({ code: 0, stderr: "" });
      expect(sound.stdout).toContain("All laws hold");

      // as if elsewhere the tunings had come to other bits
      const [file, ...others] = filesIn(join(tester, "node_modules/fettle/dist/node")).filter((name) =>
        readFileSync(join(tester, "node_modules/fettle/dist/node", name), "utf8").includes(RECORDED[0]),
      );
      expect(others).toEqual([]);
      const path = join(tester, "node_modules/fettle/dist/node", file);
      const changed = RECORDED.reduce(
        (text, digest) => text.replace(digest, "other"),
        readFileSync(path, "utf8"),
      );
      writeFileSync(path, changed);
      const broken = await ended(command(tester), words, tester);
      expect({ code: broken.code, stderr: broken.stderr }).toEqual({ code: 1, stderr: "" });
      expect(broken.stdout).toContain("1 law broken");
      expect(broken.stdout).toContain(
        `a tuning by random breaks the law "gives the recorded bits": seed 0 gave ${RECORDED[0]}; recorded is other`,
      );
      expect(broken.stdout).toMatch(/^Replay it with \{ seed: 0, path: "[\d:]+" \}$/m);
      expect(broken.stdout).toContain("fettle verify --only reproducibility --seed 0 --cases 8\n");
    });
  });

  it("names no folder of the machine that built it", () => {
    const folders = [root.replace(/[\\/]$/, ""), homedir(), installation.temporary];
    const telling = filesIn(installed).filter((file) => {
      const content = readFileSync(join(installed, file), "latin1");
      return folders.some((folder) => content.includes(`${folder}/`));
    });
    expect(telling).toEqual([]);
  });
});

it("npx fettle works in the checkout", async () => {
  const { stdout } = await run("npx", ["--no-install", "fettle", "--version"], root);
  expect(stdout).toBe(`${manifest.version}\n`);
});

describe("import graph", () => {
  /**
   * Every file that entries reach, as paths from dist, and every package; or those that are loaded `atOnce`.
   */
  function reach(entries: readonly string[], atOnce = false): { files: string[]; packages: string[] } {
    const dist = join(root, "dist");
    const files = new Set<string>();
    const packages = new Set<string>();
    const visit = (file: string): void => {
      if (files.has(file)) return;
      files.add(file);
      const text = readFileSync(join(dist, file), "utf8");
      for (const { n: name, d: dynamic } of parse(text)[0]) {
        if (name === undefined || (atOnce && dynamic >= 0)) continue; // import.meta, or import()
        if (name.startsWith(".")) visit(join(dirname(file), name));
        else if (name !== "#platform") packages.add(name);
        else for (const host of ["node", "browser"]) visit(`platform/${host}.js`);
      }
    };
    entries.forEach(visit);
    return { files: [...files].sort(), packages: [...packages].sort() };
  }

  it.each(["index.js", "tune/jobs/worker.js"])(
    "%s pulls in no command-line, report, benchmark, server, storage or test code",
    (entry) => {
      const { files, packages } = reach([entry]);
      expect(files.length).toBeGreaterThan(20);
      expect(
        files.filter((file) => /^(benchmark|cli|cloudflare|report|serve|store|testing)\//.test(file)),
      ).toEqual([]);
      const foreign = packages.filter((name) => !name.startsWith("node:"));
      expect(foreign.filter((name) => name !== "ndarray")).toEqual([]);
    },
  );

  it("the benchmark pulls in no command-line, report, storage or test code", () => {
    const { files } = reach(["benchmark/index.js", "benchmark/worker.js"]);
    expect(files).toContain("benchmark/runBenchmark.js");
    expect(files.filter((file) => /^(cli|report|store|testing)\//.test(file))).toEqual([]);
  });

  it.each(["cli/main.js", "node/cli.js"])(
    "%s needs no package that is not a dependency, and loads optional ones and laws late",
    (cli) => {
      const foreign = (packages: string[]) =>
        packages
          // in the bundle for Node, ECharts is the one of its files that has everything
          .map((name) => name.replace(/^echarts\/.*/, "echarts"))
          .filter((name) => !/^(node|bun):/.test(name) && !Object.hasOwn(manifest.dependencies, name));
      const atOnce = reach([cli], true);
      expect(atOnce.packages).toContain("commander"); // the walk finds something
      expect(foreign(atOnce.packages)).toEqual([]);
      expect(atOnce.files.filter((file) => /(^|\/)testing(\/|\.js)/.test(file))).toEqual([]);
      const optional = ["echarts", "fast-check", "hyparquet", "libsql", "pg", "pg-boss"];
      expect(foreign(reach([cli]).packages)).toEqual(optional);
      for (const name of optional) expect(manifest.peerDependenciesMeta[name]).toEqual({ optional: true });
    },
  );
});
