/** Patches of images and their adjoint: windows of every kind, and the rounding errors of the sums. */
import fc from "fast-check";
import * as f from "../../graph/functions.js";
import type { Value } from "../../graph/graph.js";
import { type Shape, sizeOf } from "../../graph/shape.js";
import { cases } from "./case.js";
import type { FactsOf } from "./facts.js";
import { gamma, moved, summed } from "./rounding.js";
import type { Pool } from "./writers.js";

type Pair = readonly [number, number];

interface Windows {
  /** [n, height, width, channels] */
  readonly images: readonly [number, number, number, number];
  readonly size: Pair;
  readonly options: Required<f.PatchOptions>;
}

/** The most elements of patches: laws differentiate by each. */
const MOST = 120;

const pair = (min: number, max: number): fc.Arbitrary<Pair> =>
  fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }));

/** Images, and windows that fit them: overlapping or separate, over an edge, or containing only zeros. */
const windows: fc.Arbitrary<Windows> = fc
  .record({
    images: fc.tuple(
      fc.integer({ min: 1, max: 2 }),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 5 }),
      // below, at and above one and two vectors
      fc.constantFrom(1, 2, 3, 4, 5, 8, 9),
    ),
    size: pair(1, 3),
    options: fc.record({ strides: pair(1, 3), dilation: pair(1, 2), before: pair(0, 3), after: pair(0, 3) }),
  })
  .filter((drawn) => {
    const [down, across] = counts(drawn);
    const { images, size } = drawn;
    return (
      down > 0 && across > 0 && sizeOf(images) * down * across * sizeOf(size) <= MOST * images[1] * images[2]
    );
  });

/** The number of windows down and across. */
function counts({ images, size, options: { strides, dilation, before, after } }: Windows): [number, number] {
  const along = (axis: 0 | 1): number =>
    Math.floor(
      (images[axis + 1] + before[axis] + after[axis] - (size[axis] - 1) * dilation[axis] - 1) / strides[axis],
    ) + 1;
  return [along(0), along(1)];
}

export const patchFacts: FactsOf<"patches" | "addPatches"> = {
  patches: {
    cases: windows.chain(({ images, size, options }) =>
      cases(fc.constant([images]), () => fc.constant((x) => f.patches(x, size, options))),
    ),
    bound: moved("patches"),
    writers: [
      (pool, choices) => {
        const x = toImages(pool, choices[0]);
        if (x === undefined) return;
        const { size, options } = smallWindows(x, choices);
        pool.add(f.patches(x, size, options), pool.size(pool.at(choices[0])));
      },
    ],
  },
  addPatches: {
    cases: windows.chain((drawn) => {
      const { images, size, options } = drawn;
      const shape: Shape = [images[0], ...counts(drawn), size[0] * size[1] * images[3]];
      return cases(fc.constant([shape]), () =>
        fc.constant((x) => f.addPatches(x, [images[1], images[2]], size, options)),
      );
    }),
    bound(context) {
      const { attributes, precision } = context;
      const { spread, sizes } = summed("addPatches", context);
      return spread.map((s, i) => s + gamma(sizeOf(attributes.size), precision) * sizes[i]);
    },
    writers: [
      (pool, choices) => {
        const images = toImages(pool, choices[0]);
        if (images === undefined) return;
        const { size, options } = smallWindows(images, choices);
        const [, height, width] = images.shape;
        const x = f.patches(images, size, options);
        // the sum of a window's patches: each element as often as it was read
        pool.add(
          f.addPatches(x, [height, width], size, options),
          pool.size(pool.at(choices[0])) * sizeOf(size),
        );
      },
    ],
  },
};

/** A value as images whose channels are its last axis; undefined if rows are not its first axis. */
function toImages(pool: Pool, choice: number): Value | undefined {
  const x = pool.at(choice);
  const [first = 1, ...rest] = x.shape;
  if (rest.some((dim) => dim < 0)) return undefined;
  const [channels = 1, width = 1, height = 1] = [...rest].reverse();
  return f.reshape(x, [first, height, width, channels]);
}

function smallWindows({ shape: [, height, width] }: Value, [, b, c, d]: readonly number[]) {
  const size: Pair = [1 + (b % Math.min(2, height)), 1 + (c % Math.min(3, width))];
  const options = {
    strides: [1 + (d % 2), 1 + (b % 2)],
    dilation: [1, 1 + (c % 2)],
    before: [d % 2, c % 3],
    after: [b % 2, 2],
  } as const;
  return { size, options };
}
