/**
 * Pictures of characters: what is where, at any width, and how many columns a text takes. One test needs
 * python3.
 */
import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isAscii } from "../../src/cli/streams.js";
import { columnsOf } from "../../src/report/columns.js";
import { drawShares } from "../../src/report/terminal/bars.js";
import { Canvas } from "../../src/report/terminal/canvas.js";
import { drawChart } from "../../src/report/terminal/chart.js";
import { drawStudy } from "../../src/report/terminal/study.js";
import { trainingText } from "../../src/report/terminal/training.js";
import { importances } from "../../src/search/analysis/importance.js";
import { choice, float } from "../../src/search/space/builders.js";
import { Curves } from "../../src/search/trial/curves.js";
import { makeRecord, type TrialOutcome, type TrialRecord } from "../../src/search/trial/trial.js";
import { cases } from "../cases.js";
import { prop } from "../prop.js";

const PAINT = { heading: (text: string) => text, faint: (text: string) => text };

describe("columnsOf", () => {
  it("agrees with Python's tables of Unicode for every character alone", () => {
    const program = `
import unicodedata as u
for c in range(0x20, 0x40000):
    kind = u.category(chr(c))
    if kind in ("Cn", "Cc", "Cf", "Cs", "Co", "Zl", "Zp") or 0x1160 <= c <= 0x11ff or 0xd7b0 <= c <= 0xd7ff: continue
    print(c, 0 if kind in ("Mn", "Me") else 2 if u.east_asian_width(chr(c)) in "WF" else 1)`;
    const lines = execFileSync("python3", ["-c", program], { encoding: "utf8", maxBuffer: 1e8 })
      .trim()
      .split("\n");
    expect(lines.length).toBeGreaterThan(100_000);
    const wrong = lines
      .map((line) => line.split(" ").map(Number))
      .map(([code, columns]) => [code, columns, String.fromCodePoint(code)] as const)
      // a few have become marks, or no longer are, in another version of Unicode
      .filter(([, columns, character]) => /[\p{Mn}\p{Me}]/u.test(character) === (columns === 0))
      .filter(([, columns, character]) => columnsOf(character) !== columns)
      .map(([code]) => code.toString(16));
    expect(wrong).toEqual([]);
  });

  it.each([
    ["", 0],
    ["learningRate", 12],
    ["学習率", 6],
    ["ﾊﾝｶｸ", 4], // half-width
    ["e\u0301", 1],
    ["한", 2],
    ["\u1112\u1161\u11ab", 2], // the same in three letters
    ["❤", 1],
    ["❤\ufe0f", 2],
    ["👩‍👩‍👧", 2], // a family, joined
    ["नि", 1],
    ["🇯🇵", 2],
    ["🇯", 1],
  ])("measures %j as %i", (text, columns) => expect(columnsOf(text)).toBe(columns));
});

it("sets the dots of braille that Unicode numbers 1 to 8", () => {
  // 1 2 3 are the left column from the top, 4 5 6 the right one, 7 and 8 below; dot n has bit n − 1
  const numbers = [1, 4, 2, 5, 3, 6, 7, 8];
  numbers.forEach((number, i) => {
    const canvas = new Canvas(1, 1, false);
    canvas.dot(i % 2, Math.floor(i / 2));
    expect(canvas.lines(true)[0].codePointAt(0)).toBe(0x2800 + 2 ** (number - 1));
  });
});

