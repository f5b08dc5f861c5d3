/** The text of generated modules: its size, what it does not hold, and no name that becomes code. */
import { createContext, runInContext } from "node:vm";
import fc from "fast-check";
import ts from "typescript";
import { beforeAll, describe, expect, it } from "vitest";
import { contentsOf } from "../../../src/model/contents.js";
import { exportJs } from "../../../src/model/export/js.js";
import { dense } from "../../../src/nn/layers/index.js";
import { ready } from "../../../src/numerics/kernels.js";
import type { Answer } from "../../../src/predict/answers.js";
import type { LayerDescription, ModelContents } from "../../../src/predict/description.js";
import { cases } from "../../cases.js";
import { refusal } from "../../data/refusal.js";
import {
  column,
  type Exported,
  expectSameAnswer,
  imported,
  messageOf,
  predictorOf,
  ROW,
  SMALL,
} from "./modules.js";
import { contentsFrom, HOSTILE, network, type TableSpec, tableSpecs } from "./tables.js";

beforeAll(() => ready());

const columns = [
  ...Array.from({ length: 7 }, (_, i) => column(`number ${i}`, "number", { gaps: i === 0 })),
  ...SMALL.columns.slice(1),
];

it("is under 10 kB for a small network, and under 2.5 kB without a table", () => {
  expect(columns.length).toBe(10);
  expect(exportJs(contentsFrom({ ...SMALL, columns })).length).toBeLessThan(10_000);
  const alone = contentsOf(network([dense(8, { activation: "relu" }), dense(1)], 10, 1), false);
  expect(exportJs(alone).length).toBeLessThan(2500);
});

it("grows by base64 for parameters, and by digits where these are shorter", () => {
  const sizeOf = (units: number, gain: number): number =>
    exportJs(contentsOf(network([dense(units, { useBias: false }), dense(1)], 100, 1, gain), false)).length;
  expect((sizeOf(300, 1) - sizeOf(100, 1)) / (200 * 101)).toBeCloseTo(16 / 3, 2);
  expect((sizeOf(300, 0) - sizeOf(100, 0)) / (200 * 101)).toBeCloseTo(2, 2);
});

it("defines nothing that it does not use, for any model", () => {
  fc.assert(
    fc.property(tableSpecs, (spec) => {
      const tree = treeOf(exportJs(contentsFrom(spec)));
      const all = identifiersIn(tree);
      const unused = definedIn(tree).filter((name) => all.filter((each) => each === name).length < 2);
      expect(unused).toEqual([]);
    }),
    { numRuns: cases(50) },
  );
});

it("imports nothing, runs no text, and needs no more of a runtime than atob", () => {
  const text = exportJs(contentsFrom(SMALL));
  const all = identifiersIn(treeOf(text));
  for (const name of ["eval", "Function", "require", "globalThis", "process"])
    expect(all).not.toContain(name);
  expect(ts.preProcessFile(text).importedFiles).toEqual([]);
  const context = createContext({ atob });
  const run = runInContext(`${text.replaceAll(/^export /gm, "")}; predict`, context) as Exported["predict"];
  expect(run(ROW)).toHaveProperty("class");
});

describe("names and words", () => {
  const plain = (from: string): string[] => HOSTILE.map((_, i) => `${from}${i}`);
  /** A model in which all text of a user is from these lists. */
  const modelOf = (names: readonly string[], words: readonly string[]): ModelContents => {
    const spec: TableSpec = {
      ...SMALL,
      columns: names.map((name) => column(name, "category", { categories: words, gaps: true })),
      classes: words,
    };
    const contents = contentsFrom(spec);
    const table = contents.table!;
    return { ...contents, table: { ...table, schema: { ...table.schema, na: words.slice(0, 3) } } };
  };
  const text = () => exportJs(modelOf(HOSTILE, HOSTILE));

  it("stay text: the code is the same whatever they are", () => {
    expect(tokensOf(text())).toEqual(tokensOf(exportJs(modelOf(plain("column"), plain("word")))));
  });

  it("do not end a script in a page", () => {
    expect(text()).not.toMatch(/<\/script|<script|<!--|[\u2028\u2029]/i);
  });

  it("mean what they do in the predictor", async () => {
    const contents = modelOf(HOSTILE, HOSTILE);
    const [predictor, { inputs, predict }] = await Promise.all([predictorOf(contents), imported(text())]);
    expect(inputs).toEqual(contents.table!.inputs);
    for (const word of HOSTILE) {
      const row = Object.fromEntries(HOSTILE.map((name) => [name, word]));
      const answer = predict(row) as Answer;
      expectSameAnswer(answer, predictor.answers(row)[0], 0.4, 1);
      expect(Object.keys(answer.probabilities as object)).toEqual(HOSTILE);
    }
  });

  it("are no properties that a row inherits", async () => {
    const { predict } = await imported(text());
    const row = Object.create(Object.fromEntries(HOSTILE.map((name) => [name, HOSTILE[5]])));
    expect(predict(row)).toEqual(predict({}));
    const { predict: strict } = await imported(
      exportJs(contentsFrom({ ...SMALL, columns: [column("constructor", "number")] })),
    );
    expect(messageOf(() => strict({}))).toBe(
      'column "constructor" must be present, as in every training row (train with missing: "impute" to fill it in); received undefined',
    );
  });
});

