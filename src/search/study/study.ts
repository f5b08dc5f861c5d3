/** How a study starts: `beginStudy` checks its options. `contract.ts` defines a study. */
import { check, clockOf, isRecord, must, show } from "../../errors.js";
import { func, integer, type OptionRules, readOptions } from "../../rules.js";
import { type Constraint, resolveSpace, type Space } from "../space/space.js";
import { copyJson } from "../space/value.js";
import { mustBeStrategy, type Strategy } from "../strategies/strategy.js";
import { type Direction, mustBeDirection } from "../trial/trial.js";
import type { Study, StudyOptions } from "./contract.js";
import { openStudy } from "./open.js";

const STUDY_RULES = {
  space: true,
  strategy: true,
  seed: [integer(0), 0],
  direction: true,
  constraint: func("a function of parameters that returns true or false"),
  lag: [integer(0), 0],
  clock: true,
} satisfies OptionRules<StudyOptions>;

/** `createStudy` with a strategy, which searches load separately. */
export function beginStudy<const S extends Space>(
  options: StudyOptions<S> & { readonly strategy: Strategy },
): Study<S> {
  const given = options as unknown as StudyOptions;
  const { seed, direction, constraint, lag, clock } = readOptions(given, "a study", STUDY_RULES);
  const { strategy } = options;
  mustBeStrategy(strategy);
  must(
    isRecord(copyJson(strategy.options)),
    `options of strategy ${show(strategy.name)}`,
    "an object of JSON values",
    strategy.options,
  );
  const directions = directionsOf(direction, strategy);
  const space = resolveSpace(options.space, constraint as Constraint | undefined);
  return openStudy<S>(
    { space, strategy, seed, directions, lag, ...(clock !== undefined && { clock: clockOf(clock, clock) }) },
    [],
  );
}

/**
 * The direction of each objective.
 *
 * @throws FettleError `invalid_argument`, `unknown_name` for invalid directions, and for more objectives than
 * the strategy supports
 */
export function directionsOf(
  direction: unknown,
  { name, adaptive, multiObjective }: Strategy,
): readonly Direction[] {
  const list: readonly unknown[] =
    Array.isArray(direction) && direction.length > 0 ? [...direction] : [direction];
  for (const each of list) mustBeDirection(each);
  check(
    list.length === 1 || !adaptive || multiObjective === true,
    () =>
      `strategy ${show(name)} supports one objective; received ${list.length} directions. Use nsga2(), gp(), tpe(), random(), sobol() or grid()`,
  );
  return Object.freeze(list) as readonly Direction[];
}
