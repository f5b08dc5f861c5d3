/**
 * Any model of the layers of `tf.layers` with default arguments: its import predicts what TensorFlow.js does,
 * and so does the export of that, loaded there. 500 models:
 * `npx vitest run --mode long test/model/export/tfjsAnyModel.test.ts`
 */
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js"; // for orthogonal
import fc from "fast-check";
import { beforeAll, it } from "vitest";
import { ready } from "../../../src/numerics/kernels.js";
import { cases } from "../../cases.js";
import { importAgrees } from "./tfjsAgrees.js";
import { setRandomWeights } from "./tfjsSupport.js";

beforeAll(async () => {
  await ready();
  await tf.setBackend("cpu");
});

const { layers } = tfl;
type Layer = tfl.layers.Layer;
type Shape = readonly number[];
type Maker = () => Layer;

/** Numbers of a row between layers at most. */
const MOST = 300;

const ANYWHERE: readonly Maker[] = [
  () => layers.dense({ units: 3 }),
  () => layers.dense({ units: 2, activation: "hardSigmoid" }),
  () => layers.activation({ activation: "tanh" }),
  () => layers.activation({ activation: "softsign" }),
  () => layers.dropout({ rate: 0.3 }),
  () => layers.gaussianDropout({ rate: 0.3 }),
  () => layers.alphaDropout({ rate: 0.3 }),
  () => layers.gaussianNoise({ stddev: 0.3 }),
  () => layers.elu(),
  () => layers.leakyReLU(),
  () => layers.prelu(),
  () => layers.reLU(),
  () => layers.batchNormalization(),
];
const OF_LINES: readonly Maker[] = [() => layers.softmax(), () => layers.repeatVector({ n: 3 })];
const OF_STEPS: readonly Maker[] = [
  () => layers.conv1d({ filters: 3, kernelSize: 2 }),
  () => layers.averagePooling1d({}),
  () => layers.maxPooling1d({}),
  () => layers.globalAveragePooling1d({}),
  () => layers.globalMaxPooling1d({}),
  () => layers.lstm({ units: 3 }),
  () => layers.lstm({ units: 2, returnSequences: true }),
  () => layers.gru({ units: 3 }),
  () => layers.gru({ units: 2, returnSequences: true }),
  () => layers.simpleRNN({ units: 3 }),
  () => layers.simpleRNN({ units: 2, returnSequences: true }),
  () => layers.rnn({ cell: layers.lstmCell({ units: 3 }) }) as Layer,
  () => layers.bidirectional({ layer: layers.gru({ units: 2, returnSequences: true }) } as never),
  () => layers.bidirectional({ layer: layers.lstm({ units: 2 }) } as never),
  () => layers.timeDistributed({ layer: layers.dense({ units: 3 }) }),
  () => layers.permute({ dims: [2, 1] }),
  () => layers.spatialDropout1d({ rate: 0.3 }),
  () => layers.flatten(),
];
const OF_IMAGES: readonly Maker[] = [
  () => layers.conv2d({ filters: 3, kernelSize: 2 }),
  () => layers.conv2dTranspose({ filters: 2, kernelSize: 2 }),
  () => layers.depthwiseConv2d({ kernelSize: 2 }),
  () => layers.separableConv2d({ filters: 3, kernelSize: 2 }),
  () => layers.averagePooling2d({}),
  () => layers.maxPooling2d({}),
  () => layers.globalAveragePooling2d({}),
  () => layers.globalMaxPooling2d({}),
  () => layers.cropping2D({ cropping: 1 } as never),
  () => layers.zeroPadding2d(),
  () => layers.upSampling2d({}),
  () => layers.flatten(),
];
const BY_RANK: Readonly<Record<number, readonly Maker[]>> = {
  1: [...ANYWHERE, ...OF_LINES],
  2: [...ANYWHERE, ...OF_STEPS, ...OF_STEPS],
  3: [...ANYWHERE, ...OF_IMAGES, ...OF_IMAGES],
};

const rowOf = ({ shape }: tfl.SymbolicTensor): number[] => shape.slice(1) as number[];
const fits = (row: Shape): boolean =>
  row.every((length) => length > 0) && row.reduce((size, length) => size * length, 1) <= MOST;

/** The merges of two values of rows. */
function merges(one: Shape, other: Shape): Maker[] {
  if (one.length !== other.length) return [];
  const unlike = one.flatMap((length, i) => (length === other[i] ? [] : [i + 1]));
  const axes = unlike.length === 0 ? one.map((_, i) => i + 1) : unlike.length === 1 ? unlike : [];
  const joins = axes.map((axis) => () => layers.concatenate({ axis }));
  if (unlike.length > 0) return joins;
  return [
    ...joins,
    () => layers.add(),
    () => layers.average(),
    () => layers.maximum(),
    () => layers.minimum(),
    () => layers.multiply(),
  ];
}

/** A layer, and how its result and what it takes are merged, if they can be and at all. */
interface Step {
  readonly layer: number;
  readonly merge: number | null;
}
const step: fc.Arbitrary<Step> = fc.record({ layer: fc.nat(), merge: fc.option(fc.nat(), { freq: 2 }) });

function added(x: tfl.SymbolicTensor, { layer, merge }: Step): tfl.SymbolicTensor {
  const row = rowOf(x);
  const makers = BY_RANK[row.length];
  const made = makers[layer % makers.length]();
  const next = made.computeOutputShape(x.shape) as (number | null)[];
  if (!fits(next.slice(1) as number[])) return x;
  const y = made.apply(x) as tfl.SymbolicTensor;
  const ways = merge === null ? [] : merges(row, rowOf(y));
  if (merge === null || ways.length === 0) return y;
  const both = ways[merge % ways.length]().apply([x, y]) as tfl.SymbolicTensor;
  return fits(rowOf(both)) ? both : y;
}

/** A graph, or a graph within one from a step on. */
function modelOf(row: Shape, steps: readonly Step[], inner: number): tfl.LayersModel {
  const inputs = tfl.input({ shape: [...row] });
  const [first, second] = [steps.slice(0, inner), steps.slice(inner)];
  const x = first.reduce(added, inputs);
  const within = tfl.input({ shape: rowOf(x) });
  const y = tfl.model({ inputs: within, outputs: ended(second.reduce(added, within)) }).apply(x);
  return tfl.model({ inputs, outputs: [ended(x), y as tfl.SymbolicTensor] });
}

const ended = (x: tfl.SymbolicTensor): tfl.SymbolicTensor => {
  const line = rowOf(x).length > 1 ? layers.flatten().apply(x) : x;
  return layers.dense({ units: 2 }).apply(line) as tfl.SymbolicTensor;
};

it("a model of TensorFlow.js, its import and the export of that predict the same", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom([5], [6, 3], [6, 5, 2]),
      fc.array(step, { maxLength: 5 }),
      fc.nat({ max: 5 }),
      fc.nat(),
      async (row, steps, inner, seed) => {
        const model = modelOf(row, steps, inner);
        setRandomWeights(model, seed);
        await importAgrees(model, 3);
        model.dispose();
      },
    ),
    { numRuns: cases(25) },
  );
});
