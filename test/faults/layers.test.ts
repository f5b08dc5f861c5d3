/**
 * Planted faults in layers: each is the true layer with a mistake that people make, and a law of
 * `fettle/testing` catches it.
 */
import { describe, expect, it } from "vitest";
import * as f from "../../src/graph/functions.js";
import type { Value } from "../../src/graph/graph.js";
import {
  averagePooling2d,
  batchNormalization,
  bidirectional,
  conv2d,
  depthwiseConv2d,
  dropout,
  gru,
  layerNormalization,
  lstm,
  masking,
  maxPooling2d,
  multiHeadAttention,
  simpleRNN,
} from "../../src/nn/layers/index.js";
import { checkOperationLaw } from "../../src/testing/operation.js";
import { cases } from "../cases.js";
import {
  attended,
  batchNormalized,
  channelwise,
  convolved,
  gruStep,
  type LayerUnderTest,
  largest,
  layerNormalized,
  lstmStep,
  means,
  negative,
  operationOf,
  plainStep,
  tied,
  unrolled,
  withGradient,
} from "./layers.js";
import {
  after,
  called,
  flipped,
  given,
  giving,
  type Mistake,
  padded,
  part,
  reordered,
  turned,
  unbiased,
  updating,
  varianceOf,
  weighing,
} from "./mistakes.js";

const DEFINITION = "equals its definition";
const GRADIENT = "has the gradient that finite differences give, to second order";

const IMAGES = [1, 3, 4, 2];
const EVEN = [1, 4, 4, 1];
const ODD = [1, 3, 3, 1];
const SEQUENCES = [2, 4, 3];
const MASK = [1, 1, 0, 0, 1, 0, 1, 1];
const lastOf = (states: readonly number[][][]): number[] => states.flatMap((after) => after[3]);
const allOf = (states: readonly number[][][]): number[] => states.flat(2);

const subjects = {
  conv2d: {
    layer: conv2d(3, [2, 3], { padding: "same" }),
    shape: IMAGES,
    equals: convolved(IMAGES, [2, 3, 2, 3], [0, 1]),
  },
  depthwiseConv2d: {
    layer: depthwiseConv2d([2, 3], { depthMultiplier: 2 }),
    shape: IMAGES,
    equals: channelwise(IMAGES, [2, 3, 2, 2]),
  },
  maxPooling2d: {
    layer: maxPooling2d(2),
    shape: EVEN,
    number: tied,
    seen: withGradient,
    equals: largest(EVEN),
  },
  "maxPooling2d with padding": {
    layer: maxPooling2d(2, { padding: "same" }),
    shape: ODD,
    number: tied,
    seen: withGradient,
    equals: largest(ODD),
  },
  averagePooling2d: {
    layer: averagePooling2d(2, { padding: "same" }),
    shape: ODD,
    number: negative,
    equals: means(ODD),
  },
  batchNormalization: {
    layer: batchNormalization({ momentum: 0.75, epsilon: 0.25 }),
    shape: [3, 2],
    equals: batchNormalized([3, 2], 0.75, 0.25),
  },
  layerNormalization: {
    layer: layerNormalization({ epsilon: 0.25 }),
    shape: [2, 3, 3],
    equals: layerNormalized(3, 0.25),
  },
  lstm: {
    layer: lstm(2),
    shape: SEQUENCES,
    mask: MASK,
    equals: (x, ...weights) =>
      lastOf(unrolled(SEQUENCES, 2, lstmStep(2, ...arrays(weights)), x, { mask: MASK })),
  },
  gru: {
    layer: gru(2, { returnSequences: true }),
    shape: SEQUENCES,
    equals: (x, ...weights) => allOf(unrolled(SEQUENCES, 2, gruStep(2, ...arrays(weights)), x)),
  },
  "gru with resetAfter: false": {
    layer: gru(2, { resetAfter: false }),
    shape: SEQUENCES,
    equals: (x, ...weights) => lastOf(unrolled(SEQUENCES, 2, gruStep(2, ...arrays(weights)), x)),
  },
  bidirectional: {
    layer: bidirectional(simpleRNN(2, { returnSequences: true })),
    shape: SEQUENCES,
    equals(x, ...weights) {
      const [forward, backward] = [weights.slice(0, 3), weights.slice(3)].map((own, i) =>
        unrolled(SEQUENCES, 2, plainStep(2, ...arrays(own)), x, { backwards: i === 1 }),
      );
      return forward.flatMap((after, row) => after.flatMap((h, step) => [...h, ...backward[row][step]]));
    },
  },
  multiHeadAttention: {
    layer: multiHeadAttention(2, 3, { causal: true, useBias: false }),
    shape: SEQUENCES,
    equals: attended(SEQUENCES, 2, 3),
  },
  // each number is 0 or twice what it was
  dropout: {
    layer: dropout(0.5),
    shape: [6, 5],
    seen: (y, { x }) => [f.mul(y, f.sub(y, f.mul(x, 2)))],
    equals: () => new Float64Array(30),
  },
  // a step counts unless all its features are the value
  masking: {
    layer: masking(-1),
    shape: SEQUENCES,
    number: tied,
    seen: (_, context, layer) => [layer.mask?.(context) as Value],
    equals: (x) =>
      Array.from({ length: 8 }, (_, i) => Number(x.subarray(3 * i, 3 * i + 3).some((v) => v !== -1))),
  },
} satisfies Record<string, LayerUnderTest>;

