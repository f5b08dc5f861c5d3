/** Makes built-in metrics: a definition becomes a function of two arrays with the properties of a {@link Metric}. */
import type { Task } from "../data/dataset.js";
import type { MatrixLike } from "../data/matrix.js";
import { checkSampleWeight } from "../data/weights.js";
import type { Direction } from "../direction.js";
import { exportedAs } from "../namespace.js";
import type { Floats } from "../ndarray.js";
import { type Pair, readClasses, readProbabilities, readQuantities } from "./inputs.js";
import type { Metric, MetricFunction } from "./metric.js";

/** What every definition has. */
interface Definition<Alias extends string> {
  /** The name under which it is exported. */
  readonly name: string;
  /** The names of Keras and scikit-learn for a metric of the same meaning. */
  readonly aliases: readonly Alias[];
  readonly direction: Direction;
}

/** A metric of classes: probabilities or class ids in `yPred`. */
export function classMetric<const Alias extends string>(
  definition: Definition<Alias> & Pick<Metric, "compute">,
): MetricFunction<Alias> {
  const metric = defineMetric(definition, "classification", readClasses, unlessNaN(definition.compute));
  return Object.assign(metric, { decides: true });
}

/** A metric of classes that needs probabilities, or other scores, in `yPred`. */
export function probabilityMetric<const Alias extends string>(
  definition: Definition<Alias> & Pick<Metric, "compute">,
): MetricFunction<Alias> {
  return defineMetric(definition, "classification", readProbabilities, unlessNaN(definition.compute));
}

/** A metric of quantities: the mean over the outputs of `score`, whose arguments are `[rows]` each. */
export function quantityMetric<const Alias extends string>(
  definition: Definition<Alias> & {
    readonly score: (yTrue: Float64Array, yPred: Float64Array, weightOf: (row: number) => number) => number;
  },
): MetricFunction<Alias> {
  const { score } = definition;
  return defineMetric(definition, "regression", readQuantities, (yTrue, yPred, outputs, weights) => {
    const weightOf = weighing(weights);
    let sum = 0;
    for (let j = 0; j < outputs; j++)
      sum += score(column(yTrue, outputs, j), column(yPred, outputs, j), weightOf);
    return sum / outputs;
  });
}

function defineMetric<Alias extends string>(
  { name, aliases, direction }: Definition<Alias>,
  task: Task,
  read: (yTrue: MatrixLike, yPred: MatrixLike) => Pair,
  compute: Metric["compute"],
): MetricFunction<Alias> {
  const score = (yTrue: MatrixLike, yPred: MatrixLike, sampleWeight?: ArrayLike<number>): number => {
    const pair = read(yTrue, yPred);
    const weights =
      sampleWeight && checkSampleWeight("sampleWeight", sampleWeight, pair.yTrue.length / pair.outputs);
    return compute(pair.yTrue, pair.yPred, pair.outputs, weights);
  };
  // Enumerable, unlike the name of other functions, so that a copy of a metric keeps it.
  Object.defineProperty(score, "name", { value: name, enumerable: true });
  return exportedAs("metrics", name, Object.assign(score, { aliases, direction, tasks: [task], compute }));
}

const unlessNaN =
  (compute: Metric["compute"]): Metric["compute"] =>
  (yTrue, yPred, outputs, weights) =>
    yPred.some(Number.isNaN) ? NaN : compute(yTrue, yPred, outputs, weights);

/** How much a row counts: 1 without weights. */
export function weighing(weights: Floats | undefined): (row: number) => number {
  return weights ? (row) => weights[row] : () => 1;
}

const column = (values: Floats, outputs: number, j: number): Float64Array =>
  Float64Array.from({ length: values.length / outputs }, (_, i) => values[i * outputs + j]);
