/** Every layer as an ONNX file, in ONNX Runtime; and what convolutions between layers cost in transposes. */
import { describe, expect, it } from "vitest";
import { exportOnnx } from "../../../src/model/export/onnx.js";
import { type ActivationName, activations } from "../../../src/nn/activations.js";
import * as layers from "../../../src/nn/layers/index.js";
import { functional, input } from "../../../src/nn/models/functional.js";
import type { LayersModel } from "../../../src/nn/models/layersModel.js";
import { EXAMPLES } from "../../predict/everyLayer.js";
import { trained } from "../../predict/networks.js";
import { anyStackAgrees, modest, networkOf, numbersFor, overImages, overSteps, sizeOf } from "./anyStack.js";
import { CLOSE, decoded, difference, floats, run } from "./onnxRuntime.js";

async function agrees(
  model: LayersModel,
  columns: number,
  rows: number,
  number = (normal: number): number => normal,
): Promise<void> {
  const x = numbersFor(columns, rows, number);
  const { y } = await run(exportOnnx(model), { features: floats(x, columns) });
  const expected = model.predict({ data: x, shape: [rows, columns] });
  expect(y.dims).toEqual(expected.shape);
  expect(difference(y.data, expected.data)).toBeLessThan(CLOSE);
}

describe("ONNX Runtime predicts what Fettle does with", () => {
  const all = Object.entries(EXAMPLES).flatMap(([name, examples]) =>
    examples.map((example, i) => [`${name} (${i + 1})`, example] as const),
  );
  it.each(all)("%s", async (_, example) => {
    const columns = example.shapes.map(sizeOf).reduce((sum, size) => sum + size);
    for (const rows of [1, 5]) await agrees(networkOf(example), columns, rows, example.number);
  });
});

describe("ONNX Runtime predicts what Fettle does with any stack", () => {
  it.each([
    ["over images", [6, 5, 2], overImages],
    ["over steps", [6, 3], overSteps],
  ] as const)("%s", async (_, row, layer) => {
    await anyStackAgrees(layer, row, agrees);
  });

  it.each([1, 3])("with pooling after %s zeros, which are no part of its windows", async (zeros) => {
    for (const pooling of [layers.maxPooling2d(2), layers.averagePooling2d(2, { padding: "same" })]) {
      const x = input([4, 3, 2]);
      const before = layers.zeroPadding2d(zeros).apply(layers.conv2d(2, 2).apply(x));
      const outputs = layers.dense(2).apply(layers.flatten().apply(pooling.apply(before)));
      await agrees(trained(functional({ inputs: x, outputs }), 24, 3, modest), 24, 2);
    }
  });

  // e to the e to the x makes a rounding of x larger than the bound
  const names = (Object.keys(activations) as ActivationName[]).filter((name) => name !== "exponential");
  it.each(names)("with %s after a convolution", async (name) => {
    const x = input([4, 3, 2]);
    const once = layers.conv2d(3, 2, { activation: name }).apply(x);
    const twice = layers.conv2d(2, 2).apply(layers.activation(name).apply(once));
    const outputs = layers.flatten().apply(twice);
    await agrees(trained(functional({ inputs: x, outputs }), 24, 3, modest), 24, 2);
  });
});

describe("transposes", () => {
  const operators = (model: LayersModel): string[] => {
    const { graph } = decoded(exportOnnx(model)) as {
      readonly graph: { readonly node: readonly { readonly op_type: string }[] };
    };
    return graph.node.map(({ op_type }) => op_type);
  };

  it("are at the ends of convolutions alone, whatever is between them", () => {
    const x = input([8, 8, 1]);
    const first = layers.conv2d(4, 3, { padding: "same", activation: "relu" }).apply(x);
    const between = [
      layers.batchNormalization(),
      layers.activation("gelu"),
      layers.spatialDropout2d(0.5),
      layers.conv2d(4, 3, { padding: "same" }),
    ].reduce((value, layer) => layer.apply(value), first);
    const sum = layers.merge("add").apply(first, between);
    const last = [
      layers.maxPooling2d(2),
      layers.zeroPadding2d(1),
      layers.cropping2d(1),
      layers.separableConv2d(3, 3),
    ].reduce((value, layer) => layer.apply(value), layers.merge("concatenate").apply(sum, first));
    const outputs = layers.dense(2).apply(layers.flatten().apply(last));
    const found = operators(trained(functional({ inputs: x, outputs }), 64, 1, modest));
    expect(found.filter((each) => each === "Transpose").length).toBe(2);
    expect(found.filter((each) => each === "Conv").length).toBe(4);
  });

  it("are none after the last convolution where global pooling follows", () => {
    const x = input([8, 8, 1]);
    const outputs = layers.dense(2).apply(layers.globalMaxPooling2d().apply(layers.conv2d(4, 3).apply(x)));
    const found = operators(trained(functional({ inputs: x, outputs }), 64, 1, modest));
    expect(found).toEqual([...["Reshape", "Transpose", "Conv", "ReduceMax", "Gemm"], "Identity"]);
  });

  // without a bias, nothing but a reshape reads the product that stands for the convolution
  it.each([
    ["conv2d", [6, 6, 2], layers.conv2d(3, 3, { useBias: false }), "Conv"],
    ["conv1d", [6, 2], layers.conv1d(3, 3, { useBias: false }), "Conv"],
    ["conv2dTranspose", [6, 6, 2], layers.conv2dTranspose(3, 3, { useBias: false }), "ConvTranspose"],
    ["conv2dTranspose with a bias", [6, 6, 2], layers.conv2dTranspose(3, 3), "ConvTranspose,Add"],
  ])("and reshapes aside, %s is one node", (_, shape, layer, expected) => {
    const x = input(shape);
    const outputs = layers.flatten().apply(layer.apply(x));
    const size = shape.reduce((product, length) => product * length);
    const found = operators(trained(functional({ inputs: x, outputs }), size, 1, modest));
    const moves = ["Reshape", "Transpose", "Identity"];
    expect(found.filter((each) => !moves.includes(each)).join()).toBe(expected);
  });
});
