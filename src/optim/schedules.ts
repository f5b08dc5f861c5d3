/**
 * The built-in schedules. Each is its equation in the number of earlier steps, t = 0, 1, …; `schedule.ts` has
 * the contract.
 */

import { check, checkOptions, must, type OptionNames, show } from "../errors.js";
import {
  add,
  cos,
  div,
  floor,
  greater,
  greaterEqual,
  log,
  maximum,
  minimum,
  mul,
  type Operand,
  pow,
  select,
  sub,
} from "../graph/functions.js";
import type { Value } from "../graph/graph.js";
import { madeBy, madeFrom } from "../recipe.js";
import { finite, inFloat32, type OptionRules, readOptions } from "../rules.js";
import {
  defineBuiltInSchedule,
  isSchedule,
  numbersOfRate,
  type Rate,
  rateAt,
  recipeOfRate,
  type Schedule,
  type ScheduleContext,
} from "./schedule.js";

/** From 1 at x = 0 to 0 at x = 1, along half a period of a cosine. */
const halfCosine = (x: Value): Value => mul(0.5, add(1, cos(mul(Math.PI, x))));

/**
 * Keras' `ExponentialDecay`: lr·r^(t/d). With `staircase` the exponent is ⌊t/d⌋, which is PyTorch's `StepLR`
 * of step size d and gamma r.
 *
 * Numbers: `initialLearningRate` lr in [0, ∞); `decaySteps` d in (0, ∞); `decayRate` r in [0, ∞). Flags:
 * `staircase`, default false.
 *
 * @throws FettleError `unknown_name` for an unknown option, `invalid_argument` for a missing or invalid value
 * @example
 * ```ts
 * const learningRate = exponentialDecay({ initialLearningRate: 0.1, decaySteps: 1000, decayRate: 0.5 });
 * adam({ learningRate }).hyperparameters["learningRate.decayRate"]; // 0.5
 * ```
 */
export const exponentialDecay = defineBuiltInSchedule({
  name: "exponentialDecay",
  required: ["initialLearningRate", "decaySteps", "decayRate"],
  ranges: { initialLearningRate: "[0, ∞)", decaySteps: "(0, ∞)", decayRate: "[0, ∞)" },
  flags: { staircase: false },
  rate({ numbers: { initialLearningRate, decaySteps, decayRate }, step: t, options }) {
    const periods = div(t, decaySteps);
    return mul(initialLearningRate, pow(decayRate, options.staircase ? floor(periods) : periods));
  },
});

/**
 * Keras' `CosineDecay` without its warm-up (see {@link warmup}): from lr to α·lr over d steps, then constant,
 * lr·((1 − α)·½(1 + cos(πt/d)) + α).
 *
 * Numbers: `initialLearningRate` lr in [0, ∞); `decaySteps` d in (0, ∞); `alpha` α in [0, ∞), default 0.
 *
 * @throws FettleError `unknown_name` for an unknown option, `invalid_argument` for a missing or invalid value
 * @see I. Loshchilov and F. Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017
 * @example
 * ```ts
 * const optimizer = adam({ learningRate: cosineDecay({ initialLearningRate: 0.1, decaySteps: 1000 }), globalClipNorm: 1 });
 * optimizer.hyperparameters["learningRate.decaySteps"]; // 1000
 * ```
 */
export const cosineDecay = defineBuiltInSchedule({
  name: "cosineDecay",
  required: ["initialLearningRate", "decaySteps"],
  optional: { alpha: 0 },
  ranges: { initialLearningRate: "[0, ∞)", decaySteps: "(0, ∞)", alpha: "[0, ∞)" },
  rate({ numbers: { initialLearningRate, decaySteps, alpha }, step: t }) {
    const share = halfCosine(div(minimum(t, decaySteps), decaySteps));
    return mul(initialLearningRate, add(mul(sub(1, alpha), share), alpha));
  },
});

/**
 * Keras' `CosineDecayRestarts`: a cosine of d steps, then one of d·tMul steps, and so on; the i-th, from 0,
 * starts at lr·mMulⁱ. At a share x of it, the rate is lr·((1 − α)·mMulⁱ·½(1 + cos πx) + α).
 *
 * Numbers: `initialLearningRate` lr in [0, ∞); `firstDecaySteps` d in (0, ∞); `tMul` in [1, ∞), default 2;
 * `mMul` in [0, ∞), default 1; `alpha` α in [0, ∞), default 0.
 *
 * @throws FettleError `unknown_name` for an unknown option, `invalid_argument` for a missing or invalid value
 * @see I. Loshchilov and F. Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017
 * @example
 * ```ts
 * const learningRate = cosineDecayRestarts({ initialLearningRate: 0.1, firstDecaySteps: 100, mMul: 0.9 });
 * sgd({ learningRate }).hyperparameters["learningRate.tMul"]; // 2
 * ```
 */
