/**
 * Test functions whose parameters are of several kinds, or apply only beside others. All put themselves
 * elsewhere by the seed.
 */
import { choice, float, int, type Params } from "fettle";
import { RandomStream } from "../../src/numerics/random.js";
import type { TestFunction } from "./problem.js";

const activations = ["relu", "tanh", "sigmoid", "elu"];

/**
 * The shape of a network's validation loss, as one meets it: a valley along the logarithm of the learning
 * rate that moves with momentum (the step lr/(1 − μ) counts) and with the activation, weak effects of the
 * others, ripples. Each term is at least 0, and at one point of the space all are 0.
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
 * A tree of depth two: x1 chooses x2 or x3, which choose one of x4 to x7, and r8 or r9 is shared by a half. A
 * leaf gives (x − a)² + its own 0.1, 0.2, 0.3 or 0.4 + |r − b|. The paper has a = 0 and b = 0, and the leaves
 * in order; here they are random.
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

const families = ["linear", "forest", "network"] as const;

/**
 * Which kind of model, and its own parameters: each kind has its best at a place, and two of the three are
 * worse even there. A network's further parameters depend on how many layers it has and on its optimizer.
 */
const family: TestFunction = {
  name: "family",
  citation: "made for this benchmark",
  space: {
    model: choice(families),
    penalty: float(1e-6, 10, { log: true, when: { model: ["linear"] } }),
    interactions: choice([false, true], { when: { model: ["linear"] } }),
    trees: int(10, 1000, { log: true, when: { model: ["forest"] } }),
    depth: int(1, 20, { when: { model: ["forest"] } }),
    features: float(0.1, 1, { when: { model: ["forest"] } }),
    learningRate: float(1e-5, 1, { log: true, when: { model: ["network"] } }),
    layers: int(0, 4, { when: { model: ["network"] } }),
    dropout: float(0, 0.6, { when: { layers: { low: 1 } } }),
    optimizer: choice(["sgd", "adam", "rmsprop"], { when: { model: ["network"] } }),
    momentum: float(0, 0.99, { when: { optimizer: ["sgd"] } }),
  },
  optimum: 0,
  instance(seed) {
    const random = new RandomStream(seed);
    const between = (low: number, high: number): number => low + (high - low) * random.uniform();
    const gaps = random.permutation(families.length);
    const best = {
      penalty: between(-5, 0),
      interactions: random.uniform() < 0.5,
      trees: 10 + random.integer(991),
      depth: 1 + random.integer(20),
      features: between(0.2, 0.9),
      layers: random.integer(5),
      dropout: between(0.05, 0.5),
      momentum: between(0.2, 0.9),
    };
    const rates = [between(-4, -1), between(-4, -1), between(-4, -1)];
    const rank = random.permutation(rates.length);
    const own = {
      linear: ({ penalty, interactions }: Params) =>
        0.05 * (Math.log10(penalty as number) - best.penalty) ** 2 +
        (interactions === best.interactions ? 0 : 0.1),
      forest({ trees, depth, features }: Record<string, number>) {
        return (
          0.05 * Math.log2(trees / best.trees) ** 2 +
          0.01 * (depth - best.depth) ** 2 +
          (features - best.features) ** 2
        );
      },
      network({ learningRate, layers, dropout = best.dropout, optimizer, momentum = best.momentum }: Params) {
        const kind = ["sgd", "adam", "rmsprop"].indexOf(optimizer as string);
        return (
          0.2 * (Math.log10(learningRate as number) - rates[kind]) ** 2 +
          0.05 * ((layers as number) - best.layers) ** 2 +
          ((dropout as number) - best.dropout) ** 2 +
          0.05 * rank[kind] +
          0.5 * ((momentum as number) - best.momentum) ** 2
        );
      },
    };
    return (params) => {
      const model = params.model as (typeof families)[number];
      return 0.1 * gaps[families.indexOf(model)] + own[model](params as never);
    };
  },
};

/**
 * Three choices of which one changes what another is worth, two integers and three numbers: the step that is
 * best depends on one of the choices. Each term is at least 0, and at one point of the space all are 0.
 */
const knobs: TestFunction = {
  name: "knobs",
  citation: "made for this benchmark",
  space: {
    first: choice(["a", "b", "c"]),
    second: choice(["a", "b", "c", "d"]),
    third: choice(["a", "b", "c", "d", "e"]),
    count: int(1, 12),
    width: int(4, 256, { log: true }),
    step: float(1e-4, 1, { log: true }),
    share: float(0, 1),
    ratio: float(0, 1, { step: 0.1 }),
  },
  optimum: 0,
  instance(seed) {
    const random = new RandomStream(seed);
    const pairs = random.permutation(12);
    const third = random.permutation(5);
    const steps = [0, 1, 2, 3].map(() => -0.5 - 3 * random.uniform());
    const best = {
      count: 1 + random.integer(12),
      width: 4 + random.integer(253),
      share: 0.1 + 0.8 * random.uniform(),
      ratio: random.integer(11) * 0.1,
    };
    return (params) => {
      const { count, width, step, share, ratio } = params as Record<string, number>;
      const [i, j, k] = [params.first, params.second, params.third].map((name) =>
        "abcde".indexOf(name as string),
      );
      return (
        0.06 * pairs[4 * i + j] +
        0.1 * third[k] +
        0.3 * (Math.log10(step) - steps[j]) ** 2 +
        0.02 * (count - best.count) ** 2 +
        0.1 * Math.log2(width / best.width) ** 2 +
        2 * (share - best.share) ** 2 +
        (ratio - best.ratio) ** 2
      );
    };
  },
};

/** See the head of this file. */
export const structured: readonly TestFunction[] = [mixed, conditional];
/** The same, which `quality` does not have. */
export const furtherStructured: readonly TestFunction[] = [family, knobs];
