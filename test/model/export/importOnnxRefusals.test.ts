/** ONNX files that no network can be made of, or that mean harm: refused with a reason, and in bounds. */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { FettleError } from "../../../src/errors.js";
import { importOnnx } from "../../../src/model/export/importOnnx.js";
import { ELEMENT, OnnxGraph } from "../../../src/model/export/onnxGraph.js";
import { Message } from "../../../src/model/export/protobuf.js";
import { ready } from "../../../src/numerics/kernels.js";
import { cases } from "../../cases.js";
import { refusal } from "../../data/refusal.js";
import torch from "./data/torchOnnx.json" with { type: "json" };

beforeAll(() => ready());

/** A file with one input of 4 columns. @returns the name of the value that is its output */
function fileOf(write: (graph: OnnxGraph, x: string) => string): Uint8Array {
  const graph = new OnnxGraph("model");
  const x = graph.input("x", "float", 4, "");
  graph.output("y", write(graph, x), "float", 4);
  return graph.bytes("0", {});
}

const dense = (graph: OnnxGraph, x: string): string =>
  graph.node("Gemm", [x, graph.constant(new Float32Array(16).fill(0.5), [4, 4])]);

const refused = (bytes: Uint8Array, options = {}): string => refusal(() => importOnnx(bytes, options));