describe("refusals", () => {
  const contents = contentsOf(network([dense(3, { activation: "relu" }), dense(1)], 2, 5), false);
  const { network: described, tensors, notes } = contents;
  const withLayer = (layer: object): ModelContents => ({
    tensors,
    notes,
    network: { columns: 2, layers: [{ ...described.layers[0], ...layer }, described.layers[1]] },
  });
  const withThird = (layer: Pick<LayerDescription, "name" | "options"> & Partial<LayerDescription>) => {
    const third: LayerDescription = { id: "third", inputs: ["dense_2"], weights: {}, ...layer };
    return { ...contents, network: { ...described, layers: [...described.layers, third] } };
  };
  const BUILT_IN = 'layer "dense_1" must be built-in to be exported, or loaded by loadPredictor';
  it.each<[string, ModelContents, string]>([
    [
      "a custom layer",
      withLayer({ name: "scale", custom: true }),
      `unsupported: ${BUILT_IN}; received {"custom":"scale"}`,
    ],
    [
      "a custom activation",
      withLayer({ options: { activation: { function: "leakyRelu" } } }),
      `unsupported: the activation of ${BUILT_IN}; received {"function":"leakyRelu"}`,
    ],
    [
      "an activation of another release",
      withLayer({ options: { activation: "snake" } }),
      `unsupported: the activation of ${BUILT_IN}; received "snake"`,
    ],
    [
      "code in place of a slope",
      withThird({ name: "leakyReLU", options: { negativeSlope: "alert(1)" } }),
      'invalid_argument: negativeSlope must be a finite number of at least 0; received "alert(1)"',
    ],
    [
      "slopes that do not fit",
      withThird({ name: "prelu", options: {}, weights: { alpha: "dense_1.bias" } }),
      'invalid_checkpoint: the slopes of layer "third" must fit its 1 inputs; received shape [3]',
    ],
    [
      "a layer that does not take the one before it",
      withLayer({ inputs: ["dense_2"] }),
      'invalid_checkpoint: layer "dense_1" must take the layer before it, "input"; received ["dense_2"]',
    ],
    [
      "an array that does not fit",
      { ...contents, tensors: { ...tensors, "dense_1.bias": { shape: [2], data: new Float32Array(2) } } },
      'invalid_checkpoint: the arrays of layer "dense_1" must fit its 2 inputs; received shapes [[2,3],[2]]',
    ],
    [
      "an array that is not there",
      withLayer({ weights: {} }),
      'invalid_checkpoint: the arrays of layer "dense_1" must fit its 2 inputs; received shapes [null]',
    ],
  ])("refuses %s", (_, given, message) => {
    expect(refusal(() => exportJs(given))).toBe(message);
  });
});

const treeOf = (text: string): ts.SourceFile =>
  ts.createSourceFile("model.js", text, ts.ScriptTarget.ES2022, true);

function identifiersIn(tree: ts.SourceFile): string[] {
  const found: string[] = [];
  const walk = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) found.push(node.text);
    ts.forEachChild(node, walk);
  };
  walk(tree);
  return found;
}

/** What a module defines and does not export. */
function definedIn({ statements }: ts.SourceFile): string[] {
  return statements
    .filter((statement) => !statement.getText().startsWith("export "))
    .flatMap((statement) =>
      ts.isVariableStatement(statement)
        ? statement.declarationList.declarations.map(({ name }) => name.getText())
        : ts.isFunctionDeclaration(statement)
          ? [statement.name!.text]
          : [],
    );
}

/** The tokens of a module, with a word in place of each text and number. */
function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  const walk = (node: ts.Node): void => {
    if (ts.isStringLiteral(node)) tokens.push("text");
    else if (ts.isNumericLiteral(node)) tokens.push("number");
    else if (node.getChildCount() === 0) tokens.push(node.getText());
    else for (const child of node.getChildren()) walk(child);
  };
  walk(treeOf(text));
  return tokens;
}
