/**
 * The laws that every optimizer keeps, built-in or custom, as property tests over random gradients and
 * functions. They test the update rule and its execution, not how fast it learns.
 */

import fc from "fast-check";
import { isRecord, must } from "../errors.js";
import type { Shape } from "../graph/shape.js";
import type { Optimizer } from "../optim/optimizer.js";
import { type OptionRules, readOptions, rule } from "../rules.js";
import { numbers } from "./arbitraries/tensors.js";
import { anyQuadratic } from "./arbitraries/testFunctions.js";
import { drive, followed, initialArrays, stepsProgram } from "./drive.js";
import { reference, wasm } from "./engines.js";
import { CHECK_RULES, type CheckOptions, fail, hold, lawOf, mustBeFunction, TOLERANCE } from "./laws.js";
import { FLOAT32 } from "./operations/rounding.js";
import { checkRun } from "./run.js";

/**
 * An optimizer's rule for one weight, in float64 and with its own state: returns the weight after step t,
 * from 1.
 */
export type Equations = (w: number, gradient: number, t: number) => number;

/** Which cases, and facts about the optimizer. */
export interface OptimizerCheckOptions extends CheckOptions {
  /**
   * Creates the rule for one weight, with the optimizer's hyperparameters and weight decay. If given, the
   * optimizer must follow it. A `perArray` rule has none.
   */
  readonly equations?: () => Equations;
  /**
   * The largest difference from the rule, as a share of the farthest point. Default 1e-9, for the rounding of
   * both.
   */
  readonly tolerance?: number;
  /** Laws that it breaks by design, such as the one on places for a rule that uses a norm. */
  readonly except?: readonly string[];
}

const RULES = {
  ...CHECK_RULES,
  equations: mustBeFunction,
  tolerance: TOLERANCE,
  except: rule("an array of names of laws", Array.isArray),
} satisfies OptionRules<OptimizerCheckOptions>;

/** A law of optimizers, as a property of fast-check. */
export type OptimizerLaw = (optimizer: Optimizer, options: OptimizerCheckOptions) => fc.IRawProperty<unknown>;

/** Steps of a case, and the most weights of its parameter. */
const STEPS = 8;
const MOST = 9;

/** A start and the gradients of STEPS steps. */
interface Descent {
  readonly start: readonly number[];
  readonly gradients: readonly (readonly number[])[];
}

function anyDescent(gradient: fc.Arbitrary<number>): fc.Arbitrary<Descent> {
  return fc.integer({ min: 1, max: MOST }).chain((size) => {
    const array = (of: fc.Arbitrary<number>) => fc.array(of, { minLength: size, maxLength: size });
    return fc.record({
      start: array(numbers.real),
      gradients: fc.array(array(gradient), { minLength: STEPS, maxLength: STEPS }),
    });
  });
}

/** With any sign, including 0. */
const anyGradient = fc.oneof(
  { weight: 5, arbitrary: numbers.real },
  { weight: 1, arbitrary: fc.constant(0) },
);
/** Numbers that float32 cannot square, but can add up a hundred times; see `numbers.huge`. */
const huge = numbers.huge.filter((x) => Math.abs(x) < 2 ** 120);

/** Numbers whose products with each other vanish in float32. */
const vanishing = fc
  .tuple(numbers.nonZero, fc.integer({ min: -140, max: -40 }))
  .map(([x, power]) => Math.fround(x * 2 ** power));

