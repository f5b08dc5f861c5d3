/** Layers of every kind, as networks have them. A layer that index.ts exports and that has no row here fails a test. */

import type { Shape } from "../../src/graph/shape.js";
import {
  activation,
  batchNormalization,
  dense,
  dropout,
  embedding,
  flatten,
  gaussianNoise,
  type Layer,
  layerNormalization,
  merge,
} from "../../src/nn/layers/index.js";

/** A layer with options that are not its defaults, and rows that it takes. */
export interface LayerExample {
  readonly layer: () => Layer;
  /** The shape of a row of each input. */
  readonly shapes: readonly Shape[];
  /** What a normal number becomes as a number of a row. Default: itself. */
  readonly number?: (normal: number) => number;
}

/** By the names of factories. */
export const EXAMPLES: Readonly<Record<string, readonly LayerExample[]>> = {
  activation: [{ layer: () => activation("gelu"), shapes: [[5]] }],
  batchNormalization: [
    { layer: () => batchNormalization({ epsilon: 0.01, center: false }), shapes: [[4, 3]] },
  ],
  dense: [{ layer: () => dense(3, { activation: "softmax", useBias: false }), shapes: [[5]] }],
  dropout: [{ layer: () => dropout(0.5), shapes: [[5]] }],
  embedding: [
    {
      layer: () => embedding(4, 3, { embeddingsInitializer: "ones" }),
      shapes: [[2]],
      number: (normal) => Math.abs(Math.trunc(normal)) % 4,
    },
  ],
  flatten: [{ layer: () => flatten(), shapes: [[2, 3]] }],
  gaussianNoise: [{ layer: () => gaussianNoise(0.5), shapes: [[5]] }],
  layerNormalization: [{ layer: () => layerNormalization({ epsilon: 0.1, scale: false }), shapes: [[2, 5]] }],
  merge: [
    {
      layer: () => merge("average"),
      shapes: [
        [2, 3],
        [2, 3],
      ],
    },
    {
      layer: () => merge("concatenate"),
      shapes: [
        [2, 3],
        [2, 1],
      ],
    },
  ],
};
