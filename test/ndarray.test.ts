import { inspect } from "node:util";
import fc from "fast-check";
import ndarray, { type NdArray } from "ndarray";
import { describe, expect, it } from "vitest";
import { view } from "../src/ndarray.js";

/** Everything that the two interfaces share, so that views can be compared. */
function facts(array: Array2): unknown {
  const { data, shape, stride, offset, dtype, dimension, size, order } = array;
  const values: number[] = [];
  const visit = (at: number[]): void => {
    if (at.length === shape.length) values.push(array.index(...at), array.get(...at));
    else for (let i = 0; i < shape[at.length]; i++) visit([...at, i]);
  };
  visit([]);
  return { data, shape, stride, offset, dtype, dimension, size, order, values };
}

type Array2 = NdArray<Float32Array | Float64Array>;
type Change = (array: Array2) => Array2;
const cut = fc.option(fc.integer({ min: 0, max: 1 }));
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(cut, cut).map(
    ([a, b]): Change =>
      (array) =>
        array.lo(a!, b!),
  ),
  fc.tuple(cut, cut).map(
    ([a, b]): Change =>
      (array) =>
        array.hi(...[a, b].map((less, axis) => (less === null ? less! : array.shape[axis] - less))),
  ),
  fc.tuple(fc.constantFrom(1, 2, -1, -2), fc.constantFrom(1, -1)).map(
    ([a, b]): Change =>
      (array) =>
        array.step(a, b),
  ),
  fc.constant<Change>((array) => array.transpose(1, 0)),
  fc.constant<Change>((array) => array.transpose()),
);

describe("view", () => {
  it("does what the ndarray package does, after any chain of its methods", () => {
    const sizes = fc.tuple(fc.integer({ min: 4, max: 7 }), fc.integer({ min: 4, max: 7 }));
    fc.assert(
      fc.property(
        sizes,
        fc.array(change, { maxLength: 3 }),
        fc.constantFrom<(number | null)[]>([0, null], [null, 0], [null, null]),
        ([rows, columns], changes, at) => {
          const data = Float32Array.from({ length: rows * columns }, (_, k) => k);
          const ours = changes.reduce(
            (array, apply) => apply(array),
            view(data, [rows, columns], [columns, 1], 0),
          );
          const theirs = changes.reduce<Array2>(
            (array, apply) => apply(array),
            ndarray(data, [rows, columns]),
          );
          fc.pre(theirs.size > 0);
          // Equal strides leave the order of axes open.
          fc.pre(Math.abs(theirs.stride[0]) !== Math.abs(theirs.stride[1]));
          expect(facts(ours)).toEqual(facts(theirs));
          expect(facts(ours.pick(...at))).toEqual(facts(theirs.pick(...at)));
        },
      ),
    );
  });

  it("writes into the block that it shares", () => {
    const data = new Float64Array(6);
    const array = view(data, [2, 3], [3, 1], 0);
    expect([array.set(1, 2, 7), array.T.set(0, 1, 5), data]).toEqual([
      7,
      5,
      Float64Array.of(0, 0, 0, 5, 0, 7),
    ]);
    expect([array.T.shape, array.dtype, array.pick(1, 2).get()]).toEqual([[3, 2], "float64", 7]);
  });

  it("is nested arrays as JSON and in a console, and ends where all fields are gone through", () => {
    const data = Float32Array.of(9, 1, 2, 3, 4, 5, 6);
    const array = view(data, [2, 3], [3, 1], 1);
    expect(JSON.parse(JSON.stringify({ x: array }))).toEqual({
      x: [
        [1, 2, 3],
        [4, 5, 6],
      ],
    });
    expect(JSON.stringify(array.T)).toBe("[[1,4],[2,5],[3,6]]");
    expect(JSON.stringify([array.pick(1), array.pick(0, 2), array.hi(0)])).toBe("[[4,5,6],3,[]]");
    expect(inspect(array)).toBe("[ [ 1, 2, 3 ], [ 4, 5, 6 ] ]");
    expect(inspect(array.step(-1), { customInspect: false })).toContain("shape: [ 2, 3 ]");
    expect(Object.keys(array)).not.toContain("T");
    expect("T" in array).toBe(true);
  });
});
