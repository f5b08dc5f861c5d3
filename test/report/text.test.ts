import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { columnsOf } from "../../src/report/columns.js";
import {
  clip,
  formatDuration,
  formatMoment,
  formatScore,
  formatValue,
  plain,
} from "../../src/report/format.js";
import { layOut, layOutTexts, wrap } from "../../src/report/layout.js";
import { progressLine } from "../../src/report/progress.js";
import { describeRates } from "../../src/report/rates.js";
import { prop } from "../prop.js";

const length = columnsOf;

describe("format", () => {
  it.each([
    [0, "0.0000"],
    [0.98681, "0.9868"],
    [-3.21987, "-3.2199"],
    [123.456, "123.46"],
    [54321.9, "54322"],
    [1.5e9, "1.500e+9"],
    [0.00012345, "1.234e-4"],
    [null, "–"],
    [Number.NaN, "–"],
  ])("shows the score %s as %s", (value, text) => expect(formatScore(value)).toBe(text));

  it.each([
    [32, "32"],
    [0.0080771, "0.008077"],
    [0.0000346, "3.46e-5"],
    ["adam", "adam"],
    [true, "true"],
    [null, "null"],
    [[64, 32], "[64,32]"],
    [undefined, "–"],
  ])("shows the value %j as %s", (value, text) => expect(formatValue(value)).toBe(text));

  it.each([
    [0.42, "0.4 s"],
    [9.96, "10 s"],
    [59.6, "1 min 00 s"],
    [185, "3 min 05 s"],
    [7800, "2 h 10 min"],
  ])("shows %s seconds as %s", (seconds, text) => expect(formatDuration(seconds)).toBe(text));

  it.each([
    [1255651200000, "2009-10-16"],
    [1255651200000 + 8.5 * 3600_000, "2009-10-16 08:30"],
    [-60_000, "1969-12-31 23:59"],
  ])("shows the moment %s as %s", (moment, text) => expect(formatMoment(moment)).toBe(text));

  it("removes what would move the cursor", () => expect(plain("a\u001b[2Jb\r\nc")).toBe("a [2Jb c"));

  it("clips by columns, and cuts no character", () => {
    expect(clip("😀😀😀", 3)).toBe("😀…");
    expect(clip("😀😀😀", 4)).toBe("😀…");
    expect(clip("學習率", 6)).toBe("學習率");
    expect(clip("e\u0301e\u0301e\u0301", 2)).toBe("e\u0301…");
  });
});

describe("layOut", () => {
  it("takes more rows than a call has arguments", () => {
    const rows = Array.from({ length: 200_000 }, (_, i) => [`${i}`, "a"]);
    expect(layOut(rows, { width: 80 }).at(-1)).toBe("  199999  a");
    expect(layOutTexts(rows as [string, string][], 80).at(-1)).toBe("199999  a");
    const rates = rows.map((_, i) => 1e-6 * (i + 1));
    const losses = rates.map((_, i) => (i === 7 ? 1 : 2));
    const result = { rates, losses, smoothed: losses, suggested: rates[3], belowMinimum: rates[0] };
    const paint = { heading: (text: string) => text, faint: (text: string) => text };
    const lines = describeRates({ ...result, reason: "finished" }, 80, paint);
    // the rate of the lowest loss has the shortest bar
    expect(lines.filter((line) => line.endsWith("  █"))).toEqual(["  8e-6     1.0000    1.0000  █"]);
  });

  it("aligns the first column left and the others right", () => {
    const rows = [
      ["units", "37", "8"],
      ["dropout", "0.2", "0.15"],
    ];
    expect(layOut(rows, { width: 80 })).toEqual(["  units     37     8", "  dropout  0.2  0.15"]);
  });

  it("leaves columns out from the right until the rest fits", () => {
    const row = ["label", "11111", "22222", "33333"];
    expect(layOut([row], { width: 26 })).toEqual(["  label  11111  22222"]);
    expect(layOut([row], { width: 28 })).toEqual(["  label  11111  22222  33333"]);
  });

  it("shortens labels, then lines, if two columns are too wide", () => {
    expect(layOut([["a long label indeed", "12345"]], { width: 20 })).toEqual(["  a long lab…  12345"]);
    expect(layOut([["label", "123456789"]], { width: 8 })).toEqual(["  label…"]);
  });

  const cell = fc
    .string({ unit: "grapheme", minLength: 1, maxLength: 12 })
    .filter((text) => text.trim() === text && text !== "");
  prop([
    fc
      .integer({ min: 1, max: 5 })
      .chain((columns) =>
        fc.array(fc.array(cell, { minLength: columns, maxLength: columns }), { minLength: 1, maxLength: 5 }),
      ),
    fc.integer({ min: 1, max: 100 }),
  ])("never exceeds the width, and drops nothing where all fits", (rows, width) => {
    const lines = layOut(rows, { width });
    expect(lines).toHaveLength(rows.length);
    for (const line of lines) expect(length(line)).toBeLessThanOrEqual(width);
    const whole = rows[0].reduce((sum, _, j) => sum + Math.max(...rows.map((row) => length(row[j]))) + 2, 0);
    if (whole > width) return;
    for (const [i, line] of lines.entries()) for (const text of rows[i]) expect(line).toContain(text);
  });
});

