/** Planted faults in losses: each is a common mistake, and breaks a law of `test/laws/losses.ts`. */
import { describe, expect, it } from "vitest";
import * as f from "../../src/graph/functions.js";
import * as losses from "../../src/nn/losses/index.js";
import type { LossFunction } from "../../src/nn/losses/loss.js";
import { checkLoss } from "../laws/losses.js";
import { lossesUnderTest } from "../laws/lossesUnderTest.js";

const VALUE = "equals the uncertainty of the truths plus the divergence of the prediction";
const GRADIENT = "has a gradient of 0 at the best prediction";

const TANGENT = "is convex: it is nowhere below a tangent by its gradient";

/** −Σ y log p over a row, of logits. */
const surprise: LossFunction = (y, z) => f.neg(f.sum(f.mul(y, f.logSoftmax(z)), -1));

/** The name of a loss, the mistake, the wrong loss, and the law that it breaks. */
const faults: readonly (readonly [of: string, what: string, loss: LossFunction, law: string])[] = [
  ["meanSquaredError", "a flipped sign", (y, p) => f.neg(f.mean(f.square(f.sub(p, y)))), VALUE],
  ["meanSquaredError", "a sum in place of the mean", (y, p) => f.sum(f.square(f.sub(p, y))), VALUE],
  ["meanSquaredError", "a mean over rows alone", (y, p) => f.mean(f.sum(f.square(f.sub(p, y)), -1)), VALUE],
  ["meanSquaredError", "half of it", (y, p) => f.mul(0.5, f.mean(f.square(f.sub(p, y)))), VALUE],
  ["meanSquaredError", "a root", (y, p) => f.sqrt(f.mean(f.square(f.sub(p, y)))), VALUE],
  ["meanSquaredError", "a sum in place of the difference", (y, p) => f.mean(f.square(f.add(p, y))), VALUE],
  [
    "meanSquaredError",
    "a gradient that sees one of both factors",
    (y, p) => f.mean(f.mul(f.sub(p, y), f.stopGradient(f.sub(p, y)))),
    TANGENT,
  ],
  [
    "meanAbsoluteError",
    "twice the gradient",
    (y, p) => {
      const right = f.mean(f.abs(f.sub(p, y)));
      return f.add(right, f.sub(right, f.stopGradient(right)));
    },
    TANGENT,
  ],
  [
    "meanSquaredError",
    "a gradient that is shifted",
    (y, p) => {
      const right = f.mean(f.square(f.sub(p, y)));
      const wrong = f.mul(1e-3, f.mean(p));
      return f.add(right, f.sub(wrong, f.stopGradient(wrong)));
    },
    GRADIENT,
  ],
  ["meanAbsoluteError", "no sizes", (y, p) => f.mean(f.sub(p, y)), VALUE],
  ["meanAbsoluteError", "sizes of the wrong things", (y, p) => f.mean(f.sub(f.abs(p), f.abs(y))), VALUE],
  ["meanAbsoluteError", "the squared error", (y, p) => f.mean(f.square(f.sub(p, y))), VALUE],
  [
    "binaryCrossentropy of logits",
    "the other class's label",
    (y, z) => f.mean(f.sub(f.softplus(z), f.mul(f.sub(1, y), z))),
    VALUE,
  ],
  [
    "binaryCrossentropy of logits",
    "a flipped sign",
    (y, z) => f.mean(f.sub(f.mul(y, z), f.softplus(z))),
    VALUE,
  ],
  [
    "binaryCrossentropy of logits",
    "no logits",
    lossesUnderTest["binaryCrossentropy of probabilities"].loss,
    VALUE,
  ],
  [
    "binaryCrossentropy of probabilities",
    "no term for class 0",
    (y, p) => f.neg(f.mean(f.mul(y, f.log(p)))),
    VALUE,
  ],
  [
    "binaryCrossentropy of probabilities",
    "1 − p in the place of p",
    (y, p) => f.neg(f.mean(f.add(f.mul(y, f.log(f.sub(1, p))), f.mul(f.sub(1, y), f.log(p))))),
    VALUE,
  ],
  [
    "binaryCrossentropy of probabilities",
    "a logarithm to base 2",
    (y, p) =>
      f.neg(f.mean(f.div(f.add(f.mul(y, f.log(p)), f.mul(f.sub(1, y), f.log(f.sub(1, p)))), Math.LN2))),
    VALUE,
  ],
  ["categoricalCrossentropy of logits", "a dropped 1/n", (y, z) => f.sum(surprise(y, z)), VALUE],
  [
    "categoricalCrossentropy of logits",
    "a mean over classes too",
    (y, z) => f.neg(f.mean(f.mul(y, f.logSoftmax(z)))),
    VALUE,
  ],
  [
    "categoricalCrossentropy of logits",
    "a softmax too many",
    (y, z) => f.mean(surprise(y, f.softmax(z))),
    VALUE,
  ],
  [
    "categoricalCrossentropy of logits",
    "classes that are off by one",
    (y, z) => {
      const classes = z.shape[1] as number;
      const [first, rest] = [
        f.slice(y, [0, 0], [y.shape[0], 1]),
        f.slice(y, [0, 1], [y.shape[0], classes - 1]),
      ];
      return f.mean(surprise(f.concat([rest, first], 1), z));
    },
    VALUE,
  ],
  [
    "categoricalCrossentropy of probabilities",
    "probabilities that are not scaled",
    (y, p) => f.neg(f.mean(f.sum(f.mul(y, f.log(p)), -1))),
    VALUE,
  ],
  ["quantile", "the other quantile", losses.quantile({ quantile: 0.25 }), VALUE],
  ["quantile", "the median", losses.quantile(), VALUE],
  ["quantile", "truth and prediction exchanged", (y, p) => losses.quantile({ quantile: 0.75 })(p, y), VALUE],
  [
    "meanSquaredLogarithmicError",
    "logarithms of y and p themselves",
    (y, p) => f.mean(f.square(f.sub(f.log(p), f.log(y)))),
    VALUE,
  ],
  [
    "meanSquaredLogarithmicError",
    "the logarithm of the squared error",
    (y, p) => f.mean(f.log1p(f.square(f.sub(p, y)))),
    VALUE,
  ],
  ["poisson", "a prediction that is a logarithm", (y, p) => f.mean(f.sub(f.exp(p), f.mul(y, p))), VALUE],
  ["poisson", "no expected count", (y, p) => f.neg(f.mean(f.mul(y, f.log(p)))), VALUE],
  [
    "klDivergence",
    "truth and prediction exchanged",
    (y, p) => f.mean(f.sum(f.mul(p, f.log(f.div(p, y))), -1)),
    VALUE,
  ],
  ["klDivergence", "no entropy", (y, p) => f.neg(f.mean(f.sum(f.mul(y, f.log(p)), -1))), VALUE],
  ["klDivergence", "a mean over classes too", (y, p) => f.mean(f.mul(y, f.log(f.div(y, p)))), VALUE],
  [
    "categoricalCrossentropy of probabilities",
    "truth and prediction exchanged",
    (y, p) => f.neg(f.mean(f.sum(f.mul(p, f.log(f.maximum(y, 1e-7))), -1))),
    VALUE,
  ],
];

describe.each(faults)("%s", (of, what, loss, law) => {
  it(`with ${what} is caught`, () => {
    expect(() => checkLoss(of, { ...lossesUnderTest[of], loss }, 20)).toThrow(
      `loss "${of}" breaks the law "${law}"`,
    );
  });
});
