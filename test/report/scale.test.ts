/** Axes and contour lines. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contourLines, type Grid } from "../../src/report/plots/contours.js";
import { linearScale, logScale, scaleOf } from "../../src/report/plots/scale.js";
import { prop } from "../prop.js";

const labels = ({ ticks, label }: ReturnType<typeof logScale>): string[] => ticks.map(label);

describe("an axis", () => {
  it("over many powers of ten has evenly spaced ticks at powers of ten", () => {
    expect(labels(logScale(1e-10, 20))).toEqual(["10⁻¹⁰", "10⁻⁸", "10⁻⁶", "10⁻⁴", "10⁻²", "1"]);
    expect(labels(logScale(1e-5, 10))).toEqual(["10⁻⁵", "10⁻⁴", "10⁻³", "10⁻²", "10⁻¹", "1", "10"]);
    expect(labels(logScale(1e10, 1e30))).toEqual(["10¹²", "10¹⁵", "10¹⁸", "10²¹", "10²⁴", "10²⁷", "10³⁰"]);
  });

  it("over few has ticks at 1, 2 and 5 times each", () => {
    expect(labels(logScale(0.05, 2.5))).toEqual(["0.05", "0.1", "0.2", "0.5", "1", "2"]);
    expect(labels(logScale(1, 120))).toEqual(["1", "2", "5", "10", "20", "50", "100"]);
  });

  it("has round numbers if it is linear", () => {
    expect(labels(linearScale(0, 2000))).toEqual(["0", "500", "1000", "1500", "2000"]);
    expect(labels(linearScale(0, 100))).toEqual(["0", "20", "40", "60", "80", "100"]);
    expect(labels(linearScale(-0.31, 0.12))).toEqual(["-0.3", "-0.2", "-0.1", "0", "0.1"]);
  });

  it("is logarithmic for positive numbers that span a factor of ten, and linear for others", () => {
    expect(scaleOf([0.1, 1]).at(0.1)).toBe(-1);
    expect(scaleOf([0.11, 1]).at(0.11)).toBe(0.11);
    expect(scaleOf([-1, 1]).at(0.5)).toBe(0.5);
    expect(scaleOf([0.1, 1]).at(-1)).toBeNaN();
  });

  it("puts numbers too small for its logarithm at the lower end", () => {
    const { low, at, ticks } = scaleOf([0, 1e-30, 1]);
    expect(low).toBeCloseTo(-16.48, 9);
    expect([at(0), at(1e-30), at(1)]).toEqual([low, low, 0]);
    expect(ticks).toEqual([-15, -12, -9, -6, -3, 0]);
  });

  const numbers = fc.array(fc.integer({ min: -1e6, max: 1e6 }), { minLength: 1, maxLength: 5 });
  prop([numbers, fc.constantFrom(1e-9, 1, 1e9)])(
    "holds all its numbers, and two to ten ticks",
    (whole, unit) => {
      const values = whole.map((number) => number * unit);
      const { low, high, at, ticks } = scaleOf(values);
      for (const value of values) {
        expect(at(value)).toBeGreaterThanOrEqual(low);
        expect(at(value)).toBeLessThanOrEqual(high);
      }
      expect(ticks.length).toBeGreaterThanOrEqual(2);
      expect(ticks.length).toBeLessThanOrEqual(10);
      const slack = 1e-8 * Math.max(...[low, high].map(Math.abs));
      for (const tick of ticks) {
        expect(tick).toBeGreaterThanOrEqual(low - slack);
        expect(tick).toBeLessThanOrEqual(high + slack);
      }
    },
  );
});

/** Heights of a function at whole places. */
const grid = (columns: number, rows: number, f: (x: number, y: number) => number): Grid => ({
  columns,
  rows,
  heights: Array.from({ length: columns * rows }, (_, k) => f(k % columns, Math.floor(k / columns))),
});

describe("contour lines", () => {
  it("of a slope are straight, from edge to edge", () => {
    const lines = contourLines(
      grid(5, 3, (x) => x),
      1.5,
    );
    expect(lines).toHaveLength(1);
    expect([...lines[0]].sort((a, b) => a[1] - b[1])).toEqual([
      [1.5, 0],
      [1.5, 1],
      [1.5, 2],
    ]);
  });

  it("of a bowl close around its middle", () => {
    const lines = contourLines(
      grid(21, 21, (x, y) => (x - 10) ** 2 + (y - 10) ** 2),
      36,
    );
    expect(lines).toHaveLength(1);
    expect(lines[0][0]).toEqual(lines[0].at(-1));
    // straight within cells of side 1, where the height bends by at most ¼: ¼ / (2 · 6)
    for (const [x, y] of lines[0])
      expect(Math.abs(Math.sqrt((x - 10) ** 2 + (y - 10) ** 2) - 6)).toBeLessThan(0.03);
  });

  it("of a saddle join the corners on the side of the cell's mean", () => {
    const saddle = (middle: number): Grid => ({ columns: 2, rows: 2, heights: [1, 0, 0, middle] });
    const ends = (lines: readonly (readonly (readonly number[])[])[]): string[] =>
      lines.map((line) =>
        line
          .map(([x, y]) => `${x.toFixed(2)} ${y.toFixed(2)}`)
          .sort()
          .join(" to "),
      );
    // heights 1 and 1 across, mean 0.5
    expect(ends(contourLines(saddle(1), 0.4)).sort()).toEqual([
      "0.00 0.60 to 0.40 1.00",
      "0.60 0.00 to 1.00 0.40",
    ]);
    expect(ends(contourLines(saddle(1), 0.6)).sort()).toEqual([
      "0.00 0.40 to 0.40 0.00",
      "0.60 1.00 to 1.00 0.60",
    ]);
  });

  const heights = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 30, maxLength: 30 });
  prop([heights, fc.constantFrom(0.5, 3.5, 6.5)])(
    "use each crossed edge once, lie on it, and end only at the border",
    (values, level) => {
      const surface = { columns: 6, rows: 5, heights: values };
      const lines = contourLines(surface, level);
      const at = (x: number, y: number): number => values[y * 6 + x];
      const points = lines.flatMap((line) => (`${line[0]}` === `${line.at(-1)}` ? line.slice(1) : line));
      let crossed = 0;
      for (let y = 0; y < 5; y++) {
        for (let x = 0; x < 6; x++) {
          if (x < 5 && at(x, y) > level !== at(x + 1, y) > level) crossed++;
          if (y < 4 && at(x, y) > level !== at(x, y + 1) > level) crossed++;
        }
      }
      expect(points).toHaveLength(crossed);
      expect(new Set(points.map(String)).size).toBe(crossed);
      for (const [x, y] of points) {
        const [x0, y0] = [Math.floor(x), Math.floor(y)];
        const [share, other] = x === x0 ? [y - y0, at(x0, y0 + 1)] : [x - x0, at(x0 + 1, y0)];
        expect(at(x0, y0) + share * (other - at(x0, y0))).toBeCloseTo(level, 9);
      }
      for (const line of lines) {
        const [first, last] = [line[0], line.at(-1) as readonly [number, number]];
        if (`${first}` === `${last}`) continue;
        for (const [x, y] of [first, last]) expect(x === 0 || x === 5 || y === 0 || y === 4).toBe(true);
      }
    },
  );
});
