import type { Dataset } from "../../data/dataset.js";
import { featuresOf, learnPipeline, type Pipeline } from "../../data/pipeline/pipeline.js";
import type { ColumnSchema, Schema } from "../../data/schema.js";
import type { SavedRun } from "../../engine/executor.js";
import { must } from "../../errors.js";
import { decided, HALF } from "../../metrics/decided.js";
import type { Metric } from "../../metrics/metric.js";
import { Model } from "../../model/model.js";
import type { Floats } from "../../ndarray.js";
import { averageModels } from "../../nn/models/averageModels.js";
import type { LayersModel } from "../../nn/models/layersModel.js";
import * as training from "../../nn/training/training.js";
import { RandomStream } from "../../numerics/random.js";
import { defined } from "../../options.js";
import { MOST_LAYERS } from "../../predict/description.js";
import type { Params, ParamsOf, Space } from "../../search/space/space.js";
import type { ParamValue } from "../../search/space/value.js";
import type { Study } from "../../search/study/contract.js";
import { ancestry } from "../../search/trial/ancestry.js";
import type { TrialRecord } from "../../search/trial/trial.js";
import { meanOf } from "../ensemble/select.js";
import { meanAt } from "../ensemble/temperature.js";
import type { JobResult } from "../jobs/job.js";
import { type Calibration, calibrationOf } from "./calibration.js";
import { conformalOf } from "./conformal.js";
import { chooseEnsemble, type Ensemble, membersOf } from "./ensemble.js";
import { type FinalLimits, type FinalPlan, type Shortened, shortenedBy } from "./finalLimits.js";
import { gatherLibrary, type Library } from "./library.js";
import { divideLogits } from "./logits.js";
import { outOfFold } from "./outOfFold.js";
import type { PlainModel } from "./plainModels.js";
import type { Predictions } from "./predictions.js";
import { allMetrics, meanAndStd, type Scored, scoreOf } from "./scoring.js";
import type { TrialSetup } from "./setup.js";
import { decayed, type JobTemplate, templateAgain } from "./training.js";

/** A network of the final model: the trials that one training covers, and its seed. */
interface Member<S extends Space> {
  readonly line: readonly TrialRecord<ParamsOf<S>>[];
  readonly seed: number;
}

/** A final model. */
export interface Final {
  readonly model: Model;
  /** Its networks, if it is an ensemble. */
  readonly ensemble?: Ensemble;
  /** How many networks there was time for, if fewer than in the settings. */
  readonly networks?: number;
  /** If time ran out before all planned epochs. */
  readonly shortened?: Shortened;
  /** The calibration of its probabilities, if requested. */
  readonly calibration?: Calibration;
  /** How its pipeline follows its layers, for people. */
  readonly notes: readonly string[];
}

/**
 * Fits the final model to all development rows.
 *
 * @param best - the number of the best trial
 * @param limits - of the time, if it is limited
 */
