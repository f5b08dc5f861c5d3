/**
 * The public entry `fettle/ops`: operations on values, in which models, losses and optimizers are written.
 */
export * from "../graph/functions.js";
export * from "../graph/scan.js";
export { ROWS } from "../graph/shape.js";