export const cosineDecayRestarts = defineBuiltInSchedule({
  name: "cosineDecayRestarts",
  required: ["initialLearningRate", "firstDecaySteps"],
  optional: { tMul: 2, mMul: 1, alpha: 0 },
  ranges: {
    initialLearningRate: "[0, ∞)",
    firstDecaySteps: "(0, ∞)",
    tMul: "[1, ∞)",
    mMul: "[0, ∞)",
    alpha: "[0, ∞)",
  },
  traits: ({ tMul }) => ({ lengthens: Math.fround(tMul) !== 1 }),
  rate({ numbers: { initialLearningRate, firstDecaySteps, tMul, mMul, alpha }, step: t, options }) {
    const periods = div(t, firstDecaySteps);
    const { restarts, share } = options.lengthens
      ? lengthening(periods, tMul)
      : { restarts: floor(periods), share: sub(periods, floor(periods)) };
    const height = mul(pow(mMul, restarts), halfCosine(share));
    return mul(initialLearningRate, add(mul(sub(1, alpha), height), alpha));
  },
});

/** Restarts so far, and the share of the current period, if the i-th period is tMulⁱ long. */
function lengthening(periods: Value, tMul: Value): { restarts: Value; share: Value } {
  const start = (i: Operand): Value => div(sub(pow(tMul, i), 1), sub(tMul, 1));
  // The quotient of logarithms is rounded, so at a restart it may be off by one.
  const about = floor(div(log(add(1, mul(periods, sub(tMul, 1)))), log(tMul)));
  const late = greaterEqual(periods, start(add(about, 1)));
  const early = greater(start(about), periods);
  const restarts = sub(add(about, late), early);
  return { restarts, share: div(sub(periods, start(restarts)), pow(tMul, restarts)) };
}

/**
 * PyTorch's `OneCycleLR` with two phases, only for the learning rate: over a share p of n steps from m/a up
 * to m, then down to m/(ab), along half cosines, or lines with `linear`. After n steps it is constant.
 *
 * Numbers: `maxLearningRate` m in [0, ∞); `totalSteps` n in (1, ∞); `pctStart` p in (0, 1), default 0.3, with
 * pn > 1;
 * `divFactor` a in (0, ∞), default 25; `finalDivFactor` b in (0, ∞), default 10⁴. Flags: `linear`, default
 * false.
 *
 * By default PyTorch moves the momentum against the rate; here the momentum is constant.
 *
 * @throws FettleError `unknown_name` for an unknown option, `invalid_argument` for a missing or invalid value
 * @see L. Smith and N. Topin, "Super-convergence: very fast training of neural networks using large learning
 * rates", 2018
 * @example
 * ```ts
 * const optimizer = sgd({ learningRate: oneCycle({ maxLearningRate: 0.1, totalSteps: 500 }), momentum: 0.9 });
 * optimizer.hyperparameters["learningRate.pctStart"]; // 0.3
 * ```
 */
export const oneCycle = defineBuiltInSchedule({
  name: "oneCycle",
  required: ["maxLearningRate", "totalSteps"],
  optional: { pctStart: 0.3, divFactor: 25, finalDivFactor: 1e4 },
  ranges: {
    maxLearningRate: "[0, ∞)",
    totalSteps: "(1, ∞)",
    pctStart: "(0, 1)",
    divFactor: "(0, ∞)",
    finalDivFactor: "(0, ∞)",
  },
  flags: { linear: false },
  validate({ pctStart, totalSteps }) {
    check(
      pctStart * totalSteps > 1,
      () =>
        "pctStart × totalSteps of oneCycle must be greater than 1, so that the rate rises for more than one step; " +
        `received ${show(pctStart)} × ${show(totalSteps)}`,
    );
  },
  rate({ numbers: { maxLearningRate, totalSteps, pctStart, divFactor, finalDivFactor }, step: t, options }) {
    const first = div(maxLearningRate, divFactor);
    const [peak, end] = [sub(mul(pctStart, totalSteps), 1), sub(totalSteps, 1)];
    const falls = greater(t, peak);
    const [from, to] = [
      select(falls, maxLearningRate, first),
      select(falls, div(first, finalDivFactor), maxLearningRate),
    ];
    const share = select(falls, minimum(div(sub(t, peak), sub(end, peak)), 1), div(t, peak));
    return add(to, mul(sub(from, to), options.linear ? sub(1, share) : halfCosine(share)));
  },
});

/** Options of {@link piecewiseConstantDecay}. */
export interface PiecewiseConstantDecayOptions {
  /** Steps, at least one, in increasing order, each in [0, ∞). */
  readonly boundaries: readonly number[];
  /** Rates in [0, ∞), one more than boundaries. */
  readonly values: readonly number[];
}

