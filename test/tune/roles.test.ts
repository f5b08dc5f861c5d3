/** What layers read, and what pipelines make of it: ids and padding stay as they are. */
import { describe, expect, it } from "vitest";
import type { TensorLike } from "../../src/arrays.js";
import { encodeTable } from "../../src/data/dataset.js";
import type { PipelineOptions } from "../../src/data/pipeline/options.js";
import { fitPipeline } from "../../src/data/pipeline/pipeline.js";
import { readTable } from "../../src/data/table.js";
import { loadModel, saveModel } from "../../src/model/save.js";
import {
  dense,
  embedding,
  flatten,
  gru,
  masking,
  merge,
  permute,
  reshape,
} from "../../src/nn/layers/index.js";
import { functional, input } from "../../src/nn/models/functional.js";
import type { LayersModel } from "../../src/nn/models/layersModel.js";
import { sequential } from "../../src/nn/models/sequential.js";
import { adam } from "../../src/optim/adam.js";
import { readContents } from "../../src/predict/description.js";
import { loadPredictor } from "../../src/predict/predictor.js";
import { choice, float, int } from "../../src/search/space/builders.js";
import { grid } from "../../src/search/strategies/grid/grid.js";
import { random } from "../../src/search/strategies/random/random.js";
import { modelServer } from "../../src/serve/models/modelServer.js";
import { findLearningRate } from "../../src/tune/rateFinder.js";
import { createTuner, restoreTuner } from "../../src/tune/resume/slices.js";
import { toDataset } from "../../src/tune/trial/data.js";
import { followRoles } from "../../src/tune/trial/roles.js";
import { tune } from "../../src/tune/tune.js";
import type { TuneResult, TunerOptions } from "../../src/tune/tuner/options.js";

const compiled = (model: LayersModel, learningRate = 0.01): LayersModel => {
  model.compile({ optimizer: adam({ learningRate }), loss: "meanSquaredError" });
  return model;
};
const ids = (rows: number, columns: number, many: number): number[][] =>
  Array.from({ length: rows }, (_, i) =>
    Array.from({ length: columns }, (_, j) => (i * (7 + 4 * j) + ((i * i) >> (j + 1))) % many),
  );

describe("the programs of which defaults once made nothing", () => {
  it("an embedding of ids", async () => {
    const worth = [3, -1, 4, 1, -5, 9, 2, -6, 5, 0];
    const x = ids(400, 3, 10);
    const y = x.map((row) => row.reduce((sum, id) => sum + worth[id], 0));
    const { final, notes } = await tune({
      x,
      y,
      seed: 1,
      trials: 2,
      testSize: 0.2,
      jobs: 1,
      space: { learningRate: float(0.03, 0.1, { log: true }) },
      model: ({ learningRate }) =>
        compiled(sequential([embedding(10, 4), flatten(), dense(1)]), learningRate),
    });
    expect(final.test.r2).toBeGreaterThan(0.99);
    expect(final.pipeline.columns.map(({ features }) => features[0].scaling)).toEqual(
      x[0].map(() => ({ center: 0, scale: 1 })),
    );
    expect(notes).toEqual(['embedding_1 reads ids in "x0" to "x2": they are not scaled']);
  });

  it("masked sequences", async () => {
    const x = Array.from({ length: 300 }, (_, i) => {
      const length = 3 + (i % 6);
      return Array.from({ length: 8 }, (_, t) => [
        t < length ? 20 + (((i * 31 + t * 17) % 97) / 97) * 10 : 0,
      ]);
    });
    // the mean of the steps that count
    const y = x.map((steps) => {
      const counted = steps.filter(([v]) => v !== 0);
      return counted.reduce((sum, [v]) => sum + v, 0) / counted.length;
    });
    const { final, notes } = await tune({
      x,
      y,
      seed: 1,
      trials: 1,
      testSize: 0.2,
      validation: { split: 0.2 },
      jobs: 1,
      space: { learningRate: choice([0.02]) },
      model: ({ learningRate }) => compiled(sequential([masking(0), gru(8), dense(1)]), learningRate),
      fit: { epochs: 60 },
    });
    expect(final.test.r2).toBeGreaterThan(0.99);
    expect(notes[0]).toMatch(
      /^masking_1 reads "x0" to "x7" as 8 steps of 1 number, with padding where all are 0: padding stays unchanged/,
    );
    // what is behind the steps that count changes nothing: there is only one padding
    const [short] = x;
    expect(final.predict([short]).get(0, 0)).toBe(
      final.predict({ data: short.flat(), shape: [1, 8] }).get(0, 0),
    );
  });
});

