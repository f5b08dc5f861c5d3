/**
 * The colours of pictures on paper and on dark screens, for readers with any kind of colour blindness; and
 * words at ticks.
 */
import { choice, createStudy, float, random } from "fettle";
import {
  chartOption,
  plotHistory,
  plotParallel,
  plotSlice,
  plotTheme,
  renderSvg,
  studyData,
} from "fettle/report";
import { describe, expect, it } from "vitest";
import { tickText } from "../../../src/report/plots/drawable.js";
import { COLORS, DARK, mixed, SERIES } from "../../../src/report/plots/palette.js";

/** The parts of a colour in light. */
const linear = (color: string): number[] =>
  [1, 3, 5]
    .map((at) => Number.parseInt(color.slice(at, at + 2), 16) / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));

const times = (matrix: readonly (readonly number[])[], vector: readonly number[]): number[] =>
  matrix.map((row) => row.reduce((sum, each, i) => sum + each * vector[i], 0));

/** Of WCAG 2.2. */
function contrast(a: string, b: string): number {
  const [dark, light] = [a, b]
    .map((color) => times([[0.2126, 0.7152, 0.0722]], linear(color))[0])
    .sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

/**
 * G. Machado, M. Oliveira and L. Fernandes, "A physiologically-based model for simulation of color vision
 * deficiency", IEEE TVCG 2009.
 */
const EYES = {
  all: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

/** In CIELAB, D65. */
function lab(color: string, eye: readonly (readonly number[])[]): number[] {
  const rgb = times(eye, linear(color)).map((c) => Math.min(1, Math.max(0, c)));
  const xyz = times(
    [
      [0.4124564, 0.3575761, 0.1804375],
      [0.2126729, 0.7151522, 0.072175],
      [0.0193339, 0.119192, 0.9503041],
    ],
    rgb,
  );
  const [x, y, z] = [xyz[0] / 0.95047, xyz[1], xyz[2] / 1.08883].map((t) =>
    t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116,
  );
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

function nearest(colors: readonly string[], eye: readonly (readonly number[])[]): number {
  const places = colors.map((color) => lab(color, eye));
  return Math.min(
    ...places.flatMap((a, i) =>
      places.slice(i + 1).map((b) => Math.hypot(...a.map((each, k) => each - b[k]))),
    ),
  );
}

const all = [...SERIES, COLORS.grey];
const dark = (color: string): string => DARK.get(color) as string;
/** Of the report, the dashboard and the page that tunes: pages, cards and what is raised on them. */
const SCREENS = ["#14181D", "#1B2027", "#0D1015", "#151A21", "#1A2029", "#0F131A", "#181E28"];

describe("colours of data", () => {
  it("have a contrast of 3 : 1 with paper and with dark screens, text 4.5 : 1", () => {
    const steps = Array.from({ length: 21 }, (_, i) => mixed(i / 20));
    for (const color of [...all, ...steps]) {
      expect(contrast(color, "#FFFFFF"), color).toBeGreaterThan(3);
      for (const screen of SCREENS)
        expect(contrast(dark(color), screen), `${color} on ${screen}`).toBeGreaterThan(3);
    }
    for (const theme of ["light", "dark"] as const) {
      const { backgroundColor, textStyle, valueAxis } = plotTheme(theme) as {
        backgroundColor: string;
        textStyle: { color: string };
        valueAxis: { axisLabel: { color: string } };
      };
      for (const { color } of [textStyle, valueAxis.axisLabel])
        expect(contrast(color, backgroundColor)).toBeGreaterThan(4.5);
    }
  });

  it.each(Object.entries(EYES))(
    "are on dark screens as different as on paper to readers with %s",
    (_, eye) => {
      expect(nearest(all.map(dark), eye)).toBeGreaterThanOrEqual(nearest(all, eye));
      expect(nearest(all.map(dark), eye)).toBeGreaterThan(10);
    },
  );

  it("are all changed for a dark screen, and nothing else is", async () => {
    const study = createStudy({
      space: { rate: float(1e-6, 1e-2, { log: true }), x: float(0, 1), color: choice([COLORS.best, "a"]) },
      strategy: random(),
      seed: 3,
      direction: "minimize",
    });
    await study.optimize(({ rate, x }) => Math.abs(Math.log10(rate) + 4) + x, { trials: 40 });
    const data = studyData(study);
    for (const plot of [plotHistory(data), plotSlice(data, "rate"), plotParallel(data)]) {
      const before = structuredClone(plot);
      const [light, other] = await Promise.all(
        (["light", "dark"] as const).map((theme) => renderSvg(plot, { theme })),
      );
      const colors = (svg: string) =>
        new Set([...svg.matchAll(/(?:fill|stroke)[=:]"?(#[0-9A-F]{6})/g)].map(([, color]) => color));
      const used = [...colors(light)].filter((color) => DARK.has(color));
      expect(used.length).toBeGreaterThan(0);
      for (const color of used)
        expect([colors(other).has(color), colors(other).has(dark(color))]).toEqual([false, true]);
      expect(plot).toEqual(before);
      expect(light).not.toContain("0.000001");
      // a word that reads as a colour is none
      expect(other.split(`>${COLORS.best}<`).length).toBe(light.split(`>${COLORS.best}<`).length);
    }
    expect(await renderSvg(plotSlice(data, "rate"))).toMatch(/>1e-6<[\s\S]*>0.01</);
    expect(await renderSvg(plotParallel(data))).toContain(">1e-6<");
    const plot = plotHistory(data);
    expect(JSON.stringify(chartOption(plot, "light"))).toBe(JSON.stringify(plot.option));
    expect(() => chartOption(plot, "grey" as never)).toThrow("theme");
  });
});

it.each([
  [1e-6, "1e-6"],
  [0.0002, "2e-4"],
  [0.001, "0.001"],
  [0.3, "0.3"],
  [10_000, "10,000"],
  [1e6, "1e+6"],
  [0.00030000000000000003, "3e-4"],
])("the tick %s of a logarithmic axis is written %s", (tick, text) => {
  expect(tickText(tick)).toBe(text);
});
