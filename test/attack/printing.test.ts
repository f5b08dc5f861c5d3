/**
 * Whatever the public API returns can be printed and written as JSON: both end, are short, and say what it
 * is.
 */
import { inspect } from "node:util";
import {
  adam,
  createStudy,
  createTuner,
  dense,
  denseModel,
  earlyStopping,
  encodeTable,
  fitPipeline,
  float,
  gp,
  hyperband,
  int,
  kFold,
  loadModel,
  readTable,
  saveModel,
  sequential,
  tune,
  type Value,
} from "fettle";
import { constant, mean } from "fettle/ops";
import { loadPredictor } from "fettle/predict";
import { describe, expect, it } from "vitest";

const rows = Array.from({ length: 300 }, (_, i) => `${i / 10},${"abc"[i % 3]},${i % 2 ? "yes" : "no"}`);
const table = readTable(`x,c,y\n${rows.join("\n")}\n`);
const data = encodeTable(table, { target: "y" });
const options = {
  data,
  trials: 2,
  seed: 1,
  validation: { folds: 2 },
  fit: { epochs: 1 },
  space: { units: int(2, 4) },
  model: (params: { units: number }) => denseModel(data, params),
};

/** Everything that is worth a test, by name. */
async function everything(): Promise<Record<string, unknown>> {
  const result = await tune(options);
  const bytes = await saveModel(result.final as never);
  const study = createStudy({ space: { a: float(0, 1) }, strategy: gp(), direction: "minimize" });
  const trial = study.ask() as { number: number };
  study.tell(trial.number, { value: 1 });
  const network = sequential([dense(3), dense(1)]);
  let value: Value | undefined;
  network.compile({
    optimizer: adam(),
    loss: (_target: Value, prediction: Value) => {
      value = prediction;
      return mean(prediction) as never;
    },
  } as never);
  const history = await network.fit([[1, 2]], [1], { epochs: 1 });
  return {
    table,
    data,
    result,
    study,
    trial,
    best: study.best,
    network,
    history,
    value,
    schema: table.schema,
    final: result.final,
    record: result.trials[0],
    curves: result.trials[0].curves,
    folds: result.folds,
    model: await loadModel(bytes),
    predictor: await loadPredictor(bytes),
    tuner: await createTuner(options as never),
    pipeline: fitPipeline(data, {}),
    weights: network.getWeights(),
    prediction: network.predict([
      [1, 2],
      [3, 4],
    ]),
    evaluated: network.evaluate([[1, 2]], [1]),
    strategy: gp(),
    scheduler: hyperband(),
    optimizer: adam(),
    layer: dense(3),
    splitter: kFold({ folds: 2 }),
    callback: earlyStopping({ monitor: "loss" }),
    constant,
  };
}

describe("what is returned", () => {
  it("is printed shortly, and is JSON", async () => {
    const all = await everything();
    for (const [name, each] of Object.entries(all)) {
      expect(each, name).toBeDefined();
      const text = JSON.stringify(each) ?? "";
      expect(text.length, name).toBeLessThan(50_000);
      expect(inspect(each).length, name).toBeLessThan(5000);
      expect(inspect(each, { depth: Number.POSITIVE_INFINITY }).length, name).toBeLessThan(200_000);
    }
    const { prediction, study, curves } = all as {
      prediction: { data: Float32Array };
      study: object;
      curves: object;
    };
    const [[a], [b]] = JSON.parse(JSON.stringify(prediction)) as number[][];
    expect(Float32Array.of(a, b)).toEqual(prediction.data);
    expect(inspect(prediction)).toBe(`[ [ ${a} ], [ ${b} ] ]`);
    expect(JSON.parse(JSON.stringify(study))).toMatchObject({
      format: "fettle-study",
      direction: "minimize",
    });
    expect(JSON.parse(JSON.stringify(curves))).toMatchObject({ names: ["loss"], epochs: [1, 1] });
  });
});
