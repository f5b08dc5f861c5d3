/** Class ids of predictions: which rule makes a class of a line of an output, and the ids. */
import { check, count, must, show, unknownName } from "../../errors.js";
import { classAt, mustHaveClass } from "../../metrics/decided.js";
import type { MaskedPrediction } from "../../metrics/lines.js";
import { columnsOf, type Floats } from "../../ndarray.js";
import { levelAt, thresholdOf } from "../losses/forms.js";
import { rowOfLoss } from "../losses/truths.js";
import type { Network } from "../network/network.js";
import { maskOf } from "../network/perOutput.js";
import type { Described } from "./compiled.js";
import { activationOf, givesProbabilities } from "./judge.js";

/** The id of a step that a layer masks, as Keras' `ignore_class`. */
const MASKED = -1;

/** The class of the line of an output that begins at a place. */
type ClassRule = (lines: Floats, start: number, width: number) => number;

/**
 * The rule of an output: that of its loss if that is one of classes, otherwise that of its last activation;
 * undefined if neither says that a line has one class.
 */
function ruleOf({ wiring, compiled }: Described, i: number, width: number): ClassRule | undefined {
  const loss = rowOfLoss(compiled.losses[i]);
  if (loss?.form === "levels") return (...line) => levelAt(...line, thresholdOf(loss));
  if (loss?.form === "alignments") return classAt;
  if (loss?.form) return undefined;
  const activation = activationOf(wiring, wiring.outputs[i].value);
  if (width > 1) {
    const isOfClasses = loss?.predictions === "distributions" || loss?.truths === "oneHotSigns";
    return isOfClasses || activation === "softmax" || activation === "logSoftmax" ? classAt : undefined;
  }
  if (loss?.truths !== "probabilities" && loss?.truths !== "signs")
    return givesProbabilities(activation) ? classAt : undefined;
  const isOfScores = loss.predictions === "scores" && !givesProbabilities(activation);
  const threshold = isOfScores ? 0 : thresholdOf(loss);
  return (...line) => classAt(...line, threshold);
}

/** What the class ids of an output are made from. */
export interface ClassReader {
  /** Of its ids. */
  readonly shape: readonly number[];
  /** @throws FettleError `invalid_data` for a NaN where a step counts */
  readonly ids: (predicted: MaskedPrediction) => Int32Array;
}

/**
 * Makes the class ids of an output from predictions of all outputs.
 *
 * @throws FettleError `invalid_argument`, `unknown_name` unless it is the name of one of several outputs, or
 * undefined for one; `invalid_state` for an output that is not one of classes
 */
export function classReader(
  described: Described,
  { outputs, units }: Network,
  output: string | undefined,
): ClassReader {
  const i = indexOf(outputs, output);
  const { offset, size, shape } = outputs[i];
  const width = shape[shape.length - 1];
  const rule = ruleOf(described, i, width);
  check(
    rule,
    () => {
      const activation = activationOf(described.wiring, outputs[i].value);
      return (
        'classify needs an output of classes: a "softmax", one unit of "sigmoid", or a loss of classes; received ' +
        `${count(width, "unit")} of ${activation ? show(activation) : "another layer"}; use predict for quantities and labels`
      );
    },
    "invalid_state",
  );
  const positions = size / width;
  return {
    shape: shape.slice(0, -1),
    ids({ prediction, mask }) {
      const lines = outputs.length === 1 ? prediction : columnsOf(prediction, units, offset, size);
      const own = mask && shape.length > 1 ? maskOf(outputs, i, mask) : undefined;
      const perStep = positions / shape[0];
      return Int32Array.from({ length: lines.length / width }, (_, line) => {
        if (own?.[Math.floor(line / perStep)] === 0) return MASKED;
        mustHaveClass(lines, line * width, width, () => `row ${Math.floor(line / positions)}`);
        return rule(lines, line * width, width);
      });
    },
  };
}

function indexOf(outputs: Network["outputs"], output: string | undefined): number {
  const names = outputs.map(({ name }) => name);
  if (output === undefined) {
    const rule = `one of ${names.map(show).join(", ")}, since there are several`;
    must(names.length === 1, "output of classify", rule, output);
    return 0;
  }
  const i = names.indexOf(output);
  if (i < 0) throw unknownName("output of classify", output, names);
  return i;
}