/** What is decided of a pipeline. */
const followed = (
  layers: LayersModel,
  data: Parameters<typeof followRoles>[1],
  options: PipelineOptions = {},
): ReturnType<typeof followRoles> => followRoles(layers, data, options);
const arrays = (x: TensorLike, pipeline?: PipelineOptions) =>
  toDataset({ x, y: [1, 2, 4], ...(pipeline && { pipeline }) });

describe("what a pipeline follows of layers", () => {
  it("is nothing for a model that reads numbers", () => {
    const options = { scale: "minMax" } as const;
    const { pipeline, notes } = followed(sequential([dense(1)]), arrays([[1], [2], [3]]), options);
    expect(pipeline).toBe(options);
    expect(notes).toEqual([]);
  });

  it("is ids beside numbers, of which others are scaled as the user says", () => {
    const [size, port] = [input(2), input(1)];
    const parts = [size, flatten().apply(embedding(3, 1).apply(port))];
    const outputs = dense(1).apply(merge("concatenate").apply(...parts));
    const model = functional({ inputs: { size, port }, outputs });
    const data = arrays([
      [1, 2, 0],
      [3, 4, 2],
      [5, 6, 1],
    ]);
    const { pipeline, notes } = followed(model, data, {
      scale: "minMax",
      columns: { x0: { scale: "none" } },
    });
    expect(pipeline).toEqual({
      scale: "minMax",
      columns: { x0: { scale: "none" }, x2: { scale: "none", impute: "mode" } },
    });
    expect(notes).toEqual(['embedding_1 reads ids in "x2": they are not scaled']);
    // what a user says of a column of ids is kept, and does not make them scaled
    const filled = followed(model, data, { scale: "minMax", columns: { x2: { impute: 2 } } });
    expect(filled.pipeline.columns).toEqual({ x2: { impute: 2, scale: "none" } });
  });

  it("is steps, in their shape, behind layers that move numbers, and beside others", () => {
    const x = [1, 2, 3].map((i) => [
      [i, 1],
      [0, 0],
    ]);
    const own = [{ first: 0, steps: 2, features: 2, maskValue: 0 }];
    expect(followed(sequential([masking(0), gru(1)]), arrays(x)).pipeline).toEqual({ padding: own });
    const flat = x.map((row) => row.flat());
    const reshaped = sequential([reshape([2, 2]), masking(0), gru(1)]);
    expect(followed(reshaped, arrays(flat), { scale: "robust" }).pipeline).toEqual({
      scale: "robust",
      padding: own,
    });
    const [steps, size] = [input([1, 2]), input(2)];
    const parts = [gru(1).apply(masking(-1).apply(steps)), size];
    const outputs = dense(1).apply(merge("concatenate").apply(...parts));
    expect(followed(functional({ inputs: { size, steps }, outputs }), arrays(flat)).pipeline).toEqual({
      padding: [{ first: 2, steps: 1, features: 2, maskValue: -1 }],
    });
  });

  it("leaves padded steps as they are where their order is another, unless the user says so", () => {
    const x = [1, 2, 3].map((i) => [
      [i, 1],
      [0, 0],
    ]);
    const model = sequential([permute([2, 1]), masking(0), gru(1)]);
    const none = Object.fromEntries([0, 1, 2, 3].map((i) => [`x${i}`, { scale: "none" }]));
    const { pipeline, notes } = followed(model, arrays(x));
    expect(pipeline).toEqual({ columns: none });
    expect(notes[0]).toMatch(/^masking_1 reads padded steps in "x0" to "x3" in a custom order: they are not/);
    expect(followed(model, arrays(x), { scale: "minMax" }).pipeline).toEqual({ scale: "minMax" });
    // other options of such a column are kept
    const filled = followed(model, arrays(x), { columns: { x1: { impute: 2 } } });
    expect(filled.pipeline.columns).toEqual({ ...none, x1: { impute: 2, scale: "none" } });
    const padding = [{ first: 0, steps: 1, features: 4, maskValue: 5 }];
    expect(followed(model, arrays(x), { padding }).pipeline).toEqual({ padding });
  });

  it("leaves inputs as they are that two layers divide into steps differently", () => {
    const all = input(6);
    const part = (shape: readonly number[], maskValue = 0) =>
      gru(1).apply(masking(maskValue).apply(reshape(shape).apply(all)));
    const joined = (...parts: ReturnType<typeof part>[]) =>
      functional({ inputs: all, outputs: dense(1).apply(merge("concatenate").apply(...parts)) });
    const data = arrays([1, 2, 3].map((i) => [i, 1, 2, i, 0, 0]));
    const none = Object.fromEntries([0, 1, 2, 3, 4, 5].map((i) => [`x${i}`, { scale: "none" }]));
    for (const other of [part([2, 3]), part([3, 2], -1)]) {
      const { pipeline, notes } = followed(joined(part([3, 2]), other), data);
      expect(pipeline).toEqual({ columns: none });
      expect(notes.map((note) => note.replace(/^masking_. /, ""))).toEqual(
        Array(2).fill(
          'reads padded steps in "x0" to "x5" in a custom order: they are not scaled; pipeline.padding defines which columns form a step',
        ),
      );
    }
    // two that divide them alike have one padding
    expect(followed(joined(part([3, 2]), part([3, 2])), data).pipeline).toEqual({
      padding: [{ first: 0, steps: 3, features: 2, maskValue: 0 }],
    });
  });

  it("says of padded steps what the user's scale makes of them", () => {
    const x = [1, 2, 3].map((i) => [
      [i, 1],
      [0, 0],
    ]);
    const said = (model: LayersModel, options: PipelineOptions) => followed(model, arrays(x), options).notes;
    const [regular, custom] = [
      sequential([masking(0), gru(1)]),
      sequential([permute([2, 1]), masking(0), gru(1)]),
    ];
    expect(said(regular, { scale: "none" })[0]).toMatch(/where all are 0: all stay unchanged$/);
    expect(said(regular, { scale: "none", columns: { x1: { scale: "minMax" } } })[0]).toMatch(
      /the other steps are scaled by feature/,
    );
    expect(said(custom, { scale: "none" })[0]).toMatch(/custom order: they are not scaled;/);
    expect(said(custom, { columns: { x1: { scale: "minMax" } } })[0]).toMatch(
      /custom order: the pipeline scales "x1", padding too, which is then not masked;/,
    );
  });

  it("is codes of categories that an embedding reads, where the network takes as many columns", () => {
    const table = readTable("from,to,y\nA,B,1\nB,C,2\nC,A,3\n");
    const data = encodeTable(table, { target: "y", task: "regression" });
    const pair = sequential([embedding(3, 2), flatten(), dense(1)]);
    const { pipeline, notes } = followed(pair, data);
    const { x, pipeline: fitted } = fitPipeline(data, pipeline);
    expect(Array.from(x)).toEqual([0, 1, 1, 2, 2, 0]);
    expect(fitted.features).toEqual(["from", "to"]);
    expect(notes).toEqual([
      'embedding_1 reads ids in "from" to "to": they are codes of categories (encode: "ordinal") and not scaled',
    ]);
    // beside a number, whose options stay
    const beside = "from,size,y\nA,1,1\nB,3,2\nC,5,3\n";
    const both = encodeTable(readTable(beside), { target: "y", task: "regression" });
    const [word, size] = [input(1), input(1)];
    const parts = [flatten().apply(embedding(3, 1).apply(word)), size];
    const outputs = dense(1).apply(merge("concatenate").apply(...parts));
    const model = functional({ inputs: { word, size }, outputs });
    const kept = followed(model, both, { columns: { size: { scale: "minMax" } } }).pipeline;
    expect(Array.from(fitPipeline(both, kept).x)).toEqual([0, 0, 1, 0.5, 2, 1]);
    // what the user chose is kept: the first word or not
    const oneHot = followed(pair, data, { encode: "oneHot" }).pipeline;
    expect(fitPipeline(data, oneHot).x.slice(0, 6)).toEqual(Float32Array.of(1, 0, 0, 0, 1, 0));
  });

  it("fills a missing id with the most frequent, or the one that is given", () => {
    const x = [[1], [1], [Number.NaN]];
    const model = sequential([embedding(6, 1), flatten(), dense(1)]);
    const filled = (impute: "mean" | number): number => {
      const data = arrays(x, { impute });
      return fitPipeline(data, followed(model, data, { impute }).pipeline).x[2];
    };
    expect(filled("mean")).toBe(1);
    expect(filled(5)).toBe(5);
    expect(() => filled(6)).toThrow(
      'the fill value of missing cells in column "x0" must be an id of embedding_1, an integer from 0 to 5 (its inputDim is 6); received 6',
    );
  });

  it.each<[string, PipelineOptions]>([
    ["all", { scale: "standard" }],
    ["one of them", { columns: { x0: { scale: "minMax" } } }],
  ])("refuses to scale ids: %s", (_, pipeline) => {
    const model = sequential([embedding(6, 1), flatten(), dense(1)]);
    expect(() => followed(model, arrays([[1], [2], [3]]), pipeline)).toThrow(
      'scale of the pipeline must be left out, or "none", for column "x0", in which embedding_1 reads ids, since scaled numbers are not ids; received',
    );
  });
});