/** Kernel, recurrent kernel and bias. */
function arrays(weights: readonly Float64Array[]): [Float64Array, Float64Array, Float64Array] {
  const [kernel, recurrent, bias] = weights;
  return [kernel, recurrent, bias];
}

const faults: readonly (readonly [keyof typeof subjects, string, Mistake, string])[] = [
  [
    "conv2d",
    "a gradient by the kernel that is turned around",
    (layer) => ({
      ...layer,
      call(context) {
        const { kernel, ...others } = context.parameters;
        const around = flipped(flipped(kernel, 0), 1);
        const by = (kernel: Value): Value => layer.call({ ...context, parameters: { ...others, kernel } });
        return f.add(by(f.stopGradient(kernel)), f.sub(by(around), f.stopGradient(by(around))));
      },
    }),
    GRADIENT,
  ],
  [
    "conv2d",
    "a kernel that is turned around",
    weighing((weight, name) => (name === "kernel" ? flipped(flipped(weight, 0), 1) : weight)),
    DEFINITION,
  ],
  [
    "conv2d",
    "the odd row of zeros above the image",
    given((x) => f.pad(part(x, 1, 0, 2), [0, 1, 0, 0], [0, 0, 0, 0])),
    DEFINITION,
  ],
  [
    "conv2d",
    "windows one column to the left",
    given((x) => f.pad(part(x, 2, 0, 3), [0, 0, 1, 0], [0, 0, 0, 0])),
    DEFINITION,
  ],
  [
    "depthwiseConv2d",
    "channels in the order of the multiplier",
    giving((y) =>
      f.concat(
        [0, 2, 1, 3].map((unit) => part(y, 3, unit, 1)),
        3,
      ),
    ),
    DEFINITION,
  ],
  ["maxPooling2d", "ties that go to the last", after(turned), DEFINITION],
  [
    "maxPooling2d with padding",
    "zeros around an image that may be the largest",
    () => given(padded)(maxPooling2d(2)),
    DEFINITION,
  ],
  [
    "averagePooling2d",
    "zeros around an image that count",
    () => given(padded)(averagePooling2d(2)),
    DEFINITION,
  ],
  [
    "batchNormalization",
    "a variance of n − 1",
    giving((y, { x, parameters: { beta } }) => {
      const variance = varianceOf(x);
      const [true_, other] = [variance, f.mul(variance, unbiased)].map((each) => f.add(each, 0.25));
      return f.add(f.mul(f.sub(y, beta), f.sqrt(f.div(true_, other))), beta);
    }),
    DEFINITION,
  ],
  [
    "batchNormalization",
    "a running variance of n − 1",
    updating((value, name, { parameters: { movingVariance } }) => {
      if (name === "movingMean") return value;
      const kept = f.mul(movingVariance, 0.75);
      return f.add(kept, f.mul(f.sub(value, kept), unbiased));
    }),
    DEFINITION,
  ],
  [
    "batchNormalization",
    "a momentum from the other end",
    called(({ hyperparameters: { momentum, epsilon } }) => ({
      hyperparameters: { epsilon, momentum: f.sub(1, momentum) },
    })),
    DEFINITION,
  ],
  ["batchNormalization", "running numbers in training", called(() => ({ training: false })), DEFINITION],
  ["layerNormalization", "another axis", after((x) => f.transpose(x, [0, 2, 1])), DEFINITION],
  ["lstm", "input and forget gate exchanged", weighing(blocks([1, 0, 2, 3])), DEFINITION],
  ["lstm", "the order of gates that ONNX has", weighing(blocks([0, 3, 1, 2])), DEFINITION],
  ["lstm", "a mask that is ignored", called(() => ({ masks: [undefined] })), DEFINITION],
  [
    "lstm",
    "a mask that makes a step 0 instead of leaving it out",
    called(({ x, masks }) => ({
      x: f.mul(x, f.reshape(masks?.[0] as Value, [2, 4, 1])),
      masks: [undefined],
    })),
    DEFINITION,
  ],
  ["gru", "update and reset gate exchanged", weighing(blocks([1, 0, 2])), DEFINITION],
  [
    "gru",
    "z in place of 1 − z",
    // σ(−a) = 1 − σ(a)
    weighing((weight) => {
      const axis = weight.shape.length - 1;
      return f.concat([f.neg(part(weight, axis, 0, 2)), part(weight, axis, 2, 4)], axis);
    }),
    DEFINITION,
  ],
  [
    "gru",
    "a reset gate before the product",
    () =>
      weighing((weight, name) => (name === "bias" ? f.sum(weight, 0) : weight))(
        gru(2, { resetAfter: false, returnSequences: true }),
      ),
    DEFINITION,
  ],
  [
    "gru with resetAfter: false",
    "a reset gate after the product",
    () =>
      weighing((weight, name) =>
        name === "bias" ? f.pad(f.reshape(weight, [1, 6]), [0, 0], [1, 0]) : weight,
      )(gru(2)),
    DEFINITION,
  ],
  [
    "bidirectional",
    "two ways forward",
    () => ({
      ...simpleRNN(2),
      call(context) {
        const ways = ["forward", "backward"].map((way) =>
          simpleRNN(2, { returnSequences: true }).call({
            ...context,
            parameters: Object.fromEntries(
              ["kernel", "recurrentKernel", "bias"].map((name) => [
                name,
                context.parameters[`${way}.${name}`],
              ]),
            ),
          }),
        );
        return f.concat(ways, 2);
      },
    }),
    DEFINITION,
  ],
  [
    "bidirectional",
    "the way back in its own order",
    giving((y) => f.concat([part(y, 2, 0, 2), flipped(part(y, 2, 2, 2), 1)], 2)),
    DEFINITION,
  ],
  [
    "multiHeadAttention",
    "scores without their scale",
    weighing((weight, name) => (name === "queryKernel" ? f.mul(weight, Math.sqrt(3)) : weight)),
    DEFINITION,
  ],
  ["multiHeadAttention", "a look ahead", after((x) => flipped(x, 1)), DEFINITION],
  [
    "multiHeadAttention",
    "queries and keys exchanged",
    called(({ parameters: { queryKernel, keyKernel, ...others } }) => ({
      parameters: { ...others, queryKernel: keyKernel, keyKernel: queryKernel },
    })),
    DEFINITION,
  ],
  ["dropout", "no scale for what stays", giving((y) => f.mul(y, 0.5)), DEFINITION],
  [
    "masking",
    "a step that is left out for one feature",
    (layer) => ({ ...layer, mask: ({ x }) => f.sub(1, f.max(f.equal(x, -1), 2)) }),
    DEFINITION,
  ],
];

