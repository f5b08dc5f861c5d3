/**
 * What the tests of ONNX files share: ONNX Runtime, networks with given parameters, and how near results are.
 */

import fc from "fast-check";
import * as ort from "onnxruntime-web/wasm";
import protobuf from "protobufjs";
import { expect } from "vitest";
import { type ActivationName, activations } from "../../../src/nn/activations.js";
import { activation, dense, dropout, type Layer } from "../../../src/nn/layers/index.js";
import { type Sequential, sequential } from "../../../src/nn/models/sequential.js";
import { architectureFrom } from "../../../src/nn/programs/architecture.js";
import * as training from "../../../src/nn/training/training.js";
import { RandomStream } from "../../../src/numerics/random.js";

ort.env.wasm.numThreads = 1;

/** Values of a file by name. */
export type Values = Readonly<Record<string, ort.Tensor>>;

/** The outputs of an ONNX file. */
export async function run(bytes: Uint8Array, inputs: Values): Promise<Values> {
  const session = await ort.InferenceSession.create(bytes);
  try {
    return await session.run(inputs);
  } finally {
    await session.release();
  }
}

/** `float [rows, columns]` */
export const floats = (data: Float32Array, columns: number): ort.Tensor =>
  new ort.Tensor("float32", data, [data.length / columns, columns]);

/** `double [rows, 1]` */
export const doubles = (values: ArrayLike<number>): ort.Tensor =>
  new ort.Tensor("float64", Float64Array.from(values), [values.length, 1]);

/** `string [rows, 1]` */
export const words = (values: readonly string[]): ort.Tensor =>
  new ort.Tensor("string", values, [values.length, 1]);

/** A network as if it were trained. @param parameter - number `i` of an array of that shape */
export function networkOf(
  layers: readonly Layer[],
  columns: number,
  parameter: (i: number, shape: readonly number[]) => number,
): Sequential {
  const model = sequential(layers);
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  const { network } = architectureFrom(model.described(), columns);
  const parameters = new Float32Array(network.size);
  for (const { shape, offset, size } of network.parameters)
    for (let i = 0; i < size; i++) parameters[offset + i] = parameter(i, shape);
  model.restore({
    training,
    row: columns,
    saved: { progress: { step: 0, epoch: 0, cursor: 0 }, seed: 0, arrays: { parameters } },
  });
  return model;
}

/** A network with random parameters, such that its results are near 1. */
export function randomNetwork(layers: readonly Layer[], columns: number, seed: number): Sequential {
  const random = new RandomStream(seed, 3);
  return networkOf(layers, columns, (_, shape) => {
    const inputs = shape.length === 2 ? shape[0] : 4;
    return random.normal() / Math.sqrt(inputs);
  });
}

/** Activations after which no value, and so no rounding of one, is much larger than before. */
const tame = (Object.keys(activations) as ActivationName[]).filter(
  (name) => name !== "exponential" && name !== "logSoftmax",
);

/** Any layers. */
const activationNames = fc.constantFrom(...tame);
export const anyDense = fc
  .tuple(fc.integer({ min: 1, max: 40 }), activationNames, fc.boolean())
  .map(([units, activation, useBias]) => dense(units, { activation, useBias }));
export const anyLayer = fc.oneof(
  { weight: 4, arbitrary: anyDense },
  fc.double({ min: 0, max: 0.9, noNaN: true }).map((rate) => dropout(rate)),
  activationNames.map((each) => activation(each)),
);

/** The bound on `difference`: float32 has 6e-8, and sums are in another order. */
export const CLOSE = 1e-6;

/** The largest |a − b| / max(1, |b|). */
export function difference(a: ArrayLike<unknown>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let most = 0;
  for (let i = 0; i < b.length; i++)
    if (a[i] !== b[i]) most = Math.max(most, Math.abs(Number(a[i]) - b[i]) / Math.max(1, Math.abs(b[i])));
  return most;
}

/** The part of onnx.proto3 that is read here. */
const schema = `
  syntax = "proto3";
  message ModelProto {
    int64 ir_version = 1; string producer_name = 2; string producer_version = 3; GraphProto graph = 7;
    repeated OperatorSetIdProto opset_import = 8; repeated Entry metadata_props = 14;
  }
  message OperatorSetIdProto { string domain = 1; int64 version = 2; }
  message Entry { string key = 1; string value = 2; }
  message GraphProto {
    repeated NodeProto node = 1; string name = 2; repeated TensorProto initializer = 5;
    repeated ValueInfoProto input = 11; repeated ValueInfoProto output = 12;
  }
  message NodeProto {
    repeated string input = 1; repeated string output = 2; string name = 3; string op_type = 4;
  }
  message TensorProto {
    repeated int64 dims = 1; int32 data_type = 2; repeated float float_data = 4; string name = 8;
  }
  message ValueInfoProto { string name = 1; TypeProto type = 2; string doc_string = 3; }
  message TypeProto { Tensor tensor_type = 1; }
  message Tensor { int32 elem_type = 1; Shape shape = 2; }
  message Shape { repeated Dimension dim = 1; }
  message Dimension { int64 dim_value = 1; string dim_param = 2; }
`;
const { root } = protobuf.parse(schema, { keepCase: true });

/** What is in an ONNX file, read by protobufjs. */
export function decoded(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  const type = root.lookupType("ModelProto");
  return type.toObject(type.decode(bytes), { longs: Number });
}
