/**
 * Checks the losses, the last layers, the metrics and the targets of a model together, before training: by
 * the tables of losses and metrics, and that of activations here. It refuses only certain errors; unknown
 * parts, such as a custom layer, pass.
 */
import type { RowOrigin } from "../../data/origin.js";
import { checkTruths } from "../../data/truths.js";
import { check, must, show } from "../../errors.js";
import type { Shape } from "../../graph/shape.js";
import { madeOf } from "../../recipe.js";
import { type Activation, activationName, type activations } from "../activations.js";
import type { Layer } from "../layers/layer.js";
import { forms, type Reader } from "../losses/forms.js";
import type { CheckedLoss } from "../losses/given.js";
import { type JudgedLoss, type LossInput, rowOfLoss } from "../losses/truths.js";
import type { LayerCall, Network, Wiring } from "../network/network.js";
import type { Described } from "./compiled.js";

type ActivationKey = keyof typeof activations;

/** The ranges of activations: any numbers; none below 0; from 0 to 1; rows that sum to 1. */
type Range = Exclude<LossInput, "scores" | "logits">;

/** Every built-in activation. The compiler refuses a table that lacks one. */
const ranges: Readonly<Record<ActivationKey, Range>> = {
  linear: "numbers",
  relu: "counts",
  tanh: "numbers",
  sigmoid: "probabilities",
  softmax: "distributions",
  softplus: "counts",
  gelu: "numbers",
  celu: "numbers",
  elu: "numbers",
  exponential: "counts",
  geluTanh: "numbers",
  hardSigmoid: "probabilities",
  hardSilu: "numbers",
  hardTanh: "numbers",
  leakyRelu: "numbers",
  logSigmoid: "numbers",
  logSoftmax: "numbers",
  mish: "numbers",
  relu6: "counts",
  selu: "numbers",
  silu: "numbers",
  softsign: "numbers",
};

/** Ranges that are within each. */
const WITHIN: Readonly<Record<LossInput, readonly Range[]>> = {
  numbers: ["numbers", "counts", "probabilities", "distributions"],
  scores: ["numbers", "counts", "probabilities", "distributions"],
  logits: ["numbers", "counts"],
  counts: ["counts", "probabilities", "distributions"],
  probabilities: ["probabilities", "distributions"],
  distributions: ["distributions"],
};

/** The activation that a loss for each range needs. */
const INSTEAD: Partial<Record<LossInput, string>> = {
  counts: '"softplus", "exponential" or "relu"',
  probabilities: '"sigmoid"',
  distributions: '"softmax"',
  logits: '"linear"',
};

/** The call behind a value; not a mean of members, which is in their range. */
function callBehind(wiring: Wiring, value: number): LayerCall | undefined {
  const call = wiring.calls[value - wiring.inputs.length];
  return madeOf(call?.layer)?.name === "averageMembers" ? callBehind(wiring, call.inputs[0]) : call;
}

/** The activation behind an output; undefined if unknown, or if constraints may change its range. */
export function activationOf(wiring: Wiring, value: number): ActivationKey | undefined {
  const layer: Layer | undefined = callBehind(wiring, value)?.layer;
  const made = layer && madeOf(layer);
  const { name, options } =
    made?.name === "timeDistributed" ? (madeOf(made.options.layer) ?? {}) : (made ?? {});
  if (name === undefined || options === undefined || !ACTIVATED.includes(name)) return undefined;
  const activation = activationName((options.activation ?? "linear") as Activation);
  const isConstrained = Object.keys(options).some((option) => option.endsWith("Constraint"));
  return isConstrained && activation && ranges[activation] === "numbers" ? undefined : activation;
}

/** Whether an activation gives numbers from 0 to 1. */
export const givesProbabilities = (activation: ActivationKey | undefined): boolean =>
  activation !== undefined && WITHIN.probabilities.includes(ranges[activation]);

/** Layers whose result is that of their activation. */
const ACTIVATED: readonly string[] = ["dense", "ensembleDense", "conv1d", "conv2d", "activation"];

/** Those with `units`. */
const UNITED: readonly string[] = ["dense", "ensembleDense"];

/**
 * How many classes a model distinguishes if its one output ends in a softmax, or in logits, for a loss of
 * several classes: the units of its last dense layer. Undefined for other models.
 */
export function classUnits({ wiring, compiled }: Described): number | undefined {
  const { outputs } = wiring;
  const loss = rowOfLoss(compiled.losses[0]);
  if (outputs.length > 1 || loss?.predictions !== "distributions") return undefined;
  const [{ value }] = outputs;
  if (activationOf(wiring, value) !== "softmax" && !loss.fromLogits) return undefined;
  const last = callBehind(wiring, value);
  const isActivation = madeOf(last?.layer)?.name === "activation";
  const made = madeOf((isActivation && last ? callBehind(wiring, last.inputs[0]) : last)?.layer);
  return made && UNITED.includes(made.name) ? (made.options.units as number) : undefined;
}

/** An output with its loss and metrics. */
interface Output {
  readonly activation: ActivationKey | undefined;
  /** The units of a line. */
  readonly width: number;
  readonly loss: JudgedLoss | undefined;
}

/** What is checked: a model over inputs of a shape, and its compile options. */
export interface Judged {
  readonly wiring: Wiring;
  readonly network: Pick<Network, "outputs" | "layers">;
  /** Of each output. */
  readonly losses: readonly CheckedLoss[];
  /** Of each output. */
  readonly metrics: readonly (readonly Reader[])[];
}

