/**
 * What an installed package must offer beside working code: types, links, and a small and quiet installation.
 * `package.test.ts` calls it.
 */
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { init, parse } from "es-module-lexer";
import { publint } from "publint";
import ts from "typescript";
import { beforeAll, expect, it } from "vitest";
import { cases } from "../cases.js";
import { ended, filesIn, type Installation, manifest, root } from "./install.js";

await init;
let installation: Installation;

const read = (file: string) => readFileSync(join(installation.installed, file), "utf8");

/** Adds the tests of an installation, which is there when they begin. */
export function published(installed: () => Installation): void {
  beforeAll(() => {
    installation = installed();
  });

  it("installs without a warning", () => {
    const lines = installation.warnings.split("\n");
    // of npm's own settings on this machine
    const foreign = /^npm warn (Unknown|config)/i;
    expect(lines.filter((line) => /^npm (warn|error)/i.test(line) && !foreign.test(line))).toEqual([]);
  });

  it("passes publint", async () => {
    const { messages } = await publint({ pkgDir: installation.installed, pack: false, strict: true });
    expect(messages).toEqual([]);
  });

  it("passes Are the types wrong, as an ES module", async () => {
    const attw = join(root, "node_modules/@arethetypeswrong/cli/dist/index.js");
    const format = ["--profile", "esm-only", "--format", "ascii", "--no-color", "--no-emoji"];
    const { code, stdout } = await ended(
      process.execPath,
      [attw, installation.tarball, ...format, "--entrypoints", ...entriesToResolve()],
      root,
    );
    expect(code, stdout).toBe(0);
  });

  it("declares the types of its kernels files, and types that need no others", () => {
    const kernels = `
    import { ready } from "fettle";
    import relaxed from "fettle/kernels-relaxed.wasm";
    import kernels from "fettle/kernels.wasm";
    const module: WebAssembly.Module = kernels;
    await ready({ module });
    await ready({ module: relaxed });
    // @ts-expect-error
    export const address: string = kernels;`;
    const entries = Object.keys(manifest.exports).filter((entry) => !/\*|\.(wasm|json)$/.test(entry));
    expect(entries).toContain("./serve");
    // fast-check, which fettle/testing needs, is not installed here
    const imported = entries
      .filter((entry) => entry !== "./testing")
      .map((entry) => `fettle${entry.slice(1)}`);
    const code = imported.map((name, i) => `export * as entry${i} from "${name}";`).join("\n");
    expect(diagnosticsOf({ "kernels.mts": kernels, "module.mts": code })).toEqual([]);
  });

  it.each(["typescript-5", "typescript", "typescript-7"])(
    "lets %s refuse mistakes, and say what was meant",
    async (compiler) => {
      const tsc = join(root, "node_modules", compiler, "bin/tsc");
      const compile = (file: string) =>
        ended(process.execPath, [tsc, ...STRICT.split(" "), "--pretty", "false", file], installation.user);
      const mistakes = readFileSync(join(root, "test/package/mistakes.mts"), "utf8");
      writeFileSync(join(installation.user, "mistakes.mts"), mistakes);
      expect(await compile("mistakes.mts")).toMatchObject({ code: 0, stdout: "" });
      const call = `await tune({ x: [[1]], y: [1], space: {}, model: () => sequential([]), metric: "acuracy" });`;
      writeFileSync(
        join(installation.user, "one.mts"),
        `import { sequential, tune } from "fettle";\n${call}\n`,
      );
      const { stdout } = await compile("one.mts");
      expect(stdout).toMatch(/^one\.mts\(2,\d+\): error TS2820: Type '"acuracy"' is not assignable to type /);
      expect(stdout).toContain(`Did you mean '"accuracy"'?`);
    },
  );

  it("takes at most 10 MB in 1,500 files", () => {
    const files = filesIn(installation.installed);
    const bytes = files.reduce((sum, file) => sum + statSync(join(installation.installed, file)).size, 0);
    expect(files.length).toBeLessThanOrEqual(1500);
    expect(bytes).toBeLessThanOrEqual(10e6);
  });

  it("names no source map, since it has none", () => {
    const modules = filesIn(join(installation.installed, "dist")).filter((file) => file.endsWith(".js"));
    expect(modules.filter((file) => read(`dist/${file}`).includes("sourceMappingURL="))).toEqual([]);
  });

  it("contains every module that its modules import", () => {
    const modules = filesIn(join(installation.installed, "dist")).filter((file) => file.endsWith(".js"));
    const missing = modules.flatMap((file) => {
      const [imports] = parse(read(`dist/${file}`));
      const paths = imports.flatMap(({ n: name }) => (name?.startsWith(".") ? [name.split("?")[0]] : []));
      return paths.filter((path) => !existsSync(join(installation.installed, "dist", dirname(file), path)));
    });
    expect(modules.length).toBeGreaterThan(50);
    expect(missing).toEqual([]);
  });

  it("has no link in its pages that leads nowhere", () => {
    const pages = filesIn(installation.installed).filter((file) => file.endsWith(".md"));
    expect(pages).toEqual(
      expect.arrayContaining(["README.md", "docs/serving.md", "examples/cloudflare/README.md"]),
    );
    const dead = pages.flatMap((page) => {
      const links = [...read(page).matchAll(/\]\(([^)\s#]+)[^)]*\)/g)].map(([, link]) => link);
      const local = links.filter((link) => !/^[a-z]+:/.test(link));
      return (
        local
          // pictures are on the site and in the repository alone
          .map((link) => (link.endsWith(".webp") ? join(root, dirname(page), link) : link))
          .filter((link) => !existsSync(resolve(installation.installed, dirname(page), link)))
          .map((link) => `${page}: ${link}`)
      );
    });
    expect(dead).toEqual([]);
  });
}

/**
 * One entry for each form in `exports`, such as types, Node and all others: those of one form are resolved
 * alike. `--mode long` tries all, each of them in four ways, with a program of its own.
 */
function entriesToResolve(): string[] {
  const entries = Object.entries(manifest.exports).filter(([entry]) => !entry.includes("*"));
  if (cases(1) > 1) return entries.map(([entry]) => entry);
  const formOf = (target: string | object) => (typeof target === "string" ? "" : Object.keys(target).join());
  const firstOfForm = new Map([...entries].reverse().map(([entry, target]) => [formOf(target), entry]));
  return [...firstOfForm.values()].reverse();
}

/** As flags, with what a user may choose beyond `strict`. */
const STRICT =
  "--noEmit --strict --target es2022 --module nodenext --noUncheckedIndexedAccess --exactOptionalPropertyTypes --skipLibCheck";

const strict: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ["lib.es2023.d.ts"],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  types: [],
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: false,
  noEmit: true,
};

/** What a host declares, and no more of it than the package names. */
const GLOBALS = `
declare namespace WebAssembly { class Module { private readonly compiled: unknown } }
interface Request { readonly url: string }
interface Response { readonly status: number }
`;

/** The compiler's errors for modules of a user's project, in which nothing but `GLOBALS` is declared. */
function diagnosticsOf(modules: Readonly<Record<string, string>>): string[] {
  const paths = Object.entries({ ...modules, "globals.d.ts": GLOBALS }).map(([name, text]) => {
    writeFileSync(join(installation.user, name), text);
    return join(installation.user, name);
  });
  const diagnostics = ts.getPreEmitDiagnostics(ts.createProgram(paths, strict));
  return diagnostics.map(
    ({ file, messageText }) =>
      `${file?.fileName ?? ""}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`,
  );
}
