/**
 * The laws that every operation keeps, as property tests over random arguments; for the rows of the table, and for a
 * function of values of one's own: an activation, a loss, a distance. They test what it computes and its gradient, not
 * its speed.
 *
 * The row of an operation states its float64 reference, its gradient and its opcode: differences of the reference judge
 * the gradient, and the reference judges what the kernel does under the opcode.
 */
import fc from "fast-check";
import { gradients } from "../autograd/grad.js";
import { compileStep } from "../compile/compile.js";
import { createEngine } from "../engine/engine.js";
import type { Executor } from "../engine/executor.js";
import { constant, dot, sum } from "../graph/functions.js";
import type { OperationName, Value } from "../graph/graph.js";
import { sizeOf } from "../graph/shape.js";
import { checkGradients, type Point, toPoint } from "./gradients.js";
import { type CheckOptions, fail, hold, lawOf } from "./laws.js";
import type { OperationCase } from "./operations/case.js";
import { operationCases } from "./operations/index.js";
import { FLOAT32 } from "./operations/rounding.js";
import { checkRun } from "./run.js";

/** A function of values to be held to the laws. */
export interface OperationUnderTest {
  /** For messages. */
  readonly name: string;
  /** Uses of it, with arguments exact in float32, and smooth within 1/64 of them. */
  readonly cases: fc.Arbitrary<OperationCase>;
  /** What it is, of arrays row-major, in plain float64. Where it is given, the operation is held to it. */
  readonly equals?: (...args: readonly Float64Array[]) => ArrayLike<number>;
}

/** Which cases, and how near to plain numbers. */
export interface OperationCheckOptions extends CheckOptions {
  /** How far it may be from `equals`, as a share of the largest number. Default 1e-12, for the rounding of both. */
  readonly tolerance?: number;
}

type Law = (operation: OperationUnderTest, options: OperationCheckOptions) => fc.IRawProperty<unknown>;

/** The laws of operations by name: each gives a property for fast-check's `assert`. */
export const operationLaws: Readonly<Record<string, Law>> = {
  "has the gradient that differences have, and so has its gradient": ({ name, cases }, { onShare }) =>
    fc.property(cases, ({ fn, args }) => checkGradients(fn, args, { name, ...(onShare && { onShare }) })),

  "is computed by the kernels as by the references, its gradient too, within the rounding of float32": (
    { cases },
    { onShare },
  ) =>
    fc.property(cases, ({ fn, args }) => {
      const points = args.map(toPoint);
      const inputs = Object.fromEntries(points.map(({ shape }, i) => [`argument ${i}`, shape]));
      const program = compileStep({ inputs }, 1, (values) => {
        const given = points.map((_, i) => values.inputs[`argument ${i}`]);
        const result = fn(...given);
        const slopes = gradients(contracted(result), given);
        return {
          outputs: {
            result,
            ...Object.fromEntries(slopes.map((slope, i) => [`gradient of argument ${i}`, slope])),
          },
        };
      });
      const arrays = Object.fromEntries(points.map(({ data }, i) => [`argument ${i}`, [...data]]));
      const task = { streams: {}, arrays, dataRows: 0, shuffle: false, batchSize: 1, seed: 0, steps: 1 };
      const share = checkRun(wasm(), program, task, FLOAT32);
      onShare?.(share);
    }),

  "is what it is said to be": ({ cases, equals }, { tolerance = 1e-12, onShare }) =>
    fc.property(cases, ({ fn, args }) => {
      if (equals === undefined) return;
      const points = args.map(toPoint);
      const expected = Array.from(equals(...points.map(({ data }) => data)));
      const actual = evaluated(fn, points);
      if (actual.length !== expected.length)
        fail(`it gives ${actual.length} numbers, and should give ${expected.length}`);
      const size = Math.max(...expected.map(Math.abs));
      let worst = 0;
      expected.forEach((value, i) => {
        const error = Math.abs(actual[i] - value);
        if (!(error <= tolerance * size)) fail(`entry ${i} is ${actual[i]}, and should be ${value}`);
        if (error > 0) worst = Math.max(worst, error / (tolerance * size));
      });
      onShare?.(worst);
    }),
};

/**
 * Holds an operation to all laws.
 *
 * @param operation - the name of a row of the table, or a function of one's own with arguments to try it on
 * @throws Error with the law's name, what went wrong, the smallest case that breaks it, and how to replay it
 * @example
 * ```ts
 * checkOperation("tanh", { numRuns: 20 });
 * // softsign, x / (1 + |x|)
 * checkOperation({
 *   name: "softsign",
 *   cases: anyTensor([3], numbers.nonZero).map((x) => ({ fn: (v) => div(v, add(1, abs(v))), args: [x] })),
 *   equals: (x) => x.map((value) => value / (1 + Math.abs(value))),
 * });
 * ```
 */
export function checkOperation(
  operation: OperationName | OperationUnderTest,
  options: OperationCheckOptions = {},
): void {
  for (const name of Object.keys(operationLaws)) checkOperationLaw(operation, name, options);
}

/**
 * Holds an operation to one of `operationLaws`, so that a test runner can show each by itself.
 *
 * @throws Error as {@link checkOperation}
 * @example
 * ```ts
 * checkOperationLaw("matmul", "has the gradient that differences have, and so has its gradient", { numRuns: 10 });
 * ```
 */
export function checkOperationLaw(
  operation: OperationName | OperationUnderTest,
  name: string,
  options: OperationCheckOptions = {},
): void {
  const subject = typeof operation === "string" ? rowUnderTest(operation) : operation;
  hold(`operation "${subject.name}"`, name, lawOf(operationLaws, name)(subject, options), options);
}

function rowUnderTest(name: OperationName): OperationUnderTest {
  const cases = operationCases[name];
  if (cases === undefined)
    fail(`"${name}" is a leaf or no operation at all: it computes nothing from arguments`);
  return { name, cases };
}

/** Σ wᵢxᵢ with weights 1, 3/2, 2, …, so that no two entries are mistaken for each other. */
function contracted(x: Value): Value {
  const weights = Array.from({ length: sizeOf(x.shape) }, (_, i) => 1 + i / 2);
  return x.shape.length === 0 ? sum(x) : dot(x, constant(x.graph, weights, x.shape));
}

function evaluated(fn: OperationCase["fn"], points: readonly Point[]): ArrayLike<number> {
  const inputs = Object.fromEntries(points.map(({ shape }, i) => [`${i}`, shape]));
  const program = compileStep({ inputs }, 1, (values) => ({
    outputs: { result: fn(...points.map((_, i) => values.inputs[i])) },
  }));
  const run = createEngine({ executor: "reference" }).start(program);
  points.forEach(({ data }, i) => {
    run.write(`${i}`, data);
  });
  run.advance(1);
  return run.read("result");
}

let engine: Executor | undefined;

/** One for all cases; runs are freed. */
function wasm(): Executor {
  engine ??= createEngine();
  return engine;
}
