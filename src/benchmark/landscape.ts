/**
 * Pictures of problems with two parameters, as data: the scores over a part of the plane, and the paths of
 * runs.
 */
import { createEngine } from "../engine/engine.js";
import { check, show } from "../errors.js";
import { sgd } from "../optim/sgd.js";
import type { ComparedPhase } from "./analysis.js";
import type { Contestant } from "./contestant.js";
import type { Plane, Problem } from "./problem.js";
import { programsFor } from "./programs.js";
import { keyOf, type RunRecord } from "./record.js";
import { loadData, RunWorker } from "./run.js";

type Point = readonly [x: number, y: number];

/** The scores over a plane, on a grid of evenly spaced points. */
export interface Landscape {
  readonly plane: Plane;
  /** Points along x, and along y, from the low end to the high one. */
  readonly columns: number;
  readonly rows: number;
  /** [rows, columns], from the low end of y */
  readonly heights: readonly number[];
}

/** The path of a run from the first seed. */
export interface Path {
  readonly optimizer: string;
  readonly phase: ComparedPhase;
  /** After 0, 1, 2, … steps, until the first score that is not finite. */
  readonly points: readonly Point[];
}

/** The picture of one problem. */
export interface Scene {
  readonly landscape: Landscape;
  readonly paths: readonly Path[];
}

/** Points along each side: cells of some two pixels. */
const POINTS = 121;

/** The picture of each problem that has a plane, by name. */
export function scenesOf(
  problems: readonly Problem[],
  optimizers: readonly Contestant[],
  runs: readonly RunRecord[],
): Map<string, Scene> {
  const drawn = problems.filter(({ plane }) => plane);
  return new Map(
    drawn.map((problem) => [
      problem.name,
      { landscape: landscapeOf(problem, POINTS), paths: pathsOf(problem, optimizers, runs) },
    ]),
  );
}

/**
 * The scores of a problem over its plane.
 *
 * @param size - points along each side, at least 2
 * @throws FettleError `invalid_argument` for a problem without a plane
 */
export function landscapeOf(problem: Problem, size: number): Landscape {
  const { plane, data } = problem;
  check(plane, () => `problem ${show(problem.name)} has no plane to draw`);
  const engine = createEngine();
  const { test } = loadData(engine, data);
  const run = engine.start(
    programsFor(problem)(sgd()).evaluate,
    test ? { streams: test, batchSize: test.x.rows } : {},
  );
  const heights: number[] = [];
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      run.write("parameters", [along(plane.x, j / (size - 1)), along(plane.y, i / (size - 1))]);
      run.advance(1);
      heights.push(run.read("score")[0]);
    }
  }
  run.free();
  return { plane, columns: size, rows: size, heights };
}

const along = ([low, high]: Point, share: number): number => low + share * (high - low);

/**
 * Repeats the runs from the first seed exactly, with defaults and tuned, and records the point after each
 * step.
 */
export function pathsOf(
  problem: Problem,
  optimizers: readonly Contestant[],
  runs: readonly RunRecord[],
): Path[] {
  const worker = new RunWorker(createEngine(), [problem.data]);
  const programs = programsFor(problem);
  const byKey = new Map(runs.map((run) => [keyOf(run), run]));
  return (["default", "tuned"] as const).flatMap((phase) =>
    optimizers.map(({ name: optimizer, create }) => {
      const run = byKey.get(keyOf({ problem: problem.name, optimizer, phase, index: 0 }));
      const made = create(run?.numbers);
      const { steps, batchSize } = problem;
      const { path = [] } = worker.run({
        problem: 0,
        seed: 0,
        steps,
        every: 1,
        batchSize,
        path: true,
        programs: programs(made),
        hyperparameters: made.hyperparameters,
      });
      return { optimizer, phase, points: path.map(([x, y]): Point => [x, y]) };
    }),
  );
}