export async function fitFinal<S extends Space>(
  setup: TrialSetup<S>,
  study: Pick<Study<S>, "trials" | "seed" | "directions">,
  best: number,
  limits?: FinalLimits,
): Promise<Final> {
  const { trials, seed } = study;
  const { data, folds, finals } = setup.rows;
  const { selection } = setup;
  const bestTrial = trials.find((trial) => trial.number === best) as TrialRecord<ParamsOf<S>>;
  const template = templateAgain(setup, bestTrial, seed, true);
  const plain = selection && setup.plain ? await setup.plain(template) : [];
  const library = selection && (await libraryFor(setup, study, best, plain, limits));
  // before the networks, which get the remaining time
  const learn = (fold: number): Pipeline =>
    learnPipeline(data, { ...template.job.pipeline, rows: folds[fold].train });
  const plan = limits?.plan(best, epochsOf(bestTrial, template), learn) ?? { fold: finals[0], prepare: 0 };
  const { validation } = folds[plan.fold];
  const pipeline = learn(plan.fold);
  const choose = (networks: number) =>
    library && selection && chooseEnsemble(setup, library, { ...selection, networks });
  const whole = selection && choose(selection.networks);
  const networks =
    whole &&
    limits?.networks(
      whole.picks.map(({ model }) => (typeof model === "number" ? model : undefined)),
      plan,
    );
  const isFewer = selection && networks !== undefined && networks < selection.networks;
  const fewer = isFewer ? choose(networks) : undefined;
  // a single network is that of the best trial, as without an ensemble, unless an untuned model is better
  const isBest = networks === 1 && typeof fewer?.picks[0].model === "number";
  const chosen = !isFewer ? whole : isBest ? undefined : fewer;
  const models = chosen?.picks.map(({ model }) => model) ?? [best];
  const seeds = new RandomStream(seed, MEMBERS_STREAM);
  const members = models.flatMap((model, i) =>
    typeof model === "number"
      ? [
          {
            line: ancestry(trials, model),
            seed: i === 0 ? seed : seeds.integer(2 ** 31),
          },
        ]
      : [],
  );
  const fits = await fitMembers(setup, members, plan, limits);
  const parts = partsOf(fits, models, template.built);
  const ensemble = chosen && { ...chosen.ensemble, ...membersOf(parts.map(({ model }) => model)) };
  const { threshold: rule, calibrate } = setup;
  const held =
    chosen?.picks.map(({ own }) => own) ?? (rule || calibrate ? [await outOfFold(setup, study, best)] : []);
  const calibration = calibrate && calibrationOf(held, template.folds);
  const temperature = calibration?.temperature ?? 1;
  const conformal = held.length > 0 && conformalOf(held, template.folds, data.task, temperature);
  for (const { network, fit } of new Set(parts)) {
    const { state: saved } = fit?.result ?? {};
    if (saved) network.restore({ row: data.shape ?? pipeline.features.length, saved, training });
    if (temperature !== 1) divideLogits(network, temperature);
  }
  const network = averageModels(parts.map((part) => part.network));
  const predictions = parts.flatMap(({ fit }) => (fit ? [fit.result.prediction] : []));
  const prediction =
    temperature === 1 && predictions.length === parts.length
      ? meanOf(predictions)
      : predictionOf(network, pipeline, data, validation);
  const threshold = rule ? rule.choose(meansOf(held, template, temperature)) : HALF;
  const [{ fit: first }] = parts;
  const result: Scored = { finite: true, ...first?.result, prediction };
  const decide = (metric: Metric): Scored =>
    metric.decides && threshold !== HALF ? { ...result, prediction: decided(prediction, threshold) } : result;
  const test =
    validation.length > 0
      ? [...allMetrics(setup), ...(rule?.scored ? [rule.scored] : [])].map(
          (metric) => [metric.name, scoreOf(metric, template.finalFold, decide(metric))] as const,
        )
      : [];
  const table = {
    schema: schemaOf(data),
    inputs: data.imputes ? data.inputs.map((input) => ({ ...input, gaps: true })) : data.inputs,
    pipeline,
    task: data.task,
    target: data.target,
    outputs: data.outputs,
    classes: data.classes,
    threshold,
    ...(data.targets && { targets: data.targets }),
    ...(setup.unknown !== "refuse" && { unknown: setup.unknown }),
    ...(conformal && { conformal }),
  };
  const { params, number, value } = bestTrial;
  const [metric] = setup.metrics;
  const { notes: ofLayers } = template.identity.followed;
  const found = { ...(ensemble && { ensemble }), ...(calibration && { calibration }) };
  const notes = {
    test: Object.fromEntries(test),
    params,
    trial: number,
    metric: metric.name,
    value,
    seed,
    ...(rule && { thresholdBy: rule.name }),
    ...found,
  };
  const made = new Model(network, table, notes);
  const rows = plan.fold === finals[0] ? undefined : folds[plan.fold].train.length;
  const shortened = limits && shortenedBy(fits, rows);
  return {
    model: made,
    notes: ofLayers,
    ...found,
    ...(isFewer && { networks }),
    ...(shortened && { shortened }),
  };
}

/** The candidates for the networks, on as many divisions of the rows as the option says or as time allows. */
function libraryFor<S extends Space>(
  setup: TrialSetup<S>,
  study: Pick<Study<S>, "trials" | "seed" | "directions">,
  best: number,
  plain: readonly PlainModel[],
  limits: FinalLimits | undefined,
): Promise<Library | undefined> {
  const { confirm } = setup.selection ?? {};
  return gatherLibrary(setup, study, best, plain, (division, trials) =>
    confirm === undefined ? limits?.confirm(trials) === true : division <= confirm,
  );
}

/** A part of the averaged final model: a trained network or an untuned model. */
interface Part {
  readonly model: number | PlainModel;
  readonly network: LayersModel;
  readonly fit?: Fit;
}

/**
 * Those that can be used: a network that diverged on all rows would spoil the mean. Equal models are one
 * part.
 */
function partsOf(
  fits: readonly Fit[],
  models: readonly (number | PlainModel)[],
  compiledAs: LayersModel,
): readonly Part[] {
  const untuned = models.filter((model) => typeof model !== "number");
  const plain = new Map<PlainModel, Part>();
  for (const model of untuned)
    if (!plain.has(model)) plain.set(model, { model, network: model.network(compiledAs) });
  const able = fits.filter(({ result }) => result.finite);
  const used = able.length + untuned.length > 0 ? able : fits.slice(0, 1);
  const parts: readonly Part[] = [
    ...used.map((fit) => ({ model: fit.trial, network: fit.template.built, fit })),
    ...untuned.map((model) => plain.get(model) as Part),
  ];
  return parts.slice(0, mostNetworks(parts.map(({ network }) => network)));
}

/** How many of the networks fit in one model file, with a layer per output for their mean. */
function mostNetworks(networks: readonly LayersModel[]): number {
  const [{ wiring }] = networks;
  const deepest = Math.max(...networks.map((each) => each.wiring.calls.length));
  return Math.max(1, Math.floor((MOST_LAYERS - wiring.outputs.length) / deepest));
}

