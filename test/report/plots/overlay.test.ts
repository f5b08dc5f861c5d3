/** Curves over each other: their numbers, their styles, and what is said of them. */
import { describe, expect, it } from "vitest";
import { FettleError } from "../../../src/errors.js";
import { type CurveLine, plotOverlay } from "../../../src/report/plots/overlay.js";

const curve = (...values: readonly number[]): CurveLine => ({
  name: "valLoss",
  unit: "epoch",
  count: values.length,
  points: values.map((value, i) => [i + 1, value] as const),
});
interface Series {
  readonly name: string;
  readonly data: readonly (readonly [number, number])[];
  readonly lineStyle: { readonly color: string; readonly type: unknown };
}
const seriesOf = (option: Readonly<Record<string, unknown>>) => option.series as readonly Series[];

describe("an overlay of curves", () => {
  it("draws the curve of each trial, and says where each ends", () => {
    const { option, description } = plotOverlay(
      [
        { name: "A trial 1", curve: curve(0.75, 0.375) },
        { name: "<script>", curve: curve(2, 4, 8) },
      ],
      "valLoss",
      "epoch",
    );
    expect(seriesOf(option).map(({ name, data }) => [name, data])).toEqual([
      [
        "A trial 1",
        [
          [1, 0.75],
          [2, 0.375],
        ],
      ],
      [
        "<script>",
        [
          [1, 2],
          [2, 4],
          [3, 8],
        ],
      ],
    ]);
    expect(description).toBe(
      "valLoss by epoch, the mean over folds; at the end: 0.3750 of A trial 1 at epoch 2, 8.0000 of <script> at epoch 3.",
    );
  });

  it("gives each line a style of its own, up to 30, and lines of a group the same dashes", () => {
    const many = Array.from({ length: 30 }, (_, i) => ({ name: `trial ${i}`, curve: curve(i + 1) }));
    const styles = seriesOf(plotOverlay(many, "valLoss", "epoch").option).map(({ lineStyle }) =>
      JSON.stringify([lineStyle.color, lineStyle.type]),
    );
    expect(new Set(styles).size).toBe(30);
    const grouped = plotOverlay(
      many.slice(0, 4).map((each, i) => ({ ...each, group: i < 2 ? 0 : 1 })),
      "valLoss",
      "epoch",
    );
    const [a, b, c, d] = seriesOf(grouped.option).map(({ lineStyle }) => JSON.stringify(lineStyle.type));
    expect([a === b, c === d, a === c]).toEqual([true, true, false]);
  });

  it.each([6, 7, 30])("says where six of %i lines end, and how many more there are", (count) => {
    const many = Array.from({ length: count }, (_, i) => ({ name: `trial ${i}`, curve: curve(i + 1) }));
    const { description } = plotOverlay(many, "valLoss", "epoch");
    expect(description.match(/of trial \d+/g)).toEqual([0, 1, 2, 3, 4, 5].map((i) => `of trial ${i}`));
    expect(description.includes(", and of ")).toBe(count > 6);
    if (count > 6) expect(description).toContain(`, and of ${count - 6} more.`);
  });

  it("leaves out trials without the curve, and counts them", () => {
    const { option, description } = plotOverlay(
      [{ name: "one", curve: curve(3) }, { name: "two" }],
      "valLoss",
      "epoch",
    );
    expect(seriesOf(option).length).toBe(1);
    expect(description).toBe(
      "valLoss by epoch, the mean over folds; at epoch 1: 3.0000 of one. 1 trial recorded none.",
    );
    expect(plotOverlay([{ name: "one" }], "loss", "step").description).toBe("No trial recorded loss.");
  });

  it("counts steps or reports where that is what a trial has, and says how much of it is drawn", () => {
    const one: CurveLine = {
      name: "score",
      unit: "step",
      points: [
        [10, 1],
        [30, 2],
      ],
      count: 9,
    };
    const other: CurveLine = { ...one, points: [[30, 4]], count: 1 };
    const trials = [
      { name: "one", curve: one },
      { name: "two", curve: other },
    ];
    expect(plotOverlay(trials, "score", "step")).toMatchObject({
      title: "score by step",
      option: { xAxis: { name: "step" }, yAxis: { name: "score" } },
      description:
        "score by step, as reported; at step 30: 2.0000 of one, 4.0000 of two. 3 of 10 points are drawn, the extremes among them.",
    });
  });

  it.each([
    ["none", []],
    ["a name twice", [1, 1]],
    ["too many", Array.from({ length: 31 }, (_, i) => i)],
  ])("refuses %s", (_, names) => {
    const trials = names.map((name) => ({ name: `${name}`, curve: curve(1) }));
    expect(() => plotOverlay(trials, "valLoss", "epoch")).toThrow(FettleError);
    expect(() => plotOverlay(trials, "valLoss", "epoch")).toThrow(
      /^trials must be a list of 1 to 30 with different names/,
    );
  });
});