/** Targets of all outputs, side by side. */
export interface JudgedTargets {
  readonly what: string;
  /** [rows, columns of all outputs] */
  readonly y: ArrayLike<number>;
  /** [rows]: rows of weight 0 may hold anything. */
  readonly weights?: ArrayLike<number> | undefined;
  /** Where the rows come from, for errors. */
  readonly origin?: RowOrigin | undefined;
  /** A further remedy, for the end of a message about targets. */
  readonly hint?: () => string | undefined;
  /** What these targets were accepted as before, and are now, if many models are checked against them. */
  readonly accepted?: Set<string>;
}

/**
 * Refuses a loss, a last layer and metrics that do not fit each other.
 *
 * @throws FettleError `invalid_argument`; `invalid_shape` for one unit if several are compared
 */
export function judgeModel({ wiring, network, losses, metrics }: Judged): void {
  for (const [i, { value, shape }] of network.outputs.entries()) {
    const output: Output = {
      activation: activationOf(wiring, value),
      width: shape[shape.length - 1],
      loss: rowOfLoss(losses[i]),
    };
    judgeActivation(output);
    judgeForm(output, shape);
    for (const metric of metrics[i]) judgeMetric(output, metric);
  }
}

/** Refuses an output that a loss of another form than estimates does not take. */
function judgeForm({ width, loss }: Output, shape: Shape): void {
  if (loss?.form === undefined) return;
  const { units, fits, axes } = forms[loss.form];
  must(fits(width), `units of the last layer for ${loss.name}`, units, width, "invalid_shape");
  if (axes)
    must(shape.length === axes[0], `rows of the output for ${loss.name}`, axes[1], shape, "invalid_shape");
}

function judgeActivation({ activation, width, loss }: Output): void {
  const name = "the activation of the last layer";
  const isConstant = width === 1 && (activation === "softmax" || activation === "logSoftmax");
  check(
    !isConstant,
    () => `${name} must be "sigmoid" for one unit; received ${show(activation)}, which is constant there`,
  );
  if (loss === undefined) return;
  const { several, predictions, fromLogits } = loss;
  check(
    !several || width > 1,
    () =>
      `units of the last layer must be at least 2 for ${loss.name}; received 1; use ` +
      (loss.truths === "quantities" ? "meanSquaredError" : 'binaryCrossentropy and "sigmoid"'),
    "invalid_shape",
  );
  if (activation === undefined) return;
  const range = ranges[activation];
  const isOfLogits = fromLogits && range !== "probabilities" && range !== "distributions";
  must(isOfLogits || !fromLogits, `fromLogits of ${loss.name} after ${show(activation)}`, "false", true);
  if (isOfLogits || WITHIN[predictions].includes(range)) return;
  const ways = [
    ...(loss.form === "moments" ? ["give the loss fromLogVariance: true"] : []),
    ...(loss.logits ? ["give the loss fromLogits: true"] : []),
    ...(predictions === "distributions" && range === "probabilities"
      ? ["for several labels a row, use binaryCrossentropy"]
      : []),
  ];
  check(
    false,
    () =>
      `${name} must be ${INSTEAD[predictions]} for ${loss.name}; received ${[show(activation), ...ways].join("; or ")}`,
  );
}

/** Refuses a metric that would read logits or scores as probabilities. */
function judgeMetric({ activation, width, loss }: Output, metric: Reader): void {
  const { name, predictions, truths } = metric;
  if (loss?.form) {
    const { metrics, scores } = forms[loss.form];
    must(scores(metric), `metrics for ${loss.name}`, metrics, name);
    return;
  }
  const decides = predictions === "decisions" && (width === 1 || truths === "labels");
  if (loss === undefined || !(decides || predictions === "probabilities")) return;
  const isOfScores =
    loss.predictions === "scores" && activation !== undefined && !givesProbabilities(activation);
  check(!loss.fromLogits && !isOfScores, () =>
    loss.fromLogits
      ? `${name} must be given probabilities; received the logits of ${loss.name} with fromLogits; ` +
        `end the model with ${INSTEAD[loss.predictions]} and leave fromLogits out, which computes the same loss`
      : `${name} must be given probabilities; received the scores of ${loss.name}; use a cross-entropy`,
  );
}

/**
 * Refuses targets that a loss or a metric does not accept. One pass over them for each kind of truths.
 *
 * @throws FettleError `invalid_data`
 */
export function judgeTargets(
  { network, losses, metrics }: Judged,
  { what, y, accepted = new Set(), ...more }: JudgedTargets,
): void {
  const { outputs, layers } = network;
  const columns = outputs.reduce((sum, { size }) => sum + size, 0);
  const blanks = layers.some(({ layer }) => layer.mask !== undefined);
  for (const [i, { name, offset, size, shape }] of outputs.entries()) {
    const place = {
      what: outputs.length === 1 ? what : `${what}.${name}`,
      columns,
      offset,
      size,
      width: shape[shape.length - 1],
      blanks: blanks && shape.length > 1,
      ...more,
    };
    const at = [columns, offset, size, place.width, place.blanks].join();
    const loss = rowOfLoss(losses[i]);
    // class ids, which fit any metric that is allowed
    const readers = loss?.form === "levels" ? [] : metrics[i];
    for (const { truths, name } of [...(loss ? [loss] : []), ...readers]) {
      if (truths === undefined || accepted.has(truths + at)) continue;
      checkTruths(truths, y, { ...place, of: name });
      accepted.add(truths + at);
    }
  }
}
