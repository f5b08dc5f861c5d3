/** Muon. */
import { isPlainObject, must, unknownName } from "../errors.js";
import { add, div, maximum, mul, neg, sqrt, square, sub, sum, zerosLike } from "../graph/functions.js";
import type { Value } from "../graph/graph.js";
import { madeBy, madeFrom, recipeOf } from "../recipe.js";
import { adamDefinition } from "./adam.js";
import { defineBuiltIn, type OptimizerConfig } from "./define.js";
import { newtonSchulz } from "./newtonSchulz.js";
import type { Optimizer } from "./optimizer.js";
import { movingAverage } from "./terms.js";

/** A Newton–Schulz step, and the number of steps. */
const QUINTIC = [3.4445, -4.775, 2.0315] as const;
const STEPS = 5;

/** Near UVᵀ for x = USVᵀ: singular values of at least 0.01 of the norm become 0.68 to 1.14. */
function orthogonalized(x: Value, normalize: (norm: Value) => Value): Value {
  return newtonSchulz(div(x, normalize(sqrt(sum(square(x))))), QUINTIC, STEPS);
}

/** Options of {@link muon}. */
export interface MuonOptions
  extends OptimizerConfig<
    | "learningRate"
    | "momentum"
    | "rmsRate"
    | "adamBeta1"
    | "adamBeta2"
    | "adamWeightDecay"
    | "adamLrRatio"
    | "epsilon",
    "nesterov"
  > {
  /**
   * Layers whose kernels are also trained by AdamW, such as `["dense_3"]`, the last of three. Training
   * refuses the name of a layer without trained weights. Default none.
   */
  readonly excludeLayers?: readonly string[];
}

/**
 * Muon: the momentum of each kernel, made nearly orthogonal, so that it moves all directions equally;
 * everything else by AdamW.
 *
 * For a kernel of shape [m, n]: v ← μv + g; with `nesterov` d = g + μv, otherwise d = v; then X = d/(‖d‖ +
 * 1e-7), five times X ← aX + (bA + cA²)X with A = XXᵀ and (a, b, c) = (3.4445, −4.775, 2.0315), and w ← w −
 * lr·s·X − lr·wd·w. Arrays of another rank, such as biases, embeddings (arrays with that word in their name
 * or their layer's, as in Keras), and the layers of `excludeLayers` follow `adamw`, with `adamBeta1`,
 * `adamBeta2`, `epsilon`, `adamWeightDecay` and the learning rate `adamLrRatio` · lr. As in Keras, a bias of
 * two axes, such as that of `gru`, counts as a kernel.
 *
 * | convention | scale s | where it differs |
 * |---|---|---|
 * | `"keras"` | `rmsRate` · √max(m, n); 1 if `rmsRate` is 0 | |
 * | `"torch"` | √max(1, n/m), n being the units; if `rmsRate` is not 0, as in `"keras"` | v ← μv + (1 − μ)g, d = (1 − μ)g + μv, X = d/max(‖d‖, 1e-7) |
 *
 * With `rmsRate` 0.2, an update is about as large as Adam's, so that Adam's learning rates fit.
 * The authors also train the last layer by AdamW; as in Keras, that needs `excludeLayers`.
 *
 * Numbers: `learningRate` lr in [0, ∞), default 0.001; `momentum` μ in [0, 1), default 0.95; `rmsRate` in [0,
 * ∞), default 0.2 (torch 0); `adamBeta1`, `adamBeta2` in [0, 1), default 0.9 and 0.999; `epsilon` in [0, ∞),
 * default 1e-7 (torch 1e-8); `adamLrRatio` in [0, ∞), default 1; `weightDecay` wd in [0, ∞), default 0.004
 * (torch 0.1); `adamWeightDecay` in [0, ∞), default 0.004 (torch 0.01). Flags: `nesterov`, default true.
 *
 * @throws FettleError `unknown_name` for an unknown option, `invalid_argument` for a value outside its range
 * @see K. Jordan and others, "Muon: an optimizer for hidden layers in neural networks", 2024,
 * https://kellerjordan.github.io/posts/muon; J. Liu and others, "Muon is scalable for LLM training", 2025
 * (`rmsRate`)
 * @example
 * ```ts
 * const optimizer = muon({ learningRate: 0.01, excludeLayers: ["dense_3"] });
 * optimizer.hyperparameters.momentum; // 0.95
 * ```
 */
