/** The loops of search strategies for JavaScript. Nothing is computed here. */
export { matern } from "./search/covariances";
export { add_masses, add_truncations, log_sum_exp, mixture } from "./search/densities";
