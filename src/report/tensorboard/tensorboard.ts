/**
 * A study as the event files of TensorBoard: a run for each trial with its curves, and the data of the page
 * HParams.
 */
import type { TrialRecord } from "../../search/trial/trial.js";
import type { StudyData } from "../plots/studyData.js";
import {
  asKind,
  endEvent,
  experimentEvent,
  FAILURE,
  kindOf,
  SUCCESS,
  scalarsEvent,
  startEvent,
  versionEvent,
} from "./events.js";
import { recordFile } from "./records.js";

/** A file of a folder for TensorBoard. */
export interface TensorboardFile {
  /** Below the folder, with `/` between folders. */
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** TensorBoard reads files with `tfevents` in their names. */
const FILE = "events.out.tfevents.0.fettle";

/**
 * The files of a folder that `tensorboard --logdir` reads, one at a time. Each trial is a run, `trial-0` and
 * so on, with a scalar for each of its curves, by epoch (`loss`, or `loss/fold-0` and so on for several
 * folds; no points where a curve is NaN), and its objectives under `objective/`. The page HParams has a row
 * for each trial. Times are those that the trials took, end to end, from 0: a study does not record dates.
 *
 * @example
 * ```ts
 * const study = createStudy({ space: { x: float(-5, 5) }, strategy: random(), direction: "minimize" });
 * await study.optimize(({ x }) => x * x, { trials: 2 });
 * const files = tensorboardFiles(studyData(study));
 * Array.from(files, ({ path }) => path.split("/").length); // [1, 2, 2]
 * ```
 * @see https://www.tensorflow.org/tensorboard/hyperparameter_tuning_with_hparams
 */
export function* tensorboardFiles(study: StudyData): Iterable<TensorboardFile> {
  const { space, metrics, trials } = study;
  const tags = metrics.map((metric) => [`objective/${metric}`, metric] as const);
  yield { path: FILE, bytes: recordFile([versionEvent(), experimentEvent(space, tags)]) };
  const digits = String(trials.at(-1)?.number ?? 0).length;
  let seconds = 0;
  for (const trial of trials) {
    const name = `trial-${String(trial.number).padStart(digits, "0")}`;
    const events = eventsOf(trial, study, name, seconds);
    seconds += trial.seconds ?? 0;
    yield { path: `${name}/${FILE}`, bytes: recordFile([versionEvent(), ...events]) };
  }
}

/** @param began - seconds since the study started */
function* eventsOf(trial: TrialRecord, study: StudyData, name: string, began: number): Iterable<Uint8Array> {
  const { params, status, curves, values, value, seconds } = trial;
  const { space, metrics } = study;
  const ended = began + (seconds ?? 0);
  const shown = Object.entries(params).map(([key, each]) => [key, asKind(each, kindOf(space[key]))] as const);
  yield startEvent(began, name, shown);
  const epochs = Math.max(0, ...(curves?.epochs ?? []));
  const lines = Object.entries(curves?.history ?? {}).flatMap(([curve, folds]) =>
    Array.from(folds, (numbers, fold) => ({
      tag: folds.length === 1 ? curve : `${curve}/fold-${fold}`,
      numbers,
    })),
  );
  for (let epoch = 0; epoch < epochs; epoch++) {
    const scalars = lines.flatMap(({ tag, numbers }) =>
      Number.isNaN(numbers[epoch] ?? Number.NaN) ? [] : [[tag, numbers[epoch]] as const],
    );
    if (scalars.length === 0) continue;
    yield scalarsEvent(began + ((epoch + 1) / epochs) * (ended - began), epoch, scalars);
  }
  const scores = (values ?? [value]).flatMap((score, i) =>
    score === null ? [] : [[`objective/${metrics[i]}`, score] as const],
  );
  if (scores.length > 0) yield scalarsEvent(ended, Math.max(0, epochs - 1), scores);
  yield endEvent(ended, status === "complete" || status === "pruned" ? SUCCESS : FAILURE);
}
