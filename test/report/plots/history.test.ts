/** Histories and curves against the trials that they show. */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { plotCurves } from "../../../src/report/plots/curves.js";
import { MOST_POINTS } from "../../../src/report/plots/frame.js";
import { plotParetoFront } from "../../../src/report/plots/front.js";
import { plotHistory } from "../../../src/report/plots/history.js";
import type { Plot } from "../../../src/report/plots/plot.js";
import { loadCharts } from "../../../src/report/plots/render.js";
import { plotResiduals } from "../../../src/report/plots/residuals.js";
import { plotSlice } from "../../../src/report/plots/slices.js";
import { studyData } from "../../../src/report/plots/studyData.js";
import { renderSvg } from "../../../src/report/plots/svg.js";
import { plotTimeline } from "../../../src/report/plots/timeline.js";
import { float } from "../../../src/search/space/builders.js";
import { Curves } from "../../../src/search/trial/curves.js";
import type { TrialOutcome } from "../../../src/search/trial/trial.js";
import { cases } from "../../cases.js";
import { isPlain, named, namesOf, seriesOf, studyOf } from "./support.js";

const space = { x: float(0, 1) };
const at = (x = 0.5) => ({ x });

beforeAll(async () => {
  await loadCharts();
}, 60_000);

describe("studyData", () => {
  it("leaves out running trials, orders the others and reads curves back from JSON", () => {
    const curves = new Curves({ loss: [[2, 1]] });
    const study = studyOf(space, [
      [at(), { value: 1, curves }],
      [at(), { value: 2 }],
    ]);
    const json = JSON.parse(JSON.stringify([...study.trials].reverse()));
    const trials = [...json, { number: 2, params: at(), status: "running" }];
    const data = studyData({ space, strategy: { name: "random" }, direction: "minimize", trials });
    expect(data.trials).toEqual(study.trials);
    expect(data.metrics).toEqual(["value"]);
    expect(() =>
      studyData({ ...data, strategy: { name: "x" }, direction: "minimize", trials: 3 as never }),
    ).toThrow(/trials must be/);
  });
});

