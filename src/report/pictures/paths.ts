/** The paths of each optimizer on a problem of two parameters, over contour lines. */
import type { SeriesOption } from "echarts";
import type { Landscape, Path, Scene } from "../../benchmark/landscape.js";
import type { ProblemFacts } from "../../benchmark/record.js";
import { contourLines } from "../plots/contours.js";
import { type LineStyle, stylesOf } from "../plots/palette.js";
import { linearScale } from "../plots/scale.js";
import { lineSeries, type Panel, type Picture, pictureOf } from "./picture.js";

const COLUMNS = 3;
const SIDE = 250;
const GAP = { x: 50, y: 62 };
const EDGE = { left: 50, top: 96, right: 20, bottom: 34 };
/** Shares of the plane below the contour lines; closer together towards the bottom, where runs end. */
const LEVELS = [0.02, 0.06, 0.14, 0.26, 0.42, 0.6, 0.8];
const HEIGHT_LINES = "#BDBDBD";
const DEFAULTS: LineStyle = { color: "#555555", type: [2, 3] };

type Point = readonly [x: number, y: number];

export function pathsPicture(problem: ProblemFacts, { landscape, paths: runs }: Scene): Picture {
  const optimizers = [...new Set(runs.map(({ optimizer }) => optimizer))];
  const styles = stylesOf(optimizers);
  const [x, y] = [landscape.plane.x, landscape.plane.y].map(([low, high]) => ({
    scale: linearScale(low, high),
    name: "",
  }));
  const below = heightSeries(landscape);
  const panels = optimizers.map((optimizer, i): Panel => {
    const color = styles.get(optimizer)!.color;
    const of = (phase: Path["phase"]) =>
      runs.find((path) => path.phase === phase && path.optimizer === optimizer)?.points ?? [];
    return {
      title: optimizer,
      width: SIDE,
      height: SIDE,
      x,
      y,
      left: EDGE.left + (i % COLUMNS) * (SIDE + GAP.x),
      top: EDGE.top + Math.floor(i / COLUMNS) * (SIDE + GAP.y),
      series: [
        ...below,
        lineSeries("", DEFAULTS, thinned(of("default"), landscape)),
        lineSeries("", { color, type: "solid" }, thinned(of("tuned"), landscape), { z: 4 }),
        marks(of("default").slice(0, 1), "circle"),
      ],
    };
  });
  const rows = Math.ceil(optimizers.length / COLUMNS);
  return pictureOf(
    {
      name: `paths-${problem.name}`,
      title: problem.title,
      note: "first seed; colour: tuned; dotted: with defaults; circle: start; crosses: minima",
      width: EDGE.left + COLUMNS * SIDE + (COLUMNS - 1) * GAP.x + EDGE.right,
      height: EDGE.top + rows * SIDE + (rows - 1) * GAP.y + EDGE.bottom,
    },
    panels,
  );
}

/** The contour lines and the minima. */
function heightSeries(landscape: Landscape): SeriesOption[] {
  const { plane, columns, rows, heights } = landscape;
  const sorted = [...heights].sort((a, b) => a - b);
  const lines = LEVELS.flatMap((share) =>
    contourLines(landscape, sorted[Math.floor(share * sorted.length)]).map((line) =>
      line.map(
        ([column, row]): Point => [
          plane.x[0] + (column / (columns - 1)) * (plane.x[1] - plane.x[0]),
          plane.y[0] + (row / (rows - 1)) * (plane.y[1] - plane.y[0]),
        ],
      ),
    ),
  );
  const paths = {
    type: "custom",
    clip: true,
    z: 1,
    data: [0],
    renderItem: (_: unknown, api: { coord(place: readonly number[]): number[] }) => ({
      type: "path",
      shape: { pathData: lines.map((line) => pathOf(line.map((point) => api.coord(point)))).join("") },
      style: { fill: "none", stroke: HEIGHT_LINES, lineWidth: 1 },
    }),
  } as SeriesOption;
  return [paths, marks(plane.minima, CROSS)];
}

/** A line in pixels, without points nearer than four pixels to the one before. */
function pathOf(pixels: readonly (readonly number[])[]): string {
  let last = pixels[0];
  const kept = pixels.filter(([x, y], i) => {
    const far = Math.max(Math.abs(x - last[0]), Math.abs(y - last[1])) >= 4;
    if (far) last = pixels[i];
    return far || i === 0 || i === pixels.length - 1;
  });
  return kept.map(([x, y], i) => `${i === 0 ? "M" : "L"}${x} ${y}`).join("");
}

const CROSS = "path://M0 0L10 10M10 0L0 10";

function marks(points: readonly Point[], symbol: string): SeriesOption {
  return {
    type: "scatter",
    symbol,
    symbolSize: 8,
    z: 5,
    clip: true,
    itemStyle: { color: "#FFFFFF", borderColor: "#000000", borderWidth: 1.5 },
    data: points.map(([x, y]) => [x, y]),
  } as SeriesOption;
}

/** Steps shorter than this share of a side are skipped. */
const SHORTEST = 0.006;
/** A path is cut at this many sides from the middle. */
const FURTHEST = 2;

/** The visible part of a path. */
function thinned(points: readonly Point[], { plane }: Landscape): Point[] {
  const sides = [plane.x, plane.y].map(([low, high]) => high - low);
  const middles = [plane.x, plane.y].map(([low, high]) => (low + high) / 2);
  /** The distance of two points in sides, by the larger coordinate. */
  const apart = (a: readonly number[], b: readonly number[]): number =>
    Math.max(...sides.map((side, i) => Math.abs(a[i] - b[i]) / side));
  const kept: Point[] = [];
  for (const [i, point] of points.entries()) {
    const last = kept.at(-1);
    if (!last || apart(point, last) >= SHORTEST || i === points.length - 1) kept.push(point);
    if (apart(point, middles) > FURTHEST) break;
  }
  return kept;
}
