/**
 * Pictures against the numbers that they show, at the edges: one trial, none with a value, constants, many
 * parameters, strange names.
 */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { ready } from "../../../src/numerics/kernels.js";
import { studyMarkdown } from "../../../src/report/markdown.js";
import { contourLines } from "../../../src/report/plots/contours.js";
import { plotCurves } from "../../../src/report/plots/curves.js";
import { plotParetoFront } from "../../../src/report/plots/front.js";
import { plotHistory } from "../../../src/report/plots/history.js";
import { importancesWithIntervals, plotImportances } from "../../../src/report/plots/importances.js";
import { plotContour, plotRanks } from "../../../src/report/plots/pairs.js";
import { plotParallel } from "../../../src/report/plots/parallel.js";
import type { Plot } from "../../../src/report/plots/plot.js";
import { plotConfusion } from "../../../src/report/plots/quality.js";
import { plotRates, plotSweep } from "../../../src/report/plots/rates.js";
import { loadCharts } from "../../../src/report/plots/render.js";
import { plotSlice } from "../../../src/report/plots/slices.js";
import { studyData } from "../../../src/report/plots/studyData.js";
import { renderSvg } from "../../../src/report/plots/svg.js";
import { plotTheme } from "../../../src/report/plots/theme.js";
import { plotTimeline } from "../../../src/report/plots/timeline.js";
import { studyRows } from "../../../src/report/records.js";
import { importances, marginals } from "../../../src/search/analysis/importance.js";
import { choice, float, int } from "../../../src/search/space/builders.js";
import { cases } from "../../cases.js";
import { isPlain, named, namesOf, seriesOf, studyOf } from "./support.js";

beforeAll(async () => {
  await loadCharts();
  await ready();
}, 60_000);

const space = {
  rate: float(0.001, 1, { log: true }),
  units: int(1, 8),
  kind: choice(["a", "b"]),
  momentum: float(0, 1, { when: { kind: ["b"] } }),
};
const study = studyOf(
  space,
  Array.from({ length: 24 }, (_, i) => {
    const kind = i % 2 === 0 ? "a" : "b";
    const params = {
      rate: 0.001 * 1000 ** (i / 23),
      units: 1 + (i % 8),
      kind,
      ...(kind === "b" && { momentum: i / 23 }),
    };
    const outcome = i === 5 ? { status: "failed" as const } : { value: (i - 9) ** 2 + 1, seconds: 1 + i };
    return [params, outcome] as const;
  }),
);
const complete = study.trials.filter(({ value }) => value !== null);

describe("importances", () => {
  it("are those of the analysis, the most important at the top, each within its interval", () => {
    const plot = plotImportances(study);
    const { main } = importances(study.trials, space);
    const expected = Object.entries(main).reverse();
    expect((plot.option.yAxis as { data: string[] }).data).toEqual(expected.map(([name]) => name));
    expect(seriesOf(plot)[0].data).toEqual(expected.map(([, share]) => share));
    for (const { share, interval } of importancesWithIntervals(study)) {
      expect(interval[0]).toBeLessThanOrEqual(share);
      expect(interval[1]).toBeGreaterThanOrEqual(share);
    }
    expect(isPlain(plot)).toBe(true);
  });

  it("of several objectives are those of each, whichever is asked for first", () => {
    const two = studyOf(
      { a: float(0, 1), b: float(0, 1) },
      Array.from({ length: 16 }, (_, i) => {
        const params = { a: i / 15, b: ((i * 7) % 16) / 15 };
        return [params, { values: [params.a, 1 - params.b] }] as const;
      }),
      ["minimize", "maximize"],
    );
    for (const [objective, name] of [
      [1, "b"],
      [0, "a"],
      [1, "b"],
    ] as const) {
      expect(importancesWithIntervals(two, { objective })[0].name).toBe(name);
      const means = named(plotSlice(two, name, { objective }), "expected").map(([, mean]) => Number(mean));
      expect(means.at(-1)).toBeCloseTo(objective === 0 ? 1 : 0, 0);
    }
  });

  it("of thirty parameters are those of the most important fifteen", () => {
    const names = Array.from({ length: 30 }, (_, i) => `p${i}`);
    const wide = Object.fromEntries(names.map((name) => [name, float(0, 1)]));
    const many = studyOf(
      wide,
      Array.from({ length: 12 }, (_, i) => {
        const params = Object.fromEntries(names.map((name, j) => [name, ((i * (j + 3)) % 12) / 12]));
        return [params, { value: params.p7 }] as const;
      }),
    );
    const huge = {
      ...many,
      trials: many.trials.map((trial) => ({ ...trial, value: 1e200 * (1 + trial.number) })),
    };
    expect(plotImportances(huge).description).toBe(
      "Importances need at least 4 complete trials, with values whose squares are finite.",
    );
    expect(() => plotImportances(many, { draws: 2 ** 31 - 1 })).toThrow(
      "draws must be at most 1000; received 2147483647",
    );
    const plot = plotImportances(many, { draws: 1 });
    expect((plot.option.yAxis as { data: string[] }).data).toHaveLength(15);
    expect(plot.description).toContain("15 of 30 parameters are drawn.");
    expect((plotParallel(many).option.parallelAxis as unknown[]).length).toBe(13);
  });
});

