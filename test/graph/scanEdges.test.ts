/**
 * Recurrences at edges, against themselves written out: one value in many roles, what nobody reads, state and
 * concatenations.
 */
import { describe, expect, it } from "vitest";
import { gradients } from "../../src/autograd/grad.js";
import { compile, compileStep } from "../../src/compile/compile.js";
import type { ArrayInput } from "../../src/engine/arrays.js";
import { createEngine } from "../../src/engine/engine.js";
import * as f from "../../src/graph/functions.js";
import type { Value } from "../../src/graph/graph.js";
import { scan } from "../../src/graph/scan.js";
import { ROWS, type Shape } from "../../src/graph/shape.js";
import { writtenOut } from "./written.js";

type Loop = typeof scan | typeof writtenOut;

const engines = ["wasm", "reference"].map((executor) =>
  createEngine({ executor: executor as "wasm" | "reference" }),
);

/** Numbers in (−1, 1) that repeat late. */
const numbers = (count: number, stride = 7): number[] =>
  Array.from({ length: count }, (_, i) => ((i * stride + 3) % 23) / 12 - 0.9);

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(actual.length).toBe(expected.length);
  Array.from(expected).forEach((value, i) => {
    expect(Math.abs(actual[i] - value)).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(value)));
  });
}

/** Compares results, and their gradients, with those of the recurrence written out. */
function compare(fn: (loop: Loop) => (...args: Value[]) => Value[], ...shapes: Shape[]): void {
  const args = shapes.map((shape): ArrayInput => {
    const list = numbers(shape.reduce((a, b) => a * b, 1));
    return shape.length === 0 ? list[0] : Float64Array.from(list);
  });
  for (const engine of engines) {
    const [actual, expected] = [scan, writtenOut].map((loop) => {
      const program = compile(
        (...values: Value[]) => {
          const results = fn(loop)(...values);
          const loss = results.map((value, i) => f.sum(f.mul(f.square(value), i + 1))).reduce(f.add);
          return [...results, ...gradients(loss, values)];
        },
        ...shapes,
      );
      const run = engine.load(program);
      const results = run(...args).map(({ data }) => data as ArrayLike<number>);
      run.free();
      return results;
    });
    actual.forEach((values, i) => {
      expectClose(values, expected[i]);
    });
  }
}

describe("a loop is the recurrence written out", () => {
  it("for one value as a carry, two sequences and a shared value", () => {
    compare(
      (loop) => (x) => {
        const row = f.reshape(f.slice(x, [0, 0], [1, 3]), [3]);
        const { carry, stacks } = loop(
          { carry: { h: row }, sequences: { x, again: x, turned: f.transpose(x) }, shared: { x } },
          ({ carry, elements, shared }) => {
            const first = f.reshape(f.slice(shared.x, [0, 0], [1, 3]), [3]);
            const product = f.mul(elements.turned, elements.again);
            const h = f.mul(f.add(f.mul(carry.h, elements.x), f.add(product, first)), 0.5);
            return { carry: { h }, stacks: { h, element: elements.x, all: shared.x, before: carry.h } };
          },
        );
        return [carry.h, ...Object.values(stacks)];
      },
      [3, 3],
    );
  });

  it("for carries that change places, and values that nobody reads", () => {
    compare(
      (loop) => (x, h, k) => {
        const { carry, stacks } = loop(
          { carry: { h, k }, sequences: { x }, shared: { unread: h } },
          ({ carry, elements }) => ({
            carry: { h: carry.k, k: elements.x },
            stacks: { h: carry.h, unread: f.exp(carry.k) },
          }),
        );
        return [carry.h, carry.k, stacks.h];
      },
      [4, 2],
      [2],
      [2],
    );
  });

  it("for carries that the body returns in another order, by name", () => {
    compare(
      (loop) => (x, h, k) => {
        const { carry, stacks } = loop({ carry: { h, k }, sequences: { x } }, ({ carry, elements }) => ({
          carry: { k: f.mul(carry.k, 0.5), h: f.add(carry.h, elements.x) },
          stacks: { ofK: carry.k, ofH: carry.h },
        }));
        return [carry.h, carry.k, stacks.ofH, stacks.ofK];
      },
      [4, 2],
      [2],
      [2],
    );
  });

  it("for a sequence of which only the length counts, and for no carries", () => {
    compare(
      (loop) => (x, h) => {
        const halved = loop({ carry: { h }, sequences: { x } }, ({ carry }) => ({
          carry: { h: f.mul(carry.h, 0.5) },
        }));
        const each = loop({ carry: {}, sequences: { x } }, ({ elements }) => ({
          carry: {},
          stacks: { y: f.softmax(elements.x), same: f.constant(elements.x.graph, [1, 2]) },
        }));
        return [halved.carry.h, each.stacks.y, each.stacks.same];
      },
      [4, 2],
      [2],
    );
  });

  it("for products of shared values, with a matrix that is read in every way", () => {
    compare(
      (loop) => (x, a, w) => {
        const { carry, stacks } = loop(
          { carry: { h: a }, sequences: { x }, shared: { a, w } },
          ({ carry, elements, shared }) => {
            const product = f.matmul(shared.a, shared.w);
            const turned = f.matmul(f.transpose(shared.w), f.transpose(carry.h));
            const h = f.tanh(f.add(f.mul(f.add(product, f.transpose(turned)), elements.x), f.sum(shared.w)));
            return { carry: { h }, stacks: { h, product } };
          },
        );
        return [carry.h, stacks.h, stacks.product];
      },
      [3, 2, 2],
      [2, 2],
      [2, 2],
    );
  });

  it("for a product whose gradient passes a transpose of any axes, the identity too", () => {
    for (const permutation of [
      [0, 1],
      [1, 0],
    ])
      compare(
        (loop) => (x, w, weights) => [
          loop({ carry: {}, sequences: { x }, shared: { w, weights } }, ({ elements, shared }) => {
            const product = f.transpose(f.matmul(shared.w, elements.x), permutation);
            return { carry: {}, stacks: { y: f.mul(product, shared.weights) } };
          }).stacks.y,
        ],
        [3, 2, 2],
        [2, 2],
        [2, 2],
      );
  });

  it("for products of many matrices, shared on the left and on the right", () => {
    compare(
      (loop) => (x, left, right) => [
        loop({ carry: {}, sequences: { x }, shared: { left, right } }, ({ elements, shared }) => ({
          carry: {},
          stacks: { y: f.matmul(shared.left, f.matmul(elements.x, shared.right)) },
        })).stacks.y,
      ],
      [3, 2, 2, 3],
      [2, 1, 2],
      [2, 3, 4],
    );
  });

  it("for elements that are no multiples of a vector, and matrices from the left", () => {
    compare(
      (loop) => (x, w) => {
        const { stacks } = loop(
          {
            carry: { h: f.constant(x.graph, [1, 2, 3, 4, 5]) },
            sequences: { x },
            shared: { w },
            reverse: true,
          },
          ({ carry, elements, shared }) => {
            const product = f.reshape(f.matmul(shared.w, f.reshape(carry.h, [5, 1])), [5]);
            const h = f.tanh(f.add(f.mul(product, 0.3), elements.x));
            return { carry: { h }, stacks: { h, both: f.concat([f.softmax(h), f.softmax(carry.h)]) } };
          },
        );
        return [stacks.h, stacks.both];
      },
      [3, 5],
      [5, 5],
    );
  });
});

