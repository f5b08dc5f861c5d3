/**
 * Access to the compiled kernels: what `kernels/index.ts` exports, typed, and one instance of it per process,
 * for functions that keep no state in its memory. Engines make their own instances, with their own memory,
 * from the same compiled module. Nothing is loaded at import.
 *
 * Predictors call a part of them, `kernels/predict.ts`, which is a separate build for downloads. Code that
 * needs only this part also accepts all kernels, and uses them if they are loaded: both give the same bits.
 */
import { platform } from "#platform";
import { check, checkOptions, must, type OptionNames } from "../errors.js";
import type { KernelsModule } from "../platform/platform.js";
import { VERSION } from "../version.js";

/** The memory of an instance. Growing it replaces `buffer`. */
export interface KernelMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

type Unary = (x: number) => number;

/** What `kernels/predict.ts` exports. Addresses are bytes into `memory`. */
export interface PredictorKernels
  extends Readonly<
    Record<`f64_${"exp" | "expm1" | "log" | "log1p" | "sin" | "cos" | "normQuantile"}`, Unary>
  > {
  readonly memory: KernelMemory;
  /** The first address that the kernels do not use themselves. */
  heap_base(): number;

  /**
   * The product that the words at `operands` state, see `Gemm…` in `opcodes/program.ts`; offsets count from
   * `base`.
   */
  gemm(operands: number, base: number): void;
  /** The softmax of each of `rows` rows, or its logarithm if `log` is 1. */
  softmax_f32(src: number, dst: number, rows: number, columns: number, log: number): void;
  /** Applies a unary operation of `Elementwise` to n float32. */
  unary_f32(op: number, src: number, dst: number, n: number): void;
}

/** A point and the first `n` others of a Gaussian process. */
export type PointsAt = [
  widths: number,
  axes: number,
  point: number,
  others: number,
  stride: number,
  n: number,
];

/** What `kernels/index.ts` exports to the library. u32 words are taken modulo 2^32. */
export interface KernelExports
  extends PredictorKernels,
    Readonly<Record<`f64_${"tanh" | "sigmoid" | "softplus" | "erf" | "erfc" | "lgamma"}`, Unary>>,
    Readonly<Record<`f64_${"normCdf" | "logNormCdf"}`, Unary>> {
  f64_pow(x: number, y: number): number;

  /** The loops of `mixture.ts`; see there, and `kernels/search/densities.ts`. */
  add_truncations(logs: number, means: number, n: number, sigma: number, by: number): void;
  add_masses(logs: number, means: number, n: number, sigma: number, from: number, width: number): void;
  mixture(
    logs: number,
    points: number,
    weights: number,
    n: number,
    factors: number,
    count: number,
    room: number,
  ): void;
  log_sum_exp(logs: number, n: number, last: number): number;
  /** The loops of Gaussian processes; see `kernels/search/covariances.ts`, and `…/gp/kernel.ts`. */
  covariances(
    ...points: [
      ...PointsAt,
      joint: number,
      own: number,
      squares: number,
      values: number,
      alone: number,
      slopes: number,
    ]
  ): void;
  dot_f64(a: number, b: number, n: number): number;
  posterior_gradients(
    ...points: [...PointsAt, slopes: number, alpha: number, solved: number, gradients: number]
  ): void;
  likelihood_slopes(
    inverse: number,
    alpha: number,
    i: number,
    values: number,
    alone: number,
    share: number,
    slopes: number,
    squares: number,
    axes: number,
    stride: number,
    sums: number,
  ): void;
  /** The loops of `linalg.ts`; see `kernels/search/triangles.ts`. */
  to_blocks(rows: number, blocks: number, from: number, n: number): void;
  solve_lower(blocks: number, n: number, b: number): void;
  solve_upper(rows: number, n: number, b: number): void;
  cholesky(rows: number, blocks: number, from: number, n: number, room: number): number;
  invert(rows: number, n: number, out: number, work: number): void;

  /** One Philox block of counter (c0, c1, c2, c3) and key (k0, k1), left at `philox_words()`. */
  philox(c0: number, c1: number, c2: number, c3: number, k0: number, k1: number): void;
  philox_words(): number;
  fill_uniform_f32(
    out: number,
    n: number,
    stream: number,
    step: number,
    seedLo: number,
    seedHi: number,
  ): void;
  shuffle_i32(data: number, n: number, epoch: number, seedLo: number, seedHi: number): void;

  /** dst[o, i] = Σ src[o, r, i] over r; in float64, rounded once. */
  sum_f32(src: number, dst: number, outer: number, r: number, inner: number): void;
  /** Whether n numbers are finite. */
  all_finite_f32(src: number, n: number): number;
  all_finite_f64(src: number, n: number): number;
  /** Runs `steps` steps of the program whose code is at `code` on the run whose block is at `block`. */
  run(code: number, block: number, steps: number): void;
  /** Lays out the row ids of the current epoch of a run, after its header was restored. */
  begin_epoch(block: number): void;
}

/** All kernels, and only those of predictors. */
let compiled: KernelsModule | undefined;
let compiledPart: KernelsModule | undefined;
let shared: KernelExports | undefined;
let sharedPart: PredictorKernels | undefined;

/**
 * A new instance of compiled kernels, with a memory of its own.
 *
 * @param module - all kernels, from `kernelsModule()`, a platform or a user
 * @throws FettleError `invalid_argument` if `module` is not compiled, or does not hold the kernels of this
 * release, or only a part
 * @example
 * ```ts
 * const own = instantiate(kernelsModule());
 * own.memory.grow(16);
 * ```
 */
