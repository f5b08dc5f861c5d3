/** Test functions whose parameters are of several kinds, or apply only beside others. Both put themselves elsewhere by the seed. */
import { choice, float, int } from "fettle";
import { RandomStream } from "../../src/numerics/random.js";
import type { TestFunction } from "./problem.js";

const activations = ["relu", "tanh", "sigmoid", "elu"];

/**
 * The shape of a network's validation loss, as one meets it: a valley along the logarithm of the learning rate that
 * moves with momentum (the step lr/(1 − μ) counts) and with the activation, weak effects of the others, ripples.
 * Each term is at least 0, and at one point of the space all are 0.
 */
const mixed: TestFunction = {
  name: "mixed",
  citation: "made for this benchmark",
  space: {
    learningRate: float(1e-5, 1, { log: true }),
    momentum: float(0, 0.99),
    dropout: float(0, 0.6, { step: 0.05 }),
    units: int(8, 512, { log: true }),
    layers: int(1, 6),
    activation: choice(activations),
    nesterov: choice([false, true]),
  },
  optimum: 0,
  instance(seed) {
    const random = new RandomStream(seed);
    const between = (low: number, high: number): number => low + (high - low) * random.uniform();
    const rank = random.permutation(activations.length);
    /** The best logarithm of the step for each activation. */
    const steps = activations.map(() => between(-3, -0.7));
    const best = {
      momentum: between(0.2, 0.9),
      dropout: random.integer(13) * 0.05,
      units: random.integer(505) + 8,
      layers: random.integer(6) + 1,
      nesterov: random.uniform() < 0.5,
    };
    return (params) => {
      const { learningRate, momentum, dropout, units, layers } = params as Record<string, number>;
      const kind = activations.indexOf(params.activation as string);
      const off = Math.log10(learningRate / (1 - momentum)) - steps[kind];
      return (
        off ** 2 +
        0.1 * (1 - Math.cos(3 * Math.PI * off)) +
        2 * (momentum - best.momentum) ** 2 +
        (dropout - best.dropout) ** 2 +
        0.1 * Math.log2(units / best.units) ** 2 +
        0.05 * (layers - best.layers) ** 2 +
        0.15 * rank[kind] +
        (params.nesterov === best.nesterov ? 0 : 0.05)
      );
    };
  },
};

/**
 * A tree of depth two: x1 chooses x2 or x3, which choose one of x4 to x7, and r8 or r9 is shared by a half. A leaf
 * gives (x − a)² + its own 0.1, 0.2, 0.3 or 0.4 + |r − b|. The paper has a = 0 and b = 0, and the leaves in order;
 * here they are random.
 */
const conditional: TestFunction = {
  name: "conditional",
  citation:
    "R. Jenatton, C. Archambeau, J. González and M. Seeger, Bayesian Optimization with Tree-structured Dependencies, ICML 2017",
  space: {
    x1: choice([0, 1]),
    x2: choice([0, 1], { when: { x1: [0] } }),
    x3: choice([0, 1], { when: { x1: [1] } }),
    x4: float(-1, 1, { when: { x2: [0] } }),
    x5: float(-1, 1, { when: { x2: [1] } }),
    x6: float(-1, 1, { when: { x3: [0] } }),
    x7: float(-1, 1, { when: { x3: [1] } }),
    r8: float(0, 1, { when: { x1: [0] } }),
    r9: float(0, 1, { when: { x1: [1] } }),
  },
  optimum: 0.1,
  instance(seed) {
    const random = new RandomStream(seed);
    const rank = random.permutation(4);
    const centres = Array.from({ length: 4 }, () => 1.6 * random.uniform() - 0.8);
    const shared = [random.uniform(), random.uniform()];
    return (params) => {
      const { x1, x2, x3, r8, r9 } = params as Record<string, number>;
      const leaf = x1 === 0 ? x2 : 2 + x3;
      const x = params[`x${4 + leaf}`] as number;
      const r = x1 === 0 ? r8 : r9;
      return (x - centres[leaf]) ** 2 + 0.1 * (1 + rank[leaf]) + Math.abs(r - shared[x1]);
    };
  },
};

/** See the head of this file. */
export const structured: readonly TestFunction[] = [mixed, conditional];