/** Separate from the random streams of the study. */
const MEMBERS_STREAM = 0x656e;

/** Predictions for the test rows. */
function predictionOf(network: LayersModel, pipeline: Pipeline, data: Dataset, rows: Int32Array): Floats {
  if (rows.length === 0) return new Float32Array(0);
  const { shape = [pipeline.features.length] } = data;
  const features = featuresOf(pipeline, data, rows);
  return network.predict({ data: features, shape: [rows.length, ...shape] }).data;
}

/**
 * The predictions by which the threshold is chosen: the mean of the networks for the validation rows of each
 * fold.
 */
function meansOf(
  held: readonly (readonly Floats[])[],
  { folds }: Pick<JobTemplate, "folds">,
  temperature: number,
): Predictions[] {
  return folds.map(({ yTrue, weights, outputs }, fold) => {
    const own = held.map((each) => each[fold]);
    return { yTrue, yPred: meanAt(own, outputs, temperature), ...(weights && { weights }) };
  });
}

/** The encoding of the columns in use: the inputs, and the targets if they come from a table. */
function schemaOf({ schema, inputs, target, targets = [target] }: Dataset): Schema {
  if (!schema) {
    return { na: [], columns: inputs.map(({ name, kind, categories }) => ({ name, kind, categories })) };
  }
  const isInput = new Set(inputs.map(({ name }) => name));
  const columns = schema.columns
    .filter(({ name }) => isInput.has(name) || targets.includes(name))
    .map(({ samples: _, role: __, ...column }): ColumnSchema => {
      return isInput.has(column.name) ? column : { ...column, role: "target" };
    });
  return { na: schema.na, columns };
}

/** The network of a member. */
interface Fit {
  readonly trial: number;
  readonly template: JobTemplate;
  /** The epochs planned for it in its last trial. */
  readonly planned: number;
  readonly result: JobResult;
}

/** Trains all networks in parallel; the trials of one training one after the other. */
async function fitMembers<S extends Space>(
  setup: TrialSetup<S>,
  members: readonly Member<S>[],
  plan: FinalPlan,
  limits: FinalLimits | undefined,
): Promise<Fit[]> {
  const templates = members.map(({ line, seed }) =>
    line.map((trial) => templateAgain(setup, trial, seed, true)),
  );
  const last = templates.map((own) => own[own.length - 1]);
  let results: readonly (JobResult | undefined)[] = members.map(() => undefined);
  // stage by stage, so that the order of jobs does not depend on which ends first
  for (let stage = 0; stage < Math.max(...members.map(({ line }) => line.length)); stage++) {
    const before = results;
    const jobs = members.map(({ line }, i) =>
      stage < line.length
        ? fitTrial(setup, line[stage], templates[i][stage], plan, limits, before[i]?.state)
        : Promise.resolve(before[i]),
    );
    await Promise.allSettled(jobs);
    results = await Promise.all(jobs);
  }
  return members.map(({ line }, i) => ({
    trial: line[line.length - 1].number,
    template: last[i],
    planned: epochsOf(line[line.length - 1], last[i]),
    result: results[i] as JobResult,
  }));
}

/** The part of one trial in the final fit, from the end of the part before it. */
function fitTrial<S extends Space>(
  { backend }: TrialSetup<S>,
  record: TrialRecord<ParamsOf<S>>,
  template: JobTemplate,
  plan: FinalPlan,
  limits: FinalLimits | undefined,
  from?: SavedRun,
): Promise<JobResult> {
  // Without validation rows the final fit cannot stop early: it runs as many epochs as the folds did.
  const { earlyStopping: _, measured: __, ...whole } = template.job;
  const planned = epochsOf(record, template);
  const epochs = limits?.epochs(record.number, planned, plan) ?? planned;
  const until = limits?.until();
  return backend.run({
    ...whole,
    epochs,
    // a decay that ends with the last epoch
    ...(whole.learningRates &&
      epochs < planned && { learningRates: decayed(whole.learningRates[0], epochs) }),
    fold: plan.fold,
    keepState: true,
    ...defined({ from, until }),
  });
}

function epochsOf({ attributes }: TrialRecord<Params>, { job }: JobTemplate): number {
  return attributes?.epochs === undefined ? job.epochs : meanEpochs(attributes.epochs, job.epochs);
}

/** The mean of the epochs that the folds kept, at least 1. The values may come from a saved study. */
function meanEpochs(kept: ParamValue, most: number): number {
  const isEpochs = (each: unknown) =>
    Number.isSafeInteger(each) && (each as number) >= 0 && (each as number) <= most;
  must(
    Array.isArray(kept) && kept.length > 0 && kept.every(isEpochs),
    "the epochs attribute of a trial",
    `a list of integers from 0 to ${most}`,
    kept,
    "invalid_checkpoint",
  );
  return Math.max(1, Math.round(meanAndStd(kept as readonly number[]).value));
}