export function instantiate(module: KernelsModule): KernelExports {
  return new WebAssembly.Instance(checkedModule(module, false)).exports as unknown as KernelExports;
}

/**
 * A new instance of the kernels that predictors need, with a memory of its own.
 *
 * @throws FettleError
 * `invalid_state` as `kernelsModule`
 */
export function instantiatePredictorKernels(): PredictorKernels {
  const module = compiled || !compiledPart ? kernelsModule() : compiledPart;
  return new WebAssembly.Instance(module as WebAssembly.Module).exports as unknown as PredictorKernels;
}

function checkedModule(given: KernelsModule, mayBePart: boolean): WebAssembly.Module {
  // By its tag, since a module of another realm is an instance of another class.
  must(
    Object.prototype.toString.call(given) === "[object WebAssembly.Module]",
    "module",
    "a compiled WebAssembly.Module",
    given,
  );
  const module = given as WebAssembly.Module;
  const [release, build, part] = labelOf(module).split(" ");
  check(
    build && (mayBePart || !part),
    `module must hold Fettle's kernels; received ${part ? "a part of them" : "other WebAssembly"}. Import fettle/kernels.wasm.`,
  );
  check(
    release === VERSION,
    () =>
      `module must hold the kernels of Fettle ${VERSION}; received those of ${release}. ` +
      "Import fettle/kernels.wasm of the same release, and make sure that no cache keeps an older one.",
  );
  return module;
}

/**
 * The label that the build wrote into the kernels: the release, a space, and a hexadecimal digest; then "
 * predict", if they are only those of predictors. "" if there is no label.
 */
function labelOf(module: WebAssembly.Module): string {
  const [label = new ArrayBuffer(0)] = WebAssembly.Module.customSections(module, "fettle");
  return String.fromCharCode(...new Uint8Array(label));
}

/**
 * The name of the loaded kernels: kernels that give different bits have different names.
 *
 * @throws FettleError `invalid_state` as `kernelsModule`
 * @example
 * ```ts
 * await ready();
 * kernelsName(); // e.g. "0.1.0 3f2a…"
 * ```
 */
export function kernelsName(): string {
  return labelOf(kernelsModule() as WebAssembly.Module);
}

/**
 * The compiled kernels, compiled once per process.
 *
 * @throws FettleError `invalid_state` if the host can only load them asynchronously and `ready()` has not
 * been awaited
 */
export function kernelsModule(): KernelsModule {
  compiled ??= platform.kernelsSync();
  check(
    compiled,
    `the kernels are not loaded: ${platform.name} loads them only asynchronously; await ready() first`,
    "invalid_state",
  );
  return compiled;
}

/**
 * The process's shared instance of the kernels, made at the first call.
 *
 * @throws FettleError `invalid_state` where the host can only load the kernels asynchronously and
 * `ready()` has not been awaited
 * @example
 * ```ts
 * await ready();
 * kernels().f64_exp(1); // 2.718281828459045
 * ```
 */
export function kernels(): KernelExports {
  shared ??= instantiate(kernelsModule());
  return shared;
}

/** Whether `kernels` returns without loading anything. */
export const kernelsAreLoaded = (): boolean => compiled !== undefined;

/** A shared instance of the kernels that predictors need. @throws FettleError `invalid_state` as `kernels` */
export function predictorKernels(): PredictorKernels {
  sharedPart ??= compiledPart ? instantiatePredictorKernels() : kernels();
  return sharedPart;
}

/** Options of `ready`. */
export interface ReadyOptions {
  /**
   * The compiled kernels, a `WebAssembly.Module`, if they cannot be found in the package's own files, as in
   * most bundles: `fettle/kernels.wasm`, which models, `tune` and its threads then use, or
   * `fettle/predict.wasm`, which is enough for predictors of stacks of dense layers. No effect if such
   * kernels are already loaded.
   */
  readonly module?: KernelsModule;
}

const READY_OPTIONS: OptionNames<ReadyOptions> = { module: true };

/**
 * Loads the kernels, so that everything else may be called synchronously. Needed once in browsers, unless the
 * first call is awaited anyway, like `tune`; harmless elsewhere.
 *
 * @throws FettleError `invalid_argument` for a module that is not compiled, or does not hold the kernels of
 * this release;
 * `not_found` if the kernels are not at their place in the package
 * @example
 * ```ts
 * await ready();
 * createEngine().name; // "wasm"
 * ```
 */
export async function ready(options: ReadyOptions = {}): Promise<void> {
  checkOptions(options, "ready", READY_OPTIONS);
  const { module } = options;
  if (module === undefined) await loadKernels();
  else keep(module);
}

/** {@link ready} without options. */
export async function loadKernels(): Promise<void> {
  if (!compiled) keep(await platform.kernels());
}

/** Loads only what predictors need, unless kernels that include it are already loaded. */
export async function loadPredictorKernels(): Promise<void> {
  if (compiled || compiledPart) return;
  keep(await (platform.predictorKernels ?? platform.kernels)());
}

/** The first counts. */
function keep(module: KernelsModule): void {
  const checked = checkedModule(module, true);
  if (labelOf(checked).endsWith("predict")) compiledPart ??= checked;
  else compiled ??= checked;
}