/** The laws of optimizers by name: each gives a property for fast-check's `assert`. */
export const optimizerLaws: Readonly<Record<string, OptimizerLaw>> = {
  "depends on parameters, gradients, slots and step alone": (optimizer) =>
    fc.property(anyDescent(anyGradient), ({ start, gradients }) => {
      const [first, second] = [0, 1].map(() => alone(optimizer, start, gradients));
      checkSame(second, first, "a second run gave other weights");
    }),

  "resumes from a saved run as if it had never stopped": (optimizer) =>
    fc.property(anyDescent(anyGradient), fc.nat({ max: STEPS }), ({ start, gradients }, stop) => {
      const whole = alone(optimizer, start, gradients);
      const layout = layoutFor(optimizer, start.length);
      const first = drive(wasm(), optimizer, start, { layout });
      for (const gradient of gradients.slice(0, stop)) first.follow(gradient);
      const saved = first.run.save();
      first.run.free();
      const second = drive(wasm(), optimizer, start, { layout });
      second.run.restore(saved);
      const after = gradients.slice(stop).map((gradient) => {
        second.follow(gradient);
        return second.point();
      });
      second.run.free();
      checkSame(
        [...whole.slice(0, stop), ...after],
        whole,
        `the run restored at step ${stop} continued differently`,
      );
    }),

  "treats every number of a parameter alike, wherever it is": (optimizer) =>
    fc.property(
      anyDescent(anyGradient).chain((descent) =>
        fc.tuple(
          fc.constant(descent),
          fc.shuffledSubarray([...descent.start.keys()], { minLength: descent.start.length }),
        ),
      ),
      ([{ start, gradients }, order]) => {
        const { perArray } = optimizer;
        const places = perArray ? ordered(layoutFor(optimizer, start.length)[0], order) : order;
        const moved = (array: readonly number[]): number[] => places.map((i) => array[i]);
        const engine = perArray ? reference() : wasm();
        const plain = alone(optimizer, start, gradients, engine).map(moved);
        const permuted = alone(optimizer, moved(start), gradients.map(moved), engine);
        // norms and products of matrices add up in another order, in float64
        checkSame(permuted, plain, `the order ${places} gave other weights`, perArray ? 1e-9 : 0);
      },
    ),

  "does not depend on how parameters are divided into arrays": (optimizer) =>
    fc.property(
      anyDescent(anyGradient),
      fc.array(fc.integer({ min: 1, max: 4 }), { minLength: MOST }),
      ({ start, gradients }, cuts) => {
        const sizes = layoutOf(start.length, cuts);
        const layout = sizes.flatMap((size) => layoutFor(optimizer, size));
        const whole = followed(wasm(), optimizer, start, gradients, { layout, joined: true });
        const parts = followed(wasm(), optimizer, start, gradients, { layout });
        checkSame(parts, whole, `arrays of ${sizes} weights gave other weights`);
      },
    ),

  "does not move a new parameter while its gradient is 0, without weight decay": (optimizer) =>
    fc.property(anyDescent(fc.constant(0)), ({ start, gradients }) => {
      const points = alone(withoutDecay(optimizer), start, gradients);
      const still = points.map(() => start);
      checkSame(points, still, "it moved without a gradient");
    }),

  "does not move a parameter at a learning rate of 0": (optimizer) =>
    fc.property(anyDescent(anyGradient), ({ start, gradients }) => {
      const points = alone(withRate(optimizer, 0), start, gradients);
      const still = points.map(() => start);
      checkSame(points, still, "it moved");
    }),

  "stays finite for gradients that are denormal or too large to be squared": (optimizer) =>
    fc.property(
      anyDescent(fc.oneof(huge, numbers.denormal, numbers.real, fc.constant(0))),
      ({ start, gradients }) => {
        const points = alone(optimizer, start, gradients);
        points.forEach((point, t) => {
          const i = point.findIndex((x) => !Number.isFinite(x));
          if (i >= 0) fail(`weight ${i} is ${point[i]} after step ${t + 1}`);
        });
      },
    ),

  "keeps no denormal numbers, and no weights whose squares are": (optimizer) =>
    fc.property(
      anyDescent(fc.oneof(numbers.denormal, vanishing, numbers.real, fc.constant(0))).chain((descent) =>
        fc.tuple(fc.constant(descent), fc.array(vanishing, { minLength: MOST, maxLength: MOST })),
      ),
      ([{ start, gradients }, small]) => {
        for (const executor of [wasm(), reference()]) {
          const from = start.map((x, i) => (i % 2 === 0 ? small[i] : x));
          const { run, follow } = drive(executor, optimizer, from, {
            layout: layoutFor(optimizer, from.length),
          });
          gradients.forEach((gradient, t) => {
            follow(gradient);
            for (const { name } of run.program.state) {
              const least = name === "w" || name.endsWith(" evaluation") ? 2 ** -63 : 2 ** -126;
              // until its first update, accumulation leaves the weights as they were given
              const isGiven = (each: number, i: number): boolean => optimizer.accumulates && each === from[i];
              const x = run
                .read(name)
                .find((each, i) => each !== 0 && Math.abs(each) < least && !isGiven(each, i));
              if (x !== undefined) fail(`"${name}" holds ${x} after step ${t + 1} (${executor.name})`);
            }
          });
          run.free();
        }
      },
    ),

  "reaches the minimum of a well-conditioned quadratic, at some learning rate": (optimizer) =>
    fc.property(anyQuadratic({ condition: 4, maxDimension: 4 }), ({ start, loss, value }) => {
      const before = value(start);
      let least = Number.POSITIVE_INFINITY;
      for (const rate of RATES) {
        const { run, point } = drive(wasm(), withoutDecay(withRate(optimizer, rate)), start, { loss });
        run.advance(DESCENT_STEPS);
        const left = value(point());
        run.free();
        if (left <= before * DESCENT_SHARE) return;
        if (left < least) least = left;
      }
      fail(
        `of the initial excess ${before} over the minimum, ${least} is left after ${DESCENT_STEPS} steps at the best of the rates ${RATES.join(", ")}`,
      );
    }),

  "agrees between kernels and references, within the rounding of float32": (optimizer, { onShare }) =>
    fc.property(anyDescent(numbers.nonZero), ({ start, gradients }) => {
      const layout = layoutFor(optimizer, start.length);
      const program = stepsProgram(optimizer, layout);
      const arrays = initialArrays(reference(), optimizer, start, layout);
      const rounded = Object.entries({ ...arrays, gradient: gradients[0] }).map(
        ([name, values]) => [name, values.map(Math.fround)] as const,
      );
      const given = { streams: {}, dataRows: 0, shuffle: false, batchSize: 1, seed: 0, steps: STEPS };
      const share = checkRun(wasm(), program, { ...given, arrays: Object.fromEntries(rounded) }, FLOAT32);
      onShare?.(share);
    }),

  "follows its equations": (optimizer, { equations, tolerance = 1e-9, onShare }) =>
    fc.property(anyDescent(numbers.nonZero), ({ start, gradients }) => {
      if (equations === undefined) return;
      const points = followed(reference(), optimizer, start, gradients);
      const expected = start.map((from, i) => {
        const rule = equations();
        let w = from;
        return gradients.map((gradient, t) => {
          w = rule(w, gradient[i], t + 1);
          return w;
        });
      });
      const farthest = Math.max(...[...start, ...expected.flat()].map(Math.abs));
      let worst = 0;
      points.forEach((point, t) => {
        point.forEach((x, i) => {
          const error = Math.abs(x - expected[i][t]);
          if (!(error <= tolerance * farthest))
            fail(`weight ${i} is ${x} after step ${t + 1}; by the equations it is ${expected[i][t]}`);
          if (error > 0) worst = Math.max(worst, error / (tolerance * farthest));
        });
      });
      onShare?.(worst);
    }),
};

