/** Problems whose parameters are of several kinds: how good a network is, against how large it is. */
import { choice, float, int, type Params } from "fettle";
import { RandomStream } from "../../../src/numerics/random.js";
import { Lattice } from "../../../src/search/space/lattice.js";
import { resolveSpace } from "../../../src/search/space/space.js";
import { digits } from "../digits.js";
import { digitsSpace, levels } from "../digits-space.js";
import { type Problem, volumeOf } from "./problem.js";

const optimizers = ["sgd", "adam", "rmsprop"];
const units = int(8, 512, { log: true });
const layers = int(1, 6);

/**
 * The shape of a network's loss, as one meets it: falling with units and layers, each with less effect the
 * more there are; a valley along the logarithm of the learning rate, elsewhere for each optimizer, and
 * momentum for one of them.
 */
const network: Problem = {
  name: "network",
  citation: "made for this benchmark: a loss, and the decimal logarithm of the number of weights",
  space: {
    units,
    layers,
    learningRate: float(1e-5, 1, { log: true }),
    dropout: float(0, 0.6, { step: 0.05 }),
    optimizer: choice(optimizers),
    momentum: float(0, 0.99, { when: { optimizer: ["sgd"] } }),
  },
  reference: [3, 6.2],
  instance(seed) {
    const random = new RandomStream(seed);
    const between = (low: number, high: number): number => low + (high - low) * random.uniform();
    const rates = optimizers.map(() => between(-4, -1));
    const rank = random.permutation(optimizers.length);
    const best = { momentum: between(0.2, 0.9), dropout: random.integer(13) * 0.05 };
    const slope = between(0.5, 1);
    const sizeOf = (width: number, depth: number) => ({
      loss: slope * (6 - Math.log2(width / 8)) * 0.25 + 0.1 * (6 - depth) * (7 - depth) * 0.1,
      weights: Math.log10(depth * width * width),
    });
    const sizes: number[][] = [];
    for (let width = units.low; width <= units.high; width++) {
      for (let depth = layers.low; depth <= layers.high; depth++) {
        const { loss, weights } = sizeOf(width, depth);
        sizes.push([loss, weights]);
      }
    }
    return {
      volume: volumeOf(sizes, network.reference),
      evaluate(params) {
        const { units, layers, learningRate, dropout, momentum } = params as Record<string, number>;
        const kind = optimizers.indexOf(params.optimizer as string);
        const { loss, weights } = sizeOf(units, layers);
        const off = Math.log10(learningRate) - rates[kind];
        const others =
          0.5 * off * off +
          2 * (dropout - best.dropout) ** 2 +
          0.1 * rank[kind] +
          (momentum === undefined ? 0 : (momentum - best.momentum) ** 2);
        return { values: [loss + others, weights] };
      },
    };
  },
};

/** Of a network with one hidden layer, on 64 inputs and 10 outputs. */
function digitsAt(params: Params): number[] {
  return [digits.instance(0)(params), 75 * levels.units[params.units as number] + 10];
}

const lattice = new Lattice(resolveSpace(digitsSpace));
/** What guessing costs, and a little more than the largest network has. */
const digitsReference = [Math.log(10), 5000];
const digitsVolume = volumeOf(
  Array.from({ length: lattice.size }, (_, i) => digitsAt(lattice.at(i))),
  digitsReference,
);

const digitsWeights: Problem = {
  name: "digits",
  citation: `${digits.citation}: log loss, and the number of weights`,
  space: digitsSpace,
  reference: digitsReference,
  instance: () => ({ volume: digitsVolume, evaluate: (params) => ({ values: digitsAt(params) }) }),
};

/** See the head of this file. */
export const structured: readonly Problem[] = [network, digitsWeights];
