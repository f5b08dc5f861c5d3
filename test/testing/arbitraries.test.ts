/** Arbitraries draw what they promise, and enough of it. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gradients } from "../../src/autograd/grad.js";
import { compile } from "../../src/compile/compile.js";
import { createEngine } from "../../src/engine/engine.js";
import type { Value } from "../../src/graph/graph.js";
import { eigenSymmetric } from "../../src/numerics/eigen.js";
import { adam } from "../../src/optim/adam.js";
import { anyStudy } from "../../src/testing/arbitraries/history.js";
import { anyModel, modelOf } from "../../src/testing/arbitraries/models.js";
import {
  anyBroadcast,
  anyDistinct,
  anyShape,
  anyTensor,
  numbers,
} from "../../src/testing/arbitraries/tensors.js";
import {
  anyMatrix,
  anyQuadratic,
  anyTestFunction,
  type TestFunction,
  testFunctions,
} from "../../src/testing/arbitraries/testFunctions.js";
import { cases } from "../cases.js";

const reference = createEngine({ executor: "reference" });

describe("numbers", () => {
  it.each([
    ["real", (x: number) => Math.abs(x) <= 2],
    ["positive", (x: number) => x >= 0.5 && x <= 3],
    ["nonZero", (x: number) => Math.abs(x) >= 1 / 32],
    ["coarse", (x: number) => Number.isInteger(x * 8)],
    ["between", (x: number) => Number.isInteger(x * 16) && !Number.isInteger(x * 8)],
    ["huge", (x: number) => Math.fround(x * x) === Number.POSITIVE_INFINITY],
    ["denormal", (x: number) => x !== 0 && Math.abs(x) < 2 ** -126],
    ["float32", (x: number) => Number.isFinite(x)],
  ] as const)("%s are in their domain, exact in float32, and many", (name, holds) => {
    const drawn = fc.sample(numbers[name], 300);
    expect(drawn.filter((x) => !holds(x))).toEqual([]);
    expect(drawn.filter((x) => Math.fround(x) !== x)).toEqual([]);
    expect(new Set(drawn).size).toBeGreaterThan(25);
  });
});

describe("shapes", () => {
  it("have the requested ranks and sizes", () => {
    const drawn = fc.sample(anyShape({ minRank: 1, maxRank: 4, maxSize: 2 }), 200);
    expect(new Set(drawn.map((shape) => shape.length))).toEqual(new Set([1, 2, 3, 4]));
    expect(new Set(drawn.flat())).toEqual(new Set([1, 2]));
  });

  it.each([
    [undefined, [0, 1, 2, 3]],
    [2, [2, 3]],
    [3, [3]],
    [5, [5]],
  ])("have at most 3 axes by default, or the fewest requested: from %o", (minRank, ranks) => {
    const constraints = minRank === undefined ? {} : { minRank };
    const drawn = fc.sample(anyShape(constraints), 200).map((shape) => shape.length);
    expect(new Set(drawn)).toEqual(new Set(ranks));
    const longest = fc
      .sample(anyBroadcast(constraints), 200)
      .map((pair) => Math.max(...pair.map((shape) => shape.length)));
    expect(Math.max(...longest)).toBe(Math.max(...ranks));
  });

  it("of a pair broadcast, with missing and broadcast axes on either side", () => {
    const seen = { shorter: 0, broadcast: 0 };
    for (const [a, b] of fc.sample(anyBroadcast(), 300)) {
      for (let i = 1; i <= Math.min(a.length, b.length); i++) {
        const [p, q] = [a[a.length - i], b[b.length - i]];
        expect(p === q || p === 1 || q === 1).toBe(true);
        if (p !== q) seen.broadcast++;
      }
      if (a.length !== b.length) seen.shorter++;
    }
    expect(seen.shorter).toBeGreaterThan(20);
    expect(seen.broadcast).toBeGreaterThan(20);
  });

  it("are those of the tensors made for them", () => {
    const lengths = (x: unknown): number[] => (Array.isArray(x) ? [x.length, ...lengths(x[0])] : []);
    fc.assert(
      fc.property(
        anyShape().chain((shape) => fc.tuple(fc.constant(shape), anyTensor(shape), anyDistinct(shape))),
        ([shape, tensor, distinct]) => {
          expect(lengths(tensor)).toEqual(shape);
          expect(lengths(distinct)).toEqual(shape);
          const sorted = [distinct]
            .flat(5)
            .map(Number)
            .sort((a, b) => a - b);
          for (let i = 1; i < sorted.length; i++)
            expect(sorted[i] - sorted[i - 1]).toBeGreaterThanOrEqual(1 / 8);
        },
      ),
      { numRuns: cases(20) },
    );
  });
});

describe("test functions", () => {
  it.each([1, 10, 1e6])("matrices of condition %d have that condition", (condition) => {
    fc.assert(
      fc.property(anyMatrix({ condition, smoothness: 4 }), (matrix) => {
        const n = matrix.length;
        const values = [...eigenSymmetric(Float64Array.from(matrix.flat()), n).values].sort((a, b) => a - b);
        // an eigenvalue of a symmetric matrix moves by at most the error of the matrix: some 20 roundings of
        // 4
        const error = 20 * n * 4 * 2 ** -53;
        expect(Math.abs(values[n - 1] - 4)).toBeLessThan(error);
        expect(Math.abs(values[0] - 4 / condition)).toBeLessThan(error);
      }),
      { numRuns: cases(30) },
    );
  });

  /** Value and gradient by the operations, in float64. */
  function written({ loss, start }: TestFunction): (w: readonly number[]) => [number, number[]] {
    const both = (w: Value): Value[] => {
      const value = loss(w);
      return [value, ...gradients(value, [w])];
    };
    const call = reference.load(compile(both, [start.length]));
    return (w) => {
      const [value, gradient] = call([...w]);
      return [value.get(), Array.from(gradient.data)];
    };
  }

  function holds(problem: TestFunction, points: readonly (readonly number[])[]): void {
    const { value, gradient, minimum, minimizer } = problem;
    const evaluate = written(problem);
    for (const w of [...points, problem.start, minimizer]) {
      const [y, g] = evaluate(w);
      // values of up to 1e5 here, of a few dozen operations each
      expect(Math.abs(y - value(w))).toBeLessThanOrEqual(1e-9);
      gradient(w).forEach((slope, i) => {
        expect(Math.abs(g[i] - slope)).toBeLessThanOrEqual(1e-9);
      });
      expect(value(w)).toBeGreaterThanOrEqual(minimum - 1e-12);
    }
    expect(Math.abs(value(minimizer) - minimum)).toBeLessThan(1e-12);
    expect(Math.max(...gradient(minimizer).map(Math.abs))).toBeLessThan(1e-12);
    expect(value(problem.start)).toBeGreaterThan(minimum);
  }

  it.each(Object.values<TestFunction>(testFunctions))(
    "$name is the same in operations and in numbers, and least at its minimizer",
    (problem) => {
      const point = fc.array(numbers.real, {
        minLength: problem.start.length,
        maxLength: problem.start.length,
      });
      holds(problem, fc.sample(point, 50));
    },
  );

  it("so are quadratics", () => {
    for (const problem of fc.sample(anyQuadratic({ condition: 1000 }), 20)) {
      const point = fc.array(numbers.real, {
        minLength: problem.start.length,
        maxLength: problem.start.length,
      });
      holds(problem, fc.sample(point, 5));
    }
  });

  it("are convex or not, as requested", () => {
    expect(fc.sample(anyTestFunction({ convex: true }), 50).every((problem) => problem.convex)).toBe(true);
    expect(fc.sample(anyTestFunction({ convex: false }), 50).some((problem) => problem.convex)).toBe(false);
    expect(new Set(fc.sample(anyTestFunction(), 50).map((problem) => problem.convex)).size).toBe(2);
  });
});

describe("models", () => {
  it("can be fitted, and learn", async () => {
    const seen = new Set<string>();
    let learnt = 0;
    const drawn = fc.sample(anyModel({ dropout: true }), 40);
    for (const given of drawn) {
      seen.add(`${given.loss} ${given.dropout > 0}`);
      const model = modelOf(given, adam({ learningRate: 0.02 }));
      const { history } = await model.fit(given.x, given.y, { epochs: 20, seed: given.seed });
      expect(history.loss.every(Number.isFinite)).toBe(true);
      if (history.loss[19] < history.loss[0]) learnt++;
    }
    expect(seen.size).toBe(6);
    expect(learnt / drawn.length).toBeGreaterThan(0.9);
  });
});

describe("studies", () => {
  it("hold trials of every kind", () => {
    const drawn = fc.sample(anyStudy(), 60);
    const statuses = new Set(drawn.flatMap(({ trials }) => trials.map(({ status }) => status)));
    expect([...statuses].sort()).toEqual(["complete", "diverged", "failed", "pruned"]);
  });
});