describe("layOutTexts", () => {
  const rows = [
    ["seed", "0"],
    ["parameters", "rate, units and layers"],
  ] as const;
  it("breaks texts beside their labels", () =>
    expect(layOutTexts(rows, 30)).toEqual([
      "seed        0",
      "parameters  rate, units and",
      "            layers",
    ]));
  it("puts them below where they would be narrow", () =>
    expect(layOutTexts(rows, 20)).toEqual(["seed", "  0", "parameters", "  rate, units and", "  layers"]));
});

describe("wrap", () => {
  it("breaks between words", () => expect(wrap("one two three", 7)).toEqual(["one two", "three"]));
  it("cuts a word that is longer than a line", () =>
    expect(wrap("a incomprehensible b", 6)).toEqual(["a", "incom…", "b"]));
});

describe("progressLine", () => {
  const state = { finished: 12, total: 30, seconds: 6, metric: "accuracy", best: 0.98 };

  it("has bar, count, rate, best and time left", () => {
    // The words take 53 characters and two spaces, which leaves 25 for the bar: 10 of them for 12 of 30
    // trials.
    const bar = "█".repeat(10) + "░".repeat(15);
    const words = "12/30  2.0 trials/s  best accuracy 0.9800  9.0 s left";
    expect(progressLine(state, 80)).toBe(`${bar}  ${words}`);
  });

  it("counts seconds where time is the budget", () => {
    const timed = { ...state, seconds: 21.9, time: 60 };
    expect(progressLine(timed, 50)).toBe("21 of 60 s, 12 trials  best accuracy 0.9800");
    // 43 characters and two spaces leave 20 for the bar: 21.9 of 60 s
    expect(progressLine(timed, 65)).toBe(
      `${"█".repeat(7)}${"░".repeat(13)}  21 of 60 s, 12 trials  best accuracy 0.9800`,
    );
    expect(progressLine({ ...timed, seconds: 61 }, 50)).toContain("60 of 60 s");
  });

  it("loses the bar, the rate and the time left, in this order, as the terminal narrows", () => {
    const at = (width: number) => progressLine(state, width);
    expect(at(60)).toBe("12/30  2.0 trials/s  best accuracy 0.9800  9.0 s left");
    expect(at(45)).toBe("12/30  best accuracy 0.9800  9.0 s left");
    expect(at(30)).toBe("12/30  best 0.9800  9.0 s left");
    expect(at(27)).toBe("12/30  best accuracy 0.9800");
    expect(at(20)).toBe("12/30  best 0.9800");
    expect(at(17)).toBe("12/30  9.0 s left");
    expect(at(12)).toBe("12/30");
    expect(at(3)).toBe("");
  });

  it("loses the trials and the name of the metric where time is the budget", () => {
    const at = (width: number) => progressLine({ ...state, seconds: 21.9, time: 60 }, width);
    expect(at(42)).toBe("21 of 60 s, 12 trials  best 0.9800");
    expect(at(33)).toBe("21 of 60 s  best 0.9800");
    expect(at(22)).toBe("21 of 60 s, 12 trials");
    expect(at(17)).toBe("21 of 60 s"); // a terminal of 20 columns
  });

  it.each([20, 40, 80, 200])("breaks no word on a terminal of %i columns", (columns) => {
    const words = [..."12/30 best accuracy 0.9800 9.0 s left 2.0 trials/s".split(" "), "", ...["學習率"]];
    const wide = { ...state, metric: "學習率" };
    for (const line of [progressLine(state, columns - 3), progressLine(wide, columns - 3)]) {
      expect(length(line)).toBeLessThanOrEqual(columns - 3);
      for (const word of line.replace(/[█░]+/, "").split(" ")) expect(words).toContain(word);
    }
    // 3 characters of 6 columns: the words take 51, and with two spaces and 8 of a bar 61
    expect(progressLine(wide, 61)).toBe("███░░░░░  12/30  2.0 trials/s  best 學習率 0.9800  9.0 s left");
    expect(progressLine(wide, 60).startsWith("12/30")).toBe(true);
  });

  it("has neither rate nor best before the first trial ends", () => {
    const line = progressLine({ ...state, finished: 0, best: null }, 40);
    expect(line).toBe(`${"░".repeat(30)}  0/30`);
  });

  it("counts slow trials per minute", () => {
    expect(progressLine({ ...state, finished: 1, seconds: 30 }, 200)).toContain("  2.0 trials/min  ");
  });

  prop([
    fc.record({
      finished: fc.nat(1000),
      total: fc.integer({ min: 1, max: 1000 }),
      seconds: fc.double({ min: 0, max: 1e6, noNaN: true }),
      metric: fc.constantFrom("accuracy", "rootMeanSquaredError"),
      best: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
    }),
    fc.integer({ min: 1, max: 120 }),
  ])("never exceeds the width", (any, width) => {
    expect(length(progressLine(any, width))).toBeLessThanOrEqual(width);
  });
});
