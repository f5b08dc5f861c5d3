/** The table of docs/models.md: which layers go to which format, as the exports have it. */

import { readFileSync } from "node:fs";
import { beforeAll, expect, it } from "vitest";
import { FettleError } from "../../../src/errors.js";
import { exportModel } from "../../../src/model/export/exportModel.js";
import { factoryNames } from "../../../src/nn/layers/factories.js";
import * as layers from "../../../src/nn/layers/index.js";
import { functional, input } from "../../../src/nn/models/functional.js";
import type { LayersModel } from "../../../src/nn/models/layersModel.js";
import { ready } from "../../../src/numerics/kernels.js";
import { EXAMPLES, type LayerExample } from "../../predict/everyLayer.js";
import { trained } from "../../predict/networks.js";
import { rowOf } from "../../rowOf.js";
import { modest, networkOf } from "./anyStack.js";

beforeAll(() => ready());

const FORMATS = ["onnx", "tfjs", "js"] as const;
const text = readFileSync(new URL("../../../docs/models.md", import.meta.url), "utf8");
const cells = (line: string): string[] =>
  line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());
const after = text.slice(text.indexOf("\n| layers |") + 1);
const rows = after
  .slice(0, after.indexOf("\n\n"))
  .split("\n")
  .slice(2)
  .map((line) => {
    const [names, ...found] = cells(line);
    return { names: [...names.matchAll(/`(\w+)`/g)].map(([, name]) => name), cells: found };
  });

const steps: LayerExample["shapes"] = [[4, 3]];
const image: LayerExample["shapes"] = [[5, 5, 2]];
const reversed = { goBackwards: true, returnSequences: true };
/** Beside the examples of all layers: what else some formats take, or do not. */
const MORE: Readonly<Record<string, readonly LayerExample[]>> = {
  bidirectional: [{ layer: () => layers.bidirectional(layers.lstm(2)), shapes: steps }],
  conv1d: [{ layer: () => layers.conv1d(2, 2), shapes: steps }],
  convLstm2d: [{ layer: () => layers.convLstm2d(2, 2, { returnState: true }), shapes: [[3, 4, 4, 1]] }],
  conv2dTranspose: [{ layer: () => layers.conv2dTranspose(2, 2, { dilationRate: 2 }), shapes: image }],
  depthwiseConv2d: [{ layer: () => layers.depthwiseConv2d(2, { dilationRate: 2 }), shapes: image }],
  elu: [{ layer: () => layers.elu(), shapes: [[2, 3]] }],
  gru: [{ layer: () => layers.gru(2), shapes: steps }],
  leakyReLU: [{ layer: () => layers.leakyReLU(), shapes: [[3]] }],
  lstm: [
    { layer: () => layers.lstm(2, reversed), shapes: steps },
    { layer: () => layers.lstm(2, { returnState: true }), shapes: steps },
  ],
  merge: [
    {
      layer: () => layers.merge("subtract"),
      shapes: [
        [2, 3],
        [2, 3],
      ],
    },
  ],
  prelu: [{ layer: () => layers.prelu(), shapes: [[3]] }],
  separableConv2d: [
    { layer: () => layers.separableConv2d(2, 2, { dilationRate: 2, strides: 2 }), shapes: image },
  ],
  simpleRNN: [{ layer: () => layers.simpleRNN(2, reversed), shapes: steps }],
};

const RECURRENT = ["simpleRNN", "lstm", "gru", "bidirectional"];

/** Models that have a layer. */
function modelsOf(name: string): LayersModel[] {
  const examples = [...rowOf(EXAMPLES, name, "test/predict/everyLayer.ts"), ...(MORE[name] ?? [])];
  const models = examples.map(networkOf);
  if (!RECURRENT.includes(name)) return models;
  const x = input([4, 3]);
  const outputs = examples[0].layer().apply(layers.masking(0).apply(x));
  return [...models, trained(functional({ inputs: x, outputs }), 12, 1, modest)];
}

/**
 * What is in a cell: `✓` if all models are exported, nothing if none is, some words if only some are, or
 * without the layer.
 */
function cellOf(name: string, format: (typeof FORMATS)[number]): string | RegExp {
  const found = modelsOf(name).map((model): boolean | "left out" => {
    try {
      const [note = ""] = exportModel(model, format).notes;
      return note.startsWith(`without ${name}_1`) ? "left out" : true;
    } catch (error) {
      if (error instanceof FettleError && error.code === "unsupported") return false;
      throw error;
    }
  });
  if (found.every((each) => each === false)) return "";
  if (found.every((each) => each === "left out")) return /^left out/;
  return found.every((each) => each === true) ? "✓" : /^but /;
}

it("every layer is in one row", () => {
  expect(rows.flatMap(({ names }) => names).sort()).toEqual([...factoryNames].sort());
});

it.each(rows.flatMap(({ names, cells }) => names.map((name) => [name, cells] as const)))(
  "%s",
  (name, cells) => {
    for (const [i, format] of FORMATS.entries()) {
      const expected = cellOf(name, format);
      if (typeof expected === "string") expect(cells[i], format).toBe(expected);
      else expect(cells[i], format).toMatch(expected);
    }
  },
);
