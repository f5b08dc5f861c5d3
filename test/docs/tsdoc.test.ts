/**
 * Holds the public documentation to its word. Public is what the entries of the package export.
 *
 * - Every export has a summary, types and constants too, and so has every public method of an exported
 *   class or interface. Every exported function has an example, its own or one at the head of its file.
 * - An example is a `ts` block after `@example`. It is complete but for names that they export, and `fc` for
 *   fast-check: it compiles against the sources under the strict options of tsconfig.json, and it runs on the
 *   built package.
 * - A comment after an expression statement, on its last line, is the value of that expression:
 *   `1 + 1; // 2`. It is written as JavaScript; arrays of every kind (typed arrays, ndarrays) as nested
 *   `[…]`, and `0.333...` stands for any number that begins with those digits. Numbers are compared exactly.
 *   Words go on lines of their own.
 *
 * The blocks of TypeScript on the pages, which `code.test.ts` runs, compile here, where the sources are
 * parsed already.
 */
import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { type Block, blocks } from "./blocks.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
const { options: strict } = ts.parseJsonConfigFileContent(config, ts.sys, root);
const options = { ...strict, noUnusedLocals: false }; // an example may show a declaration alone
/** The entries of the package, and the module that each is. */
const entries: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries<string[]>(config.compilerOptions.paths).flatMap(([name, [path]]) =>
    name.startsWith("fettle") ? [[name, path]] : [],
  ),
);
const sources = ts.createProgram(
  Object.values(entries).map((path) => join(root, path)),
  options,
);
const checker = sources.getTypeChecker();
const exported = publicSymbols();

interface Example {
  readonly name: string;
  readonly code: string;
}

describe("the public documentation", () => {
  it("has a summary for every export", () => {
    const missing = exported.filter(({ symbol }) => !hasSummary(symbol)).map(({ name }) => name);
    expect(missing).toEqual([]);
  });

  it("has a summary for every method of a class or an interface", () => {
    const methods = exported.flatMap(({ name, symbol }) =>
      membersOf(symbol)
        .filter((member) => member.flags & ts.SymbolFlags.Method && !hasSummary(member))
        .map((member) => `${name}.${member.name}`),
    );
    expect(methods).toEqual([]);
  });

  it("has an example for every function", () => {
    const missing = exported
      .filter(({ symbol }) => isFunction(symbol))
      .filter(({ symbol }) => [commentsOf(symbol), headOf(symbol)].flatMap(examplesIn).length === 0)
      .map(({ name }) => name);
    expect(missing).toEqual([]);
  });

  it("gives a name to one thing, and exports it from one entry unless there is a reason", () => {
    const names = [...new Set(exported.map(({ name }) => name))].filter((name) => !name.includes("."));
    const shared = names
      .map((name) => exported.filter((each) => each.name === name))
      .filter(({ length }) => length > 1);
    const things = shared.filter((of) => new Set(of.map(({ symbol }) => symbol)).size > 1);
    // layers and operations, each with the name that it has in Keras and in TensorFlow.js
    expect(things.map(([{ name }]) => name).sort()).toEqual(["dot", "elu", "reshape"]);
    const places = shared
      .filter((of) => !things.includes(of))
      .map((of) => `${of[0].name}: ${of.map(({ entry }) => entry).join(", ")}`);
    // a page that only predicts imports `fettle/predict` alone; custom pieces name the types of values, and
    // those who run programs need their classes
    const own = /: fettle, fettle\/predict$|^(Graph|Value): fettle, fettle\/engine$/;
    expect(places.filter((place) => !own.test(place))).toEqual([]);
  });

  it("writes every example as a block of ts", () => {
    const malformed = exported
      .filter(({ symbol }) =>
        [symbol, ...membersOf(symbol)].some((documented) => {
          const comments = commentsOf(documented);
          return comments.split("@example").length - 1 !== examplesIn(comments).length;
        }),
      )
      .map(({ name }) => name);
    expect(malformed).toEqual([]);
  });
});

