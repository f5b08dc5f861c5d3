/**
 * The special functions and random numbers for JavaScript, except those of `predict.ts`. Nothing is computed
 * here.
 */
export {
  f64_erf, f64_erfc, f64_lgamma, f64_logNormCdf, f64_normCdf, f64_pow, f64_sigmoid, f64_softplus, f64_tanh,
} from "./math/f64";
export { fill_uniform_f32, philox, philox_words, shuffle_i32 } from "./random";
