/**
 * Contestants: an optimizer and the space in which its numbers are tuned, with the rule that gives an
 * optimizer its space. Nothing here runs.
 */
import { isPlainObject, isRecord, must, mustBeRecord, show, unknownName } from "../errors.js";
import type { Optimizer } from "../optim/optimizer.js";
import { optimizers as builtIn } from "../optim/registry.js";
import { float } from "../search/space/builders.js";
import { sobol } from "../search/strategies/sobol/sobol.js";
import { createStudy } from "../search/study/create.js";
import { mustBeRunName } from "./problem.js";

/** A number tuned on a logarithmic scale from `low` to `high`; with `complement`, one minus the number is. */
export interface Knob {
  readonly low: number;
  readonly high: number;
  readonly complement?: boolean;
}

/** An optimizer that competes. */
export interface Contestant {
  /** Letters, digits and hyphens: it names runs in files. */
  readonly name: string;
  /** A factory of `defineOptimizer`. */
  readonly create: (numbers?: Readonly<Record<string, number>>) => Optimizer;
  /** The tuned numbers of the optimizer, by name; all others stay at their defaults. */
  readonly space: Readonly<Record<string, Knob>>;
}

/**
 * The range of a number, by its name: learning rates over five powers of ten, decay factors of averages by
 * their distance from 1. All optimizers share it, so that no range favours one.
 */
export const KNOBS: Readonly<Record<string, Knob>> = {
  learningRate: { low: 1e-4, high: 10 },
  momentum: { low: 0.01, high: 1, complement: true },
  beta1: { low: 0.01, high: 1, complement: true },
  beta2: { low: 1e-3, high: 0.1, complement: true },
  rho: { low: 1e-3, high: 0.1, complement: true },
};

/**
 * An optimizer that competes.
 *
 * @param space - default: those of `learningRate`, `momentum`, `beta1`, `beta2` and `rho` that the optimizer
 * has, with the ranges of the built-in optimizers
 * @throws FettleError `invalid_argument` for an invalid name, factory or range, `unknown_name` for a number
 * that the optimizer does not have
 * @example
 * ```ts
 * contestant("momentum", sgd).space.momentum; // { low: 0.01, high: 1, complement: true }
 * ```
 */
export function contestant(
  name: string,
  create: Contestant["create"],
  space?: Contestant["space"],
): Contestant {
  mustBeRunName("the name of a contestant", name);
  must(typeof create === "function", `optimizer ${show(name)}`, "a factory such as sgd", create);
  const created: unknown = create();
  must(
    isRecord(created) && isPlainObject(created.hyperparameters),
    `what optimizer ${show(name)} returns`,
    "an optimizer, as sgd() returns",
    created,
  );
  const { hyperparameters } = created;
  if (space !== undefined) mustBeRecord(`the space of ${name}`, space, "an object of ranges");
  const known = Object.keys(hyperparameters);
  for (const [key, knob] of Object.entries(space ?? {})) {
    if (!known.includes(key)) throw unknownName(`number of optimizer ${show(name)}`, key, known);
    must(
      isPlainObject(knob) && knob.low > 0 && knob.low < knob.high && Number.isFinite(knob.high),
      `the range of ${key} of ${name}`,
      "{ low, high } with low above 0 and below high",
      knob,
    );
  }
  const own = known.filter((key) => Object.hasOwn(KNOBS, key)).map((key) => [key, KNOBS[key]] as const);
  return { name, create, space: space ?? Object.fromEntries(own) };
}

/**
 * Every built-in optimizer.
 *
 * @example
 * ```ts
 * standardOptimizers()[0].name; // "sgd"
 * ```
 */
export function standardOptimizers(): Contestant[] {
  return Object.entries<Contestant["create"]>(builtIn).map(([name, create]) => contestant(name, create));
}

/**
 * The points to try: the first of a Sobol' sequence, scrambled by `seed`. They do not depend on the
 * results of earlier trials.
 */
export function samplePoints(
  { space }: Pick<Contestant, "space">,
  count: number,
  seed: number,
): Readonly<Record<string, number>>[] {
  const names = Object.keys(space);
  if (names.length === 0) return Array.from({ length: count }, () => ({}));
  const ranges = Object.fromEntries(
    names.map((name) => [name, float(space[name].low, space[name].high, { log: true })]),
  );
  const study = createStudy({ space: ranges, strategy: sobol(), direction: "minimize", seed });
  return Array.from({ length: count }, () => {
    const params = study.ask()?.params as Readonly<Record<string, number>>;
    return Object.fromEntries(
      names.map((name) => [name, space[name].complement ? 1 - params[name] : params[name]]),
    );
  });
}
