/** Rules of the source that no type checks: who may import whom, and what would differ between runtimes. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../", import.meta.url));
const src = join(root, "src");

/** Parts from the top; those of one line do not import each other. */
const LAYERS: readonly (readonly string[])[] = [
  ["cli"],
  ["dashboard"],
  ["report"],
  ["testing"],
  ["benchmark", "cloudflare"],
  ["serve"],
  ["tune"],
  ["store"],
  ["explain"],
  ["model"],
  ["predict"],
  ["workers"],
  ["search", "nn"],
  ["optim"],
  ["metrics"],
  ["data"],
  ["engine"],
  ["compile"],
  ["autograd", "ops"],
  ["graph"],
  ["numerics"],
  ["platform"],
];

/** The rooms of a part, from the top; "" is its own folder, and a room has the folders below it. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  search: ["analysis", "study", "schedulers", "strategies", "memo", "trial", "space"],
  nn: [
    "models",
    "training",
    "programs",
    "arguments",
    "network",
    "callbacks",
    "losses",
    "layers",
    "weights",
    "",
  ],
  data: ["diagnosis", "pipeline", "split", ""],
  tune: ["", "baselines", "resume", "tuner", "trial", "jobs", "ensemble", "linear"],
};

/** Their last bits differ between JavaScript engines (and random differs by nature). */
const INEXACT = new Set(
  "exp log log2 log10 log1p expm1 sin cos tan tanh sinh cosh asin acos atan atan2 asinh acosh atanh pow cbrt hypot random".split(
    " ",
  ),
);
/** Folders that are entries of their own, for one kind of host. */
const HOSTS = [
  "serve/node/",
  "store/d1/",
  "store/folder/",
  "store/indexedDb/",
  "store/postgres/",
  "store/sqlite/",
];
/** Files beside the parts that are entries of the package. */
const ENTRIES = ["index.ts", "engine.ts"];
const AMBIENT = new Set(["Date", "performance", "process", "Buffer"]);

interface Source {
  /** Below src/, with slashes. */
  readonly path: string;
  readonly part: string;
  readonly tree: ts.SourceFile;
}

const sources: readonly Source[] = readdirSync(src, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"))
  .map((name) => {
    const path = name.replaceAll("\\", "/");
    const text = readFileSync(join(src, name), "utf8");
    const part = path.includes("/") ? path.split("/")[0] : "";
    return { path, part, tree: ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true) };
  });

function visit(tree: ts.Node, look: (node: ts.Node) => void): void {
  const walk = (node: ts.Node): void => {
    look(node);
    ts.forEachChild(node, walk);
  };
  walk(tree);
}

const where = ({ path, tree }: Source, node: ts.Node): string =>
  `src/${path}:${tree.getLineAndCharacterOfPosition(node.getStart()).line + 1} ${node.getText().slice(0, 60)}`;

/** The modules that a file names: imports, re-exports, `import()` and types. Several tests ask for them. */
function importsOf(source: Source): readonly ts.StringLiteral[] {
  const known = imports.get(source) ?? namedIn(source);
  imports.set(source, known);
  return known;
}
const imports = new Map<Source, readonly ts.StringLiteral[]>();

function namedIn({ tree }: Source): ts.StringLiteral[] {
  const found: ts.StringLiteral[] = [];
  visit(tree, (node) => {
    const named =
      ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
        ? node.moduleSpecifier
        : ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
          ? node.arguments[0]
          : ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)
            ? node.argument.literal
            : undefined;
    if (named && ts.isStringLiteral(named)) found.push(named);
  });
  return found;
}

/** The file below src/ that an import leads to; undefined for packages and the kernels. */
function pathOf({ path }: Source, specifier: string): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  const target = relative(src, join(src, dirname(path), specifier)).replaceAll("\\", "/");
  return target.startsWith("..") ? undefined : target.replace(/\.js$/, ".ts");
}

/**
 * The part that an import leads to; "" for files beside the parts, undefined for packages and the kernels.
 */
function targetOf(source: Source, specifier: string): string | undefined {
  if (specifier === "#platform") return "platform";
  const target = pathOf(source, specifier);
  return target?.includes("/") ? target.split("/")[0] : target && "";
}

const layerOf = (part: string): number => LAYERS.findIndex((parts) => parts.includes(part));