describe("the example of", () => {
  const examples = collectExamples();
  const { code, ends } = assemble(examples);
  const mistakes = compile(code, ends);
  const failures = mistakes.some((list) => list.length > 0) ? [] : run(code);

  it.each(examples.map(({ name }, i) => [name, i] as const))("%s compiles and runs", (_, i) => {
    expect(mistakes[i]).toEqual([]);
    expect(failures[i] ?? []).toEqual([]);
  });
});

/** Blocks of README, which a reader compiles first: as TypeScript too, without a word more. */
const isFirst = ({ page, language }: Block): boolean => page === "README.md" && language === "js";

it("has blocks of TypeScript on its pages that compile, as strictly as a careful reader's", () => {
  const paths = blocks
    // those that begin so are parts of examples
    .filter((block) => (block.language === "ts" && !block.code.startsWith("// examples/")) || isFirst(block))
    .map(({ page, line, code }) => [`${page.replaceAll(/\W/g, "-")}-${line}.ts`, code] as const);
  expect(paths.length).toBeGreaterThan(5);
  const mistakes = diagnosticsOf(Object.fromEntries(paths), {
    ...strict,
    noUncheckedIndexedAccess: true,
  }).map(
    ({ file, messageText }) =>
      `${relative(root, file?.fileName ?? "")}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`,
  );
  expect(mistakes).toEqual([]);
});

interface Export {
  readonly entry: string;
  readonly name: string;
  readonly symbol: ts.Symbol;
}

function publicSymbols(): Export[] {
  return Object.entries(entries).flatMap(([entry, path]) => {
    const module = checker.getSymbolAtLocation(sources.getSourceFile(join(root, path)) as ts.SourceFile);
    return checker.getExportsOfModule(module as ts.Symbol).flatMap((symbol) => {
      const own = { entry, name: symbol.name, symbol: resolved(symbol) };
      return isNamespace(own.symbol) ? [own, ...membersOfNamespace(own)] : [own];
    });
  });
}

