/**
 * A dense layer for members of an ensemble that are trained as one network. Symbols: n rows, k members, d
 * columns, u units.
 *
 *     y_m = activation(((x_m ∘ r_m) W) ∘ s_m + b_m)     W [d, u]; r [k, d]; s, b [k, u]
 *
 * Member m is a dense layer with the kernel diag(r_m) W diag(s_m). The product is one for all members,
 * [n k, d] × [d, u]. Without sharing, each member has a kernel of its own, and no r and s. It knows neither
 * losses nor the mean of members.
 */
import { check, must, mustBeInteger } from "../../errors.js";
import { broadcastTo, concat, matmul, mul, reshape, transpose } from "../../graph/functions.js";
import { type Shape, showShape } from "../../graph/shape.js";
import { flag, integer, type OptionRules, readOptions } from "../../rules.js";
import { randomSigns } from "../weights/initializerFactories.js";
import { getInitializer, type Initializer, type InitializerFunction } from "../weights/initializers.js";
import { arrayOptions } from "./arrays.js";
import { KERNEL_RULES, type KernelOptions, kernelsOf } from "./kernel.js";
import { builtIn, type Layer, type LayerDefinition } from "./layer.js";

/** Options of {@link ensembleDense}. */
export interface EnsembleDenseOptions extends KernelOptions {
  /** How many members, positive. Default: those of the input, or 8. */
  readonly members?: number;
  /** Whether members share a kernel, which each scales; otherwise each has its own. Default true. */
  readonly shared?: boolean;
  /**
   * How the factors of inputs start, if the kernel is shared. Default: `initializers.randomSigns()` if the
   * members read the same rows, otherwise `ones`.
   */
  readonly inputScaleInitializer?: Initializer;
  /** How the factors of outputs start, if the kernel is shared. Default `ones`. */
  readonly outputScaleInitializer?: Initializer;
}

const RULES = {
  ...KERNEL_RULES,
  members: integer(),
  shared: [flag, true],
  inputScaleInitializer: true,
  outputScaleInitializer: true,
} satisfies OptionRules<EnsembleDenseOptions>;

/** Where the input has no members. */
const MEMBERS = 8;

/**
 * A dense layer for the members of an ensemble, which are trained together and share a kernel:
 * activation(((x ∘ r) · kernel) ∘ s + bias), with r, s and bias of each member, the parameters `inputScale`,
 * `outputScale` and `bias`. The first such layer gives every member the same row, [rows, columns] → [rows,
 * members, units]; later ones keep members apart, [rows, members, columns] → [rows, members, units]. So does
 * any layer along the last axis: `dense` there is shared by all members without factors.
 *
 * Members start apart by random signs in r of the first layer, as in TabM. For a last layer with separate
 * kernels, as TabM has, use `shared: false`: activation(x · kernel + bias) with kernels [members, columns,
 * units].
 *
 * @param units - columns of the result for each member, a positive integer
 * @throws FettleError `invalid_argument`, `unknown_name` for options; `invalid_shape` for rows of more axes,
 * and for as many members as the layer does not have
 * @see Y. Gorishniy, A. Kotelnikov and A. Babenko, "TabM: advancing tabular deep learning with
 * parameter-efficient ensembling", ICLR 2025; Y. Wen, D. Tran and J. Ba, "BatchEnsemble: an alternative
 * approach to efficient ensemble and lifelong learning", ICLR 2020
 * @example
 * ```ts
 * const model = sequential([ensembleDense(64, { activation: "relu" }), ensembleDense(1, { shared: false })]);
 * model.layers[0].outputShape([10]); // [8, 64]
 * ```
 */
export function ensembleDense(units: number, options: EnsembleDenseOptions = {}): Layer {
  mustBeInteger("`units`", units);
  const { members, shared, ...given } = readOptions(options, "ensembleDense", RULES);
  const { inputScaleInitializer, outputScaleInitializer } = given;
  for (const [name, scale] of Object.entries({ inputScaleInitializer, outputScaleInitializer }))
    must(shared || scale === undefined, name, "left out if `shared` is false", scale);
  const kernels = kernelsOf(
    {
      kernel: arrayOptions(options, "kernel"),
      ...(shared && {
        inputScale: { initializer: inputScaleInitializer ?? "ones" },
        outputScale: { initializer: outputScaleInitializer ?? "ones" },
      }),
    },
    options,
  );
  const { hyperparameters, penalty } = kernels;
  /** How many members rows of a shape have. */
  const countOf = (shape: Shape): number => (shape.length > 1 ? shape[0] : (members ?? MEMBERS));
  const layer: LayerDefinition = {
    type: "ensembleDense",
    hyperparameters,
    penalty,
    stepwise: true,
    outputShape(shape) {
      const count = countOf(shape);
      check(
        [1, 2].includes(shape.length) && count === (members ?? count),
        () =>
          `ensembleDense must take rows of shape [columns] or [${members ?? "members"}, columns]; received ${showShape(shape)}`,
        "invalid_shape",
      );
      return [count, units];
    },
    parameters(shape) {
      const [count, columns] = [countOf(shape), shape[shape.length - 1]];
      const kernel = kernels.spec("kernel", shared ? [columns, units] : [count, columns, units]);
      const bias = kernels.bias(count, units);
      if (!shared) return [{ ...kernel, initializer: each(kernel.initializer) }, ...bias];
      const inputScale = kernels.spec("inputScale", [count, columns]);
      const alike = inputScaleInitializer === undefined && shape.length === 1;
      return [
        kernel,
        alike ? { ...inputScale, initializer: randomSigns() } : inputScale,
        kernels.spec("outputScale", [count, units]),
        ...bias,
      ];
    },
    call(context) {
      const { kernel, inputScale, outputScale } = context.parameters;
      const [rows, ...shape] = context.x.shape;
      const [count, columns] = [countOf(shape), shape[shape.length - 1]];
      const x = reshape(context.x, [rows, shape.length > 1 ? count : 1, columns]);
      const result = [rows, count, units];
      if (!shared) {
        const ofMembers = transpose(broadcastTo(x, [rows, count, columns]), [1, 0, 2]);
        return kernels.finish(transpose(matmul(ofMembers, kernel), [1, 0, 2]), context, result);
      }
      const product = matmul(reshape(mul(x, inputScale), [rows * count, columns]), kernel);
      return kernels.finish(mul(reshape(product, result), outputScale), context, result);
    },
    // a row without members has no steps
    mask: ({ x, masks: [mask] = [] }) => (x.shape.length > 2 ? mask : undefined),
  };
  const scaled = inputScaleInitializer !== undefined;
  return builtIn(layer, [units, members ?? "all", shared, scaled, ...kernels.recipe], { units, ...options });
}

/** Random streams of initializers lie within so many. */
const STREAMS = 2 ** 20;

/** An initializer of one kernel for the kernels of members, which start apart. */
const each =
  (initializer: Initializer): InitializerFunction =>
  (graph, [count, ...shape], stream) =>
    concat(
      Array.from({ length: count }, (_, member) =>
        reshape(getInitializer(initializer)(graph, shape, stream + member * STREAMS), [1, ...shape]),
      ),
    );
