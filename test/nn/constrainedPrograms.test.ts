/** Constraints in programs and in files: which programs they share, and that a saved model trains on. */

import { describe, expect, it } from "vitest";
import { minimum } from "../../src/graph/functions.js";
import type { Value } from "../../src/graph/graph.js";
import { contentsOf } from "../../src/model/contents.js";
import { loadModel, saveModel } from "../../src/model/save.js";
import * as layers from "../../src/nn/layers/index.js";
import { dense } from "../../src/nn/layers/index.js";
import { architectureFrom } from "../../src/nn/programs/architecture.js";
import { programOf, sameTraining } from "../../src/nn/programs/programs.js";
import { type ConstraintLike, maxNorm, minMaxNorm, unitNorm } from "../../src/nn/weights/constraints.js";
import { sgd } from "../../src/optim/sgd.js";
import { loadPredictor } from "../../src/predict/predictor.js";
import { compiled, randomRows, refusal, weightsOf } from "./support.js";

const x = randomRows(10, 3, 1);
const y = x.map(([a, b, c]) => [4 * a - 2 * b + c * c, -3 * a]);

describe("programs", () => {
  const build = (kernelConstraint: ConstraintLike) =>
    architectureFrom(
      compiled([dense(2, { kernelConstraint }), dense(2)], { optimizer: "adam", loss: "mse" }).described(),
      3,
    );

  it("are shared by all values of a constraint, and not by others", () => {
    const [one, two] = [maxNorm({ maxValue: 1 }), maxNorm({ maxValue: 2 })].map(build);
    expect(programOf(one, "train", 4)).toBe(programOf(two, "train", 4));
    expect(one.steps).toBe(two.steps);
    const others = ["nonNeg", maxNorm({ axis: 1 }), unitNorm(), minMaxNorm()] as const;
    for (const other of others) {
      expect(sameTraining(one, build(other))).toBe(false);
      expect(build(other).steps).not.toBe(one.steps);
    }
    // predictions know nothing of them
    expect(programOf(build("nonNeg"), "predict", 4)).toBe(programOf(build("unitNorm"), "predict", 4));
  });

  it("of a function of one's own are traced, each by itself", () => {
    const [low, high] = [1, 2].map((most) => build((weight: Value) => minimum(weight, most)));
    expect(programOf(low, "train", 4)).not.toBe(programOf(high, "train", 4));
  });

  it("refuse what is not of the array's shape, and an axis that it does not have", async () => {
    const train = (kernelConstraint: ConstraintLike) =>
      compiled([dense(2, { kernelConstraint })], { optimizer: "sgd", loss: "mse" }).fit(x, y);
    expect(await refusal(() => train((() => 1) as never))).toBe(
      "invalid_shape: the constraint of dense_1.kernel must return a value of shape [3, 2]; received 1",
    );
    expect(await refusal(() => train(maxNorm({ axis: 2 })))).toContain(
      "invalid_shape: axis must be one or more different axes of [3, 2]; received ",
    );
    expect(await refusal(() => train(maxNorm({ axis: [0, 2] })))).toContain(
      "invalid_shape: axis must be one or more different axes of [3, 2]; received ",
    );
  });
});

describe("a saved model", () => {
  /** Upper bounds. */
  function capped(weight: Value): Value {
    return minimum(weight, 0.125);
  }

  it("trains on as if it had not been saved, and its file names the constraint", async () => {
    const build = () =>
      compiled(
        [
          dense(3, { kernelConstraint: maxNorm({ maxValue: 0.5, axis: [0] }), biasConstraint: "non_neg" }),
          layers.reshape([3, 1]),
          layers.lstm(2, { recurrentConstraint: minMaxNorm({ rate: 0.5 }), kernelConstraint: capped }),
          dense(2),
        ],
        { optimizer: sgd({ learningRate: 0.2, momentum: 0.5 }), loss: "mse" },
      );
    const whole = build();
    await whole.fit(x, y, { epochs: 6, batchSize: 4, seed: 9 });
    const model = build();
    await model.fit(x, y, { epochs: 3, batchSize: 4, seed: 9 });
    const bytes = saveModel(model, { optimizer: true });
    const [first, , third] = contentsOf(model, false).network.layers.map(({ options }) => options);
    expect(first).toEqual({
      units: 3,
      kernelConstraint: { name: "maxNorm", options: { maxValue: 0.5, axis: [0] } },
      biasConstraint: "non_neg",
    });
    expect(third.kernelConstraint).toEqual({ function: "capped" });
    expect(third.recurrentConstraint).toEqual({ name: "minMaxNorm", options: { rate: 0.5 } });
    expect(await refusal(() => loadModel(bytes))).toContain('customObjects["capped"]');
    const loaded = await loadModel(bytes, { customObjects: { capped } });
    expect(saveModel(loaded, { optimizer: true })).toEqual(bytes);
    await loaded.model.fit(x, y, { epochs: 3, batchSize: 4 });
    expect(weightsOf(loaded.model)).toEqual(weightsOf(whole));
    // a predictor has no use for constraints
    const predictor = await loadPredictor(bytes);
    expect(Array.from(predictor.predict(x).data)).toEqual(Array.from(model.predict(x).data));
  });
});