function resolved(symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

/** Whether an export is a module of its own: `export * as metrics from …`. */
function isNamespace({ flags }: ts.Symbol): boolean {
  return (flags & ts.SymbolFlags.ValueModule) !== 0;
}

function membersOfNamespace({ entry, name, symbol }: Export): Export[] {
  return checker.getExportsOfModule(symbol).map((member) => ({
    entry,
    name: `${name}.${member.name}`,
    symbol: resolved(member),
  }));
}

function isFunction(symbol: ts.Symbol): boolean {
  if (isNamespace(symbol)) return false;
  const isValue = (symbol.flags & ts.SymbolFlags.Value) !== 0;
  return isValue && checker.getTypeOfSymbol(symbol).getCallSignatures().length > 0;
}

/** Members of a class or an interface that are not private. */
function membersOf(symbol: ts.Symbol): ts.Symbol[] {
  if (!(symbol.flags & (ts.SymbolFlags.Class | ts.SymbolFlags.Interface))) return [];
  return [...(symbol.members?.values() ?? [])].filter(({ declarations = [] }) =>
    declarations.every(
      (node) => !(ts.getCombinedModifierFlags(node as ts.Declaration) & ts.ModifierFlags.Private),
    ),
  );
}

/** Of a namespace, the comment at the head of its file. */
function hasSummary(symbol: ts.Symbol): boolean {
  if (isNamespace(symbol)) return headOf(symbol).trim() !== "";
  return ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim() !== "";
}

/** The comments on a symbol, without stars. */
function commentsOf(symbol: ts.Symbol): string {
  const { declarations = [] } = symbol;
  if (isNamespace(symbol)) return headOf(symbol);
  return declarations
    .flatMap((node) => ts.getJSDocCommentsAndTags(node))
    .map((comment) => comment.getFullText().replace(/^\s*\* ?/gm, ""))
    .join("\n");
}

/** The comment at the head of the file that declares a symbol, without stars. */
function headOf({ declarations = [] }: ts.Symbol): string {
  const [comment = ""] = /^\/\*\*[\s\S]*?\*\//.exec(declarations[0].getSourceFile().text) ?? [];
  return comment.replace(/^\s*\* ?/gm, "");
}

function examplesIn(comment: string): string[] {
  return [...comment.matchAll(/@example\n```ts\n([\s\S]*?)```/g)].map(([, code]) => code);
}

/** Every example of the public symbols and of the heads of their files, once. */
function collectExamples(): Example[] {
  const byCode = new Map<string, string>();
  for (const { name, symbol } of exported) {
    const file = symbol.declarations?.[0].getSourceFile().fileName.slice(join(root, "src/").length) ?? "";
    const places: (readonly [string, string])[] = [
      [file, headOf(symbol)],
      [name, commentsOf(symbol)],
      ...membersOf(symbol).map((member) => [`${name}.${member.name}`, commentsOf(member)] as const),
    ];
    for (const [place, comment] of places) {
      for (const code of examplesIn(comment)) if (!byCode.has(code)) byCode.set(code, place);
    }
  }
  return [...byCode].map(([code, name]) => ({ name, code }));
}

/** Compares a value with what a comment says, in the process of the examples. */
const PRELUDE = `
class Digits { constructor(readonly text: string) {} }
const plain = (value: unknown): unknown => {
  if (ArrayBuffer.isView(value)) return Array.from(value as Float64Array);
  const array = value as NdArray | undefined;
  if (typeof array?.pick !== "function") return value;
  if (array.dimension === 0) return array.get();
  return Array.from({ length: array.shape[0] }, (_, i) => plain(array.pick(i)));
};
const matches = (given: unknown, stated: unknown): boolean => {
  const value = plain(given);
  if (stated instanceof Digits) return typeof value === "number" && String(value).startsWith(stated.text);
  if (typeof stated !== "object" || stated === null) return Object.is(value, stated);
  if (typeof value !== "object" || value === null || Array.isArray(value) !== Array.isArray(stated)) return false;
  const [fields, expected] = [value, stated] as Record<string, unknown>[];
  const keys = Object.keys(expected);
  return Object.keys(fields).length === keys.length && keys.every((key) => matches(fields[key], expected[key]));
};
const failures: string[][] = [];
const fail = (example: number, message: string) => void (failures[example] ??= []).push(message);
const states = (example: number, comment: string, given: unknown, stated: unknown) => {
  if (!matches(given, stated)) fail(example, \`the comment says \${comment}, the value is \${inspect(plain(given))}\`);
};
const print = console.log;
console.log = () => {};
`;

/** One module of all examples, each a function of its own, and where each ends in it. */
function assemble(examples: readonly Example[]): { code: string; ends: number[] } {
  const text = examples.map(({ code }) => code).join("\n");
  // what a namespace has is written with its name
  const named = exported.filter(({ name }) => !name.includes(".") && new RegExp(`\\b${name}\\b`).test(text));
  // from the last entry that exports a thing: the main one may have the type alone
  const used = named.filter(({ symbol }, i) => !named.slice(i + 1).some((later) => later.symbol === symbol));
  // of a name that two entries have, the example of the first means the first, and all others the last
  const twice = new Set(used.filter((each, i) => used.findIndex(({ name }) => name === each.name) < i));
  const first = used.filter((each) => !twice.has(each) && [...twice].some(({ name }) => name === each.name));
  const own = (name: string): string => `own_${name}`;
  const imports = Object.keys(entries).map((entry) => {
    const names = used
      .filter((each) => each.entry === entry)
      .map((each) => {
        const { name, symbol } = each;
        if (first.includes(each)) return `${name} as ${own(name)}`;
        return symbol.flags & ts.SymbolFlags.Value ? name : `type ${name}`;
      });
    return `import { ${names.join(", ")} } from "${entry}";\n`;
  });
  let code = `import { inspect } from "node:util";
import fc from "fast-check";
import type { NdArray } from "ndarray";
import "fake-indexeddb/auto";
${imports.join("")}${PRELUDE}`;
  const ends = examples.map((example, i) => {
    const named = first.some(({ name }) => name === example.name);
    const meant = named ? `const ${example.name} = ${own(example.name)};` : "";
    code += `await (async () => {${meant}\n${withChecks(example.code, i)}\n})().catch((error) => fail(${i}, inspect(error)));\n`;
    return code.length;
  });
  return { code: `${code}print(JSON.stringify(failures));\n`, ends };
}

/** The example with each commented expression turned into a comparison. */
function withChecks(code: string, example: number): string {
  const file = ts.createSourceFile("example.ts", code, ts.ScriptTarget.Latest);
  let result = "";
  let done = 0;
  for (const statement of file.statements) {
    const [comment] = ts.getTrailingCommentRanges(code, statement.end) ?? [];
    if (!ts.isExpressionStatement(statement) || comment === undefined) continue;
    const { expression } = statement;
    const stated = code.slice(comment.pos + "//".length, comment.end).trim();
    const value = stated.replace(/(-?\d+\.\d+)\.\.\./g, (_, digits) => `new Digits("${digits}")`);
    const given = code.slice(expression.getStart(file), expression.end);
    result += code.slice(done, expression.getStart(file));
    result += isExpression(value)
      ? `states(${example}, ${JSON.stringify(stated)}, ${given}, (${value}));`
      : `fail(${example}, ${JSON.stringify(`after an expression stands its value, not ${stated}`)});`;
    done = comment.end;
  }
  return result + code.slice(done);
}

function isExpression(text: string): boolean {
  return ts.transpileModule(`(${text});`, { reportDiagnostics: true }).diagnostics?.length === 0;
}

/** What the compiler has against modules, by their names at the root. */
function diagnosticsOf(
  modules: Readonly<Record<string, string>>,
  own: ts.CompilerOptions,
): readonly ts.Diagnostic[] {
  const files = new Map(
    Object.entries(modules).map(([name, code]) => {
      const file = ts.createSourceFile(join(root, name), code, ts.ScriptTarget.ES2022, true);
      file.impliedNodeFormat = ts.ModuleKind.ESNext;
      return [file.fileName, file];
    }),
  );
  const host = ts.createCompilerHost(own);
  const { getSourceFile, fileExists } = host;
  // what is parsed already, and bound
  host.getSourceFile = (name, ...rest) =>
    files.get(name) ?? sources.getSourceFile(name) ?? getSourceFile.call(host, name, ...rest);
  host.fileExists = (name) => files.has(name) || fileExists.call(host, name);
  const program = ts.createProgram([...files.keys()], own, host);
  return [...files.values()].flatMap((file) => [
    ...program.getSyntacticDiagnostics(file),
    ...program.getSemanticDiagnostics(file),
  ]);
}

/** What the compiler has against each example. */
function compile(code: string, ends: readonly number[]): string[][] {
  const diagnostics = diagnosticsOf({ "tsdoc-examples.ts": code }, options);
  return ends.map((end, i) =>
    diagnostics
      .filter(({ start = 0 }) => start < end && start >= (ends[i - 1] ?? 0))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n")),
  );
}

/** Runs all examples in one process in the checkout, where `fettle` is the built package. */
function run(code: string): (string[] | null)[] {
  const path = join(root, `tsdoc-${process.pid}.tmp.mjs`);
  writeFileSync(
    path,
    ts.transpileModule(code, { compilerOptions: { target: ts.ScriptTarget.ES2022 } }).outputText,
  );
  try {
    return JSON.parse(execFileSync(process.execPath, [path], { encoding: "utf8", timeout: 60_000 }));
  } finally {
    rmSync(path);
  }
}