describe("a chart", () => {
  const marks = [3, 1, 2].map((y, x) => ({ x, y, mark: "o" }));
  const stairs = [
    { x: 0, y: 3 },
    { x: 1, y: 1 },
  ];

  it("has marks and the line where the axes say", () => {
    const lines = drawChart({ marks, stairs, axis: "trial", counts: true }, { width: 24, ascii: true });
    // 6 rows from 1 to 3: the ends are the first row and the last, 2 is in the middle
    const where = (mark: string) =>
      lines.flatMap((line, row) => [...line].flatMap((at, column) => (at === mark ? [[row, column]] : [])));
    const [wall] = where("|").filter(([, column]) => column < 6);
    const left = wall[1] + 1;
    const columns = 24 - left;
    const [top, middle, bottom] = where("o");
    expect([top[0], bottom[0]]).toEqual([0, 5]);
    expect([2, 3]).toContain(middle[0]);
    expect(top[1]).toBe(left);
    expect(middle[1]).toBe(left + columns - 1);
    expect(Math.abs(bottom[1] - (left + columns / 2))).toBeLessThanOrEqual(1);
    expect(lines.at(-1)?.trim()).toMatch(/^0 +trial +2$/);
    expect(lines.join("")).toMatch(/-/);
  });

  it("has room for any number of points", () => {
    const marks = Array.from({ length: 200_000 }, (_, x) => ({ x, y: x % 10, mark: "o" }));
    const lines = drawChart(
      { marks, stairs: marks, axis: "trial", counts: true },
      { width: 40, ascii: true },
    );
    expect(lines.at(-1)?.trim()).toMatch(/^0 +trial +199999$/);
  });

  it("is logarithmic where positive numbers differ by a factor of ten or more", () => {
    const at = (ys: number[]) => {
      const lines = drawChart(
        { marks: ys.map((y, x) => ({ x, y, mark: "o" })), axis: "" },
        { width: 60, ascii: true },
      );
      return ys.map((_, x) =>
        lines.findIndex((line) => line.replace(/^[^|]*\|/, "").trim() !== "" && markAt(line, x, ys.length)),
      );
    };
    const [a, b, c] = at([1, 100, 1e4]);
    expect(Math.abs(a - b - (b - c))).toBeLessThanOrEqual(1); // of 10 rows
    expect(a).toBeGreaterThan(b);
    const [d, e, f] = at([-1, 0, 1]);
    expect([d - e, e - f].every((step) => step > 0)).toBe(true);
    const labels = drawChart(
      { marks: [1e-6, 1].map((y, x) => ({ x, y, mark: "o" })), axis: "" },
      { width: 60, ascii: true },
    );
    expect(labels.join("\n")).toContain("1e-6");
    const unicode = drawChart(
      { marks: [1e-6, 1].map((y, x) => ({ x, y, mark: "o" })), axis: "" },
      { width: 60, ascii: false },
    );
    expect(unicode.join("\n")).toContain("10⁻⁶");
  });

  // 24 columns less those of the labels and the wall leave 19
  it.each([
    [3, "o--------o--------o"],
    [22, "-".repeat(19)],
  ])("of %i marks on the line shows all of both that there is room for", (count, row) => {
    const marks = Array.from({ length: count }, (_, x) => ({ x, y: 1, mark: "o" }));
    const lines = drawChart(
      { marks: [...marks, { x: 0, y: 3, mark: "o" }], stairs: [{ x: 0, y: 1 }], axis: "", counts: true },
      { width: 24, ascii: true },
    );
    expect([lines[5], lines[0]]).toEqual([`  1 |${row}`, "  3 |o"]);
  });

  it("has no lines without a number", () =>
    expect(
      drawChart({ marks: [{ x: 0, y: null, mark: "x" }], axis: "" }, { width: 60, ascii: true }),
    ).toEqual([]));
});

/** Whether the mark of the x-th of some numbers at equal distances is in a line. */
function markAt(line: string, x: number, count: number): boolean {
  const area = line.slice(line.indexOf("|") + 1);
  const columns = 60 - line.indexOf("|") - 1;
  const place = Math.round((x / (count - 1)) * (columns - 1));
  return area.slice(Math.max(0, place - 2), place + 3).includes("o");
}

