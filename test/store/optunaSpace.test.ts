/** The space that is read from the trials of a study of Optuna, of which only some are complete. */
import { expect, it } from "vitest";
import type { OptunaTrial } from "../../src/store/optuna/read.js";
import { studyOf } from "../../src/store/optuna/study.js";
import { refusal } from "../tune/support.js";

const choices = (...choices: string[]): string =>
  JSON.stringify({ name: "CategoricalDistribution", attributes: { choices } });
const range = (name: string, low: number, high: number): string =>
  JSON.stringify({ name, attributes: { low, high, log: false, step: name[0] === "I" ? 1 : null } });
const DISTRIBUTIONS: Readonly<Record<string, string>> = {
  model: choices("tree", "net", "svm"),
  layers: range("IntDistribution", 1, 9),
  units: range("IntDistribution", 1, 64),
  rate: range("FloatDistribution", 0, 1),
};

type Line = readonly [OptunaTrial["state"], Readonly<Record<string, number>>];

/**
 * The conditions, the notes, and how many trials came along.
 *
 * @param lines - states, and values as Optuna stores them
 */
async function importOf(lines: readonly Line[]) {
  const trials = lines.map(([state, params], number): OptunaTrial => {
    const entries = Object.entries(params);
    return {
      number,
      state,
      seconds: 1,
      params: new Map(entries.map(([name, number]) => [name, { number, distribution: DISTRIBUTIONS[name] }])),
      values: state === "COMPLETE" ? [number] : [],
      reports: [],
      user: {},
      system: {},
    };
  });
  const { study, notes } = await studyOf({ directions: ["minimize"], user: {}, system: {}, trials }, {});
  const whens = Object.entries(study.space).flatMap(([name, { when }]) => (when ? [[name, when]] : []));
  return { whens: Object.fromEntries(whens), notes, trials: study.trials.length };
}

const SHOWN = "as in the trials of Optuna";
const NOT_SHOWN = "as in trials of Optuna, of which those that have it are not complete";
const done = (params: Line[1]): Line => ["COMPLETE", params];
const failed = (params: Line[1]): Line => ["FAIL", params];

it.each<[string, readonly Line[], object, readonly string[], number]>([
  [
    "from a branch of a choice that failed each time",
    [done({ model: 0 }), failed({ model: 1, units: 8 }), failed({ model: 1, units: 9 })],
    { units: { model: ["net"] } },
    [`"units" applies when {"model":["net"]}, ${NOT_SHOWN}`],
    3,
  ],
  [
    "from a branch of an int that was pruned each time",
    [done({ layers: 1 }), done({ layers: 2 }), ["PRUNED", { layers: 4, rate: 0.5 }]],
    { rate: { layers: { low: 4 } } },
    [`"rate" applies when {"layers":{"low":4}}, ${NOT_SHOWN}`],
    3,
  ],
  [
    "from a branch that is only running, of which one trial failed early",
    [done({ model: 0 }), ["RUNNING", { model: 1, units: 8 }], failed({ model: 1 })],
    { units: { model: ["net"] } },
    [
      `"units" applies when {"model":["net"]}, ${NOT_SHOWN}`,
      "skipped 1 trials outside the space, such as those that failed before all parameters were suggested: 2; " +
        "later ones have other numbers here",
    ],
    2,
  ],
  [
    "from branches in a branch that failed",
    [done({ model: 0 }), failed({ model: 1, layers: 1 }), failed({ model: 1, layers: 3, units: 8 })],
    { layers: { model: ["net"] }, units: { layers: { low: 3 } } },
    [
      `"layers" applies when {"model":["net"]}, ${NOT_SHOWN}`,
      `"units" applies when {"layers":{"low":3}}, ${NOT_SHOWN}`,
    ],
    3,
  ],
  [
    "from failed trials in addition to complete ones",
    [done({ model: 0 }), done({ model: 1, units: 8 }), failed({ model: 2, units: 8 })],
    { units: { model: ["net", "svm"] } },
    [`"units" applies when {"model":["net","svm"]}, ${SHOWN}`],
    3,
  ],
  [
    "from complete trials alone where a failed one contradicts them",
    [done({ model: 0 }), done({ model: 1, units: 8 }), failed({ model: 0, units: 8 })],
    { units: { model: ["net"] } },
    [
      `"units" applies when {"model":["net"]}, ${SHOWN}`,
      "skipped 1 trials outside the space, such as those that failed before all parameters were suggested: 2; " +
        "later ones have other numbers here",
    ],
    2,
  ],
  [
    "without a condition where no trial is complete and one failed early",
    [failed({ rate: 0.5 }), failed({ rate: 0.5, units: 8 })],
    {},
    [
      '"units" is assumed to apply always: the trials of Optuna that lack it are not complete',
      "skipped 1 trials outside the space, such as those that failed before all parameters were suggested: 0; " +
        "later ones have other numbers here",
    ],
    1,
  ],
])("is read %s", async (_, lines, whens, notes, trials) => {
  expect(await importOf(lines)).toEqual({ whens, notes, trials });
});

it("is refused where nothing determines which trials have a parameter", async () => {
  const lines = [done({ model: 0 }), failed({ model: 0, units: 8 })];
  expect(await refusal(() => importOf(lines))).toBe(
    'invalid_space: parameter "units" is in some trials of Optuna but not in others, and no single parameter determines in which; pass a space with its condition',
  );
});