describe("parts", () => {
  it("are those of the list", () => {
    const parts = new Set(sources.map(({ part }) => part).filter((part) => part !== ""));
    for (const part of parts) expect(LAYERS.flat()).toContain(part);
    expect(sources.length).toBeGreaterThan(50);
  });

  it("import only from parts below them", () => {
    const wrong = sources.flatMap((source) =>
      ENTRIES.includes(source.path)
        ? []
        : importsOf(source).flatMap((specifier) => {
            const target = targetOf(source, specifier.text);
            if (target === undefined || target === source.part) return [];
            const fine = target === "" || (source.part !== "" && layerOf(source.part) < layerOf(target));
            return fine ? [] : [where(source, specifier)];
          }),
    );
    expect(wrong).toEqual([]);
  });

  it("hold no two files that import each other, straight or through others, types included", () => {
    const below = new Map(
      sources.map((source) => [
        source.path,
        importsOf(source).flatMap(({ text }) => pathOf(source, text) ?? []),
      ]),
    );
    const reached = (from: string): Set<string> => {
      const seen = new Set<string>();
      const waiting = [...(below.get(from) ?? [])];
      for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
        if (seen.has(path)) continue;
        seen.add(path);
        waiting.push(...(below.get(path) ?? []));
      }
      return seen;
    };
    const circular = sources.map(({ path }) => path).filter((path) => reached(path).has(path));
    expect(circular).toEqual([]);
  });

  it("import only from rooms below them, where a part has rooms", () => {
    const roomOf = (path: string): string => (path.split("/").length > 2 ? path.split("/")[1] : "");
    const wrong = Object.entries(ROOMS).flatMap(([part, rooms]) =>
      sources
        .filter((source) => source.part === part)
        .flatMap((source) => {
          expect(rooms).toContain(roomOf(source.path));
          return importsOf(source).flatMap((specifier) => {
            const target = pathOf(source, specifier.text);
            if (target === undefined || !target.startsWith(`${part}/`)) return [];
            const [from, to] = [roomOf(source.path), roomOf(target)].map((room) => rooms.indexOf(room));
            return from <= to ? [] : [where(source, specifier)];
          });
        }),
    );
    expect(wrong).toEqual([]);
  });

  it("load no law but at the call of `fettle verify`; types of them may be named", () => {
    const loads = sources
      .filter(({ part }) => part !== "testing")
      .flatMap((source) =>
        importsOf(source)
          .filter(({ text, parent }) => {
            const isType =
              ts.isImportDeclaration(parent) &&
              parent.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
            return targetOf(source, text) === "testing" && !isType && !ts.isLiteralTypeNode(parent);
          })
          .map(({ parent }) => `${source.path} ${parent.getText()}`),
      );
    expect(loads).toEqual(['cli/verify.ts import("../testing/index.js")']);
  });

  it("the command line loads no other part before it knows the command, except texts and limits", () => {
    const loaded = new Set(["cli/main.ts"]);
    for (const path of loaded) {
      const source = sources.find((each) => each.path === path);
      for (const { text, parent } of source ? importsOf(source) : []) {
        const target = source && pathOf(source, text);
        const isType =
          ts.isImportDeclaration(parent) && parent.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
        if (target && !isType && !ts.isCallExpression(parent)) loaded.add(target);
      }
    }
    const others = [...loaded].filter((path) => path.includes("/") && !path.startsWith("cli/"));
    expect(others.sort()).toEqual([
      "data/days.ts",
      "data/limits.ts",
      "nn/arguments/epochs.ts",
      "report/columns.ts",
      "report/format.ts",
      "report/layout.ts",
    ]);
  });

  it("files beside them import nothing but each other and packages; the library never its own index", () => {
    const wrong = sources.flatMap((source) =>
      importsOf(source)
        .filter(({ text }) => {
          const target = targetOf(source, text);
          const beside = source.part === "" && !ENTRIES.includes(source.path);
          return (
            (beside && target !== "" && target !== undefined) ||
            (/^fettle($|\/)|\/index\.js$/.test(text) && target === "")
          );
        })
        .map((specifier) => where(source, specifier)),
    );
    expect(wrong).toEqual([]);
  });
});

describe("the same bits everywhere", () => {
  it("no Math function that differs between runtimes, and no ** but of whole numbers", () => {
    const wrong: string[] = [];
    for (const source of sources) {
      if (source.part === "cli" || source.part === "report") continue;
      visit(source.tree, (node) => {
        if (
          ts.isPropertyAccessExpression(node) &&
          node.expression.getText() === "Math" &&
          INEXACT.has(node.name.text)
        ) {
          wrong.push(where(source, node));
        }
        if (ts.isElementAccessExpression(node) && node.expression.getText() === "Math")
          wrong.push(where(source, node));
        // `const { exp } = Math`, or Math handed on
        const used =
          ts.isIdentifier(node) && node.text === "Math" && !ts.isPropertyAccessExpression(node.parent);
        if (used && !ts.isElementAccessExpression(node.parent)) wrong.push(where(source, node.parent));
        if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.AsteriskAsteriskToken) {
          const power = node.right;
          const number = ts.isPrefixUnaryExpression(power) ? power.operand : power;
          if (ts.isNumericLiteral(number) && !Number.isInteger(Number(number.text)))
            wrong.push(where(source, node));
        }
      });
    }
    expect(wrong).toEqual([]);
  });

  it("no clock and no host outside of src/platform, src/cli, src/cloudflare and the entries for one kind of host", () => {
    const wrong: string[] = [];
    for (const source of sources) {
      if (["platform", "cli", "cloudflare"].includes(source.part)) continue;
      if (HOSTS.some((folder) => source.path.startsWith(folder))) continue;
      const own = new Set<string>();
      visit(source.tree, (node) => {
        if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) own.add(node.name.text);
      });
      visit(source.tree, (node) => {
        if (!ts.isIdentifier(node) || !AMBIENT.has(node.text) || own.has(node.text)) return;
        const { parent } = node;
        const isMember = ts.isPropertyAccessExpression(parent) && parent.name === node;
        const isKey = ts.isPropertyAssignment(parent) && parent.name === node;
        if (!isMember && !isKey) wrong.push(where(source, parent));
      });
      for (const specifier of importsOf(source)) {
        if (specifier.text.startsWith("node:")) wrong.push(where(source, specifier));
      }
    }
    expect(wrong).toEqual([]);
  });
});

