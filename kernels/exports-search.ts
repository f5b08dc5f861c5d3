/** The loops of search strategies as JavaScript calls them. Nothing is computed here. */
export { matern } from "./search/covariances";
export { add_looked_up, add_masses, add_truncations, log_sum_exp, subtract_squares } from "./search/densities";