/** The rates that the law of quadratics tries; one of them must succeed. */
const RATES = [3, 1, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001];
const DESCENT_STEPS = 2000;
/** The share of the initial excess over the minimum that may be left. */
const DESCENT_SHARE = 1e-2;

/**
 * Checks all laws of an optimizer.
 *
 * @param optimizer - from its factory, with the hyperparameters to test
 * @throws BrokenLaw with the law's name, what went wrong, the smallest case that breaks it, and how to replay
 * it; FettleError `invalid_argument` or `unknown_name` for invalid arguments
 * @example
 * ```ts
 * const rate = 0.1;
 * checkOptimizer(sgd({ learningRate: rate }), { equations: () => (w, g) => w - rate * g, numRuns: 10 });
 * ```
 */
export function checkOptimizer(optimizer: Optimizer, options: OptimizerCheckOptions = {}): void {
  checkOptimizerOptions(options);
  for (const name of Object.keys(optimizerLaws)) {
    if (!options.except?.includes(name)) checkOptimizerLaw(optimizer, name, options);
  }
}

/**
 * Checks one of `optimizerLaws`, so that a test runner can show each separately.
 *
 * @throws BrokenLaw as {@link checkOptimizer}; FettleError `unknown_name` for an unknown law
 * @example
 * ```ts
 * checkOptimizerLaw(adam(), "does not move a parameter at a learning rate of 0", { numRuns: 10 });
 * ```
 */
