/**
 * The laws that every optimizer keeps, as property tests over random gradients and problems; for the built-in ones and
 * for one made by `defineOptimizer`. They test the rule and how it is run, not how fast it learns.
 */
import fc from "fast-check";
import { createEngine } from "../engine/engine.js";
import type { Executor } from "../engine/executor.js";
import type { Optimizer } from "../optim/optimizer.js";
import { anyQuadratic } from "./arbitraries/problems.js";
import { numbers } from "./arbitraries/tensors.js";
import { drive, followed, initialArrays, type Layout, stepsProgram } from "./drive.js";
import { type CheckOptions, fail, hold, lawOf } from "./laws.js";
import { FLOAT32 } from "./operations/rounding.js";
import { checkRun } from "./run.js";

/** An optimizer's rule for one number, in plain float64 and with a state of its own: the weight after step t, from 1. */
export type Equations = (w: number, gradient: number, t: number) => number;

/** Which cases, and what is known of the optimizer. */
export interface OptimizerCheckOptions extends CheckOptions {
  /**
   * Makes the rule anew, with the optimizer's numbers and weight decay, for each number of a parameter. Where it is
   * given, the optimizer is held to it.
   */
  readonly equations?: () => Equations;
  /** How far the two may be apart, as a share of the farthest point. Default 1e-9, for the rounding of both. */
  readonly tolerance?: number;
  /** Names of laws that it does not keep by design, such as that of layouts for a rule that takes norms. */
  readonly except?: readonly string[];
}

type Law = (optimizer: Optimizer, options: OptimizerCheckOptions) => fc.IRawProperty<unknown>;

/** Steps of a case, and the most numbers of its parameters. */
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

/** Of any sign, 0 among them. */
const anyGradient = fc.oneof(
  { weight: 5, arbitrary: numbers.real },
  { weight: 1, arbitrary: fc.constant(0) },
);
/** The largest that float32 cannot square, but can add up some hundred times; see `numbers.huge`. */
const huge = numbers.huge.filter((x) => Math.abs(x) < 2 ** 120);

/** The laws of optimizers by name: each gives a property for fast-check's `assert`. */
export const optimizerLaws: Readonly<Record<string, Law>> = {
  "is a function of parameters, gradients, slots and step alone": (optimizer) =>
    fc.property(anyDescent(anyGradient), ({ start, gradients }) => {
      const [first, second] = [0, 1].map(() => followed(wasm(), optimizer, start, gradients));
      checkSame(second, first, "the same rule written twice led elsewhere");
    }),

  "goes on from a saved run as if it had not been saved": (optimizer) =>
    fc.property(anyDescent(anyGradient), fc.nat({ max: STEPS }), ({ start, gradients }, stop) => {
      const whole = followed(wasm(), optimizer, start, gradients);
      const first = drive(wasm(), optimizer, start);
      for (const gradient of gradients.slice(0, stop)) first.follow(gradient);
      const saved = first.run.save();
      first.run.free();
      const second = drive(wasm(), optimizer, start);
      second.run.restore(saved);
      const after = gradients.slice(stop).map((gradient) => {
        second.follow(gradient);
        return second.point();
      });
      second.run.free();
      checkSame(
        [...whole.slice(0, stop), ...after],
        whole,
        `saved after step ${stop}, it went on differently`,
      );
    }),

  "treats every number alike: other places give the same in other places": (optimizer) =>
    fc.property(
      anyDescent(anyGradient).chain((descent) =>
        fc.tuple(
          fc.constant(descent),
          fc.shuffledSubarray([...descent.start.keys()], { minLength: descent.start.length }),
        ),
      ),
      ([{ start, gradients }, order]) => {
        const moved = (array: readonly number[]): number[] => order.map((i) => array[i]);
        const plain = followed(wasm(), optimizer, start, gradients);
        const permuted = followed(wasm(), optimizer, moved(start), gradients.map(moved));
        checkSame(permuted, plain.map(moved), `in the order ${order} it led elsewhere`);
      },
    ),

  "does not depend on how parameters are laid out: one array, or several": (optimizer) =>
    fc.property(
      anyDescent(anyGradient),
      fc.array(fc.integer({ min: 1, max: 4 }), { minLength: MOST }),
      ({ start, gradients }, cuts) => {
        const layout = layoutOf(start.length, cuts);
        const whole = followed(wasm(), optimizer, start, gradients);
        const parts = followed(wasm(), optimizer, start, gradients, layout);
        checkSame(parts, whole, `in arrays of ${layout} it led elsewhere`);
      },
    ),

  "leaves a fresh parameter where it is while its gradient is 0, without weight decay": (optimizer) =>
    fc.property(anyDescent(fc.constant(0)), ({ start, gradients }) => {
      const points = followed(wasm(), withoutDecay(optimizer), start, gradients);
      checkSame(
        points,
        points.map(() => start),
        "it moved without a gradient",
      );
    }),

  "stays where it is at a learning rate of 0": (optimizer) =>
    fc.property(anyDescent(anyGradient), ({ start, gradients }) => {
      const points = followed(wasm(), withRate(optimizer, 0), start, gradients);
      checkSame(
        points,
        points.map(() => start),
        "it moved",
      );
    }),

  "stays finite where gradients are denormal, or too large to be squared": (optimizer) =>
    fc.property(
      anyDescent(fc.oneof(huge, numbers.denormal, numbers.real, fc.constant(0))),
      ({ start, gradients }) => {
        const points = followed(wasm(), optimizer, start, gradients);
        points.forEach((point, t) => {
          const i = point.findIndex((x) => !Number.isFinite(x));
          if (i >= 0) fail(`number ${i} is ${point[i]} after step ${t + 1}`);
        });
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
        `of ${before} above the minimum, ${least} is left after ${DESCENT_STEPS} steps at the best of the rates ${RATES.join(", ")}`,
      );
    }),

  "is computed by the kernels as by the references, within the rounding of float32": (
    optimizer,
    { onShare },
  ) =>
    fc.property(anyDescent(numbers.nonZero), ({ start, gradients }) => {
      const program = stepsProgram(optimizer, [start.length]);
      const arrays = initialArrays(createEngine({ executor: "reference" }), optimizer, start);
      const rounded = Object.entries({ ...arrays, gradient: gradients[0] }).map(
        ([name, values]) => [name, values.map(Math.fround)] as const,
      );
      const task = { streams: {}, dataRows: 0, shuffle: false, batchSize: 1, seed: 0, steps: STEPS };
      const share = checkRun(wasm(), program, { ...task, arrays: Object.fromEntries(rounded) }, FLOAT32);
      onShare?.(share);
    }),

  "follows its equations": (optimizer, { equations, tolerance = 1e-9, onShare }) =>
    fc.property(anyDescent(numbers.nonZero), ({ start, gradients }) => {
      if (equations === undefined) return;
      const points = followed(createEngine({ executor: "reference" }), optimizer, start, gradients);
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
            fail(`number ${i} is ${x} after step ${t + 1}; by the equations it is ${expected[i][t]}`);
          if (error > 0) worst = Math.max(worst, error / (tolerance * farthest));
        });
      });
      onShare?.(worst);
    }),
};

