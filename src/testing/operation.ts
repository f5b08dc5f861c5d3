/**
 * The laws that every operation keeps, as property tests over random arguments: for the rows of the table,
 * and for any function of values, such as a custom activation, loss or distance. They test its results and
 * its gradient, not its speed.
 *
 * The row of an operation has its float64 reference, its gradient and its opcode: the gradient is compared
 * with differences of the reference, and the kernel of the opcode with the reference.
 */

import fc from "fast-check";
import { gradients } from "../autograd/grad.js";
import { compileStep } from "../compile/compile.js";
import { byName, check, isRecord, must } from "../errors.js";
import { constant, dot, sum } from "../graph/functions.js";
import type { OperationName, Value } from "../graph/graph.js";
import { sizeOf } from "../graph/shape.js";
import { type OptionRules, readOptions } from "../rules.js";
import { reference, wasm } from "./engines.js";
import { checkGradients, type Point, toPoint } from "./gradients.js";
import { CHECK_RULES, type CheckOptions, fail, hold, lawOf, mustBeFunction, TOLERANCE } from "./laws.js";
import type { OperationCase } from "./operations/case.js";
import { operationCases } from "./operations/index.js";
import { FLOAT32 } from "./operations/rounding.js";
import { checkRun } from "./run.js";

/** A tested function of values. */
export interface OperationUnderTest {
  /** Its name in messages. */
  readonly name: string;
  /** Uses of it, smooth within 1/64 of their arguments, which must be exact in float32. */
  readonly cases: fc.Arbitrary<OperationCase>;
  /** Its definition on row-major arrays in float64. If given, the operation must equal it. */
  readonly equals?: (...args: readonly Float64Array[]) => ArrayLike<number>;
}

/** Which cases, and how close to the definition. */
export interface OperationCheckOptions extends CheckOptions {
  /**
   * The largest difference from `equals`, as a share of the largest number. Default 1e-12, for the rounding
   * of both.
   */
  readonly tolerance?: number;
}

const RULES = { ...CHECK_RULES, tolerance: TOLERANCE } satisfies OptionRules<OperationCheckOptions>;

/** A law of operations, as a property of fast-check. */
export type OperationLaw = (
  operation: OperationUnderTest,
  options: OperationCheckOptions,
) => fc.IRawProperty<unknown>;

/** The laws of operations by name: each gives a property for fast-check's `assert`. */
export const operationLaws: Readonly<Record<string, OperationLaw>> = {
  "has the gradient that finite differences give, to second order": ({ name, cases }, { onShare }) =>
    fc.property(cases, ({ fn, args }) => checkGradients(fn, args, { name, ...(onShare && { onShare }) })),

  "agrees between kernels and references, with its gradient, within the rounding of float32": (
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
      const run = { streams: {}, arrays, dataRows: 0, shuffle: false, batchSize: 1, seed: 0, steps: 1 };
      const share = checkRun(wasm(), program, run, FLOAT32);
      onShare?.(share);
    }),

  "equals its definition": ({ cases, equals }, { tolerance = 1e-12, onShare }) =>
    fc.property(cases, ({ fn, args }) => {
      if (equals === undefined) return;
      const points = args.map(toPoint);
      const expected = Array.from(equals(...points.map(({ data }) => data)));
      const actual = evaluated(fn, points);
      if (actual.length !== expected.length)
        fail(`it gives ${actual.length} numbers; it should give ${expected.length}`);
      const size = Math.max(...expected.map(Math.abs));
      let worst = 0;
      expected.forEach((value, i) => {
        const error = Math.abs(actual[i] - value);
        if (!(error <= tolerance * size)) fail(`entry ${i} is ${actual[i]}; it should be ${value}`);
        if (error > 0) worst = Math.max(worst, error / (tolerance * size));
      });
      onShare?.(worst);
    }),
};

/**
 * Checks all laws of an operation.
 *
 * @param operation - the name of a built-in operation, or a function with arguments to try it on
 * @throws BrokenLaw with the law's name, what went wrong, the smallest case that breaks it, and how to replay
 * it; FettleError `invalid_argument` or `unknown_name` for invalid arguments
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
 * Checks one of `operationLaws`, so that a test runner can show each separately.
 *
 * @throws BrokenLaw as {@link checkOperation}; FettleError `unknown_name` for an unknown law or operation
 * @example
 * ```ts
 * checkOperationLaw("matmul", "has the gradient that finite differences give, to second order", { numRuns: 10 });
 * ```
 */
export function checkOperationLaw(
  operation: OperationName | OperationUnderTest,
  name: string,
  options: OperationCheckOptions = {},
): void {
  const subject = typeof operation === "string" ? rowUnderTest(operation) : operation;
  checkSubject(subject);
  readOptions(options, "checkOperation", RULES);
  hold(`operation "${subject.name}"`, name, lawOf(operationLaws, name)(subject, options), options);
}

function rowUnderTest(name: OperationName): OperationUnderTest {
  const cases = byName("operation", operationCases, name);
  check(
    cases !== undefined,
    () => `operation must compute something from arguments; received "${name}", which is a leaf`,
  );
  return { name, cases };
}

function checkSubject(operation: OperationUnderTest): void {
  must(
    isRecord(operation) && typeof operation.name === "string" && isRecord(operation.cases),
    "operation",
    "the name of an operation, or { name, cases } with an arbitrary of cases",
    operation,
  );
  mustBeFunction("equals", operation.equals);
}

/** Σ wᵢxᵢ with weights 1, 3/2, 2, …, so that an exchange of two entries is detected. */
function contracted(x: Value): Value {
  const weights = Array.from({ length: sizeOf(x.shape) }, (_, i) => 1 + i / 2);
  return x.shape.length === 0 ? sum(x) : dot(x, constant(x.graph, weights, x.shape));
}

function evaluated(fn: OperationCase["fn"], points: readonly Point[]): ArrayLike<number> {
  const inputs = Object.fromEntries(points.map(({ shape }, i) => [`${i}`, shape]));
  const program = compileStep({ inputs }, 1, (values) => ({
    outputs: { result: fn(...points.map((_, i) => values.inputs[i])) },
  }));
  const run = reference().start(program);
  points.forEach(({ data }, i) => {
    run.write(`${i}`, data);
  });
  run.advance(1);
  const result = Array.from(run.read("result"));
  run.free();
  return result;
}
