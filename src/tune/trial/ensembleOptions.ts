/** The option `ensemble`: its checks, its defaults, and the number of further divisions of the rows. */
import type { Dataset } from "../../data/dataset.js";
import { check, isPlainObject, must, mustBeInteger } from "../../errors.js";
import { flag, nameOf, type OptionRules, readOptions } from "../../rules.js";
import type { SelectionSettings } from "../ensemble/select.js";
import { type Division, repeatable } from "./folds.js";

/** How the networks of an ensemble are chosen. */
export interface EnsembleOptions {
  /** How many networks it has, from 1 to 100. */
  readonly networks: number;
  /**
   * `greedy` adds, one after the other, the trial or model that brings the mean of the predictions for
   * validation rows nearest to the targets; a trial that is chosen several times is trained with as many
   * seeds. `best` takes the best, once each.
   *
   * @defaultValue `"greedy"`
   */
  readonly selection?: "greedy" | "best";
  /**
   * Whether the linear model of the same features (logistic or ridge regression) and the constant are
   * candidates too, with networks that read rows of features. For large tables, or in a short time, only the
   * constant is.
   *
   * @defaultValue `true`
   */
  readonly untuned?: boolean;
  /**
   * How many more times, from 0 to 10, the rows are divided into folds, on which all candidates are trained
   * too: the best of many trials are partly the luckiest on their folds. Each takes as long as 32 trials, or
   * all of them if there are fewer. It needs `validation` by `{ folds }`, and rows without a time.
   *
   * @defaultValue 0; with a `timeout` and up to 65,536 rows, as many as there is time for if the search ended
   * early, at most 3
   */
  readonly confirm?: number;
}

const MOST_NETWORKS = 100;
/**
 * The most further divisions of the rows: by the option, and if time decides. docs/tuning.md has their
 * effect.
 */
const [MOST_CONFIRM, CONFIRM] = [10, 3];
/** The most rows for which time decides: larger tables get few trials. */
const FEW_ROWS = 2 ** 16;

const RULES = {
  networks: true,
  selection: [nameOf("selection of ensemble", { greedy: true, best: true }), "greedy"],
  untuned: [flag, true],
  confirm: (name, value) => {
    mustBeInteger(name, value, 0);
    must((value as number) <= MOST_CONFIRM, name, `at most ${MOST_CONFIRM}`, value);
  },
} satisfies OptionRules<EnsembleOptions>;

/** The settings of an ensemble. */
export type EnsembleSettings = SelectionSettings & Pick<EnsembleOptions, "untuned" | "confirm">;

/**
 * The settings of option `ensemble`; undefined for a single network.
 *
 * @throws FettleError `invalid_argument`, `unknown_name`
 */
export function selectionFor(
  ensemble: number | EnsembleOptions | undefined,
  objectives: number,
): EnsembleSettings | undefined {
  if (ensemble === undefined) return undefined;
  const isNumber = typeof ensemble === "number";
  must(
    isNumber || isPlainObject(ensemble),
    "ensemble",
    "a number of networks, or { networks, selection, untuned, confirm }",
    ensemble,
  );
  const given: EnsembleOptions = isNumber ? { networks: ensemble } : ensemble;
  const { networks, selection, untuned, confirm } = readOptions(given, "ensemble", RULES, " of ensemble");
  mustBeInteger("ensemble", networks);
  must(networks <= MOST_NETWORKS, "ensemble", `at most ${MOST_NETWORKS} networks`, networks);
  must(networks > 1 || !confirm, "confirm of ensemble", "0 for a single network", confirm);
  if (networks === 1) return undefined;
  must(objectives === 1, "metric with an ensemble", "one metric", objectives);
  return { networks, selection, ...(!untuned && { untuned }), ...(confirm !== undefined && { confirm }) };
}

/**
 * How many further divisions of its rows a study has for an ensemble: its end decides whether they are used.
 *
 * @throws FettleError `invalid_argument` for rows that cannot be divided again
 */
export function divisionsFor(
  { confirm }: EnsembleSettings,
  data: Pick<Dataset, "rows" | "time">,
  validation: Division,
): number {
  const can = repeatable(data, validation);
  check(
    can || !confirm,
    () =>
      `confirm of ensemble must be 0 unless validation is { folds } and rows have no time, since only then can rows be divided again; received ${confirm}`,
  );
  return can ? (confirm ?? (data.rows <= FEW_ROWS ? CONFIRM : 0)) : 0;
}