describe("shares as bars", () => {
  it("are as long as they are large", () => {
    expect(drawShares({ rate: 0.75, units: 0.125 }, { width: 24, ascii: true })).toEqual([
      "rate   75 %  ########", // of 11 columns
      "units  13 %  #",
    ]);
    // 24 − 13 = 11 columns are 88 eighths: 66 and 11
    expect(drawShares({ rate: 0.75, units: 0.125 }, { width: 24, ascii: false })).toEqual([
      "rate   75 %  ████████▎",
      "units  13 %  █▍",
    ]);
  });

  it("lose their bars, and then stand below their names, where there is no room", () => {
    expect(drawShares({ rate: 0.75 }, { width: 13, ascii: true })).toEqual(["rate  75 %"]);
    expect(drawShares({ learningRate: 0.75 }, { width: 16, ascii: true })).toEqual([
      "learningRate",
      "  75 %  ######", // of 8 columns
    ]);
  });

  it("are aligned below names of wide characters", () => {
    const [a, b] = drawShares({ 学習率: 1, units: 1 }, { width: 60, ascii: true });
    expect(columnsOf(a)).toBe(columnsOf(b));
    expect(a).toMatch(/^学習率 {2}100 % {2}#+$/);
  });
});

const SPACE = { rate: float(1e-4, 0.1, { log: true }), unitsOfTheFirstHiddenLayer: choice([8, 16, 32]) };

const records = (outcomes: readonly TrialOutcome[], objectives = 1): TrialRecord[] =>
  outcomes.map((outcome, number) =>
    makeRecord(
      { number, params: { rate: 1e-4 * (1 + number), unitsOfTheFirstHiddenLayer: [8, 16, 32][number % 3] } },
      outcome,
      objectives,
    ),
  );

const outcome = fc.oneof(
  fc.double({ noNaN: false }).map((value): TrialOutcome => ({ value })),
  fc.constant<TrialOutcome>({ status: "failed", error: "no" }),
  fc.double({ min: -10, max: 10, noNaN: true }).map((value): TrialOutcome => ({ value, status: "pruned" })),
);

const ABOUT = { name: "first", strategy: "random", space: SPACE };

describe("a study", () => {
  prop(
    [
      fc.array(outcome, { minLength: 0, maxLength: 60 }),
      fc.constantFrom(20, 40, 80, 200),
      fc.boolean(),
      fc.boolean(),
    ],
    { numRuns: cases(60) },
  )("fits any terminal, breaks no word, and is ASCII where it must be", (outcomes, width, ascii, two) => {
    const trials = two
      ? records(
          outcomes.map(({ value, ...rest }) =>
            value === undefined ? rest : { ...rest, values: [value, -value] },
          ),
          2,
        )
      : records(outcomes);
    const metrics = two ? ["loss", "精度"] : ["loss"];
    const lines = drawStudy(
      { ...ABOUT, directions: metrics.map(() => "minimize" as const), metrics, trials },
      { width, ascii },
      PAINT,
    );
    for (const line of lines) expect(columnsOf(line)).toBeLessThanOrEqual(width);
    const own = lines.join("\n").replaceAll("精度", "").replaceAll("…", "");
    if (ascii) expect(own).toMatch(/^[ -~\n]*$/);
    const whole = "Importances need at least 2 complete trials; there is none.";
    const said = lines.join(" ");
    if (said.includes("squares"))
      expect(outcomes.some(({ value = 0 }) => Math.abs(value) > 1e150)).toBe(true);
    else if (said.includes("Importances need"))
      expect([whole, whole.replace("none", "1")].some((text) => said.includes(text))).toBe(true);
    else expect(said).toContain("of the variance that each parameter explains by itself");
  });

  it("shows how important each parameter is", () => {
    const trials = records(Array.from({ length: 12 }, (_, i) => ({ value: i % 3 })));
    const lines = drawStudy(
      { ...ABOUT, directions: ["minimize"], metrics: ["loss"], trials },
      { width: 80, ascii: true },
      PAINT,
    );
    const { main } = importances(trials, SPACE);
    for (const [name, share] of Object.entries(main)) {
      const line = lines.find((each) => each.startsWith(name)) ?? "";
      expect(line.match(/(\d+) %/)?.[1]).toBe(String(Math.round(100 * share)));
      expect(line.match(/#*$/)?.[0].length).toBe(Math.round(share * 40));
    }
  });

  it("shows the importances for each of several objectives", () => {
    // the first is that of the units, the second that of the rate
    const trials = records(
      Array.from({ length: 12 }, (_, i) => ({ values: [i % 3, i] })),
      2,
    );
    const metrics = ["loss", "size"];
    const options = { width: 80, ascii: true };
    const lines = drawStudy(
      { ...ABOUT, directions: ["minimize", "minimize"], metrics, trials },
      options,
      PAINT,
    );
    const shown = metrics.map((metric, i) => {
      const { main } = importances(
        trials.map((trial) => ({ ...trial, value: trial.values?.[i] ?? null })),
        SPACE,
      );
      const at = lines.indexOf(`Importance for ${metric}`) + 1;
      expect(lines.slice(at, at + 2)).toEqual(drawShares(main, options));
      return Object.entries(main).sort(([, a], [, b]) => b - a)[0][0];
    });
    expect(shown).toEqual(["unitsOfTheFirstHiddenLayer", "rate"]);
  });

  it("marks pruned trials and those without a value, and says what the marks are", () => {
    const trials = records([{ value: 2 }, { value: 1, status: "pruned" }, { status: "failed", error: "no" }]);
    const lines = drawStudy(
      { ...ABOUT, directions: ["minimize"], metrics: ["loss"], trials },
      { width: 80, ascii: true },
      PAINT,
    );
    expect(lines).toContain("line: best so far; o: trial; .: pruned; x: without a value");
    const chart = lines.slice(
      2,
      lines.indexOf("line: best so far; o: trial; .: pruned; x: without a value") - 2,
    );
    const floor = chart.at(-1) ?? "";
    expect(floor.endsWith("x")).toBe(true);
    expect(chart.join("").match(/[ox]/g)).toHaveLength(2);
  });
});

it("the second objective is drawn upwards, against the first, and what is dominated has another mark", () => {
  const trials = records([{ values: [0, 20] }, { values: [300, 10] }, { values: [300, 20] }], 2);
  const lines = drawStudy(
    { ...ABOUT, directions: ["minimize", "minimize"], metrics: ["loss", "size"], trials },
    { width: 60, ascii: true },
    PAINT,
  );
  expect(lines[1]).toBe("size against loss");
  const chart = lines.slice(2, lines.indexOf("#: Pareto front; o: other trials"));
  const marked = chart.filter((line) => /[#o]/.test(line)).map((line) => line.match(/[#o]/g)?.join(""));
  expect(marked).toEqual(["#o", "#"]);
  expect([chart[0].match(/\d+/)?.[0], chart.at(-1)?.match(/\d+/g)?.at(-1)]).toEqual(["20", "300"]);
});

it.each([[[0, 1, 2]], [[1, 2, 0]], [[2, 0, 1]]])(
  "a trial of the front is drawn before another one at its place, in the order %j",
  (order) => {
    // the last is dominated by the first, at a distance that no terminal shows
    const values = [
      [0, 300],
      [300, 0],
      [0, 300.01],
    ];
    const trials = records(
      order.map((i) => ({ values: values[i] })),
      2,
    );
    const lines = drawStudy(
      { ...ABOUT, directions: ["minimize", "minimize"], metrics: ["loss", "size"], trials },
      { width: 60, ascii: true },
      PAINT,
    );
    const chart = lines.slice(2, lines.indexOf("#: Pareto front; o: other trials"));
    expect(chart.join("").match(/[#o]/g)).toEqual(["#", "#"]);
  },
);

it.each([
  [{ LANG: "de_DE.UTF-8" }, false],
  [{ LANG: "C" }, true],
  [{ LANG: "en_US.utf8", LC_ALL: "POSIX" }, true],
  [{ LC_ALL: "", LC_CTYPE: "C.UTF-8", LANG: "C" }, false],
  [{ LANG: "ja_JP.eucJP" }, true],
  [{}, false],
  [{ LANG: "en_US.UTF-8", TERM: "linux" }, true],
  [{ TERM: "dumb" }, true],
])("variables %j are those of a terminal with ASCII alone: %s", (env, expected) =>
  expect(isAscii(env, "linux")).toBe(expected),
);

it("an old terminal of Windows has ASCII alone", () =>
  expect([isAscii({}, "win32"), isAscii({ WT_SESSION: "1" }, "win32")]).toEqual([true, false]));

describe("trainingText", () => {
  const history = {
    epoch: [0, 1, 2, 3],
    history: { loss: [8, 4, 2, 1], valLoss: [8, 4, 2, 8], learningRate: [1, 1, 1, 0.5] },
  };

  it("has training as a line, validation as marks, and the best epoch", () => {
    const lines = trainingText(history, { width: 20, ascii: true }).split("\n");
    // training halves at each epoch; validation is the same but for the last
    expect(lines.slice(0, 9)).toEqual([
      "loss by epoch",
      "8 |o----|          o",
      "6 |     |",
      "  |     |",
      "4 |     o-----|",
      "  |           #-----",
      "2 |                |",
      "  +-----------------",
      "   1     epoch     4",
    ]);
    expect(lines.slice(9).join(" ")).toBe(
      "line: training; o: validation; #: best epoch. valLoss is best after epoch 3 of 4: 2.0000; " +
        "loss ended at 1.0000, valLoss at 8.0000, the learning rate at 0.5.",
    );
  });

  it("reaches the last epoch without validation, and says so without a number", () => {
    const text = (loss: number[]) =>
      trainingText({ epoch: [], history: { loss } }, { width: 30, ascii: true });
    expect(text([1, 2])).toMatch(/\n +1 +epoch +2\nline: training; #: best epoch\./);
    expect(text([Number.NaN])).toBe("loss by epoch\nThe training had 1 epoch, none\nwith a finite loss.");
    expect(text([])).toBe("loss by epoch\nThe training had 0 epochs.");
  });

  it("draws another number, of a trial too, and refuses what was not recorded", () => {
    const curves = new Curves({ loss: [[2, 1]], valR2: [[0.25, 0.5]] });
    expect(trainingText(curves, { metric: "r2" })).toMatch(
      /^r2 by epoch\n[\s\S]+\no: validation; #: best epoch\. valR2/,
    );
    expect(() => trainingText(curves, { metric: "accuracy" })).toThrow(
      'unknown number of the history "accuracy". Known: loss, valR2.',
    );
    expect(() => trainingText(history, { width: 0 })).toThrow("width");
  });

  prop(
    [
      fc.array(fc.double({ min: -1e300, max: 1e300 }), { maxLength: 200 }),
      fc.integer({ min: 12, max: 120 }),
      fc.boolean(),
    ],
    { numRuns: cases(100) },
  )("is no wider than the terminal", (loss, width, ascii) => {
    const text = trainingText({ epoch: [], history: { loss, valLoss: loss } }, { width, ascii });
    expect(Math.max(...text.split("\n").map(columnsOf))).toBeLessThanOrEqual(width);
  });
});