describe("tune", () => {
  const x = ids(60, 2, 5);
  const y = x.map(([a, b]) => a - b);
  const settings = { x, y, trials: 2, jobs: 1, fit: { epochs: 1 }, validation: { folds: 2 } } as const;

  it.each([
    ["", []],
    [", after those of an earlier search", [{ params: { width: 2 }, value: 1, status: "complete" }]],
  ] as const)(
    "refuses what is no id at its first trial, before anything is trained%s",
    async (_, earlier) => {
      const seen: string[] = [];
      const search = tune({
        ...settings,
        warmStart: earlier,
        trials: 30,
        space: { width: int(1, 4) },
        model: ({ width }) => compiled(sequential([embedding(4, width), flatten(), dense(1)])),
        onEvent: ({ type }) => seen.push(type),
      });
      const row = x.findIndex((each) => each[1] === 4);
      await expect(search).rejects.toThrow(
        new RegExp(
          `^row ${row}, column "x1" must be an id of embedding_1, an integer from 0 to 3 \\(its inputDim is 4\\); received 4; give embedding_1 an inputDim of at least 5`,
        ),
      );
      await expect(search).rejects.toMatchObject({ code: "invalid_data" });
      expect(seen).not.toContain("curves");
      expect(seen.filter((type) => type === "trialStarted").length).toBeLessThan(30);
    },
  );

  it("records a later trial that refuses ids as failed, and goes on", async () => {
    const { trials } = await tune({
      ...settings,
      trials: 3,
      space: { words: choice([5, 4, 6]) },
      strategy: grid(),
      model: ({ words }) => compiled(sequential([embedding(words, 1), flatten(), dense(1)])),
    });
    expect(trials.map(({ status }) => status)).toEqual(["complete", "failed", "complete"]);
    expect(trials[1].error).toMatch(/must be an id of embedding_1, an integer from 0 to 3/);
  });

  it("follows each trial's own layers, to the same bits at any number of jobs", async () => {
    const options = {
      ...settings,
      trials: 4,
      ensemble: 2,
      space: { kind: choice(["ids", "numbers"]), learningRate: float(0.01, 0.1) },
      strategy: random(),
      model: ({ kind, learningRate }: { kind: string; learningRate: number }) =>
        compiled(
          sequential(kind === "ids" ? [embedding(5, 2), flatten(), dense(1)] : [dense(2), dense(1)]),
          learningRate,
        ),
    };
    const [one, several] = [await tune({ ...options, jobs: 1 }), await tune({ ...options, jobs: 3 })];
    expect(new Set(one.trials.map(({ params }) => params.kind)).size).toBe(2);
    expect(several.trials.map(({ value }) => value)).toEqual(one.trials.map(({ value }) => value));
    expect(several.final.predict(x).data).toEqual(one.final.predict(x).data);
    const scales = one.final.pipeline.columns.map(({ features: [{ scaling }] }) => scaling);
    const isUnscaled = scales.every((scaling) => "center" in scaling && scaling.scale === 1);
    expect(isUnscaled).toBe(one.best.params.kind === "ids");
    expect(one.notes.length).toBe(one.best.params.kind === "ids" ? 1 : 0);
  });

  it("pads to the same bits by threads, by one, and in slices, and saves it in the file", async () => {
    const steps = x.map(([a, b], i) => [[a + 1, b], [i % 3, 2], i % 2 === 0 ? [0, 0] : [b, 5]]);
    const { jobs: _, ...rest } = settings;
    const space = { learningRate: float(0.01, 0.1) };
    const options: TunerOptions<typeof space> = {
      ...rest,
      x: steps,
      space,
      strategy: random(),
      model: ({ learningRate }) => compiled(sequential([masking(0), gru(2), dense(1)]), learningRate),
    };
    const outcome = ({ trials, final, notes }: TuneResult<typeof space>) => ({
      values: trials.map(({ value }) => value),
      notes,
      predictions: Array.from(final.predict(steps).data),
    });
    const whole = await tune({ ...options, jobs: 1 });
    expect(outcome(await tune({ ...options, jobs: 2 }))).toEqual(outcome(whole));
    let tuner = await createTuner(options);
    while (!tuner.result) {
      tuner = await restoreTuner(tuner.save(), options);
      await tuner.advance({ steps: 40 });
    }
    expect(outcome(tuner.result)).toEqual(outcome(whole));
    const bytes = saveModel(whole.final);
    const loaded = await loadModel(bytes);
    expect(loaded.predict(steps).data).toEqual(whole.final.predict(steps).data);
    const predictor = await loadPredictor(bytes);
    expect(Array.from(predictor.predict(steps).data)).toEqual(outcome(whole).predictions);
    // of the second step, the second feature
    const gap = steps.map((row, i) => (i === 4 ? [row[0], [row[1][0], Number.NaN], row[2]] : row));
    for (const { predict } of [
      { predict: () => whole.final.predict(gap) },
      { predict: () => predictor.predict(gap) },
    ])
      expect(predict).toThrow(
        'row 4, column "x3": a cell must be there, as in every training row; received none',
      );
    expect(readContents(bytes).table?.pipeline.padding).toEqual([
      { first: 0, steps: 3, features: 2, maskValue: 0 },
    ]);
  });

  it("refuses what is no id in slices too", async () => {
    const { jobs: _, ...rest } = settings;
    const tuner = await createTuner({
      ...rest,
      trials: 30,
      space: { width: int(1, 4) },
      model: ({ width }) => compiled(sequential([embedding(4, width), flatten(), dense(1)])),
    });
    await expect(tuner.advance({ steps: 1000 })).rejects.toThrow(/column "x1" must be an id of embedding_1/);
  });

  it("ends with a model that refuses ids by the names of columns, here, saved and over HTTP", async () => {
    const { final } = await tune({
      ...settings,
      trials: 1,
      space: { words: choice([5]) },
      model: ({ words }) => compiled(sequential([embedding(words, 1), flatten(), dense(1)])),
    });
    const refused =
      'row 1, column "x1": must be an id of embedding_1, an integer from 0 to 4 (its inputDim is 5); received 2.5; number ids from 0';
    const rows = [
      [0, 4],
      [1, 2.5],
    ];
    expect(() => final.predict(rows)).toThrow(refused);
    const bytes = saveModel(final);
    const predictor = await loadPredictor(bytes);
    expect(() => predictor.predict(rows)).toThrow(refused);
    expect(() => predictor.answers({ x0: 1, x1: 5 })).toThrow(/row 0, column "x1": must be an id of/);
    const headers = { authorization: "Bearer 0123456789abcdef", "content-type": "application/json" };
    const request = { method: "POST", headers, body: JSON.stringify({ rows }) };
    const answer = await modelServer(predictor, { token: "0123456789abcdef" })(
      new Request("http://x/predict", request),
    );
    expect(answer.status).toBe(422);
    expect(JSON.stringify(await answer.json())).toContain(
      "must be an id of embedding_1, an integer from 0 to 4 (its inputDim is 5); received 2.5",
    );
  });

  it("is followed by findLearningRate", async () => {
    const options = { x, y, steps: 5, task: "regression" } as const;
    const model = () => compiled(sequential([embedding(5, 2), flatten(), dense(1)]));
    const followed = await findLearningRate({ ...options, model });
    const unscaled = await findLearningRate({ ...options, model, pipeline: { scale: "none" } });
    expect(followed.losses).toEqual(unscaled.losses);
    await expect(
      findLearningRate({
        ...options,
        model: () => compiled(sequential([embedding(3, 2), flatten(), dense(1)])),
      }),
    ).rejects.toThrow("an integer from 0 to 2 (its inputDim is 3)");
  });
});