describe("slices", () => {
  it("have the value of each complete trial by the parameter, and the expected values of the analysis", () => {
    const plot = plotSlice(study, "rate");
    expect(named(plot, "trials")).toEqual(complete.map(({ params, value }) => [params.rate, value]));
    const scored = complete.map(({ params, value }) => ({ params, value, status: "complete" as const }));
    expect(named(plot, "expected")).toEqual(
      marginals(scored, space, "rate").map(({ value, mean }) => [value, mean]),
    );
    expect(named(plot, "best")).toEqual([[complete.find(({ value }) => value === 1)?.params.rate, 1]]);
  });

  it("of a choice have places in the order of its values, and leave out trials to which it does not apply", () => {
    const kinds = named(plotSlice(study, "kind"), "trials").map(([place]) => place);
    expect(kinds.filter((place) => place === 0)).toHaveLength(12);
    const own = named(plotSlice(study, "momentum"), "trials");
    expect(own).toHaveLength(complete.filter(({ params }) => params.momentum !== undefined).length);
  });

  it("refuse a parameter that is unknown", () => {
    expect(() => plotSlice(study, "ratte")).toThrow(/unknown parameter "ratte"\. Did you mean "rate"/);
  });
});

describe("two parameters", () => {
  it("have every complete trial in one part by its rank, and the best in the best part", () => {
    const plot = plotRanks(study, "rate", "kind");
    const points = seriesOf(plot).flatMap(({ data }) => data);
    expect(points).toHaveLength(complete.length);
    const best = complete.find(({ value }) => value === 1);
    expect(named(plot, "best tenth")).toContainEqual([best?.params.rate, best?.params.kind === "a" ? 0 : 1]);
  });

  it("have contour lines within the range of both, of numbers alone", () => {
    const plot = plotContour(study, "rate", "units");
    const lines = seriesOf(plot).filter(({ type }) => type === "lines");
    expect(lines.length).toBeGreaterThan(0);
    for (const { data } of lines)
      for (const { coords } of data as unknown as { coords: number[][] }[])
        for (const [x, y] of coords) {
          expect(x).toBeGreaterThanOrEqual(0.001 * (1 - 1e-9));
          expect(x).toBeLessThanOrEqual(1 + 1e-9);
          expect(y).toBeGreaterThanOrEqual(1);
          expect(y).toBeLessThanOrEqual(8);
        }
    expect(seriesOf(plotContour(study, "rate", "kind")).every(({ type }) => type === "scatter")).toBe(true);
  });
});

it("parallel coordinates have a line for each complete trial, the best last, with gaps", () => {
  const data = seriesOf(plotParallel(study))[0].data as unknown as { name: string; value: unknown[] }[];
  expect(data).toHaveLength(complete.length);
  const best = complete.find(({ value }) => value === 1);
  expect(data.at(-1)).toMatchObject({
    name: `trial ${best?.number}`,
    value: [
      best?.params.rate,
      best?.params.units,
      best?.params.kind === "a" ? 0 : 1,
      best?.params.momentum ?? "-",
      1,
    ],
  });
  expect(data.filter(({ value }) => value[3] === "-")).toHaveLength(12);
});