export function checkOptimizerLaw(
  optimizer: Optimizer,
  name: string,
  options: OptimizerCheckOptions = {},
): void {
  const isOptimizer = isRecord(optimizer) && typeof optimizer.update === "function";
  must(isOptimizer, "optimizer", "an optimizer such as adam()", optimizer);
  checkOptimizerOptions(options);
  const property = lawOf(optimizerLaws, name)(optimizer, options);
  hold(`optimizer "${optimizer.name}"`, name, property, options);
}

function checkOptimizerOptions(options: OptimizerCheckOptions): void {
  const { except = [] } = readOptions(options, "checkOptimizer", RULES);
  for (const name of except) lawOf(optimizerLaws, name);
}

/** The optimizer with a constant rate, in place of a schedule too. */
function withRate(optimizer: Optimizer, learningRate: number): Optimizer {
  const hyperparameters = { ...optimizer.hyperparameters, learningRate };
  return { ...optimizer, learningRate, hyperparameters };
}

function withoutDecay(optimizer: Optimizer): Optimizer {
  const decays = Object.keys(optimizer.hyperparameters).filter((name) => /weightDecay$/i.test(name));
  const none = Object.fromEntries(decays.map((name) => [name, 0]));
  return { ...optimizer, decay: "none", hyperparameters: { ...optimizer.hyperparameters, ...none } };
}

/** The points of one array: for a rule that depends on shapes a matrix, if its size allows. */
function alone(
  optimizer: Optimizer,
  start: readonly number[],
  gradients: readonly (readonly number[])[],
  executor = wasm(),
): number[][] {
  return followed(executor, optimizer, start, gradients, { layout: layoutFor(optimizer, start.length) });
}

function layoutFor({ perArray }: Optimizer, size: number): Shape[] {
  const rows = [3, 2].find((divisor) => size > divisor && size % divisor === 0);
  return [perArray && rows !== undefined ? [rows, size / rows] : [size]];
}

/** The original places of an array's numbers after its rows and columns are reordered. */
function ordered(shape: Shape, order: readonly number[]): number[] {
  const [rows, columns] = shape.length === 2 ? (shape as readonly number[]) : [1, order.length];
  const [i, j] = [rows, columns].map((count) => order.filter((place) => place < count));
  return i.flatMap((row) => j.map((column) => row * columns + column));
}

/** Sizes that add up to `size`, from `cuts` in turn. */
function layoutOf(size: number, cuts: readonly number[]): number[] {
  const layout: number[] = [];
  for (let left = size; left > 0; left -= layout[layout.length - 1])
    layout.push(Math.min(left, cuts[layout.length % cuts.length]));
  return layout;
}

/** @param share - the largest difference, as a share of the farthest point */
function checkSame(
  actual: readonly (readonly number[])[],
  expected: readonly (readonly number[])[],
  message: string,
  share = 0,
): void {
  const most = share && share * Math.max(...expected.flat().map(Math.abs));
  const isSame = (x: number, y: number): boolean =>
    x === y || Math.abs(x - y) <= most || (share === 0 && Number.isNaN(x) && Number.isNaN(y));
  expected.forEach((point, t) => {
    const i = point.findIndex((x, at) => !isSame(x, actual[t][at]));
    if (i >= 0) fail(`${message}: weight ${i} is ${actual[t][i]} after step ${t + 1}, not ${point[i]}`);
  });
}
