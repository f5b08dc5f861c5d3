/**
 * Every layer as a layers model: TensorFlow.js predicts the same, and what is read back predicts the same
 * bits. Others are refused by name.
 */
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { beforeAll, describe, expect, it } from "vitest";
import { contentsOf } from "../../../src/model/contents.js";
import { exportTfjs } from "../../../src/model/export/tfjs.js";
import type * as layers from "../../../src/nn/layers/index.js";
import { ready } from "../../../src/numerics/kernels.js";
import { refusal } from "../../data/refusal.js";
import { EXAMPLES } from "../../predict/everyLayer.js";
import { recordedLines } from "../../recordedLines.js";
import { anyStackAgrees, hasOption, networkOf, overImages, overSteps, sizeOf } from "./anyStack.js";
import { agrees } from "./tfjsAgrees.js";
import { notShared } from "./tfjsSupport.js";

beforeAll(async () => {
  await ready();
  await tf.setBackend("cpu");
});

/** Of the examples that TensorFlow.js does not have: why. */
const REFUSED: Readonly<Record<string, string>> = {
  "bidirectional (1)": "it has no GRU with resetAfter: true",
  "conv1d (1)": 'it has no padding "causal"',
  "cropping1d (1)": "it has no cropping1d",
  "elu (1)": "it has no ELU with an alpha other than 1",
  "merge (2)": 'it has no merge("subtract")',
  "multiHeadAttention (1)": "it has no multiHeadAttention",
  "multiHeadAttention (2)": "it has no multiHeadAttention",
  "upSampling1d (1)": "it has no upSampling1d",
  "zeroPadding1d (1)": "it has no zeroPadding1d",
  "rmsNormalization (1)": "it has no rmsNormalization",
  "groupNormalization (1)": "it has no groupNormalization",
  "dot (2)": "with normalize, TensorFlow.js divides vectors shorter than 0.0003 by 0.0003",
  "dot (3)": "it has no dot of values with more than two axes a row",
  "conv1dTranspose (1)": "it has no conv1dTranspose",
  "globalMaxPooling3d (1)": "it has no globalMaxPooling3d",
  "globalAveragePooling3d (1)": "it has no globalAveragePooling3d",
  "resizing (1)": "TensorFlow.js aligns the corners of images",
  "resizing (2)": "TensorFlow.js aligns the corners of images",
  "averageMembers (1)": "it has no averageMembers",
  "ensembleDense (1)": "it has no ensembleDense",
  "ensembleDense (2)": "it has no ensembleDense",
  "ensembleDense (3)": "it has no ensembleDense",
  "ensembleDense (4)": "it has no ensembleDense",
};

describe("TensorFlow.js predicts what Fettle does with", () => {
  const all = Object.entries(EXAMPLES).flatMap(([name, examples]) =>
    examples.map((example, i) => [`${name} (${i + 1})`, example] as const),
  );
  it.each(all.filter(([name]) => !(name in REFUSED)))("%s", async (_, example) => {
    const columns = example.shapes.map(sizeOf).reduce((sum, size) => sum + size);
    for (const rows of [1, 5]) await agrees(networkOf(example), columns, rows, example.number);
  });

  it.each(all.filter(([name]) => name in REFUSED))("or it is refused: %s", (name, example) => {
    const id = `${example.layer().type}_1`;
    expect(refusal(() => exportTfjs(contentsOf(networkOf(example), false)))).toBe(
      `unsupported: layer "${id}" must be one that TensorFlow.js has, to be exported to it; ${REFUSED[name]}`,
    );
  });
});

// `npx vitest run test/model/export/tfjsEveryLayer.test.ts --update` rewrites the file after a change
it("the topologies of every layer are those that are recorded", async () => {
  const lines = Object.entries(EXAMPLES).flatMap(([name, examples]) =>
    examples.flatMap((example, i) => {
      if (`${name} (${i + 1})` in REFUSED) return [];
      const files = exportTfjs(contentsOf(networkOf(example), false));
      const { modelTopology } = JSON.parse(files["model.json"]);
      return ["", ...recordedLines(modelTopology, `${name} (${i + 1})`)];
    }),
  );
  await expect(`${lines.slice(1).join("\n")}\n`).toMatchFileSnapshot("tfjsTopologies.txt");
});

describe("TensorFlow.js predicts what Fettle does with any stack", () => {
  // leakyRelu becomes a layer of its own, so what is read back is another network; hardSigmoid rounds weights
  const lacking = ["causal", "hardSigmoid", ...notShared];
  const isKnown = (layer: layers.Layer): boolean => !hasOption(layer, lacking);
  it.each([
    ["over images", [6, 5, 2], overImages.filter(isKnown)],
    ["over steps", [6, 3], overSteps.filter(isKnown)],
  ] as const)("%s", async (_, row, layer) => {
    await anyStackAgrees(layer, row, agrees);
  });
});
