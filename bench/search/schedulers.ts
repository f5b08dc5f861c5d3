/**
 * What a scheduler saves: the training steps (epochs, summed over trials) until a search is as good as random
 * search with whole trainings, on a dense network for the digits table (`digits-training.ts`).
 *
 * 1. Random search trains 60 configurations for 81 epochs each. Its score is the best value that any has at
 *    the end of its 81 epochs: the log loss of the validation rows (a fifth of the table, the same in all
 *    searches), or their accuracy.
 * 2. The same search, with a scheduler at its defaults, meets the same configurations in the same order, with
 *    the same first weights and batches, and goes on beyond the 60. It has won where a trial of the whole 81
 *    epochs is at least as good as random search's score; values on the way there do not count.
 * 3. The ratio is the epochs that all trials had by then, to the 60 · 81 of random search; infinite if it has
 *    not won within those. For "none" it is where random search itself had its best, which nobody knows
 *    before the end.
 *
 * Trials run one at a time through `study.optimize`; a scheduler sees what trials report at its rungs and no
 * more. The networks of a seed are trained once for all schedulers, which changes no value.
 */
import { createScheduler, createStudy, type Params, random, type Scheduler } from "fettle";
import type { Direction } from "../../src/search/trial/trial.js";
import { type Scores, startTraining, type Training, trainingSpace } from "./digits-training.js";
import { median, quantile } from "./statistics.js";

const TRIALS = 60;
const EPOCHS = 81;
const BUDGET = TRIALS * EPOCHS;
/** Of random search's steps: what a good scheduler needs at most. */
const SHARE = 1 / 5;

const measures: Readonly<Record<keyof Scores, Direction>> = { logLoss: "minimize", accuracy: "maximize" };
const schedulers = ["halving", "hyperband", "asha", "median"];

/** One search. */
export interface SchedulerRun {
  readonly scheduler: string;
  readonly measure: string;
  readonly seed: number;
  /** The score to reach. */
  readonly goal: number;
  /** Null for one that did not reach it within random search's steps. */
  readonly ratio: number | null;
}

type Trainings = (params: Params, seed: number) => Training;

/** Runs all schedulers on one seed. */
export async function compareSchedulers(seed: number): Promise<SchedulerRun[]> {
  const known = new Map<string, Training>();
  const trainings: Trainings = (params, trialSeed) => {
    const key = JSON.stringify([params, trialSeed]);
    const training = known.get(key) ?? startTraining(params, trialSeed, EPOCHS);
    known.set(key, training);
    return training;
  };
  const runs: SchedulerRun[] = [];
  for (const measure of Object.keys(measures) as (keyof Scores)[]) {
    const { number, value: goal } = await searchAtRandom(seed, measure, trainings);
    runs.push({ scheduler: "none", measure, seed, goal, ratio: (number + 1) / TRIALS });
    for (const scheduler of schedulers) {
      const steps = await stepsTo(goal, seed, measure, trainings, createScheduler(scheduler));
      runs.push({ scheduler, measure, seed, goal, ratio: steps === undefined ? null : steps / BUDGET });
    }
  }
  return runs;
}

function studyOf(seed: number, measure: keyof Scores) {
  return createStudy({ space: trainingSpace, strategy: random(), seed, direction: measures[measure] });
}

/** The best trial of random search. */
async function searchAtRandom(seed: number, measure: keyof Scores, trainings: Trainings) {
  const study = studyOf(seed, measure);
  await study.optimize(
    async (params, trial) => (await trainings(params, trial.seed).after(EPOCHS))[measure],
    { trials: TRIALS },
  );
  const { best } = study;
  if (!best || best.value === null) throw new Error(`no trial of seed ${seed} has a value`);
  return { number: best.number, value: best.value };
}

/**
 * How many steps a search has taken when it reaches `goal`; undefined where it takes more than the budget.
 */
async function stepsTo(
  goal: number,
  seed: number,
  measure: keyof Scores,
  trainings: Trainings,
  scheduler: Scheduler,
): Promise<number | undefined> {
  const study = studyOf(seed, measure);
  const isReached = (value: number) => (measures[measure] === "minimize" ? value <= goal : value >= goal);
  let steps = 0;
  let reachedAfter: number | undefined;
  const signal = {
    get aborted() {
      return reachedAfter !== undefined || steps >= BUDGET;
    },
  };
  await study.optimize(
    async (params, trial) => {
      const training = trainings(params, trial.seed);
      let done = 0;
      for (const rung of scheduler.rungs(trial.number, EPOCHS)) {
        const value = (await training.after(rung))[measure];
        steps += rung - done;
        done = rung;
        if (!(await trial.report(value, rung))) return value;
      }
      const value = (await training.after(EPOCHS))[measure];
      steps += EPOCHS - done;
      if (isReached(value) && steps <= BUDGET) reachedAfter ??= steps;
      return value;
    },
    // each trial takes a step at least
    { trials: BUDGET, scheduler, steps: EPOCHS, signal },
  );
  return reachedAfter;
}

/** The ratios of each scheduler over seeds. */
export function printSchedulers(runs: readonly SchedulerRun[]): void {
  console.log(
    `\nsteps until as good as random search with ${TRIALS} trials of ${EPOCHS} epochs, as a share of its steps`,
  );
  console.log(
    `${"measure".padEnd(12)}${"scheduler".padEnd(12)}${"seeds".padEnd(7)}${"median [quartiles]".padEnd(24)}${"reached".padEnd(9)}within 1/5`,
  );
  for (const measure of Object.keys(measures)) {
    for (const scheduler of ["none", ...schedulers]) {
      const ratios = runs
        .filter((run) => run.measure === measure && run.scheduler === scheduler)
        .map(({ ratio }) => ratio ?? Number.POSITIVE_INFINITY);
      const quartiles = `${show(median(ratios))} [${show(quantile(ratios, 0.25))}, ${show(quantile(ratios, 0.75))}]`;
      const within = (most: number) => `${ratios.filter((ratio) => ratio <= most).length}`;
      console.log(
        `${measure.padEnd(12)}${scheduler.padEnd(12)}${String(ratios.length).padEnd(7)}${quartiles.padEnd(24)}${within(1).padEnd(9)}${within(SHARE)}`,
      );
    }
  }
}

function show(ratio: number): string {
  return Number.isFinite(ratio) ? ratio.toFixed(3) : "∞";
}
