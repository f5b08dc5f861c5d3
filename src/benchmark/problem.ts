/**
 * Problems: where parameters start, which loss a step descends, and how parameters are scored, in graph
 * operations. A problem knows no optimizer and runs nothing.
 */
import {
  check,
  checkOptions,
  isPlainObject,
  must,
  mustBeInteger,
  mustBeRecord,
  type OptionNames,
  show,
} from "../errors.js";
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

/** Data in three parts: for training, for tuning, and for reported scores. */
export interface ProblemData {
  readonly train: Examples;
  readonly validation: Examples;
  readonly test: Examples;
}

/** The arguments of a loss or a score. */
export interface ProblemContext {
  readonly graph: Graph;
  /** By the names of `start`. */
  readonly parameters: Readonly<Record<string, Value>>;
  /** A batch: x and y of shape [ROWS, columns]; empty without data. */
  readonly streams: Readonly<Record<string, Value>>;
}

/** The part of the plane that pictures of a problem with two parameters show. */
export interface Plane {
  readonly x: readonly [low: number, high: number];
  readonly y: readonly [low: number, high: number];
  /** Minima, which pictures mark. */
  readonly minima: readonly (readonly [x: number, y: number])[];
}

/** Options of `defineProblem`. */
export interface ProblemDefinition {
  /** Letters, digits and hyphens: it names runs in files. */
  readonly name: string;
  /** The title of pictures. Default: the name. */
  readonly title?: string;
  /**
   * The first parameters, drawn from the run's seed by `randomUniform`. Called once to learn their shapes.
   */
  readonly start: (graph: Graph) => Readonly<Record<string, Value>>;
  /** The loss that a step descends: a scalar, of a batch if there is data. */
  readonly loss: (context: ProblemContext) => Value;
  /** The score that compares runs, without noise: a scalar, lower is better. Default: the loss. */
  readonly score?: (context: ProblemContext) => Value;
  /** Another score, such as accuracy, that is only reported. */
  readonly metric?: { readonly name: string; readonly value: (context: ProblemContext) => Value };
  readonly data?: ProblemData;
  /** Rows of a batch. Default 32, or all training rows if there are fewer. */
  readonly batchSize?: number;
  /** Steps of a run. */
  readonly steps: number;
  /**
   * Steps from one measurement of the score to the next, a divisor of `steps`. Default: about a fiftieth of
   * `steps`.
   */
  readonly every?: number;
  /** A score that a good run reaches. */
  readonly target: number;
  /** Lower scores count as this one, since differences below it mean nothing. Default: no floor. */
  readonly floor?: number;
  /** For problems of one parameter of shape [2]: the part of the plane that pictures show. */
  readonly plane?: Plane;
}

/** A problem: one of the standard ones, or one made by `defineProblem`. */
export interface Problem extends ProblemDefinition {
  readonly title: string;
  readonly score: (context: ProblemContext) => Value;
  readonly batchSize: number;
  readonly every: number;
  /** The shapes of the parameters by name, in their order within the vector of all parameters. */
  readonly shapes: Readonly<Record<string, Shape>>;
  /** The number of parameters in total. */
  readonly size: number;
}

const OPTIONS: OptionNames<ProblemDefinition> = {
  name: true,
  title: true,
  start: true,
  loss: true,
  score: true,
  metric: true,
  data: true,
  batchSize: true,
  steps: true,
  every: true,
  target: true,
  floor: true,
  plane: true,
};
const DEFAULT_BATCH = 32;
const DEFAULT_MEASUREMENTS = 50;

/**
 * Defines a custom problem.
 *
 * @throws FettleError `unknown_name`, `invalid_argument`, `invalid_shape` for an invalid definition. Errors
 * in a loss or a score appear when its program is compiled
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
  mustBeRunName("the name of a problem", name);
  must(typeof title === "string", "the title of a problem", "a string", title);
  const of = (what: string): string => `${what} of problem ${show(name)}`;
  for (const [what, fn] of Object.entries({ start, loss, score })) {
    must(typeof fn === "function", of(what), "a function", fn);
  }
  const { metric } = definition;
  if (metric !== undefined) {
    mustBeRecord(of("metric"), metric, "{ name, value }");
    must(typeof metric.value === "function", of("metric.value"), "a function", metric.value);
  }
  if (data !== undefined) checkData(data, of("data"));
  mustBeInteger(of("steps"), steps);
  const { every = divisor(steps), batchSize = Math.min(DEFAULT_BATCH, data?.train.rows ?? 1) } = definition;
  mustBeInteger(of("every"), every);
  mustBeInteger(of("batchSize"), batchSize);
  must(steps % every === 0, of("every"), `a divisor of steps, ${steps}`, every);
  const rows = data?.train.rows ?? 1;
  must(batchSize <= rows, of("batchSize"), `at most the number of training rows, ${rows}`, batchSize);
  must(Number.isFinite(target), of("target"), "a finite number", target);
  must(
    floor === undefined || (Number.isFinite(floor) && floor <= target),
    of("floor"),
    `a number of at most the target, ${target}`,
    floor,
  );
  if (plane !== undefined) mustBeRecord(of("plane"), plane, "{ x, y, minima }");
  const begin = start(new Graph());
  must(
    isPlainObject(begin) && Object.keys(begin).length > 0,
    `what start returns for problem ${show(name)}`,
    "an object of at least one value",
    begin,
  );
  const shapes = Object.fromEntries(Object.entries(begin).map(([key, { shape }]) => [key, shape]));
  const size = Object.values(shapes).reduce((sum, shape) => sum + sizeOf(shape), 0);
  check(
    plane === undefined || size === 2,
    () => `${of("plane")} needs a problem of two numbers; received ${size}`,
    "invalid_shape",
  );
  return { ...definition, title, score, batchSize, every, shapes, size };
}

/** Refuses names that are not valid in files. */
export function mustBeRunName(what: string, name: unknown): void {
  const fits = typeof name === "string" && /^[A-Za-z0-9][A-Za-z0-9-]*$/.test(name);
  must(fits, what, "letters, digits and hyphens", name);
}

/** The smallest divisor of `steps` that gives at most 50 measurements. */
function divisor(steps: number): number {
  let every = Math.max(1, Math.floor(steps / DEFAULT_MEASUREMENTS));
  while (steps % every !== 0) every++;
  return every;
}

function checkData(data: ProblemData, what: string): void {
  mustBeRecord(what, data, "{ train, validation, test }");
  const { train } = data;
  for (const part of ["train", "validation", "test"] as const) {
    mustBeRecord(`${what}, ${part},`, data[part], "{ rows, x, y }");
    const { rows, x, y } = data[part];
    const fits = (values: Float32Array, alike: Float32Array): boolean =>
      values.length > 0 && values.length * train.rows === alike.length * rows;
    check(
      Number.isSafeInteger(rows) && rows >= 1 && fits(x, train.x) && fits(y, train.y),
      () => `${what}: each part must have rows of the same length; ${part} does not fit`,
      "invalid_shape",
    );
  }
}
