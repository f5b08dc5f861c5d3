/** The mean of the members of an ensemble. */
import { check } from "../../errors.js";
import { mean } from "../../graph/functions.js";
import { showShape } from "../../graph/shape.js";
import { builtIn, type Layer } from "./layer.js";
import { MASK_ENDS } from "./masks.js";

/**
 * The mean of the members of an ensemble, such as those of {@link ensembleDense}: [rows, members, ...] →
 * [rows, ...]. As an output, it is trained on the mean of the members' losses, so that each learns to predict
 * alone, as in TabM; evaluation and prediction use the mean of their predictions, after the activation: of
 * classes, the mean of probabilities. In the middle of a network it is a mean alone.
 *
 * Losses see the rows of all members as rows, [rows · members, ...]. So those that count over a batch, such
 * as `softF1`, count all members together.
 *
 * @throws FettleError when applied, `invalid_shape` for rows without members; when it is trained,
 * `unsupported` for a loss that compares rows with each other, `coxPartialLikelihood`
 * @see Y. Gorishniy, A. Kotelnikov and A. Babenko, "TabM: advancing tabular deep learning with
 * parameter-efficient ensembling", arXiv:2410.24210, 2024
 * @example
 * ```ts
 * const model = sequential([
 *   ensembleDense(64, { activation: "relu" }),
 *   ensembleDense(1, { shared: false }),
 *   averageMembers(),
 * ]);
 * model.compile({ optimizer: "adam", loss: "meanSquaredError" });
 * ```
 */
export function averageMembers(): Layer {
  return builtIn(
    {
      type: "averageMembers",
      hyperparameters: {},
      outputShape(shape) {
        check(
          shape.length > 1,
          () => `averageMembers must take rows of shape [members, ...]; received ${showShape(shape)}`,
          "invalid_shape",
        );
        return shape.slice(1);
      },
      parameters: () => [],
      call: ({ x }) => mean(x, 1),
      members: ({ x }) => x,
      ...MASK_ENDS,
    },
    [],
    {},
  );
}
