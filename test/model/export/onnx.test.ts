/** Networks as ONNX files, in ONNX Runtime, and what is in the files. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contentsOf } from "../../../src/model/contents.js";
import { exportOnnx } from "../../../src/model/export/onnx.js";
import { type ActivationName, activations } from "../../../src/nn/activations.js";
import { activation, dense, dropout } from "../../../src/nn/layers/index.js";
import { RandomStream } from "../../../src/numerics/random.js";
import { VERSION } from "../../../src/version.js";
import { cases } from "../../cases.js";
import {
  anyDense,
  anyLayer,
  CLOSE,
  decoded,
  difference,
  floats,
  networkOf,
  randomNetwork,
  run,
} from "./onnxRuntime.js";

describe("a network alone", () => {
  it("predicts what Fettle does, for any layers and rows", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyLayer, { maxLength: 4 }),
        anyDense,
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 33 }),
        fc.nat(),
        async (layers, last, rows, columns, seed) => {
          const model = randomNetwork([...layers, last], columns, seed);
          const random = new RandomStream(seed, 4);
          const x = Float32Array.from({ length: rows * columns }, () => random.normal());
          const bytes = exportOnnx(model);
          const { y } = await run(bytes, { features: floats(x, columns) });
          const expected = model.predict({ data: x, shape: [rows, columns] });
          expect(y.dims).toEqual(expected.shape);
          expect(difference(y.data, expected.data)).toBeLessThan(CLOSE);
        },
      ),
      { numRuns: cases(60) },
    );
  });

  it.each(Object.keys(activations) as ActivationName[])("has %s also where it saturates", async (name) => {
    const x = Float32Array.of(-100, 100, -20, 20, -5, 5, 0, -0, 1e-6, -1e-6, 88, 90);
    const model = networkOf([dense(2), activation(name)], 2, (i) => Number(i % 3 === 0));
    const { y } = await run(exportOnnx(model), { features: floats(x, 2) });
    expect(difference(y.data, model.predict({ data: x, shape: [6, 2] }).data)).toBeLessThan(CLOSE);
  });
});

describe("a file", () => {
  it("has the parameters under their names, and the layers in order", () => {
    const network = randomNetwork(
      [dense(3, { activation: "relu" }), dropout(0.5), dense(1, { useBias: false })],
      2,
      7,
    );
    const { graph, ...model } = decoded(exportOnnx(network));
    expect(model).toEqual({
      ir_version: 8,
      producer_name: "fettle",
      producer_version: VERSION,
      opset_import: [
        { domain: "", version: 17 },
        { domain: "ai.onnx.ml", version: 3 },
      ],
      metadata_props: [{ key: "fettle", value: VERSION }],
    });
    const info = (name: string, columns: number) => ({
      name,
      type: {
        tensor_type: { elem_type: 1, shape: { dim: [{ dim_param: "rows" }, { dim_value: columns }] } },
      },
    });
    expect(graph).toEqual({
      name: "model",
      input: [{ ...info("features", 2), doc_string: "as the network takes them" }],
      output: [info("y", 1)],
      initializer: Object.entries(contentsOf(network, false).tensors).map(([name, { shape, data }]) => ({
        name,
        dims: shape,
        data_type: 1,
        float_data: [...data],
      })),
      node: [
        ["Gemm", "dense_1", "features", "dense_1.kernel", "dense_1.bias"],
        ["Relu", "dense_1_2", "dense_1"],
        ["Gemm", "dense_2", "dense_1_2", "dense_2.kernel"],
        ["Identity", "y", "dense_2"],
      ].map(([op_type, name, ...input]) => ({ op_type, name, input, output: [name] })),
    });
  });
});