describe("importOnnx refuses", () => {
  it("all operators at once that no layer computes, with their nodes and the way out", () => {
    const bytes = fileOf((graph, x) => {
      const sorted = graph.node("Sort", [dense(graph, x)], {}, "sorted");
      return graph.node("ai.onnx.ml.Scaler", [graph.node("Sort", [graph.node("Sin", [sorted])])]);
    });
    expect(refused(bytes)).toBe(
      'unsupported: the ONNX file must have operators that Fettle has layers for; received Sort (node "sorted" and 1 more), Sin (node "Sin"), ai.onnx.ml.Scaler (node "ai.onnx.ml.Scaler"). ' +
        "Export the model without them (PyTorch: in evaluation mode, with `optimize=True`), or run the file in ONNX Runtime",
    );
  });

  it.each<[string, (graph: OnnxGraph, x: string) => string, RegExp]>([
    [
      "a function that no activation is",
      (graph, x) => graph.node("Exp", [graph.node("Exp", [graph.node("Log", [dense(graph, x)])])]),
      /^unsupported: Log "Log" of the ONNX file computes a function of each number/,
    ],
    [
      "rows that are mixed",
      (graph, x) => graph.node("Reshape", [dense(graph, x), graph.integers([3, 5, -1])]),
      /^unsupported: Reshape "Reshape" of the ONNX file reshapes .* does not keep rows apart/,
    ],
    [
      "rows that are reduced",
      (graph, x) => graph.node("ReduceMean", [dense(graph, x)], { axes: [0] }),
      /acts on axis 0 of 2; it must be an axis of a row/,
    ],
    [
      "another matrix",
      (graph, x) => graph.node("Gemm", [x, graph.constant(new Float32Array(6), [3, 2])]),
      /must take rows whose last axis has 3 numbers; received \[4\]/,
    ],
    [
      "a constant output",
      (graph) => graph.node("Identity", [graph.constant(new Float32Array(4), [4])]),
      /^unsupported: output "y" of the ONNX file does not depend on the rows/,
    ],
    [
      "no weights",
      (graph, x) => graph.node("Relu", [x]),
      /^unsupported: the model must have a layer with weights/,
    ],
    [
      "a value that nothing makes",
      (graph) => graph.node("Relu", ["z"]),
      /^invalid_checkpoint: .*takes "z", which nothing before it makes/,
    ],
    [
      "a large constant",
      (graph, x) =>
        graph.node("Add", [dense(graph, x), graph.node("ConstantOfShape", [graph.integers([4096, 4097])])]),
      /^unsupported: ConstantOfShape|^limit_exceeded/,
    ],
  ])("%s", (_, write, message) => {
    expect(refused(fileOf(write))).toMatch(message);
  });

  /** Of steps [2, 2], made of columns. */
  const activated = (name: string, opset: number, attributes: { readonly axis?: number }): Uint8Array => {
    const bytes = fileOf((graph, x) => {
      const steps = graph.node("Reshape", [dense(graph, x), graph.integers([0, 2, 2])]);
      return graph.node("Flatten", [graph.node(name, [steps], attributes)]);
    });
    const [written, wanted] = [17, opset].map((version) =>
      Buffer.from(new Message().text(1, "").integer(2, version).encoded()),
    );
    const place = bytes.findIndex((_, i) => written.equals(bytes.subarray(i, i + written.length)));
    expect(place).toBeGreaterThan(0);
    bytes.set(wanted, place);
    return bytes;
  };

  // before opset 13, an axis stands for itself and all that follow; the first of a row is the default
  it.each([
    ["Softmax", 12, {}, "refused"],
    ["Softmax", 11, { axis: 1 }, "refused"],
    ["Softmax", 12, { axis: 2 }, [2, 2]],
    ["Softmax", 12, { axis: -1 }, [2, 2]],
    ["Softmax", 13, {}, [2, 2]],
    ["LogSoftmax", 12, {}, "refused"],
    ["LogSoftmax", 13, {}, [2, 2]],
  ] as const)("a %s over several axes, opset %i with %j: %j", (name, opset, attributes, expected) => {
    const bytes = activated(name, opset, attributes);
    if (expected === "refused") {
      expect(refused(bytes)).toMatch(
        new RegExp(`^unsupported: ${name} "${name}" of the ONNX file acts on several axes`),
      );
      return;
    }
    const { layers } = importOnnx(bytes).network;
    expect(layers.map(({ name: layer }) => layer)).toEqual(["dense", "reshape", "activation", "flatten"]);
    expect(layers[1].options).toEqual({ targetShape: expected });
  });

  it("constants that double with each node", () => {
    const bytes = fileOf((graph, x) => {
      let list = graph.integers([1, 1, 1, 1]);
      for (let i = 0; i < 60; i++) list = graph.node("Concat", [list, list], { axis: 0 });
      return graph.node("Reshape", [dense(graph, x), list]);
    });
    expect(refused(bytes)).toMatch(/^limit_exceeded: the constants of the file must be computed from/);
  });

  it("weights that are repeated a thousand times", () => {
    const bytes = fileOf((graph, x) => {
      const kernel = graph.constant(new Float32Array(200 * 200), [200, 200]);
      const widened = graph.node("Gemm", [x, graph.constant(new Float32Array(800), [4, 200])]);
      return Array.from({ length: 900 }, (_, i) => i).reduce(
        (value, i) =>
          graph.node("Gemm", [
            value,
            kernel,
            graph.constant(
              Float32Array.from({ length: 200 }, () => i),
              [200],
            ),
          ]),
        widened,
      );
    });
    expect(refused(bytes)).toMatch(/^limit_exceeded: the layers of an ONNX file must not repeat its weights/);
  });

  it("more layers than a network of a file has", () => {
    const bytes = fileOf((graph, x) =>
      Array.from({ length: 1001 }).reduce<string>((value) => dense(graph, graph.node("Tanh", [value])), x),
    );
    expect(refused(bytes)).toMatch(/^unsupported: the network of an ONNX file must have at most 1000 layers/);
  });

  it("a long function of each number, without an overflow of the stack", () => {
    const bytes = fileOf((graph, x) =>
      Array.from({ length: 15_000 }).reduce<string>((value) => graph.node("Relu", [value]), dense(graph, x)),
    );
    expect(importOnnx(bytes).network.layers.length).toBeLessThan(1000);
  });

  it("rows of an unknown shape", () => {
    const graph = new OnnxGraph("model");
    const x = graph.bodyInput("x", [-1, -1]);
    graph.bodyOutput("y", dense(graph, x), [-1, 4]);
    expect(refused(graph.bytes("0", {}))).toBe(
      'unsupported: input "x" of the ONNX file must have rows of a fixed shape: [rows, ...sizes]; received ["any","any"]',
    );
  });

  it("weights in another file that is not given", () => {
    const graph = new Message().message(
      5,
      new Message()
        .integers(1, [2])
        .integer(2, ELEMENT.float)
        .text(8, "w")
        .message(13, new Message().text(1, "location").text(2, "model.onnx.data"))
        .message(13, new Message().text(1, "offset").text(2, "4"))
        .integer(14, 1),
    );
    const bytes = new Message()
      .message(7, graph)
      .message(8, new Message().text(1, "").integer(2, 18))
      .encoded();
    expect(refused(bytes)).toMatch(
      /^unsupported: the weights of this model are in another file, "model.onnx.data"; pass `data: \{ "model.onnx.data": bytes \}`/,
    );
    expect(refused(bytes, { data: { "model.onnx.data": new Uint8Array(11) } })).toMatch(
      /array "w" must have 2 numbers; received 1/,
    );
  });

  it.each([
    ["text", "model.onnx", /^invalid_checkpoint: this is not an ONNX file: it must be a Uint8Array/],
    ["no bytes", new Uint8Array(), /^invalid_checkpoint: this is not an ONNX file: it has no graph/],
    ["zeros", new Uint8Array(64), /^invalid_checkpoint: this is not a protocol buffer/],
  ])("%s", (_, bytes, message) => {
    expect(refused(bytes as Uint8Array)).toMatch(message);
  });

  it("damaged files with an error of its own, or reads them", () => {
    const files = torch.cases.flatMap(({ files }) =>
      Object.values(files).map((file) => Buffer.from(file, "base64")),
    );
    const change = fc.record({
      file: fc.constantFrom(...files),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      byte: fc.integer({ min: 0, max: 255 }),
      cut: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), ([{ file }, ...others]) => {
        let bytes = Uint8Array.from(file);
        for (const { at, byte, cut } of others) {
          const place = Math.floor(at * (bytes.length - 1));
          if (cut) bytes = bytes.slice(0, place + 1);
          else bytes[place] = byte;
        }
        try {
          importOnnx(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(FettleError);
        }
      }),
      { numRuns: cases(400) },
    );
  });
});
