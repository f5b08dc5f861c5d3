/**
 * Symmetries of a network: it does not depend on the order of its rows, features, hidden units and outputs,
 * each with its weights, nor on the scale or sign of a hidden unit whose activation commutes with it (R.
 * Hecht-Nielsen, "On the algebraic structure of feedforward network weight spaces", 1990). Each law holds for
 * the network's step of training in exact numbers; on the kernels, within the rounding bounds of both sides.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyModel, type ModelCase } from "../../src/testing/arbitraries/models.js";
import { cases } from "../cases.js";
import { anyParameters, type Bounded, placesOf, stepped } from "./steps.js";

type Order = readonly number[];

function expectSame(actual: Bounded, expected: Bounded): void {
  expect(actual.values.length).toBe(expected.values.length);
  actual.values.forEach((value, i) => {
    const bound = actual.errors[i] + expected.errors[i];
    expect(Math.abs(value - expected.values[i])).toBeLessThanOrEqual(bound);
  });
}

/** An order of so many, by numbers that decide it. */
function orderOf(size: number, keys: readonly number[]): number[] {
  return Array.from({ length: size }, (_, i) => i).sort((i, j) => keys[i] - keys[j] || i - j);
}

function moved<T>(list: readonly T[], order: Order): T[] {
  return order.map((i) => list[i]);
}

/**
 * Rows and columns of each kernel and the numbers of each bias, by the orders of the units before and after
 * its layer.
 */
function movedParameters(given: ModelCase, vector: readonly number[], orders: readonly Order[]): number[] {
  return placesOf(given).flatMap(({ offset, size, shape, name, path }) => {
    const own = vector.slice(offset, offset + size);
    const layer = Number(path.match(/^dense_(\d+)/)?.[1]);
    const [before, after] = [orders[layer - 1], orders[layer]];
    if (name === "bias") return moved(own, after);
    return before.flatMap((i) => after.map((j) => own[i * shape[1] + j]));
  });
}

/** A case and, for the inputs and the units after each layer, keys of an order. */
const reordered = fc.tuple(
  anyModel({ maxRows: 12 }),
  fc.array(fc.array(fc.nat(), { minLength: 7, maxLength: 7 }), { minLength: 4, maxLength: 4 }),
);

/** The units before the first layer and after each. */
function sizesOf(given: ModelCase): number[] {
  return [given.x[0].length, ...given.hidden.map(({ units }) => units), given.y[0].length];
}

describe("a step of training is the same", () => {
  it.each([
    ["features, with their weights", (layer: number) => layer === 0],
    [
      "hidden units, with the weights into and out of them",
      (layer: number, last: number) => layer > 0 && layer < last,
    ],
    ["outputs, with their weights and targets", (layer: number, last: number) => layer === last],
  ] as const)("in any order of %s", (_, changes) => {
    fc.assert(
      fc.property(reordered, ([given, keys]) => {
        const sizes = sizesOf(given);
        const last = sizes.length - 1;
        const orders = sizes.map((size, layer) =>
          changes(layer, last) ? orderOf(size, keys[layer]) : orderOf(size, []),
        );
        const parameters = anyParameters(given);
        const plain = stepped(given, parameters);
        const other = stepped(
          {
            ...given,
            x: given.x.map((row) => moved(row, orders[0])),
            y: given.y.map((row) => moved(row, orders[last])),
          },
          movedParameters(given, parameters, orders),
        );
        expectSame(other.parameters, {
          values: movedParameters(given, plain.parameters.values, orders),
          errors: movedParameters(given, plain.parameters.errors, orders),
        });
        expectSame(other.loss, plain.loss);
      }),
      { numRuns: cases(20) },
    );
  });

  it("in any order of the rows of a full batch", () => {
    fc.assert(
      fc.property(
        anyModel({ maxRows: 12 }),
        fc.array(fc.nat(), { minLength: 12, maxLength: 12 }),
        (given, keys) => {
          const order = orderOf(given.x.length, keys);
          const parameters = anyParameters(given);
          const other = stepped({ ...given, x: moved(given.x, order), y: moved(given.y, order) }, parameters);
          const plain = stepped(given, parameters);
          expectSame(other.parameters, plain.parameters);
          expectSame(other.loss, plain.loss);
        },
      ),
      { numRuns: cases(20) },
    );
  });
});

/**
 * The parameters with the weights and biases into each hidden unit times its factor, and those out of it
 * divided by it.
 */
function scaled(
  given: ModelCase,
  vector: readonly number[],
  factors: readonly (readonly number[])[],
): number[] {
  const hidden = factors.slice(0, given.hidden.length);
  return placesOf(given).flatMap(({ offset, size, shape, name, path }) => {
    const layer = Number(path.match(/^dense_(\d+)/)?.[1]) - 1;
    const columns = shape[shape.length - 1];
    return vector.slice(offset, offset + size).map((w, k) => {
      const into = hidden[layer]?.[k % columns] ?? 1;
      const out = name === "kernel" ? (hidden[layer - 1]?.[Math.floor(k / columns)] ?? 1) : 1;
      return (w * into) / out;
    });
  });
}

describe("a network is the same function, to the bit,", () => {
  // relu(az) = a·relu(z) for a > 0, and tanh(−z) = −tanh z; powers of two and signs round nothing
  it.each([
    ["relu", "scale", fc.integer({ min: -8, max: 8 }).map((k) => 2 ** k)],
    ["tanh", "sign", fc.constantFrom(-1, 1)],
  ] as const)(
    "whatever the %s units' %s, where the weights out of them make up for it",
    (kind, _, factor) => {
      const lists = fc.array(fc.array(factor, { minLength: 7, maxLength: 7 }), {
        minLength: 2,
        maxLength: 2,
      });
      fc.assert(
        fc.property(anyModel({ maxRows: 12 }), lists, (made, factors) => {
          const given = { ...made, hidden: made.hidden.map(({ units }) => ({ units, activation: kind })) };
          const parameters = anyParameters(given);
          const other = stepped(given, scaled(given, parameters, factors));
          expect(other.loss.values).toEqual(stepped(given, parameters).loss.values);
        }),
        { numRuns: cases(20) },
      );
    },
  );
});
