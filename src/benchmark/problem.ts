/**
 * What a problem is: where parameters start, what a step descends and how they are judged, in operations on values.
 * A problem knows no optimizer and runs nothing.
 */
import { check, checkOptions, isRecord, show } from "../errors.js";
import { Graph, type Value } from "../graph/graph.js";
import { type Shape, sizeOf } from "../graph/shape.js";

/** Some rows of data, row-major. */
export interface Examples {
  readonly rows: number;
  /** [rows, columns of x] */
  readonly x: Float32Array;
  /** [rows, columns of y] */
  readonly y: Float32Array;
}

/** Data in three parts: steps are taken on one, tuning looks at the second, figures are of the third. */
export interface ProblemData {
  readonly train: Examples;
  readonly validation: Examples;
  readonly test: Examples;
}

/** What a loss or a score is written from. */
export interface ProblemContext {
  readonly graph: Graph;
  /** By the names of `start`. */
  readonly parameters: Readonly<Record<string, Value>>;
  /** A batch, x and y of shape [ROWS, columns]; neither without data. */
  readonly streams: Readonly<Record<string, Value>>;
}

/** A part of the plane that shows a problem of two parameters. */
export interface Plane {
  readonly x: readonly [low: number, high: number];
  readonly y: readonly [low: number, high: number];
  /** Where the function is least, to be marked. */
  readonly minima: readonly (readonly [x: number, y: number])[];
}

/** A problem before what it leaves open is filled in. */
export interface ProblemDefinition {
  /** Letters, digits and hyphens: it names runs in files. */
  readonly name: string;
  /** A line for pictures. Default: the name. */
  readonly title?: string;
  /** Where the parameters start, drawn from the run's seed by `randomUniform`; called once to see their shapes. */
  readonly start: (graph: Graph) => Readonly<Record<string, Value>>;
  /** A scalar, of a batch where there is data; what a step descends. */
  readonly loss: (context: ProblemContext) => Value;
  /** A scalar, lower is better: what runs are judged by, without noise. Default: the loss. */
  readonly score?: (context: ProblemContext) => Value;
  /** Another figure of the best parameters, such as accuracy: reported, and nothing else. */
  readonly metric?: { readonly name: string; readonly value: (context: ProblemContext) => Value };
  readonly data?: ProblemData;
  /** Rows of a batch. Default 32, or all of the training part if it has fewer. */
  readonly batchSize?: number;
  /** How many steps a run has. */
  readonly steps: number;
  /** Steps from one measurement of the score to the next; `steps` is a multiple. Default: a fiftieth of `steps`. */
  readonly every?: number;
  /** A score that a good run reaches. */
  readonly target: number;
  /** Lower scores count as this one, where differences below it mean nothing. Default: none do. */
  readonly floor?: number;
  /** For problems of one parameter of shape [2]: what to draw of it. */
  readonly plane?: Plane;
}

/** A problem: made by `defineProblem`, or one of the standard ones. */
export interface Problem extends ProblemDefinition {
  readonly title: string;
  readonly score: (context: ProblemContext) => Value;
  readonly batchSize: number;
  readonly every: number;
  /** The shapes of the parameters by name, in the order in which they lie in one vector. */
  readonly shapes: Readonly<Record<string, Shape>>;
  /** Numbers in all parameters together. */
  readonly size: number;
}

const OPTIONS = "name title start loss score metric data batchSize steps every target floor plane".split(" ");
const DEFAULT_BATCH = 32;
const DEFAULT_MEASUREMENTS = 50;

/**
 * Defines a problem of one's own.
 *
 * @throws FettleError `unknown_name`, `invalid_argument`, `invalid_shape` for a definition that breaks a rule. What is
 * wrong with a loss or a score shows when it is written into a program
 * @example
 * ```ts
 * // ½ |w − 1|² in 3 dimensions
 * const bowl = defineProblem({
 *   name: "bowl",
 *   start: (graph) => ({ w: randomUniform(graph, [3], 0) }),
 *   loss: ({ parameters: { w } }) => mul(0.5, sum(square(sub(w, 1)))),
 *   steps: 100,
 *   target: 1e-3,
 * });
 * bowl.size; // 3
 * bowl.every; // 2
 * ```
 */
export function defineProblem(definition: ProblemDefinition): Problem {
  checkOptions(definition, "defineProblem", OPTIONS);
  const { name, title = name, start, loss, score = loss, data, steps, target, floor, plane } = definition;
  check(
    typeof name === "string" && /^[A-Za-z0-9][A-Za-z0-9-]*$/.test(name),
    () => `the name of a problem is letters, digits and hyphens, got ${show(name)}`,
  );
  const of = (what: string): string => `${what} of problem ${show(name)}`;
  for (const [what, fn] of Object.entries({ start, loss, score })) {
    check(typeof fn === "function", () => `${of(what)} is a function, got ${show(fn)}`);
  }
  const whole = (what: string, value: number): void =>
    check(
      Number.isSafeInteger(value) && value >= 1,
      () => `${of(what)} is a whole number from 1, got ${show(value)}`,
    );
  whole("steps", steps);
  const { every = divisor(steps), batchSize = Math.min(DEFAULT_BATCH, data?.train.rows ?? 1) } = definition;
  whole("every", every);
  whole("batchSize", batchSize);
  check(steps % every === 0, () => `${of("steps")} is a multiple of every, got ${steps} and ${every}`);
  check(
    batchSize <= (data?.train.rows ?? 1),
    () => `${of("batchSize")} is at most the ${data?.train.rows ?? 1} rows to train on, got ${batchSize}`,
  );
  check(Number.isFinite(target), () => `${of("target")} is a finite number, got ${show(target)}`);
  check(
    floor === undefined || (Number.isFinite(floor) && floor <= target),
    () => `${of("floor")} is a number up to the target ${target}, got ${show(floor)}`,
  );
  if (data) checkData(data, of("data"));
  const begin = start(new Graph());
  check(
    isRecord(begin) && Object.keys(begin).length > 0,
    () => `${of("start")} returns values by name, at least one, got ${show(begin)}`,
  );
  const shapes = Object.fromEntries(Object.entries(begin).map(([key, { shape }]) => [key, shape]));
  const size = Object.values(shapes).reduce((sum, shape) => sum + sizeOf(shape), 0);
  check(
    plane === undefined || size === 2,
    () => `${of("plane")} is for two parameters, this has ${size}`,
    "invalid_shape",
  );
  return { ...definition, title, score, batchSize, every, shapes, size };
}

/** The least number of steps between measurements that gives at most 50 and divides `steps`. */
function divisor(steps: number): number {
  let every = Math.max(1, Math.floor(steps / DEFAULT_MEASUREMENTS));
  while (steps % every !== 0) every++;
  return every;
}

function checkData(data: ProblemData, what: string): void {
  const { train } = data;
  for (const part of ["train", "validation", "test"] as const) {
    const { rows, x, y } = data[part];
    const fits = (values: Float32Array, alike: Float32Array): boolean =>
      values.length > 0 && values.length * train.rows === alike.length * rows;
    check(
      Number.isSafeInteger(rows) && rows >= 1 && fits(x, train.x) && fits(y, train.y),
      () => `${what} has in each part rows of one length; ${part} does not fit`,
      "invalid_shape",
    );
  }
}