it("a timeline has the seconds of each trial by its status", () => {
  expect(named(plotTimeline(study), "complete")).toEqual(
    complete.map(({ number, seconds }) => [number, seconds]),
  );
  expect(plotTimeline(study).description).toContain("the longest, trial 23, took 24 s.");
  const seconds = [90, 30, 60].map((value) => [{ rate: 0.1 }, { value, seconds: value }] as const);
  expect(plotTimeline(studyOf({ rate: space.rate }, seconds)).description).toContain(
    "Together they took 3 min 00 s; the longest, trial 0, took 1 min 30 s.",
  );
});

it("contour lines pass no cell with a corner that is not known", () => {
  const height = fc.constantFrom(-2, -1, 1, 3, Number.NaN);
  const [columns, rows] = [4, 3];
  fc.assert(
    fc.property(fc.array(height, { minLength: columns * rows, maxLength: columns * rows }), (heights) => {
      for (const line of contourLines({ columns, rows, heights }, 0))
        for (const [i, [x, y]] of line.entries()) {
          expect(Number.isFinite(x) && Number.isFinite(y)).toBe(true);
          if (i === 0) continue;
          const [column, row] = [(x + line[i - 1][0]) / 2, (y + line[i - 1][1]) / 2].map(Math.floor);
          for (const corner of [0, 1, columns, columns + 1])
            expect(heights[row * columns + column + corner]).not.toBeNaN();
        }
    }),
    { numRuns: cases(100) },
  );
});

describe("a Pareto front", () => {
  const values = [
    [1, 4, 2],
    [2, 3, 2],
    [3, 3, 2],
    [4, 1, 9],
  ];
  const of = (count: number) =>
    studyOf(
      { x: float(0, 1) },
      values.map((all) => [{ x: 0 }, { values: all.slice(0, count) }] as const),
      Array.from({ length: count }, () => "minimize" as const),
    );

  it("of two objectives is joined and apart from what it dominates", () => {
    const plot = plotParetoFront(of(2));
    expect(named(plot, "Pareto front")).toEqual([
      [1, 4],
      [2, 3],
      [4, 1],
    ]);
    expect(named(plot, "dominated")).toEqual([[3, 3]]);
  });

  it("of three has a panel for each two", () => {
    const fronts = seriesOf(plotParetoFront(of(3))).filter(({ name }) => name === "Pareto front");
    expect(fronts.map(({ data }) => data)).toEqual([
      [
        [1, 4],
        [2, 3],
        [4, 1],
      ],
      [
        [1, 2],
        [2, 2],
        [4, 9],
      ],
      [
        [1, 9],
        [3, 2],
        [4, 2],
      ],
    ]);
  });

  it("of one is refused", () => {
    expect(() => plotParetoFront(study)).toThrow(
      /objectives of a Pareto front must be at least 2; received 1/,
    );
  });
});

it("rates have the losses, smoothed too, and marks at what is suggested", () => {
  const plot = plotRates({
    rates: [0.1, 1, 10],
    losses: [3, 1, 2],
    smoothed: [3, 2, 2],
    suggested: 1,
    belowMinimum: 0.1,
    reason: "finished",
  });
  expect(named(plot, "each batch")).toEqual([
    [0.1, 3],
    [1, 1],
    [10, 2],
  ]);
  expect(named(plot, "falls fastest")).toEqual([[1, 2]]);
  expect(
    named(
      plotSweep(
        [
          { value: 2, mean: 1, std: 0.5 },
          { value: 1, mean: 3, std: null },
        ],
        { parameter: "a", metric: "m", direction: "maximize" },
      ),
      "best",
    ),
  ).toEqual([[1, 3]]);
  // losses over decades are on a log scale, and shares that are to be large are not
  const swept = [0.001, 0.9].map((mean, value) => ({ value, mean, std: null }));
  const scaleOf = (direction: "minimize" | "maximize") =>
    (plotSweep(swept, { parameter: "a", metric: "m", direction }).option.yAxis as { type: string }).type;
  expect([scaleOf("minimize"), scaleOf("maximize")]).toEqual(["log", "value"]);
});