describe("a history", () => {
  const outcomes = [3, 5, Number.NaN, 2, 2, 4].map((value) => [at(), { value }] as const);

  it("has each value, the best so far, and marks for trials without a value", () => {
    const plot = plotHistory(studyOf(space, outcomes));
    expect(named(plot, "trials")).toEqual([
      [0, 3],
      [1, 5],
      [3, 2],
      [4, 2],
      [5, 4],
    ]);
    expect(named(plot, "best so far")).toEqual([
      [0, 3],
      [3, 2],
      [5, 2],
    ]);
    expect(named(plot, "no value").map(([x]) => x)).toEqual([2]);
    expect(plot.description).toBe(
      "The best value is 2.0000, of trial 3; the first was 3.0000. 6 trials: 5 complete, 1 diverged.",
    );
    expect(isPlain(plot)).toBe(true);
  });

  it("goes up where more is better, and passes over pruned and infeasible trials", () => {
    const study = studyOf(
      space,
      [
        [at(), { value: 1 }],
        [at(), { value: 9, status: "pruned" }],
        [at(), { value: 8, constraints: [1] }],
        [at(), { value: 2 }],
      ],
      "maximize",
      ["accuracy"],
    );
    const plot = plotHistory(study);
    expect(named(plot, "best so far")).toEqual([
      [0, 1],
      [3, 2],
    ]);
    expect(named(plot, "pruned, infeasible")).toEqual([
      [1, 9],
      [2, 8],
    ]);
    expect((plot.option.yAxis as { name: string }).name).toBe("accuracy");
  });

  it.each(["minimize", "maximize"] as const)(
    "is not flattened by values that are far off: %s",
    (direction) => {
      const sign = direction === "minimize" ? 1 : -1;
      const good = Array.from({ length: 20 }, (_, i) => 0.3 + ((i * 7) % 20) / 100);
      const values = [9e9, ...good, 700, 800].map((value) => sign * value);
      const plot = plotHistory(
        studyOf(
          space,
          values.map((value) => [at(), { value }] as const),
          direction,
        ),
      );
      const { min, max } = plot.option.yAxis as { min: number; max: number };
      const [low, high] = sign > 0 ? [min, max] : [-max, -min];
      expect(low).toBeGreaterThan(0.2);
      expect(high).toBeLessThan(0.6);
      const edge = sign * high;
      expect(named(plot, "far off")).toEqual([
        [0, edge],
        [21, edge],
        [22, edge],
      ]);
      expect(named(plot, "trials").map(([x]) => x)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
      expect(named(plot, "best so far")[0]).toEqual([0, edge]);
      const ends = sign > 0 ? "700 to 9.000e+9" : "-9.000e+9 to -700";
      expect(plot.description).toContain(` 3 values are far off, from ${ends}, and are marked at the edge.`);
    },
  );

  it("shows all values of a search that gets better by and by", () => {
    for (const values of [
      [9, 7, 5, 4, 3, 2.5, 2.4, 2.3, 2.2, 2.2],
      Array.from({ length: 40 }, (_, i) => 100 / 1.5 ** i), // over seven decades
      Array.from({ length: 30 }, () => 0.5).concat(0.9),
      [1, 1, 1, 9e9],
    ]) {
      const plot = plotHistory(
        studyOf(
          space,
          values.map((value) => [at(), { value }] as const),
        ),
      );
      expect(namesOf(plot)).not.toContain("far off");
      expect(plot.description).not.toContain("far off");
    }
  });

  it("is drawn against the seconds that trials took, one after another", () => {
    const study = studyOf(space, [
      [at(), { value: 3, seconds: 1.5 }],
      [at(), { value: 1, seconds: 2 }],
    ]);
    expect(named(plotHistory(study, { against: "time" }), "trials")).toEqual([
      [1.5, 3],
      [3.5, 1],
    ]);
  });

  it.each([[[]], [["a"]], [["a", "a"]], [["a", "b", "c"]], [["a", 1]], ["ab"]])(
    "has a name for each objective: not %j",
    (metrics) => {
      const two = () => studyOf(space, [], ["minimize", "maximize"], metrics as string[]);
      expect(two).toThrow(/metrics must be a list of 2 different names, one for each objective; received /);
    },
  );

  it("shows one of several objectives, and refuses one that does not exist", () => {
    const study = studyOf(space, [[at(), { values: [1, 7, 3] }]], ["minimize", "maximize", "minimize"]);
    expect(named(plotHistory(study, { objective: 1 }), "trials")).toEqual([[0, 7]]);
    expect(() => plotHistory(study, { objective: 3 })).toThrow(/objective must be an integer from 0 to 2/);
  });

  it("of no trial, of one and of failures alone is drawn too", async () => {
    for (const few of [[], outcomes.slice(0, 1), [[at(), { status: "failed" }] as const]]) {
      const plot = plotHistory(studyOf(space, few));
      expect(await renderSvg(plot)).toMatch(/^<svg .*<\/svg>\n$/s);
    }
    expect(plotHistory(studyOf(space, [[at(), { status: "failed" }]])).description).toBe(
      "No trial is complete, so there is no best value. 1 trial: 1 failed.",
    );
  });

  it.each([[1e-13], [1e-20], [3e-22, 4e-22], [0, 1e-20], [-1e-22, 1e-22], [5e-324]].map((own) => [own]))(
    "of values close together near 0 is drawn too: %j",
    async (values) => {
      const trials = values.map((value) => [at(), { value }] as const);
      expect(await renderSvg(plotHistory(studyOf(space, trials)))).toMatch(/^<svg .*<\/svg>\n$/s);
    },
  );

  it("of 10,000 trials keeps the extremes and says how many points it has", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9999 }), fc.integer({ min: 0, max: 9999 }), (low, high) => {
        fc.pre(low !== high);
        const many = Array.from({ length: 10_000 }, (_, i) => {
          const value = i === low ? 0.5 : i === high ? 99 : 2 + ((i * 7919) % 1000) / 1000;
          return [at(), { value }] as const;
        });
        const plot = plotHistory(studyOf(space, many));
        const points = named(plot, "trials");
        expect(points).toContainEqual([low, 0.5]);
        expect(points).toContainEqual([high, 99]);
        expect(points.length).toBeLessThanOrEqual(MOST_POINTS);
        expect(plot.description).toContain(`${points.length} of 10000 points are drawn`);
      }),
      { numRuns: cases(4) },
    );
  });
});