it("carries become state, and parts of it, over batches of 4 and 3 rows", () => {
  const results = engines.map((engine) =>
    [scan, writtenOut].map((loop) => {
      const program = compileStep(
        { state: { h: [2], all: [8], w: [2, 2] }, streams: { x: 6 } },
        4,
        ({ state, streams }) => {
          const x = f.transpose(f.reshape(streams.x, [ROWS, 3, 2]), [1, 0, 2]);
          const [h, k] = [state.h, f.slice(state.all, [2], [2])].map((first) => f.reshape(first, [1, 2]));
          const { carry, stacks } = loop(
            { carry: { h, k }, sequences: { x }, shared: { w: state.w } },
            ({ carry, elements, shared }) => {
              const mean = f.mean(elements.x, 0, true);
              const h = f.tanh(f.add(f.matmul(carry.h, shared.w), mean));
              return { carry: { h, k: f.mul(f.add(h, carry.k), 0.5) }, stacks: { h } };
            },
          );
          const [slope] = gradients(f.sum(stacks.h), [state.w]);
          const flat = (x: Value): Value => f.reshape(x, [2]);
          const all = f.concat([flat(carry.k), flat(carry.h), f.reshape(f.mul(slope, 0.1), [4])]);
          const w = f.sub(state.w, f.mul(slope, 0.01));
          return { state: { h: flat(carry.h), all, w }, outputs: { stack: stacks.h } };
        },
      );
      const x = engine.matrix(7, 6, numbers(42));
      const run = engine.start(program, { streams: { x }, shuffle: true });
      run.write("w", [0.5, 0.25, -0.5, 0.75]);
      run.write("h", [1, -1]);
      run.advance(7);
      const read = ["h", "all", "w", "stack"].flatMap((name) => [...run.read(name)]);
      for (const each of [run, x]) each.free();
      return read;
    }),
  );
  for (const values of results.flat()) expectClose(values, results[1][1]);
});

it("200,000 elements are a loop as short as any", () => {
  // hₜ = a hₜ₋₁ + 1 is 2 in the limit, and so is the slope of Σ hₜ by each element but the last ones
  const program = compile(
    (x: Value, a: Value) => {
      const { stacks, carry } = scan(
        { carry: { h: f.constant(x.graph, 0) }, sequences: { x }, shared: { a } },
        ({ carry, elements, shared }) => {
          const h = f.add(f.mul(carry.h, shared.a), elements.x);
          return { carry: { h }, stacks: { h } };
        },
      );
      return [carry.h, ...gradients(f.sum(stacks.h), [x])];
    },
    [200_000],
    [],
  );
  expect(program.program.code.length).toBeLessThan(300);
  const [last, slopes] = createEngine().load(program)(new Float32Array(200_000).fill(1), 0.5);
  expect([last.data[0], slopes.data[0], slopes.data[199_998], slopes.data[199_999]]).toEqual([2, 2, 1.5, 1]);
});
