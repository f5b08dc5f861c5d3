/** The picture of one training, and its form for terminals. */
import { describe, expect, it } from "vitest";
import type { History } from "../../../src/nn/callbacks/history.js";
import { dense } from "../../../src/nn/layers/index.js";
import { plotHistory } from "../../../src/report/plots/history.js";
import { renderSvg } from "../../../src/report/plots/svg.js";
import { plotTraining } from "../../../src/report/plots/training.js";
import { Curves } from "../../../src/search/trial/curves.js";
import { compiled } from "../../nn/support.js";
import { isPlain, named, namesOf } from "./support.js";

const historyOf = (history: History["history"]): History => ({
  epoch: history.loss.map((_, i) => i),
  history,
});

describe("the picture of a training", () => {
  const full = historyOf({
    loss: [4, 2, 1],
    accuracy: [0.25, 0.5, 0.75],
    valLoss: [5, 3, 3.5],
    valAccuracy: [0.5, 0.875, 0.75],
    learningRate: [0.1, 0.1, 0.01],
  });

  it("has training, validation and the best epoch, by epoch from 1", () => {
    const plot = plotTraining(full);
    expect(plot.name).toBe("training-loss");
    expect(named(plot, "training")).toEqual([
      [1, 4],
      [2, 2],
      [3, 1],
    ]);
    expect(named(plot, "validation")).toEqual([
      [1, 5],
      [2, 3],
      [3, 3.5],
    ]);
    expect(named(plot, "best epoch")).toEqual([[2, 3]]);
    expect(plot.description).toBe(
      "valLoss is best after epoch 2 of 3: 3.0000; loss ended at 1.0000, valLoss at 3.5000, the learning rate at 0.01.",
    );
  });

  it("of a metric has its best, the largest if more is better", () => {
    const plot = plotTraining(full, { metric: "accuracy", title: "As it learnt" });
    expect([plot.name, plot.title]).toEqual(["training-accuracy", "As it learnt"]);
    expect(named(plot, "best epoch")).toEqual([[2, 0.875]]);
    expect(named(plot, "training")).toEqual([
      [1, 0.25],
      [2, 0.5],
      [3, 0.75],
    ]);
  });

  it("has the learning rate in a panel of its own, if it was set", () => {
    const [rates] = (plotTraining(full).option.series as { data: unknown; yAxisIndex?: number }[]).filter(
      ({ yAxisIndex }) => yAxisIndex === 1,
    );
    expect(rates.data).toEqual([
      [1, 0.1],
      [2, 0.1],
      [3, 0.01],
    ]);
    const { height, option } = plotTraining(full);
    expect([height, (option.grid as unknown[]).length]).toEqual([394, 2]);
    const { learningRate: _, ...logs } = full.history;
    const without = plotTraining(historyOf(logs as History["history"]));
    expect([without.height, (without.option.grid as unknown[]).length]).toEqual([300, 1]);
  });

  it.each<[string, History["history"], string[], string]>([
    [
      "without validation",
      { loss: [4, 1, 2] },
      ["training", "best epoch"],
      "loss is best after epoch 2 of 3: 1.0000; loss ended at 2.0000.",
    ],
    [
      "of no finite number",
      { loss: [Number.NaN] },
      ["training"],
      "The training had 1 epoch, none with a finite loss.",
    ],
    ["of no epoch", { loss: [] }, ["training"], "The training had 0 epochs."],
  ])("%s", async (_, logs, names, description) => {
    const plot = plotTraining(historyOf(logs));
    expect(namesOf(plot)).toEqual(names);
    expect(plot.description).toBe(description);
    expect(isPlain(plot)).toBe(true);
    expect(await renderSvg(plot)).toMatch(/^<svg .*<\/svg>\n$/s);
  });

  it("reads what fit returns", async () => {
    const model = compiled([dense(1)], { optimizer: "sgd", loss: "meanSquaredError" });
    const history = await model.fit([[1], [2], [3], [4]], [1, 2, 3, 4], { epochs: 3, validationSplit: 0.25 });
    expect(named(plotTraining(history), "validation").map(([, value]) => value)).toEqual(
      history.history.valLoss,
    );
  });

  it("of a trial is the mean over its folds, without the epochs that a scheduler leaves out", () => {
    const curves = new Curves({
      loss: [
        [4, 2],
        [2, 1, 0.5],
      ],
      valR2: [
        [Number.NaN, 0.5],
        [Number.NaN, 0.25, 0.125],
      ],
    });
    expect(named(plotTraining(curves), "training")).toEqual([
      [1, 3],
      [2, 1.5],
      [3, 0.5],
    ]);
    const scores = plotTraining(curves, { metric: "r2" });
    expect(namesOf(scores)).toEqual(["validation", "best epoch"]);
    expect(named(scores, "validation")).toEqual([
      [2, 0.375],
      [3, 0.125],
    ]);
    expect(scores.description).toBe("valR2 is best after epoch 2 of 3: 0.3750; valR2 ended at 0.1250.");
  });

  it("is named where another picture is asked of a training", () => {
    expect(() => plotHistory(full as never)).toThrow(
      "the study of a picture or table must be what studyData(study) returns; plotTraining draws what fit returns; received",
    );
  });

  it("refuses anything else, and a metric that was not recorded", () => {
    const message = "history must be what fit of a model returns, or the curves of a trial; received ";
    expect(() => plotTraining([] as never)).toThrow(`${message}[]`);
    expect(() => plotTraining({ history: { accuracy: [1] } } as never)).toThrow(message);
    expect(() => plotTraining(historyOf({ loss: [1] }), { metric: "accuracy" })).toThrow(
      'unknown number of the history "accuracy". Known: loss.',
    );
  });
});