export function muon(options: MuonOptions = {}): Optimizer {
  if (!isPlainObject(options)) return kind([])(options); // which refuses it
  const { excludeLayers: given = [], ...config } = options;
  must(
    Array.isArray(given) && given.every((layer) => typeof layer === "string"),
    "excludeLayers of muon",
    'an array of names of layers, such as ["dense_3"]',
    given,
  );
  const excludeLayers = [...given];
  const optimizer = kind(excludeLayers)(config);
  madeFrom(optimizer, [recipeOf(optimizer), excludeLayers]);
  return madeBy(optimizer, { name: "muon", options });
}

/** The layer of an array, such as `dense_1.kernel`. */
const layerOf = (path: string): string => path.split(".")[0];

/** As Keras recognizes the vectors of ids, which are rows of a table and not directions of a kernel. */
const isEmbedding = (path: string): boolean => path.toLowerCase().includes("embedding");

function checkLayers(excludeLayers: readonly string[], paths: readonly string[] | undefined): void {
  if (paths === undefined) return;
  const known = [...new Set(paths.map(layerOf))];
  for (const layer of excludeLayers)
    if (!known.includes(layer)) throw unknownName("trained layer in excludeLayers of muon", layer, known);
}

const kind = (excludeLayers: readonly string[]) =>
  defineBuiltIn({
    name: "muon",
    hyperparameters: (convention) => {
      const isKeras = convention === "keras";
      return {
        learningRate: 0.001,
        momentum: 0.95,
        rmsRate: isKeras ? 0.2 : 0,
        adamBeta1: 0.9,
        adamBeta2: 0.999,
        epsilon: isKeras ? 1e-7 : 1e-8,
        adamWeightDecay: isKeras ? 0.004 : 0.01,
        adamLrRatio: 1,
      };
    },
    ranges: {
      momentum: "[0, 1)",
      rmsRate: "[0, ∞)",
      adamBeta1: "[0, 1)",
      adamBeta2: "[0, 1)",
      adamWeightDecay: "[0, ∞)",
      adamLrRatio: "[0, ∞)",
      epsilon: "[0, ∞)",
    },
    weightDecay: (convention) => (convention === "keras" ? 0.004 : 0.1),
    decoupledWeightDecay: true,
    appliesWeightDecay: true,
    perArray: true,
    flags: { nesterov: true },
    traits: ({ rmsRate }) => ({ matchesRms: rmsRate !== 0 }),
    init({ parameter, path = "", paths }): Record<string, Value> {
      checkLayers(excludeLayers, paths);
      const zeros = zerosLike(parameter);
      const excluded = isEmbedding(path) || excludeLayers.includes(layerOf(path));
      const isKernel = parameter.shape.length === 2 && !excluded;
      return isKernel ? { velocity: zeros } : { m: zeros, v: zeros };
    },
    update({ parameter: w, gradient: g, slots, hyperparameters, options, step, decay }) {
      const { learningRate, momentum, rmsRate, epsilon } = hyperparameters;
      const { convention } = options;
      if (!slots.velocity) {
        const { adamBeta1: beta1, adamBeta2: beta2, adamLrRatio, adamWeightDecay } = hyperparameters;
        const numbers = { learningRate: mul(adamLrRatio, learningRate), beta1, beta2, epsilon };
        const adam = adamDefinition.update({
          parameter: w,
          gradient: g,
          slots,
          step,
          hyperparameters: numbers,
          options: { amsgrad: false, convention },
        });
        return { ...adam, update: sub(adam.update, mul(mul(learningRate, adamWeightDecay), w)) };
      }
      const [rows, columns] = w.shape as readonly number[];
      const isKeras = convention === "keras";
      const gather = (v: Value): Value =>
        isKeras ? add(g, mul(momentum, v)) : movingAverage(v, g, momentum);
      const v = gather(slots.velocity);
      const direction = options.nesterov ? gather(v) : v;
      const x = orthogonalized(direction, (norm) => (isKeras ? add(norm, 1e-7) : maximum(norm, 1e-7)));
      const scale = options.matchesRms
        ? mul(rmsRate, Math.sqrt(Math.max(rows, columns)))
        : Math.sqrt(isKeras ? 1 : Math.max(1, columns / rows));
      const moved = mul(mul(learningRate, scale), x);
      return {
        update: neg(decay ? add(moved, mul(mul(learningRate, decay), w)) : moved),
        slots: { velocity: v },
      };
    },
  });