it("what is for one kind of host is imported by nothing else but the command line", () => {
  const wrong = HOSTS.flatMap((folder) =>
    sources
      .filter(({ path, part }) => !path.startsWith(folder) && part !== "cli")
      .flatMap((source) =>
        importsOf(source)
          .filter(({ text }) => pathOf(source, text)?.startsWith(folder))
          .map((specifier) => where(source, specifier)),
      ),
  );
  expect(wrong).toEqual([]);
});

/** Files above nn/ that call a metric themselves, and why none of them could forget a mask. */
const SCORED: Readonly<Record<string, string>> = {
  "explain/importance.ts": "refuses a model that leaves out steps",
  "tune/baselines/compare.ts": "refuses a final model that leaves out steps",
  "tune/jobs/watch.ts": "hands the mask to the metrics of a model, which take it",
  "tune/linear/choice.ts": "scores linear models, which have no mask",
  "tune/trial/calibration.ts": "is refused with a mask",
  "tune/trial/scoring.ts": "scores targets against themselves",
  "tune/trial/threshold.ts": "is refused with a mask",
};

it("predictions of networks are scored by the one function that takes their mask", () => {
  const above = LAYERS.flat().slice(0, LAYERS.flat().indexOf("model") + 1);
  const found = sources.filter(({ part, tree }) => {
    let calls = 0;
    visit(tree, (node) => {
      if (!ts.isCallExpression(node)) return;
      const { expression: called } = node;
      const name = ts.isPropertyAccessExpression(called) ? called.name : called;
      if (name.getText() === "compute") calls++;
    });
    return calls > 0 && above.includes(part);
  });
  expect(found.map(({ path }) => path).sort()).toEqual(Object.keys(SCORED).sort());
});

describe("types", () => {
  it("nothing is any, and nothing is ignored", () => {
    const wrong: string[] = [];
    for (const source of sources) {
      visit(source.tree, (node) => {
        if (node.kind === ts.SyntaxKind.AnyKeyword) wrong.push(where(source, node.parent));
      });
      const ignored = source.tree.text.match(/@ts-(ignore|expect-error|nocheck)|biome-ignore/);
      if (ignored) wrong.push(`src/${source.path} ${ignored[0]}`);
    }
    expect(wrong).toEqual([]);
  });
});

describe("the kernels", () => {
  it("import nothing, so that nothing calls back and they load in every host", () => {
    for (const name of ["kernels.wasm", "kernels-relaxed.wasm", "predict.wasm"]) {
      const bytes = readFileSync(join(root, "wasm", name));
      // relaxed SIMD does not compile on every host; the section of imports is read by hand
      expect(importSection(bytes), name).toBe(0);
    }
    const { imports } = WebAssembly.Module as unknown as { imports(module: WebAssembly.Module): unknown[] };
    expect(imports(new WebAssembly.Module(readFileSync(join(root, "wasm/kernels.wasm"))))).toEqual([]);
  });
});

/** How many imports a WebAssembly binary has (section 2 of the binary format). */
function importSection(bytes: Uint8Array): number {
  let at = 8;
  const leb = (): number => {
    let [value, shift] = [0, 0];
    for (;;) {
      const byte = bytes[at++];
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
      shift += 7;
    }
  };
  while (at < bytes.length) {
    const [id, size] = [leb(), leb()];
    if (id === 2) return leb();
    at += size;
  }
  return 0;
}

const WALKS = readFileSync(join(root, "docs/architecture.md"), "utf8").split("## A walk: ").slice(1);

it.each(WALKS.map((walk) => [walk.split("\n")[0], walk.split("\n## ")[0]]))(
  "a walk on the page of the architecture, %s, enters each file once",
  (_, walk) => {
    const paths = [...walk.matchAll(/^\| (`.*?`) \|/gm)].flatMap(([, cell]) => cell.split(", "));
    expect(paths.length).toBeGreaterThan(7);
    expect(paths.filter((path, i) => paths.indexOf(path) < i)).toEqual([]);
    const missing = paths
      .map((path) => path.replaceAll("`", ""))
      .filter((path) => !existsSync(join(path.startsWith("kernels/") ? root : src, path)));
    expect(missing).toEqual([]);
  },
);
