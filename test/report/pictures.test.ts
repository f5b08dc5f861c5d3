/** Pictures against the figures that they show, and as SVG. ECharts itself is not tested. */
import { beforeAll, describe, expect, it } from "vitest";
import { analyzeBenchmark, type BenchmarkAnalysis } from "../../src/benchmark/analysis.js";
import { contestant } from "../../src/benchmark/contestant.js";
import { type LearningCurve, learningCurves } from "../../src/benchmark/curves.js";
import { type Scene, scenesOf } from "../../src/benchmark/landscape.js";
import { type BenchmarkResult, runBenchmark } from "../../src/benchmark/runBenchmark.js";
import { add, constant, randomUniform } from "../../src/graph/functions.js";
import type { Graph } from "../../src/graph/graph.js";
import { adam } from "../../src/optim/adam.js";
import { optimizers as builtIn } from "../../src/optim/registry.js";
import { sgd } from "../../src/optim/sgd.js";
import { benchmarkPictures } from "../../src/report/pictures/index.js";
import type { Picture } from "../../src/report/pictures/picture.js";
import { ranksPictureOf } from "../../src/report/pictures/ranks.js";
import { stylesOf } from "../../src/report/plots/palette.js";
import { type Draw, loadCharts } from "../../src/report/plots/render.js";
import { bowl } from "../benchmark/support.js";
import { recordedLines } from "../recordedLines.js";

/** The parts of a series that are tested. */
interface Series {
  readonly type: string;
  readonly name?: string;
  readonly xAxisIndex: number;
  readonly data: readonly (readonly (number | string)[] | { readonly value: readonly number[] })[];
  readonly renderItem: (
    params: undefined,
    api: { coord: (place: number[]) => number[] },
  ) => { readonly shape: { readonly points: number[][] }; readonly style: { readonly fill: string } };
  readonly lineStyle?: { readonly color: string; readonly type: unknown };
}

const NAMES = ["sgd", "adam", "mine"];
const COLORS = { sgd: "#882255", adam: "#332288", mine: "#000000" } as const;

let result: BenchmarkResult;
let analysis: BenchmarkAnalysis;
let curves: LearningCurve[];
let scenes: Map<string, Scene>;
let pictures: Map<string, Picture>;
let draw: Draw;

beforeAll(async () => {
  const mine = contestant("mine", (numbers) => sgd({ learningRate: 0.3, ...numbers }));
  // seeds begin at different places
  const start = (graph: Graph) => ({ w: add(constant(graph, [0.5, 1]), randomUniform(graph, [2], 0)) });
  const drawn = {
    ...bowl,
    start,
    floor: 1e-12,
    plane: { x: [-1, 3], y: [-1, 3], minima: [[0, 0]] } as const,
  };
  const problems = [drawn, { ...bowl, start, name: "other", target: 1e-3 }];
  const optimizers = [contestant("sgd", sgd), contestant("adam", adam), mine];
  result = await runBenchmark({ problems, optimizers, seeds: 3, trials: 4, rates: 7, jobs: 1 });
  analysis = await analyzeBenchmark(result);
  curves = learningCurves(result.setup, result.runs);
  scenes = scenesOf(problems, optimizers, result.runs);
  const all = benchmarkPictures({ setup: result.setup, analysis, curves, scenes });
  pictures = new Map(all.map((picture) => [picture.name, picture]));
  draw = await loadCharts();
});

const seriesOf = (name: string): Series[] => pictures.get(name)?.option.series as unknown as Series[];
const lineOf = (picture: string, optimizer: string, panel = 0): (readonly (number | string)[])[] =>
  seriesOf(picture).find(
    ({ type, name, xAxisIndex }) => type === "line" && name === optimizer && xAxisIndex === panel,
  )?.data as (readonly (number | string)[])[];

it("an optimizer has one colour in all panels, whatever its rank", () => {
  // five without a colour of their own, the first four of which are black
  const names = ["a", "b", "sgd", "c", "d", "e"];
  const ranking = (order: readonly string[]) => ({
    meanRanks: names.map((optimizer) => {
      const mean = 1 + order.indexOf(optimizer);
      return { optimizer, mean, low: mean, high: mean };
    }),
    criticalDifference: null,
  });
  const { option } = ranksPictureOf({
    title: "ranks",
    panels: [
      ["default", ranking(names.toReversed())],
      ["tuned", ranking(names)],
    ],
  });
  const styles = stylesOf(names);
  expect(styles.get("a")?.color).not.toBe(styles.get("e")?.color);
  const drawn = (option.series as unknown as Series[]).filter(({ name }) => name);
  expect(drawn).toHaveLength(2 * names.length);
  for (const { name, lineStyle } of drawn) expect(lineStyle?.color).toBe(styles.get(name as string)?.color);
});

