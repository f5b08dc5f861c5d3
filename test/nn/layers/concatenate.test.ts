/** Values joined along any axis, by their places, and the masks of sequences that follow each other. */
import { beforeAll, describe, expect, it } from "vitest";
import { dense, masking, merge, permute, simpleRNN } from "../../../src/nn/layers/index.js";
import { functional, input } from "../../../src/nn/models/functional.js";
import { ready } from "../../../src/numerics/kernels.js";
import { refusal } from "../../data/refusal.js";
import { trained } from "../../predict/networks.js";

beforeAll(() => ready());

/** What a network of the layer, and a dense one, predicts for one row: the result of the layer alone. */
function joined(axis: number, shapes: readonly (readonly number[])[]): number[] {
  const inputs = shapes.map((shape) => input(shape));
  const first = merge("concatenate", { axis }).apply(...inputs);
  const outputs = { first, last: dense(1).apply(first) };
  const sizes = shapes.map((shape) => shape.reduce((size, length) => size * length, 1));
  const columns = sizes.reduce((sum, size) => sum + size);
  const named = Object.fromEntries(inputs.map((each, i) => [`x${i}`, each]));
  const model = trained(functional({ inputs: named, outputs }), columns, 1, () => 1);
  const x = Float32Array.from({ length: columns }, (_, i) => i);
  return [...(model.predict({ data: x, shape: [1, columns] }).data as Float32Array)].slice(0, columns);
}

describe("merge concatenates along an axis", () => {
  // [[0, 1], [2, 3]] and [[4, 5], [6, 7]]
  const squares = [
    [2, 2],
    [2, 2],
  ];
  it.each([
    [1, [0, 1, 2, 3, 4, 5, 6, 7]],
    [-2, [0, 1, 2, 3, 4, 5, 6, 7]],
    [2, [0, 1, 4, 5, 2, 3, 6, 7]],
    [-1, [0, 1, 4, 5, 2, 3, 6, 7]],
  ])("%s of rows of two axes", (axis, expected) => {
    expect(joined(axis, squares)).toEqual(expected);
  });

  it("the middle one of three, with lengths that differ there", () => {
    // [[[0, 1]], [[2, 3]]] and [[[4, 5], [6, 7]], [[8, 9], [10, 11]]]
    const shapes = [
      [2, 1, 2],
      [2, 2, 2],
    ];
    expect(joined(2, shapes)).toEqual([0, 1, 4, 5, 6, 7, 2, 3, 8, 9, 10, 11]);
    expect(merge("concatenate", { axis: 2 }).outputShape(...shapes)).toEqual([2, 3, 2]);
  });

  it.each([
    ["lengths that differ elsewhere", 1, [2, 3], "axis 1; received [2, 2] and [2, 3]"],
    ["other ranks", 1, [2], "axis 1; received [2, 2] and [2]"],
    ["an axis that rows lack", 3, [2, 2], "axis 3; received [2, 2] and [2, 2]"],
    ["an axis before those of rows", -3, [2, 2], "axis -3; received [2, 2] and [2, 2]"],
  ])("refuses %s", (_, axis, other, words) => {
    expect(refusal(() => merge("concatenate", { axis }).outputShape([2, 2], other))).toBe(
      `invalid_shape: concatenate must take several values that agree on all axes but ${words}`,
    );
  });

  it.each([0, 1.5, "1"])("refuses the axis %s", (axis) => {
    expect(refusal(() => merge("concatenate", { axis: axis as number }))).toBe(
      `invalid_argument: axis must be an axis, counted from 1, or from the last, -1; received ${JSON.stringify(axis)}`,
    );
  });

  it("refuses an axis of other ways", () => {
    expect(refusal(() => merge("add", { axis: -1 }))).toBe(
      'invalid_argument: `axis` of merge("add") must be left out; received -1',
    );
  });
});

describe("sequences that follow each other", () => {
  /** The last state of a sum over the steps that count: h + x at each. */
  const summed = (isSecondMasked: boolean, x: readonly number[]): number => {
    const [a, b] = [input([2, 1]), input([2, 1])];
    const second = isSecondMasked ? masking(9).apply(b) : permute([1, 2]).apply(b);
    const both = merge("concatenate", { axis: 1 }).apply(masking(9).apply(a), second);
    const outputs = simpleRNN(1, { activation: "linear", useBias: false }).apply(both);
    const model = trained(functional({ inputs: { a, b }, outputs }), 4, 1, () => 1);
    return (model.predict({ data: Float32Array.from(x), shape: [1, 4] }).data as Float32Array)[0];
  };

  it("keep their masks", () => {
    // were a 9 of the first counted, or one of the second, the sum would have it
    expect(summed(true, [1, 9, 9, 4])).toBe(5);
    expect(summed(true, [9, 9, 3, 9])).toBe(3);
  });

  it("count all steps of one without a mask", () => {
    expect(summed(false, [1, 9, 9, 4])).toBe(14);
  });
});
