/**
 * Losses of sequences of labels without an alignment to the steps. Every export is a loss of the namespace
 * `losses`.
 */
import { must, mustBeInteger } from "../../errors.js";
import {
  add,
  broadcastTo,
  concat,
  constant,
  div,
  equal,
  exp,
  greater,
  log,
  logSoftmax,
  matmul,
  maximum,
  mul,
  neg,
  reshape,
  select,
  slice,
  stopGradient,
  sub,
  sum,
  transpose,
  zerosLike,
} from "../../graph/functions.js";
import type { Value } from "../../graph/graph.js";
import { type ScanStep, scan } from "../../graph/scan.js";
import { showShape } from "../../graph/shape.js";
import { mapValues } from "../../records.js";
import { defineLoss, type SequenceLoss, weightedMean } from "./loss.js";
import { oneHot } from "./probabilities.js";

/** Options of `ctc`. */
export interface CtcOptions {
  /**
   * The most labels of a row: its time and memory grow with them. Default null, for as many as there are
   * columns of labels, in a model as many as steps.
   */
  readonly maxLabels?: number | null;
}

const CTC: Required<CtcOptions> = { maxLabels: null };

/** Far below the logarithm of every probability: e^ of it is 0, and sums of it are finite. */
const ABSENT = -1e30;

/**
 * Mean over rows of −log P(labels), where P adds up the probabilities of all ways to spread the labels over
 * the steps: each step has a label or the blank, a label may last several steps, and equal labels in a row
 * have a blank between them. `yPred`: logits, [rows, steps, classes], class 0 being the blank. `yTrue`: ids
 * of labels from 1, then zeros, [rows, labels], where an invalid id gives NaN, as do more labels than
 * `maxLabels`; or their one-hot lines, [rows, labels, classes]. `fit` and `evaluate` accept ids for it.
 *
 * The loss of a row whose labels, with those blanks, do not fit into its steps is 0, as with PyTorch's
 * `zero_infinity`; `fit` refuses labels that do not fit into all steps. Steps that a layer masks are left
 * out. A row's loss is not divided by its labels, as in Keras. It is computed in logarithms, by recursion
 * over the steps.
 *
 * @throws FettleError `unknown_name`, `invalid_argument` for invalid options; `invalid_shape` unless
 * predictions are sequences of at least 2 classes
 * @example
 * ```ts
 * const loss = compile(losses.ctc, [1, 1], [1, 2, 2]); // yTrue, yPred
 * // three of the four ways in which two steps have label 1 or the blank
 * createEngine().load(loss)([[1]], [[[0, 0], [0, 0]]]); // 0.28768...
 * ```
 * @see A. Graves and others, "Connectionist temporal classification", ICML 2006; Keras, `CTC`; PyTorch,
 * `CTCLoss`
 */
export const ctc = defineLoss({
  name: "ctc",
  defaults: CTC,
  make({ maxLabels }) {
    if (maxLabels !== null) mustBeInteger("maxLabels of losses.ctc", maxLabels);
    const loss: SequenceLoss = (yTrue, yPred, weights, mask) => {
      must(
        yPred.shape.length === 3,
        "yPred of losses.ctc",
        "sequences of logits, [rows, steps, classes]",
        showShape(yPred.shape),
        "invalid_shape",
      );
      return weightedMean(ctcOfRows(yTrue, yPred, maxLabels, mask), weights);
    };
    return loss;
  },
});

/** The loss of each row, [rows]. */
function ctcOfRows(yTrue: Value, yPred: Value, maxLabels: number | null, mask: Value | undefined): Value {
  const [rows, steps, classes] = yPred.shape;
  const lines = yTrue.shape.length === 3 ? yTrue : oneHot(reshape(yTrue, [...yTrue.shape, 1]), yPred);
  const all = lines.shape[1];
  const labels = Math.min(all, maxLabels ?? all);
  const hot = slice(lines, [0, 0, 0], [rows, labels, classes]);
  const { graph } = yPred;
  const column = (value: number): Value => broadcastTo(constant(graph, value), [rows, 1]);
  // place n of a state is that of the first n labels
  const places = constant(
    graph,
    Array.from({ length: labels + 1 }, (_, n) => n),
  );
  const none = broadcastTo(constant(graph, ABSENT), [rows, labels + 1]);

  const logs = maximum(logSoftmax(yPred), ABSENT);
  const ofLabels = matmul(logs, transpose(hot, [0, 2, 1])); // [rows, steps, labels]
  const ofNone = broadcastTo(constant(graph, ABSENT), [rows, steps, 1]);
  const first = zerosLike(slice(hot, [0, 0, 0], [rows, 1, classes]));
  const before = slice(concat([first, hot], 1), [0, 0, 0], [rows, labels, classes]);
  // from one label to the next without a blank, unless they are equal
  const direct = concat([column(0), mul(ABSENT, sum(mul(hot, before), -1))], 1);

  const stepsFirst = (x: Value): Value => transpose(x, [1, 0, 2]);
  const body = ({ carry, elements, shared }: ScanStep) => {
    const { label, blank } = carry;
    const after = {
      label: add(elements.label, logOfSum(label, shiftedBy1(blank), add(shiftedBy1(label), shared.direct))),
      blank: add(elements.blank, logOfSum(blank, label)),
    };
    const { counts } = elements;
    return { carry: counts ? mapValues(after, (value, name) => select(counts, value, carry[name])) : after };
  };
  const { carry } = scan(
    {
      // the logarithms of all ways that end in a label, or in a blank
      carry: { label: none, blank: select(places, none, 0) },
      sequences: {
        label: stepsFirst(concat([ofNone, ofLabels], 2)),
        blank: stepsFirst(slice(logs, [0, 0, 0], [rows, steps, 1])),
        ...(mask && { counts: stepsFirst(reshape(mask, [rows, steps, 1])) }),
      },
      shared: { direct },
    },
    body,
  );
  const count = sum(slice(lines, [0, 0, 1], [rows, all, classes - 1]), [1, 2]);
  const isEnd = equal(reshape(count, [rows, 1]), places);
  const ends = select(isEnd, logOfSum(carry.label, carry.blank), 0);
  // 0 / 0 for a count that is NaN, or too large
  const end = div(sum(ends, -1), sum(isEnd, -1));
  return select(greater(ABSENT / 2, end), 0, neg(end));
}

/** log Σ eˣ, element by element. */
function logOfSum(...values: readonly Value[]): Value {
  const largest = stopGradient(values.reduce(maximum));
  return add(largest, log(values.map((x) => exp(sub(x, largest))).reduce(add)));
}

/** The columns, each one place later. */
function shiftedBy1(x: Value): Value {
  const [rows, columns] = x.shape;
  return concat(
    [broadcastTo(constant(x.graph, ABSENT), [rows, 1]), slice(x, [0, 0], [rows, columns - 1])],
    1,
  );
}
