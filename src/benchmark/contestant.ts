/**
 * What competes: an optimizer and the space that its numbers are tuned in. The rule that gives an optimizer its space
 * is here; nothing here runs.
 */
import { check, isRecord, show, unknownName } from "../errors.js";
import type { Optimizer } from "../optim/optimizer.js";
import { optimizers as builtIn } from "../optim/registry.js";
import { float } from "../search/space/parameter.js";
import { sobol } from "../search/strategies/sobol/sobol.js";
import { createStudy } from "../search/study/study.js";

/** A number tuned on a log scale from `low` to `high`; with `complement`, one minus the number is. */
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
  /** What is tuned, by the names of the optimizer's numbers; all others stay at their defaults. */
  readonly space: Readonly<Record<string, Knob>>;
}

/**
 * How a number is tuned, by its name: rates over five powers of ten, the shares that averages keep by their distance
 * from 1. One rule for all optimizers, so that none is helped by a range made for it.
 */
export const KNOBS: Readonly<Record<string, Knob>> = {
  learningRate: { low: 1e-4, high: 10 },
  momentum: { low: 0.01, high: 1, complement: true },
  beta1: { low: 0.01, high: 1, complement: true },
  beta2: { low: 1e-3, high: 0.1, complement: true },
  rho: { low: 1e-3, high: 0.1, complement: true },
};

/**
 * An optimizer as one that competes.
 *
 * @param space - default: for `learningRate`, `momentum`, `beta1`, `beta2` and `rho`, as far as it has them, the ranges
 * that the built-in ones have
 * @throws FettleError `invalid_argument` for a name, a factory or a range that is none, `unknown_name` for a number that the optimizer does
 * not have
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
  check(
    /^[A-Za-z0-9][A-Za-z0-9-]*$/.test(name),
    () => `the name of an optimizer that competes is letters, digits and hyphens, got ${show(name)}`,
  );
  check(typeof create === "function", () => `optimizer ${show(name)} is a factory, got ${show(create)}`);
  const { hyperparameters } = create();
  const known = Object.keys(hyperparameters);
  for (const [key, knob] of Object.entries(space ?? {})) {
    if (!known.includes(key)) throw unknownName(`number of optimizer ${show(name)}`, key, known);
    check(
      isRecord(knob) && knob.low > 0 && knob.low < knob.high && Number.isFinite(knob.high),
      () => `${key} of ${name} is tuned from low, above 0, to high, got ${show(knob)}`,
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
 * The points of a space that are tried: the first of a Sobol' sequence, scrambled by `seed`. They depend on the space alone,
 * not on what the trials before gave.
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