describe("curves", () => {
  const study = studyOf(space, [
    [at(), { value: 0.5, curves: { loss: [[4, 2], [2]], valLoss: [[5, 3], [3]] } }],
    [at(), { value: 0.25, curves: { loss: [[1, 0.5]], valLoss: [[2, 0.25]] } }],
    [at(), { value: 0.9, status: "pruned", curves: { loss: [[3]], valLoss: [[4]] } }],
    [at(), { status: "diverged", curves: { loss: [[3, Number.NaN]], valLoss: [[8, Number.NaN]] } }],
    [at(), { status: "failed" }],
  ]);

  it("are means over folds by epoch, those of the best in front", () => {
    const plot = plotCurves(study);
    expect(named(plot, "complete")).toEqual([
      [1, 4],
      [2, 3],
    ]);
    expect(named(plot, "best, trial 1")).toEqual([
      [1, 2],
      [2, 0.25],
    ]);
    expect(named(plot, "pruned")).toEqual([[1, 4]]);
    expect(named(plot, "diverged")).toEqual([[1, 8]]);
    expect(plot.description).toBe(
      "valLoss of 4 trials, the mean over folds. Trial 1, the best, ended epoch 2 at 0.2500.",
    );
    expect(isPlain(plot)).toBe(true);
  });

  it("of chosen trials have a colour each", () => {
    const plot = plotCurves(study, { trials: [0, 1], curve: "loss" });
    expect(namesOf(plot)).toEqual(["trial 0", "trial 1"]);
    expect(named(plot, "trial 0")).toEqual([
      [1, 3],
      [2, 2],
    ]);
    expect(new Set(seriesOf(plot).map(({ lineStyle }) => lineStyle?.color)).size).toBe(2);
  });

  it("of many trials are those of some, and of the best", () => {
    const many = Array.from(
      { length: 500 },
      (_, i) => [at(), { value: 1 + ((i * 7) % 500), curves: { loss: [[i]] } }] as const,
    );
    const plot = plotCurves(studyOf(space, many));
    expect(plot.description).toContain(`${seriesOf(plot).length} of 500 are drawn`);
    expect(namesOf(plot)).toContain("best, trial 0");
  });

  it("are reported values where nothing else was kept, and none where nothing was", () => {
    const reported = plotCurves(studyOf(space, [[at(), { value: 1, curve: [3, 2, 1] }]]));
    expect(seriesOf(reported)[0].data).toEqual([
      [1, 3],
      [2, 2],
      [3, 1],
    ]);
    expect(plotCurves(studyOf(space, [[at(), { value: 1 }]])).description).toBe("No trial kept its curves.");
  });
});

describe("renderSvg", () => {
  it("draws the same text each time, in the colours of the theme, and no markup of names", async () => {
    const metric = "<script>alert(1)</script> & été 得分";
    const plot = plotHistory(studyOf(space, [[at(), { value: 1 }]], "minimize", [metric]));
    const [light, again, dark] = [
      await renderSvg(plot),
      await renderSvg(plot),
      await renderSvg(plot, { theme: "dark" }),
    ];
    expect(again).toBe(light);
    expect(light).toContain("#FFFFFF");
    expect(dark).toContain("#14181D");
    expect(light).not.toContain("<script");
    expect(light).toContain("&lt;script&gt;alert(1)&lt;/script&gt; &amp; été 得分");
  });
});

describe("a picture of more points than it draws", () => {
  const COUNT = 2000;
  const share = (i: number): number => ((i * 7919) % COUNT) / COUNT;
  /** Numbers from 1 to 2 in no order, with a lowest and a highest that end no stretch of the trials. */
  const spread = (lowest: number, highest: number) =>
    Array.from({ length: COUNT }, (_, i) => (i === lowest ? 0.5 : i === highest ? 9 : 1 + share(i)));
  const [first, second] = [spread(613, 1307), spread(1501, 209)];
  const trialsOf = (outcomeOf: (i: number) => TrialOutcome) =>
    Array.from({ length: COUNT }, (_, i) => [{ ...at(), x: share(i) }, outcomeOf(i)] as const);
  const study = studyOf(
    space,
    trialsOf((i) => ({ value: first[i], seconds: second[i] })),
  );
  // one trial is better than all others, which are the dominated points
  const front = studyOf(
    space,
    [[at(), { values: [0, 0] }], ...trialsOf((i) => ({ values: [first[i], second[i]] }))],
    ["minimize", "minimize"],
  );
  const truth = first.map((value, i) => value + second[i]);
  const ends = (points: (i: number) => readonly number[], ...rows: readonly number[]) => rows.map(points);
  const four = [613, 1307, 1501, 209];

  it.each<[string, Plot, extremes: readonly (readonly number[])[]]>([
    ["history", plotHistory(study), ends((i) => [i, first[i]], 613, 1307)],
    ["timeline", plotTimeline(study), ends((i) => [i, second[i]], 1501, 209)],
    ["slice", plotSlice(study, "x"), ends((i) => [share(i), first[i]], 613, 1307)],
    ["Pareto front", plotParetoFront(front), ends((i) => [first[i], second[i]], ...four)],
    [
      "residuals",
      plotResiduals({ target: "y", truth, predicted: first }),
      ends((i) => [first[i], truth[i] - first[i]], ...four),
    ],
  ])("draws the extremes, and says how many it draws: %s", (_, plot, extremes) => {
    const points = seriesOf(plot).flatMap(({ data }) => data);
    for (const extreme of extremes) expect(points).toContainEqual(extreme);
    const [, drawn, all] =
      / (\d+) of (\d+) points are drawn, the extremes among them\./.exec(plot.description) ?? [];
    expect(Number(drawn)).toBeLessThanOrEqual(MOST_POINTS + 1);
    expect([COUNT, COUNT + 1]).toContain(Number(all));
  });
});
