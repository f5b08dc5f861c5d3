/**
 * Checks the model of a trial against the data set, before it trains: `nn/arguments/judge.ts` for a tuner,
 * whose targets are classes or pass through a pipeline. Nothing runs here.
 */
import type { Dataset } from "../../data/dataset.js";
import type { PipelineOptions } from "../../data/pipeline/options.js";
import { must } from "../../errors.js";
import type { Metric } from "../../metrics/metric.js";
import { judgeModel, judgeTargets } from "../../nn/arguments/judge.js";
import type { Reader } from "../../nn/losses/forms.js";
import { rowOfLoss } from "../../nn/losses/truths.js";
import type { LayersModel } from "../../nn/models/layersModel.js";
import type { Network } from "../../nn/network/network.js";
import { isOfMoments, judgeUses } from "./forms.js";

/** What a model is checked against; the pipeline is that of `followForm`. */
export interface Beside {
  readonly data: Pick<Dataset, "task" | "outputs" | "y" | "sampleWeight" | "origin">;
  readonly pipeline: PipelineOptions;
  readonly metrics: readonly Metric[];
  /** How an ensemble is chosen, if there is one. */
  readonly selection?: unknown;
}

/** The output of a final model for classes, whatever its metric. */
const FINAL: Reader = { name: "a final model of classes", predictions: "probabilities" };

/** What the targets of each data set were accepted as, so that equal trials do not read them again. */
const acceptedOf = new WeakMap<Beside["data"], Set<string>>();

/**
 * Refuses a model whose losses, last layers and metrics do not fit each other, or the targets.
 *
 * @throws FettleError as `judgeModel` and `judgeTargets`; `invalid_argument` for a pipeline that scales
 * targets although the loss needs them unscaled
 */
export function judgeTrial(
  built: LayersModel,
  network: Network,
  { data, pipeline, metrics, selection }: Beside,
): void {
  const { task, outputs, y, sampleWeight: weights, origin } = data;
  const { wiring, compiled } = built.described();
  const { losses } = compiled;
  judgeUses(built, { task, metrics, selection });
  const reading = metrics.filter((metric) => !isOfMoments(metric));
  const scored = task === "classification" ? [...reading, FINAL] : reading;
  const ofOne = network.outputs.length === 1;
  const judged = { wiring, network, losses, metrics: network.outputs.map(() => (ofOne ? scored : [])) };
  judgeModel(judged);
  if (task === "regression") {
    const loss = losses.map(rowOfLoss).find((row) => row && row.truths !== "quantities");
    const { target = "standard" } = pipeline;
    must(
      loss === undefined || target === "none",
      `pipeline.target for ${loss?.name}, which needs unscaled targets,`,
      '"none"',
      target,
    );
  }
  const isColumn = task === "regression" && outputs === 1;
  const hint = (): string | undefined =>
    isColumn && y.every(Number.isInteger) ? 'integers are classes with task: "classification"' : undefined;
  const accepted = acceptedOf.get(data) ?? new Set<string>();
  acceptedOf.set(data, accepted);
  // of predicted distributions, targets have half of the columns
  const targets = pipeline.moments
    ? { ...network, outputs: network.outputs.map((end) => ({ ...end, size: outputs, shape: [outputs] })) }
    : network;
  judgeTargets({ ...judged, network: targets }, { what: "y", y, weights, hint, origin, accepted });
}
