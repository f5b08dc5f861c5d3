/**
 * What padding holds moves no bit of a training, an evaluation or a prediction, in networks of many kinds.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  activation,
  averagePooling1d,
  batchNormalization,
  bidirectional,
  conv1d,
  dense,
  dropout,
  flatten,
  globalAveragePooling1d,
  globalMaxPooling1d,
  gru,
  type Layer,
  layerNormalization,
  lstm,
  masking,
  merge,
  multiHeadAttention,
  reshape,
  spatialDropout1d,
  timeDistributed,
  upSampling1d,
} from "../../src/nn/layers/index.js";
import type { SymbolicTensor } from "../../src/nn/layers/layer.js";
import { adam } from "../../src/optim/adam.js";
import { cases } from "../cases.js";
import { maskedModel, withPadding } from "./masked.js";
import { weightsOf } from "./support.js";

const [STEPS, FEATURES] = [4, 2];
/** From a masked sequence to an answer for each step, or for each row. */
type Build = (masked: SymbolicTensor) => SymbolicTensor;
const chain =
  (layers: () => readonly Layer[]): Build =>
  (masked) =>
    layers().reduce((value, layer) => layer.apply(value), masked);
const all = { returnSequences: true };

/** A transformer's block: attention and a dense part, each with a way around it. */
const block: Build = (masked) => {
  const attended = layerNormalization().apply(
    merge("add").apply(masked, multiHeadAttention(1, 2, { dropout: 0.2 }).apply(masked)),
  );
  const wide = dense(3, { activation: "gelu" }).apply(attended);
  return layerNormalization().apply(merge("add").apply(attended, dense(FEATURES).apply(wide)));
};
/** One layer at two places, whose results are merged with another mask. */
const shared: Build = (masked) => {
  const twice = dense(FEATURES, { activation: "exponential" });
  const once = twice.apply(masked);
  const other = masking(1).apply(once);
  return merge("average").apply(twice.apply(once), other, masked);
};
/** A layer within layers, of the numbers of a step. */
const nested = (layer: Layer): Build =>
  chain(() => [
    reshape([STEPS, FEATURES, 1]),
    timeDistributed(timeDistributed(dense(2))),
    timeDistributed(layer),
  ]);

const NETWORKS: Readonly<Record<string, Build>> = {
  "recurrences in both directions": chain(() => [
    bidirectional(gru(2, all)),
    dropout(0.2),
    lstm(2, { ...all, recurrentDropout: 0.2 }),
    dense(1),
  ]),
  "a transformer's block": (masked) => dense(1).apply(block(block(masked))),
  "pooling of all steps": chain(() => [
    dense(3, { activation: "exponential" }),
    batchNormalization({ momentum: 0.5 }),
    globalAveragePooling1d(),
    dense(1),
  ]),
  "the largest of windows": chain(() => [
    conv1d(3, 2, { activation: "relu" }),
    batchNormalization(),
    globalMaxPooling1d(),
    dense(1),
  ]),
  "windows in the places of steps": chain(() => [
    conv1d(2, 3, { padding: "same" }),
    spatialDropout1d(0.2),
    averagePooling1d(2),
    upSampling1d(2),
    dense(1),
  ]),
  "numbers of a row": chain(() => [layerNormalization(), activation("softsign"), flatten(), dense(1)]),
  "a shared layer, and values of other masks": (masked) => dense(1).apply(shared(masked)),
  "layers within layers": (masked) =>
    chain(() => [flatten(), dense(1)])(nested(batchNormalization())(masked)),
  "a recurrence within each step": (masked) => dense(1).apply(nested(gru(2))(masked)),
};

const number = fc.integer({ min: -8, max: 8 }).map((n) => n / 4);
const rows = fc
  .array(
    fc.record({
      x: fc.array(fc.array(number, { minLength: FEATURES, maxLength: FEATURES }), {
        minLength: STEPS,
        maxLength: STEPS,
      }),
      counts: fc.array(fc.constantFrom(0, 1), { minLength: STEPS, maxLength: STEPS }),
      y: fc.array(number, { minLength: STEPS, maxLength: STEPS }),
    }),
    { minLength: 3, maxLength: 6 },
  )
  .map((all) => ({
    given: { x: all.map(({ x }) => x), counts: all.map(({ counts }) => counts) },
    y: all.map(({ y }) => y),
  }));
/** Up to the largest number of float32, which no sum may meet. */
const CONTENTS = [1e30, -3e38, 0, 7];

describe.each(Object.entries(NETWORKS))("%s", (_, build) => {
  it("learn, score and answer the same", async () => {
    await fc.assert(
      fc.asyncProperty(rows, fc.nat({ max: 3 }), async ({ given, y }, from) => {
        const results = [];
        for (const data of [given, withPadding(given, (step) => CONTENTS[(from + step) % 4])]) {
          const model = await maskedModel([STEPS, FEATURES], build, {
            optimizer: adam({ learningRate: 0.01 }),
            metrics: ["meanAbsoluteError"],
          });
          const [{ shape }] = model.network(STEPS * (FEATURES + 1)).outputs;
          const ofSteps = shape.length > 1;
          // what targets of padding are moves nothing either
          const targets = y.map((row, i) =>
            ofSteps
              ? row.map((value, t) => [data === given || data.counts[i][t] ? value : 1e6])
              : row.slice(0, 1),
          );
          const examples = { x: data.x, counts: data.counts } as never;
          const { history } = await model.fit(examples, targets as never, {
            epochs: 2,
            batchSize: 2,
            seed: 5,
            validationData: [examples, targets] as never,
          });
          const answers = Array.from(model.predict(examples).data);
          results.push({
            history,
            weights: weightsOf(model),
            scores: model.evaluate(examples, targets as never, y.map((__, i) => 1 + i) as never),
            answers: ofSteps ? answers.filter((__, at) => data.counts.flat()[at] === 1) : answers,
          });
        }
        expect(results[1]).toEqual(results[0]);
        expect(results[0].history.loss.every(Number.isFinite)).toBe(true);
        expect(Object.values(results[0].weights).flat().every(Number.isFinite)).toBe(true);
      }),
      { numRuns: cases(15) },
    );
  });
});
