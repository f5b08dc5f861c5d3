/**
 * What is asked of a network as a layers model: that TensorFlow.js predicts the same, and that it comes back
 * as it was.
 */
import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import { expect } from "vitest";
import { isRecord } from "../../../src/errors.js";
import { contentsOf } from "../../../src/model/contents.js";
import { importTfjs } from "../../../src/model/export/importTfjs.js";
import { exportTfjs } from "../../../src/model/export/tfjs.js";
import { loadModel } from "../../../src/model/save.js";
import type { LayersModel } from "../../../src/nn/models/layersModel.js";
import { writeContents } from "../../../src/predict/description.js";
import { VERSION } from "../../../src/version.js";
import { numbersFor, sizeOf } from "./anyStack.js";
import { expectClose, fetched, saved } from "./tfjsSupport.js";

/** What TensorFlow.js predicts, its outputs beside each other, for inputs that are columns of a matrix. */
export function predictedBeside(model: tfl.LayersModel, x: Float32Array, rows: number): Float32Array {
  return tf.tidy(() => {
    const matrix = tf.tensor2d(x, [rows, x.length / rows]);
    let at = 0;
    const inputs = model.inputs.map(({ shape }) => {
      const row = shape.slice(1) as number[];
      at += sizeOf(row);
      return tf.reshape(tf.slice(matrix, [0, at - sizeOf(row)], [rows, sizeOf(row)]), [rows, ...row]);
    });
    const outputs = [model.predict(inputs.length === 1 ? inputs[0] : inputs)].flat() as tf.Tensor[];
    const columns = outputs.map((each) => tf.reshape(each, [rows, each.size / rows]) as tf.Tensor2D);
    return tf.concat2d(columns, 1).dataSync() as Float32Array;
  });
}

/** The fields of both, at any depth; where they differ, those of the second. */
function merged(one: unknown, other: unknown): unknown {
  if (Array.isArray(one) && Array.isArray(other) && one.length === other.length)
    return other.map((each, i) => merged(one[i], each));
  if (!isRecord(one) || !isRecord(other)) return other;
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return Object.fromEntries(
    [...names].map((name) => [name, name in other ? merged(one[name], other[name]) : one[name]]),
  );
}

/**
 * TensorFlow.js predicts what a model does, and what is read back predicts the same bits and is written as it
 * was.
 */
export async function agrees(
  model: LayersModel,
  columns: number,
  rows: number,
  number = (normal: number): number => normal,
): Promise<void> {
  const x = numbersFor(columns, rows, number);
  const files = exportTfjs(contentsOf(model, false));
  const theirs = await fetched(files);
  const data = { data: x, shape: [rows, columns] };
  const expected = model.predict(data).data;
  expectClose(predictedBeside(theirs, x, rows), expected);
  const topology = theirs.toJSON(null, false);
  theirs.dispose();
  const contents = importTfjs(files["model.json"], files["weights.bin"]);
  // with every field that TensorFlow.js writes too; it leaves out some, such as depth_multiplier
  const ours = JSON.parse(files["model.json"]);
  const both = { ...ours, modelTopology: merged(topology, ours.modelTopology) };
  expect(importTfjs(JSON.stringify(both), files["weights.bin"]).network).toEqual(contents.network);
  const { model: again } = await loadModel(writeContents(contents, VERSION));
  expect(Float32Array.from(again.predict(data).data)).toEqual(Float32Array.from(expected));
  expect(exportTfjs(contentsOf(again, false))).toEqual(files);
}

/**
 * Differences of at most 1e-6 of the largest expected number, or of 1: float32 rounds each product and sum to
 * 6e-8 of it, and TensorFlow.js adds in another order.
 */
function expectCloseInScale(found: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(found.length).toBe(expected.length);
  const differences = Array.from(expected, (value, i) => Math.abs(found[i] - value));
  const scale = Array.from(expected).reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  expect(Math.max(...differences) / scale).toBeLessThanOrEqual(1e-6);
}

/**
 * The import of a model of TensorFlow.js predicts what it does, and so does the export of that, loaded there.
 */
export async function importAgrees(
  theirs: tfl.LayersModel,
  rows: number,
  number = (normal: number): number => normal,
): Promise<void> {
  const columns = theirs.inputs.reduce((sum, { shape }) => sum + sizeOf(shape.slice(1) as number[]), 0);
  const x = numbersFor(columns, rows, number);
  const expected = predictedBeside(theirs, x, rows);
  const { json, weights } = await saved(theirs);
  const { model } = await loadModel(writeContents(importTfjs(json, weights), VERSION));
  expectCloseInScale(model.predict({ data: x, shape: [rows, columns] }).data, expected);
  const again = await fetched(exportTfjs(contentsOf(model, false)));
  expectCloseInScale(predictedBeside(again, x, rows), expected);
  again.dispose();
}