describe("every picture of a study", () => {
  const edges = {
    "of no trial": studyOf(space, []),
    "of one trial": studyOf(space, [[{ rate: 0.1, units: 1, kind: "a" }, { value: 1 }]]),
    "of failures": studyOf(space, [
      [
        { rate: 0.1, units: 1, kind: "a" },
        { status: "failed", error: "<b>" },
      ],
    ]),
    "of NaN": studyOf(space, [[{ rate: 0.1, units: 1, kind: "a" }, { value: Number.NaN }]]),
    "of parameters that not all trials have": studyOf(
      {
        kind: choice(["a", "b", "c"]),
        rate: float(0.01, 1, { when: { kind: ["a", "c"] } }),
        units: int(1, 8, { when: { kind: ["b", "c"] } }),
      },
      [
        [{ kind: "a", rate: 0.1 }, { value: 1 }],
        [{ kind: "b", units: 3 }, { value: 2 }],
        [{ kind: "c", rate: 0.2, units: 5 }, { value: 3 }],
      ],
    ),
    "of a constant parameter": studyOf(
      { rate: choice([0.1]), units: int(3, 3), kind: choice(["a", "b"]) },
      [1, 1, 1, 1, 1].map((value) => [{ rate: 0.1, units: 3, kind: "a" }, { value }] as const),
    ),
  };
  const pictures: readonly ((data: (typeof edges)["of NaN"]) => Plot)[] = [
    plotImportances,
    (data) => plotSlice(data, "rate"),
    (data) => plotSlice(data, "kind"),
    (data) => plotContour(data, "rate", "units"),
    (data) => plotRanks(data, "rate", "kind"),
    (data) => plotRanks(data, "units", "rate"),
    plotParallel,
    plotTimeline,
  ];

  it.each(Object.entries(edges))("%s is plain JSON, and can be drawn", async (_, data) => {
    for (const make of pictures) {
      const plot = make(data);
      expect(isPlain(plot), plot.name).toBe(true);
      expect(await renderSvg(plot, { theme: "dark" })).toMatch(/^<svg .*<\/svg>\n$/s);
      expect(plot.description).not.toMatch(/undefined|NaN|Infinity/);
    }
  });

  it("has no markup of names and words", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: "grapheme", maxLength: 12 }),
        fc.constantFrom("<script>", "&lt;", '"><img src=x>', "'"),
        async (word, markup) => {
          const metric = `${word}${markup}`;
          const one = studyOf(
            { kind: choice([metric, `${metric}2`]) },
            [
              [{ kind: metric }, { value: 1 }],
              [{ kind: `${metric}2` }, { value: 2 }],
            ],
            "minimize",
            [metric],
          );
          for (const plot of [plotSlice(one, "kind"), plotParallel(one)]) {
            const svg = await renderSvg(plot);
            expect(svg).not.toMatch(/<script|<img/);
          }
        },
      ),
      { numRuns: cases(10) },
    );
  });
});

it("ranks are told apart by name", () => {
  expect(namesOf(plotRanks(study, "rate", "kind"))).toContain("best tenth");
});

describe("what is no study's data", () => {
  const data = /^the study of a picture or table must be what studyData\(study\) returns; received /;
  const { strategy: _, ...unread } = study;
  it.each<[string, () => unknown, RegExp]>([
    ["a history of a study", () => plotHistory(unread as never), data],
    ["importances of nothing", () => plotImportances(undefined as never), data],
    ["a slice of a study", () => plotSlice(unread as never, "rate"), data],
    ["a timeline of a study", () => plotTimeline(unread as never), data],
    ["curves of a study", () => plotCurves(unread as never), data],
    ["a front of a study", () => plotParetoFront(unread as never), data],
    ["parallel axes of a study", () => plotParallel(unread as never), data],
    ["rows of a study", () => studyRows(unread as never), data],
    ["Markdown of a study", () => studyMarkdown(unread as never), data],
    [
      "data of a result",
      () => studyData({ study, best: {} } as never),
      /^study must be a study, its JSON, or its record in a storage \(of the result of tune, its study\); received /,
    ],
    [
      "a contour of one parameter",
      () => plotContour(study, "rate", undefined as never),
      /^parameter must be the name of a parameter \(rate, units, kind, momentum\); received undefined$/,
    ],
    [
      "a confusion of nothing",
      () => plotConfusion(undefined as never),
      /^predictions must be an object with target and the lists truth and predicted; received undefined$/,
    ],
    [
      "a theme of another name",
      () => plotTheme("blue" as never),
      /^unknown theme "blue"\. Known: light, dark\.$/,
    ],
  ])("is refused: %s", (_name, work, message) => {
    expect(work).toThrow(message);
  });

  it("is refused: a picture that is none", async () => {
    await expect(renderSvg(undefined as never)).rejects.toThrow(
      /^plot must be a picture, as plotHistory\(data\) returns; received undefined$/,
    );
  });
});