const PIECEWISE_OPTIONS: OptionNames<PiecewiseConstantDecayOptions> = { boundaries: true, values: true };

/**
 * Keras' `PiecewiseConstantDecay`: the first value up to and including the step t = `boundaries[0]`, the next
 * one up to the next boundary, and so on.
 *
 * @throws FettleError `unknown_name` for an unknown option, `invalid_argument` for a missing or invalid value
 * @example
 * ```ts
 * const learningRate = piecewiseConstantDecay({ boundaries: [1000, 2000], values: [0.1, 0.01, 0.001] });
 * adam({ learningRate }).hyperparameters["learningRate.boundary2"]; // 2000
 * ```
 */
export function piecewiseConstantDecay(config: PiecewiseConstantDecayOptions): Schedule {
  const name = "piecewiseConstantDecay";
  checkOptions(config, name, PIECEWISE_OPTIONS);
  const { boundaries, values } = config;
  must(
    Array.isArray(boundaries) && boundaries.length > 0,
    `boundaries of ${name}`,
    "an array of at least one number",
    boundaries,
  );
  must(
    Array.isArray(values) && values.length === boundaries.length + 1,
    `values of ${name}`,
    `an array of ${boundaries.length + 1} numbers, one more than boundaries`,
    values,
  );
  boundaries.forEach((boundary, i) => {
    NUMBER(`boundary ${i + 1} of ${name}`, boundary);
    must(i === 0 || boundary > boundaries[i - 1], `boundaries of ${name}`, "in increasing order", boundaries);
  });
  for (const [i, value] of values.entries()) NUMBER(`value ${i + 1} of ${name}`, value);
  const count = values.length;
  const schedule: Schedule = {
    name,
    numbers: Object.freeze({
      ...Object.fromEntries(boundaries.map((boundary, i) => [`boundary${i + 1}`, boundary])),
      ...Object.fromEntries(values.map((value, i) => [`value${i + 1}`, value])),
    }),
    rate({ numbers, step: t }: ScheduleContext) {
      let rate = numbers.value1;
      for (let i = 1; i < count; i++)
        rate = select(greater(t, numbers[`boundary${i}`]), numbers[`value${i + 1}`], rate);
      return rate;
    },
  };
  madeFrom(schedule, [name, count]);
  return madeBy(schedule, { name, options: { ...config } });
}

/** Options of {@link warmup}. */
export interface WarmupOptions {
  /** A number in [0, ∞), or the schedule that follows. */
  readonly learningRate: Rate;
  /** Steps s of the warm-up, in [0, ∞). */
  readonly warmupSteps: number;
  /** The rate i at the start, in [0, ∞). Default 0. */
  readonly initialLearningRate?: number;
}

const NUMBER = inFloat32(finite("[0, ∞)"));
const WARMUP_RULES = {
  learningRate: true,
  warmupSteps: [NUMBER],
  initialLearningRate: [NUMBER, 0],
} satisfies OptionRules<WarmupOptions>;

/**
 * A linear rise to another rate over the first steps: i + (r₀ − i)·t/s while t < s, and then the rate r of
 * step t − s. Around `cosineDecay` it is Keras' `CosineDecay` with a warm-up.
 *
 * @throws FettleError `unknown_name` for an unknown option, `invalid_argument` for a missing or invalid value
 * @see P. Goyal and others, "Accurate, large minibatch SGD: training ImageNet in 1 hour", section 2.2, 2017
 * @example
 * ```ts
 * const decay = cosineDecay({ initialLearningRate: 0.1, decaySteps: 900 });
 * const optimizer = adam({ learningRate: warmup({ learningRate: decay, warmupSteps: 100 }) });
 * optimizer.hyperparameters["learningRate.learningRate.decaySteps"]; // 900
 * ```
 */
export function warmup(config: WarmupOptions): Schedule {
  const name = "warmup";
  const { learningRate, warmupSteps, initialLearningRate } = readOptions(
    config,
    name,
    WARMUP_RULES,
    ` of ${name}`,
  );
  if (!isSchedule(learningRate)) NUMBER(`learningRate of ${name}`, learningRate);
  const schedule: Schedule = {
    name,
    numbers: Object.freeze({ ...numbersOfRate(learningRate), warmupSteps, initialLearningRate }),
    rate({ numbers, step: t }: ScheduleContext) {
      const { warmupSteps: steps, initialLearningRate: first } = numbers;
      // its first rate while t < s
      const after = rateAt(learningRate, numbers, maximum(sub(t, steps), 0));
      const line = add(first, mul(sub(after, first), div(t, steps)));
      return select(greater(steps, t), line, after);
    },
  };
  madeFrom(schedule, [name, recipeOfRate(learningRate)]);
  return madeBy(schedule, { name, options: { ...config } });
}
