/** The loops of search strategies for JavaScript. Nothing is computed here. */
export { covariances, dot_f64, likelihood_slopes, posterior_gradients } from "./search/covariances";
export { add_masses, add_truncations, log_sum_exp, mixture } from "./search/densities";
export { cholesky, invert, solve_lower, solve_upper, to_blocks } from "./search/triangles";