/** Rates that the law of quadratics tries: one of them must do. */
const RATES = [3, 1, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001];
const DESCENT_STEPS = 2000;
/** What may be left of the height above the minimum. */
const DESCENT_SHARE = 1e-2;

/**
 * Holds an optimizer to all laws.
 *
 * @param optimizer - as its factory made it, with the numbers it is to be tested with
 * @throws Error with the law's name, what went wrong, the smallest case that breaks it, and how to replay it
 * @example
 * ```ts
 * const rate = 0.1;
 * checkOptimizer(sgd({ learningRate: rate }), { equations: () => (w, g) => w - rate * g, numRuns: 10 });
 * ```
 */
export function checkOptimizer(optimizer: Optimizer, options: OptimizerCheckOptions = {}): void {
  for (const name of Object.keys(optimizerLaws)) {
    if (!options.except?.includes(name)) checkOptimizerLaw(optimizer, name, options);
  }
}

/**
 * Holds an optimizer to one of `optimizerLaws`, so that a test runner can show each by itself.
 *
 * @throws Error as {@link checkOptimizer}
 * @example
 * ```ts
 * checkOptimizerLaw(adam(), "stays where it is at a learning rate of 0", { numRuns: 10 });
 * ```
 */
export function checkOptimizerLaw(
  optimizer: Optimizer,
  name: string,
  options: OptimizerCheckOptions = {},
): void {
  const property = lawOf(optimizerLaws, name)(optimizer, options);
  hold(`optimizer "${optimizer.name}"`, name, property, options);
}

let engine: Executor | undefined;

/** One for all cases; runs are freed. */
function wasm(): Executor {
  engine ??= createEngine();
  return engine;
}

function withRate(optimizer: Optimizer, learningRate: number): Optimizer {
  return { ...optimizer, hyperparameters: { ...optimizer.hyperparameters, learningRate } };
}

function withoutDecay(optimizer: Optimizer): Optimizer {
  const hyperparameters = { ...optimizer.hyperparameters, weightDecay: 0 };
  return { ...optimizer, decay: "none", hyperparameters };
}

/** Sizes that add up to `size`, from `cuts` as far as they go. */
function layoutOf(size: number, cuts: readonly number[]): Layout {
  const layout: number[] = [];
  for (let left = size; left > 0; left -= layout[layout.length - 1])
    layout.push(Math.min(left, cuts[layout.length % cuts.length]));
  return layout;
}

function checkSame(
  actual: readonly (readonly number[])[],
  expected: readonly (readonly number[])[],
  message: string,
): void {
  expected.forEach((point, t) => {
    const i = point.findIndex(
      (x, at) => x !== actual[t][at] && !(Number.isNaN(x) && Number.isNaN(actual[t][at])),
    );
    if (i >= 0) fail(`${message}: number ${i} is ${actual[t][i]} after step ${t + 1}, not ${point[i]}`);
  });
}
