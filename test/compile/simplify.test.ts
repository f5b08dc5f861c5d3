/** Simplification keeps values; each of its rules fires, and numbers that look alike stay apart. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compile } from "../../src/compile/compile.js";
import { liveNodes } from "../../src/compile/rewrite.js";
import { simplify } from "../../src/compile/simplify.js";
import { trace } from "../../src/compile/trace.js";
import { createEngine } from "../../src/engine/engine.js";
import { evaluateGraph } from "../../src/graph/evaluate.js";
import * as f from "../../src/graph/functions.js";
import type { Value } from "../../src/graph/graph.js";
import { sizeOf } from "../../src/graph/shape.js";
import { errorBounds } from "../../src/testing/bounds.js";
import { anyRecipe, stepOf } from "../../src/testing/graphs.js";
import { FLOAT64 } from "../../src/testing/operations/rounding.js";
import { cases } from "../cases.js";

describe("simplify", () => {
  it("changes no end of a random graph by more than float64 rounds", () => {
    fc.assert(
      fc.property(
        anyRecipe(30),
        fc.integer({ min: 1, max: 9 }),
        fc.infiniteStream(fc.integer({ min: -64, max: 64 })),
        (recipe, rows, numbers) => {
          const { signature, write } = stepOf(recipe);
          const graph = trace(signature, write);
          const simple = simplify(graph);
          const arrays = new Map<string, Float64Array>();
          for (const node of graph.nodes) {
            if (node.op !== "input") continue;
            const { name, shape } = node.attributes as { name: string; shape: readonly number[] };
            const draw = (): number => numbers.next().value / 64;
            const integer = (): number => Math.abs(numbers.next().value) % 3;
            arrays.set(
              name,
              Float64Array.from({ length: sizeOf(shape, rows) }, name === "ids" ? integer : draw),
            );
          }
          const environment = {
            rows,
            seed: 3,
            step: 5,
            input: (name: string) => arrays.get(name) as Float64Array,
          };
          const { values, errors } = errorBounds({ nodes: [...graph.nodes] }, environment, FLOAT64);
          const after = evaluateGraph({ nodes: [...simple.nodes] }, environment);
          const ends = (step: typeof graph): number[] => [
            ...Object.values(step.state).map(({ output }) => output),
            ...Object.values(step.outputs),
            ...Object.values(step.streamsOut),
          ];
          ends(graph).forEach((id, i) => {
            const simplified = after[ends(simple)[i]];
            expect(simplified.length).toBe(values[id].length);
            simplified.forEach((x, j) => {
              // both are rounded, so both may be off
              if (!(Math.abs(x - values[id][j]) <= 2 * errors[id][j])) {
                throw new Error(
                  `end ${i}, element ${j}: ${x} instead of ${values[id][j]} ± ${2 * errors[id][j]}`,
                );
              }
            });
          });
          const liveCount = (step: typeof graph): number => liveNodes(step).reduce((sum, live) => sum + live);
          expect(liveCount(simple)).toBeLessThanOrEqual(liveCount(graph));
        },
      ),
      { numRuns: cases(150) },
    );
  });

  /** Columns of x, each padded to all three, and joined. */
  const joined = (x: Value, columns: number[], join: (a: Value, b: Value) => Value): Value =>
    columns
      .map((column) => f.pad(f.slice(x, [0, column], [2, 1]), [0, column], [0, 2 - column]))
      .reduce((a, b) => join(a, b));

  const operations = (write: (x: Value, y: Value) => Value): string[] => {
    const graph = trace({ inputs: { x: [2, 3], y: [2, 3] } }, ({ inputs }) => ({
      outputs: { z: write(inputs.x, inputs.y) },
    }));
    const simple = simplify(graph);
    const live = liveNodes(simple);
    return simple.nodes.filter(({ op }, id) => live[id] && op !== "input").map(({ op }) => op);
  };

  it.each<[string, (x: Value, y: Value) => Value, string[]]>([
    ["x + 0", (x) => f.neg(f.add(x, 0)), ["neg"]],
    ["0 + x", (x) => f.neg(f.add(0, x)), ["neg"]],
    ["max(x, 0)", (x) => f.neg(f.maximum(x, 0)), ["relu", "neg"]],
    ["max(0, x)", (x) => f.neg(f.maximum(0, x)), ["relu", "neg"]],
    ["x − 0", (x) => f.neg(f.sub(x, 0)), ["neg"]],
    ["1 · x / 1", (x) => f.neg(f.div(f.mul(1, x), 1)), ["neg"]],
    ["x + (−y)", (x, y) => f.add(x, f.neg(y)), ["sub"]],
    ["(−x) + y", (x, y) => f.add(f.neg(x), y), ["sub"]],
    ["x − (−y)", (x, y) => f.sub(x, f.neg(y)), ["add"]],
    ["−(−x)", (x) => f.abs(f.neg(f.neg(x))), ["abs"]],
    ["the same twice", (x) => f.mul(f.sin(x), f.sin(x)), ["sin", "mul"]],
    ["a transposed transpose", (x) => f.abs(f.transpose(f.transpose(x))), ["abs"]],
    ["all of a value", (x) => f.abs(f.slice(x, [0, 0], [2, 3])), ["abs"]],
    ["a part of a value", (x) => f.abs(f.slice(x, [0, 0], [1, 3])), ["slice", "abs"]],
    ["no zeros around a value", (x) => f.abs(f.pad(x, [0, 0], [0, 0])), ["abs"]],
    ["a value alone, side by side", (x) => f.abs(f.concat([x], 1)), ["abs"]],
    ["a reshaped reshape", (x) => f.reshape(f.reshape(x, [6]), [3, 2]), ["reshape"]],
    ["the sum of a value's parts", (x) => joined(x, [0, 1, 2], f.add), ["slice", "slice", "slice", "concat"]],
    ["in another order", (x) => joined(x, [2, 0, 1], f.add), ["slice", "slice", "slice", "concat"]],
    [
      "a sum that leaves a part out",
      (x) => joined(x, [0, 2], f.add),
      ["slice", "pad", "slice", "pad", "add"],
    ],
    [
      "a part and what is no part",
      (x) => f.add(f.pad(f.slice(x, [0, 0], [2, 1]), [0, 0], [0, 2]), f.square(x)),
      ["slice", "pad", "mul", "add"],
    ],
    [
      "a sum of parts that overlap, and leave a column out",
      (x) =>
        f.add(
          f.pad(f.slice(x, [0, 0], [2, 2]), [0, 0], [0, 1]),
          f.pad(f.slice(x, [0, 1], [2, 1]), [0, 1], [0, 1]),
        ),
      ["slice", "pad", "slice", "pad", "add"],
    ],
    ["a sum that has a part twice", (x) => joined(x, [0, 0], f.add), ["slice", "pad", "add"]],
    [
      "the product of a value's parts",
      (x) => joined(x, [0, 1], f.mul),
      ["slice", "pad", "slice", "pad", "mul"],
    ],
    ["a reshape and back", (x) => f.abs(f.reshape(f.reshape(x, [6]), [2, 3])), ["abs"]],
    [
      "numbers only",
      (x) => f.add(x, f.exp(f.mul(f.constant(x.graph, 0), 5))),
      ["constant", "broadcast", "add"],
    ],
    [
      "work on a scalar",
      (x) => f.mul(x, f.sqrt(f.broadcastTo(f.sum(x), [2, 3]))),
      ["sum", "sqrt", "broadcast", "mul"],
    ],
    ["a stopped gradient", (x) => f.abs(f.stopGradient(x)), ["abs"]],
  ])("knows %s", (_name, write, expected) => {
    expect(operations(write)).toEqual(expected);
  });

  it.each(["wasm", "reference"] as const)("keeps infinities, NaN and −0 apart on %s", (executor) => {
    const engine = createEngine({ executor });
    const call = engine.load(
      compile((x) => {
        const number = (value: number): Value => f.constant(x.graph, value);
        const [infinity, minus, nan, zero, minusZero] = [Infinity, -Infinity, Number.NaN, 0, -0].map(number);
        return f.concat(
          [
            infinity,
            minus,
            f.select(f.greater(x, 0), infinity, nan),
            f.div(x, zero),
            f.div(x, minusZero),
          ].map((y) => f.reshape(y, [1])),
        );
      }, []),
    );
    expect([...(call(1).data as Float32Array)]).toEqual([Infinity, -Infinity, Infinity, Infinity, -Infinity]);
    expect([...(call(-1).data as Float32Array)]).toEqual([
      Infinity,
      -Infinity,
      Number.NaN,
      -Infinity,
      Infinity,
    ]);
  });
});
