/**
 * The vocabulary in which models, losses, optimizers and gradient rules are written:
 * functions from values to values, which append nodes to a graph. Nothing is computed here.
 *
 * Broadcasting: elementwise functions bring their operands to one shape as NumPy does. Shapes are aligned at
 * the right, and a dimension that is 1 or missing is repeated: [rows, 1] and [4] give [rows, 4]. An operand
 * may be a number, which broadcasts to any shape; at least one operand must be a value.
 *
 * Gradients: every function has one, of the same shape as its input, and it can be differentiated again.
 * At kinks: `abs`, `sign` and `relu` have gradient 0 at 0; `maximum` and `minimum` give half to each side
 * at a tie, and `max` an equal share to each of the largest. `sign` and comparisons have gradient 0
 * everywhere. `activations.ts` has those of activations.
 *
 * All functions throw FettleError `invalid_shape` if shapes do not fit, and `invalid_argument` if no operand
 * is a value, an operand is neither a value nor a number, or operands are values of two graphs.
 */
export * from "./activations.js";
export type { Operand } from "./operations/append.js";
export { broadcastTo, fullLike, reshape, sum, zerosLike } from "./operations/broadcast.js";
export * from "./operations/elementwise.js";
export * from "./operations/gather.js";
export { constant, randomUniform, step } from "./operations/leaves.js";
export * from "./operations/linear.js";
export * from "./operations/moves.js";
export { addPatches, type PatchOptions, patches } from "./operations/patches.js";
export { maxPool, type PoolOptions, scatterLargest, takeLargest } from "./operations/pool.js";
