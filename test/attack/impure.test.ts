/**
 * Functions that do not return the same for the same parameters: the study is kept, and the final model is
 * refused with the reason.
 */
import { describe, expect, it } from "vitest";
import { dense } from "../../src/nn/layers/index.js";
import { sequential } from "../../src/nn/models/sequential.js";
import { sgd } from "../../src/optim/sgd.js";
import { choice } from "../../src/search/space/builders.js";
import { grid } from "../../src/search/strategies/grid/grid.js";
import { pbt } from "../../src/search/strategies/pbt/pbt.js";
import { gridSearch } from "../../src/tune/gridSearch.js";
import { createTuner } from "../../src/tune/resume/slices.js";
import { tune } from "../../src/tune/tune.js";
import type { TuneOptions } from "../../src/tune/tuner/options.js";
import { logistic, rates, untimed, x, y } from "../tune/support.js";

const base = {
  x,
  y,
  space: rates(0.05, 0.1),
  strategy: grid(),
  fit: { epochs: 2 },
  validation: { folds: 2 },
  jobs: 1,
};
type Params = { readonly learningRate: number };

/**
 * A model function that returns something else from its fourth call on: the search has looked at one then,
 * and the two trials have had theirs.
 */
const changing = (change: (params: Params) => ReturnType<typeof logistic>) => {
  let calls = 0;
  return (params: Params) => (++calls > 3 ? change(params) : logistic(params));
};
const wide = ({ learningRate }: Params) => {
  const model = sequential([dense(3), dense(1, { activation: "sigmoid" })]);
  model.compile({ optimizer: sgd({ learningRate }), loss: "binaryCrossentropy" });
  return model;
};
const otherLoss = ({ learningRate }: Params) => {
  const model = sequential([dense(1, { activation: "sigmoid" })]);
  model.compile({ optimizer: sgd({ learningRate }), loss: "meanSquaredError" });
  return model;
};
const faster = ({ learningRate }: Params) => logistic({ learningRate: 2 * learningRate });

it("a model function that changes another number than its first at the final fit has no final model", async () => {
  const heavy = ({ learningRate }: Params, momentum: number) => {
    const model = sequential([dense(1, { activation: "sigmoid" })]);
    model.compile({ optimizer: sgd({ learningRate, momentum }), loss: "binaryCrossentropy" });
    return model;
  };
  let calls = 0;
  const { finalError } = await tune({
    ...base,
    model: (params: Params) => heavy(params, ++calls > 3 ? 0.5 : 0.9),
  });
  expect(finalError?.message).toMatch(
    /it returned {"optimizer.momentum":0.9}, and now {"optimizer.momentum":0.5}$/,
  );
});

const MUST =
  "the final model could not be fitted: model must return the same whenever it is called with the same parameters: for those of trial ";
const OTHER = " it returned another network, loss or optimizer than before, or layers with other weights";

describe("a model function that changes at the final fit", () => {
  it.each<[string, (params: Params) => ReturnType<typeof logistic>, RegExp]>([
    ["its layers", wide, new RegExp(`^${MUST}[01]${OTHER}$`)],
    ["its loss", otherLoss, new RegExp(`^${MUST}[01]${OTHER}$`)],
    [
      "its learning rate",
      faster,
      new RegExp(
        `^${MUST}[01] it returned {"optimizer.learningRate":0\\.\\d+}, and now {"optimizer.learningRate":0\\.\\d+}$`,
      ),
    ],
  ])("in %s keeps the study, and has no final model", async (_, change, message) => {
    const pure = await tune({ ...base, model: logistic });
    for (const jobs of [1, 2]) {
      const result = await tune({ ...base, jobs, model: changing(change) });
      const { trials, best, finalError } = result;
      expect(untimed(trials)).toEqual(untimed(pure.trials));
      expect(best.number).toBe(pure.best.number);
      expect(() => result.final).toThrow(finalError);
      expect(finalError?.code).toBe("invalid_state");
      expect(finalError?.message).toMatch(message);
    }
  });

  it("is told by gridSearch, and by a tuner in slices", async () => {
    const { strategy: _, ...options } = base;
    const { rows, finalError } = await gridSearch({ ...options, model: changing(wide) });
    expect([rows.length, finalError?.code]).toEqual([2, "invalid_state"]);
    const { jobs: __, ...sliced } = base;
    const tuner = await createTuner({ ...sliced, model: changing(faster) });
    while (!tuner.result) await tuner.advance({ steps: 7 });
    expect([tuner.result.trials.length, tuner.result.finalError?.code]).toEqual([2, "invalid_state"]);
  });

  it("is found in a study that was restored, if two calls in a row differ", async () => {
    const { study } = await tune({ ...base, model: logistic });
    let calls = 0;
    const model = (params: Params) => (calls++ % 2 === 0 ? logistic(params) : faster(params));
    const { finalError } = await tune({ ...base, model, study: JSON.parse(JSON.stringify(study)) });
    expect(finalError?.code).toBe("invalid_state");
  });
});

it.each(["fit", "pipeline"])(
  "a function %s that changes at the final fit is refused, and the study is kept",
  async (name) => {
    let calls = 0;
    // the search looks at one pipeline before its two trials
    const before = name === "pipeline" ? 3 : 2;
    const late = <const T>(usual: T, other: T): T => (++calls > before ? other : usual);
    const options: TuneOptions<typeof base.space> = {
      ...base,
      model: logistic,
      ...(name === "fit" && { fit: () => late({ epochs: 2 }, { epochs: 3 }) }),
      ...(name === "pipeline" && { pipeline: () => ({ scale: late("standard", "none") }) }),
    };
    const { trials, finalError } = await tune(options);
    expect(trials.length).toBe(2);
    expect((finalError as Error).message).toContain(`${name} must return the same whenever it is called`);
  },
);

it("a model whose trial is trained again for the threshold is compared too", async () => {
  const { study } = await tune({ ...base, model: logistic, threshold: "f1" });
  // resumed from its JSON, a study has no predictions to choose the threshold by
  let calls = 0;
  const model = (params: Params) => (++calls > 2 ? faster(params) : logistic(params));
  const saved = JSON.parse(JSON.stringify(study));
  const { finalError } = await tune({ ...base, model, threshold: "f1", study: saved });
  expect(finalError?.code).toBe("invalid_state");
});

it("a pure function is none of these, with a threshold, a population, and a restored study", async () => {
  const { final, finalError } = await tune({ ...base, model: logistic, threshold: "f1" });
  expect([final === undefined, finalError]).toEqual([false, undefined]);
  const population = {
    ...base,
    strategy: pbt({ populationSize: 4 }),
    space: { learningRate: choice([0.05, 0.1, 0.2]) },
    trials: 12,
    model: logistic,
  };
  const first = await tune(population);
  const again = await tune({ ...population, trials: 16, study: JSON.parse(JSON.stringify(first.study)) });
  expect([first.finalError, again.finalError]).toEqual([undefined, undefined]);
});