/** Blocks of columns, one a gate, in another order. */
function blocks(order: readonly number[]): (weight: Value) => Value {
  return (weight) => reordered(weight, weight.shape.length - 1, order);
}

/** These few cases catch a fault, also in the long form. */
const ENOUGH = 30;

describe.each(Object.keys(subjects) as (keyof typeof subjects)[])("%s", (name) => {
  const subject: LayerUnderTest = subjects[name];

  it("equals its definition", () => {
    checkOperationLaw(operationOf(name, subject), DEFINITION, { numRuns: cases(20) });
  });

  it.each(faults.filter(([of]) => of === name))("%s: %s is caught", (_, __, mistake, law) => {
    const faulty = operationOf(name, subject, mistake(subject.layer));
    const found =
      law === GRADIENT
        ? /by autograd and .* by differences/
        : /entry \d+ is .*; it should be|it gives \d+ numbers/;
    let message = "nothing was found";
    try {
      checkOperationLaw(faulty, law, { numRuns: ENOUGH, seed: 7 });
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toContain(`operation "${name}" breaks the law "${law}`);
    expect(message).toMatch(found);
  });
});

it("the gradient of the true convolution is that of differences", () => {
  checkOperationLaw(operationOf("conv2d", subjects.conv2d), GRADIENT, { numRuns: cases(5) });
});