describe("the pictures of a benchmark", () => {
  // `npx vitest run test/report/pictures.test.ts --update` rewrites the file after a change of a picture
  it("have the properties that are recorded, all but points", async () => {
    const lines = [...pictures.values()].flatMap(({ option, ...about }) => {
      const all = [option.series as unknown as Series[]].flat();
      const series = all.map(({ data, ...rest }) => ({ ...rest, data: data.length }));
      return ["", ...recordedLines({ ...about, option: { ...option, series } }, about.name)];
    });
    await expect(`${lines.slice(1).join("\n")}\n`).toMatchFileSnapshot("pictures.txt");
  });

  it("show all problems together and each alone", () => {
    expect([...pictures.keys()]).toEqual([
      ...["ranks", "profiles", "rates", "loss-bowl", "rates-bowl", "paths-bowl", "loss-other", "rates-other"],
    ]);
  });

  it("of the loss have the medians of the curves, with defaults and tuned", () => {
    for (const [panel, phase] of ["default", "tuned"].entries()) {
      for (const optimizer of NAMES) {
        const curve = curves.find(
          (one) => one.phase === phase && one.problem === "bowl" && one.optimizer === optimizer,
        );
        expect(lineOf("loss-bowl", optimizer, panel)).toEqual(
          curve?.points.map(({ step, median }) => [step, median === null ? "-" : Math.log10(median)]),
        );
      }
    }
  });

  it("of the loss have bands between the quartiles", () => {
    const bands = seriesOf("loss-bowl").filter(
      ({ type, xAxisIndex }) => type === "custom" && xAxisIndex === 1,
    );
    expect(bands).toHaveLength(NAMES.length);
    bands.forEach(({ renderItem }, i) => {
      const curve = curves.find(
        (one) => one.phase === "tuned" && one.problem === "bowl" && one.optimizer === NAMES[i],
      );
      const places = (quarter: "lower" | "upper") =>
        curve?.points.map((point) => [point.step, Math.log10(point[quarter] as number)]) as number[][];
      const { shape, style } = renderItem(undefined, { coord: (place) => place });
      expect(shape.points).toEqual([...places("upper"), ...places("lower").reverse()]);
      expect(style.fill).toBe(COLORS[NAMES[i] as keyof typeof COLORS]);
    });
  });

  it("of rates have the score at each rate, a gap where it diverged, and the share of problems solved", () => {
    for (const optimizer of NAMES) {
      const own = analysis.rates.filter((rate) => rate.optimizer === optimizer);
      expect(lineOf("rates-bowl", optimizer)).toEqual(
        own[0].points.map(({ rate, final }) => [Math.log10(rate), final === null ? "-" : Math.log10(final)]),
      );
      expect(lineOf("rates", optimizer)).toEqual(
        own[0].points.map(({ rate }, i) => [
          Math.log10(rate),
          50 * own.filter(({ points }) => points[i].stepsToTarget !== null).length,
        ]),
      );
    }
    // |1 − 10| at the last rate: 2.5 · 81²⁰ is beyond float32
    expect(lineOf("rates-bowl", "sgd").at(-1)?.[1]).toBe("-");
    expect(lineOf("rates", "sgd").map(([, share]) => share)).toContain(100);
  });

  it("of profiles have their points, from 0 on the left to the right edge", () => {
    for (const [panel, phase] of (["default", "tuned"] as const).entries()) {
      for (const { optimizer, points } of analysis[phase].profiles) {
        const line = lineOf("profiles", optimizer, panel);
        const places = points.map(({ ratio, share }) => [Math.log10(ratio), 100 * share]);
        const inner = line.slice(0, -1);
        expect(points[0]?.ratio === 1 ? inner : inner.slice(1)).toEqual(places);
        expect(line[0][0]).toBe(0);
        expect(line.at(-1)?.[1]).toBe(100 * (points.at(-1)?.share ?? 0));
      }
    }
  });

  it("of ranks have means and intervals, the best at the top", () => {
    const sorted = [...analysis.tuned.meanRanks].sort((a, b) => a.mean - b.mean);
    const lines = seriesOf("ranks").filter(({ name, xAxisIndex }) => name && xAxisIndex === 1);
    expect(lines.map(({ name }) => name)).toEqual(sorted.map(({ optimizer }) => optimizer));
    lines.forEach(({ data, lineStyle }, row) => {
      const { low, mean, high, optimizer } = sorted[row];
      const height = NAMES.length - row - 0.5;
      expect(data.map((point) => (point as { value: number[] }).value)).toEqual(
        [low, mean, high].map((rank) => [rank, height]),
      );
      expect(lineStyle?.color).toBe(COLORS[optimizer as keyof typeof COLORS]);
    });
  });

  it("of paths begin and end where the runs do", () => {
    const series = seriesOf("paths-bowl");
    for (const [panel, optimizer] of NAMES.entries()) {
      const [start] = series
        .filter(({ type, xAxisIndex }) => type === "scatter" && xAxisIndex === panel)
        .slice(1);
      const path = scenes
        .get("bowl")
        ?.paths.find((one) => one.phase === "tuned" && one.optimizer === optimizer);
      expect(start.data).toEqual([path?.points[0]]);
      const tuned = series.find(
        ({ type, xAxisIndex, lineStyle }) =>
          type === "line" &&
          xAxisIndex === panel &&
          lineStyle?.color === COLORS[optimizer as keyof typeof COLORS],
      );
      expect(tuned?.data[0]).toEqual(path?.points[0]);
      const inPlane = Math.max(...(path?.points.at(-1) ?? []).map(Math.abs)) < 3;
      if (inPlane) expect(tuned?.data.at(-1)).toEqual(path?.points.at(-1));
    }
  });

  it.each(["loss-bowl", "rates-bowl", "profiles", "rates"])(
    "%s has in its legend each optimizer once, in its colour",
    (name) => {
      const svg = draw(pictures.get(name)!);
      for (const optimizer of NAMES) {
        const words = svg.split("\n").filter((line) => line.endsWith(`>${optimizer}</text>`));
        expect(words).toHaveLength(1);
        // legend: a line of 30 pixels
        const samples = svg.split("\n").filter((line) => /d="M0 7L30 7"/.test(line));
        expect(samples).toHaveLength(NAMES.length);
        const color = COLORS[optimizer as keyof typeof COLORS];
        expect(samples.filter((line) => line.includes(`stroke="${color}"`))).toHaveLength(1);
      }
    },
  );

  it("are the same text each time, and well-formed", () => {
    for (const picture of pictures.values()) {
      const svg = draw(picture);
      expect(svg).toBe(draw(picture));
      expect(svg).not.toMatch(/NaN|undefined|Infinity/);
      expect(svg.startsWith(`<svg width="${picture.width}" height="${picture.height}"`)).toBe(true);
    }
  });

  it("have titles for screen readers", () => {
    expect(draw(pictures.get("ranks")!)).toMatch(
      /^<svg [^>]* role="img">\n<title>Mean ranks over the problems<\/title>\n/,
    );
    expect(draw({ ...pictures.get("ranks")!, title: "a < b & c" })).toContain(
      "<title>a &lt; b &amp; c</title>",
    );
  });

  it("need ECharts, and say so", async () => {
    const absent = () => Promise.reject(new Error("Cannot find package"));
    await expect(loadCharts(absent)).rejects.toMatchObject({
      code: "unsupported",
      message: "pictures need the package echarts; run npm install echarts",
    });
  });
});

describe("the style of optimizers", () => {
  it("is a distinct colour for each built-in optimizer, always the same", () => {
    const names = Object.keys(builtIn);
    const all = stylesOf(names);
    expect(new Set([...all.values()].map(({ color }) => color)).size).toBe(names.length);
    for (const name of names) expect(stylesOf(["mine", name]).get(name)).toBe(all.get(name));
  });

  it("is distinct for each of twelve custom optimizers", () => {
    const names = Array.from({ length: 12 }, (_, i) => `own-${i}`);
    const styles = [...stylesOf([...names, "sgd"]).values()].map((style) => JSON.stringify(style));
    expect(new Set(styles).size).toBe(13);
  });
});
