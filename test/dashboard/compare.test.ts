/**
 * What a page says of trials and studies side by side, of points by hand, and of trials that are selected
 * along axes.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rangeLines, studyLines, trialLines } from "../../src/dashboard/state/compare.js";
import {
  isSelected,
  placeAt,
  type Selection,
  type SelectionAxis,
  selectionAxes,
  withRange,
} from "../../src/dashboard/state/selection.js";
import { changesOf, type Try, trialOf, verdictOf } from "../../src/dashboard/state/tries.js";
import type { StudyAbout, TrialRow } from "../../src/dashboard/wire.js";
import { choice, float, int } from "../../src/index.js";
import { plotParallel } from "../../src/report/plots/parallel.js";
import { parameterNames } from "../../src/report/plots/parameters.js";
import type { Parameter } from "../../src/search/space/parameter.js";
import { cases } from "../cases.js";

const space = {
  rate: float(0.001, 1, { log: true }),
  units: int(4, 64),
  optimizer: choice(["adam", "sgd", "<b>"]),
};
const about: StudyAbout = {
  name: "study",
  strategy: "random",
  directions: ["minimize"],
  metrics: ["logLoss"],
  space,
  artifacts: [],
  actions: [],
};
const row = (number: number, value: number | null, more: Partial<TrialRow> = {}): TrialRow => ({
  number,
  value,
  params: { rate: 0.1, units: 8, optimizer: "adam" },
  std: null,
  seconds: 1,
  status: value === null ? "failed" : "complete",
  ...more,
});
const linesOf = (...trials: readonly TrialRow[]) =>
  new Map(trialLines(trials.map((each) => ({ about, row: each }))).map((line) => [line.label, line]));
const textsIn = (line: { cells: readonly { text: string }[] } | undefined) =>
  line?.cells.map(({ text }) => text);

describe("trials side by side", () => {
  it("tell the best, and how far behind it the others are", () => {
    const line = linesOf(row(0, 0.5, { std: 0.01 }), row(1, 0.25), row(2, null)).get("logLoss");
    expect(line?.cells).toEqual([
      { text: "0.5000", spread: "± 0.0100", behind: "+0.2500" },
      { text: "0.2500", isBest: true },
      { text: "–" },
    ]);
    const up = { ...about, directions: ["maximize"] as const };
    const cells = trialLines([row(0, 0.5), row(1, 0.25)].map((each) => ({ about: up, row: each })))[1].cells;
    expect(cells).toEqual([
      { text: "0.5000", isBest: true },
      { text: "0.2500", behind: "−0.2500" },
    ]);
  });

  it("of several metrics show the spread of the first alone, whose it is", () => {
    const two: StudyAbout = {
      ...about,
      directions: ["minimize", "maximize"],
      metrics: ["logLoss", "accuracy"],
    };
    const trial = row(0, null, { status: "complete", values: [0.5, 0.75], std: 0.01 });
    const [, ...lines] = trialLines([{ about: two, row: trial }]);
    expect(lines.slice(0, 2).map(({ label, cells }) => [label, ...cells])).toEqual([
      ["logLoss", { text: "0.5000", spread: "± 0.0100" }],
      ["accuracy", { text: "0.7500" }],
    ]);
  });

  it("name no best where all are equal, and where studies go in different directions", () => {
    expect(linesOf(row(0, 1), row(1, 1)).get("logLoss")?.cells).toEqual([
      { text: "1.0000" },
      { text: "1.0000" },
    ]);
    const other: StudyAbout = { ...about, directions: ["maximize"], metrics: ["accuracy"] };
    const [, line] = trialLines([
      { about, row: row(0, 0.5) },
      { about: other, row: row(0, 0.9) },
    ]);
    expect(line.label).toBe("logLoss / accuracy");
    expect(line.cells).toEqual([{ text: "0.5000" }, { text: "0.9000" }]);
  });

  it("mark parameters that differ, write those in full that would look alike, and leave out those that do not apply", () => {
    const found = linesOf(
      row(0, 1, { params: { rate: 0.100001, units: 8 } }),
      row(1, 1, { params: { rate: 0.100002, units: 8, optimizer: "sgd" } }),
    );
    expect(textsIn(found.get("rate"))).toEqual(["0.100001", "0.100002"]);
    expect(found.get("rate")?.differs).toBe(true);
    expect(found.get("units")?.differs).toBe(false);
    expect(textsIn(found.get("optimizer"))).toEqual(["–", "sgd"]);
  });

  it("have a line for each fold", () => {
    const found = linesOf(row(0, 1, { scores: [0.9, 1.1] }), row(1, 2));
    expect(textsIn(found.get("fold 2"))).toEqual(["1.1000", "–"]);
  });
});

describe("studies side by side", () => {
  it("tell where they search, and the shares of a range that holds both", () => {
    const other = { rate: float(0.01, 10, { log: true }), units: int(4, 64), momentum: float(0, 1) };
    const [rate, units, optimizer, momentum] = rangeLines([space, other]);
    expect(rate).toMatchObject({
      name: "rate",
      differs: true,
      texts: ["0.001 to 1, log", "0.01 to 10, log"],
    });
    expect(rate.spans[0]?.map((share) => Number(share.toFixed(6)))).toEqual([0, 0.75]);
    expect(rate.spans[1]?.map((share) => Number(share.toFixed(6)))).toEqual([0.25, 1]);
    expect(units).toMatchObject({ differs: false, texts: ["4 to 64", "4 to 64"] });
    expect(optimizer).toMatchObject({ differs: true, texts: ["adam, sgd, <b>", "–"] });
    expect(momentum).toMatchObject({ differs: true, texts: ["–", "0 to 1"] });
  });

  const spansOf = (...ranges: readonly Parameter[]) =>
    rangeLines(ranges.map((p) => ({ p })))[0].spans.map((span) =>
      span?.map((share) => Number(share.toFixed(6))),
    );

  it.each<[string, readonly Parameter[], readonly (readonly number[] | undefined)[]]>([
    [
      "two logarithmic",
      [float(0.01, 1, { log: true }), int(1, 100, { log: true })],
      [
        [0, 0.5],
        [0.5, 1],
      ],
    ],
    [
      "a logarithmic before a linear",
      [float(0.1, 0.4, { log: true }), float(0, 1)],
      [
        [0.1, 0.4],
        [0, 1],
      ],
    ],
    [
      "a linear before a logarithmic",
      [float(1, 5), float(1, 2, { log: true })],
      [
        [0, 1],
        [0, 0.25],
      ],
    ],
    ["a logarithmic and words", [float(0.1, 10, { log: true }), choice(["a"])], [[0, 1], undefined]],
  ])("%s range share a scale that is logarithmic only if all of them are", (_, ranges, spans) => {
    expect(spansOf(...ranges)).toEqual(spans);
  });

  it("count what became of their trials, and mark what was set", () => {
    const one = { about, rows: [row(0, 2), row(1, 1), row(2, null)] };
    const two = { about: { ...about, strategy: "tpe" }, rows: [row(0, 3)] };
    const found = new Map(studyLines([one, two]).map((line) => [line.label, line]));
    expect(textsIn(found.get("best"))).toEqual(["1.0000", "3.0000"]);
    expect(textsIn(found.get("of trial"))).toEqual(["1", "0"]);
    expect(textsIn(found.get("failed"))).toEqual(["1", "0"]);
    expect(found.has("pruned")).toBe(false);
    expect(found.get("strategy")).toMatchObject({ kind: "setting", differs: true });
    expect(found.get("goal")).toMatchObject({ kind: "setting", differs: false });
  });

  it.each<[string, number[][], string, string]>([
    ["no trial", [], "–", "–"],
    [
      "one trial",
      [
        [3, 4],
        [1, 2],
      ],
      "1.0000",
      "1",
    ],
    [
      "two trials",
      [
        [3, 4],
        [1, 5],
      ],
      "2 trials",
      "0, 1",
    ],
  ])("say what a front of %s is", (_, values, best, numbers) => {
    const two = { ...about, directions: ["minimize", "minimize"] as const, metrics: ["logLoss", "size"] };
    const rows = values.map((own, number) => row(number, null, { values: own, status: "complete" }));
    const found = new Map(studyLines([{ about: two, rows }]).map((line) => [line.label, line]));
    expect(textsIn(found.get("best"))).toEqual([best]);
    expect(textsIn(found.get("of trial"))).toEqual([numbers]);
    expect(textsIn(found.get("goal"))).toEqual(["minimize logLoss, minimize size"]);
  });
});

describe("a point by hand", () => {
  const params = { rate: 0.2, units: 8 };
  const one: Try = { study: "study", from: 3, params, changes: "rate 0.2", after: 5 };

  it("says what it changes", () => {
    expect(changesOf({ rate: 0.1, units: 8, optimizer: "adam" }, params)).toBe("rate 0.2, optimizer –");
    expect(changesOf(params, params)).toBe("");
  });

  it("is the first later trial that a person chose with these values", () => {
    const given = (number: number, rate: number): TrialRow =>
      row(number, 1, { params: { rate, units: 8, optimizer: "sgd" }, given: true });
    expect(trialOf([given(4, 0.2), given(6, 0.3), row(7, 1, { params })], one)).toBeUndefined();
    expect(trialOf([given(4, 0.2), given(6, 0.3), given(8, 0.2), given(9, 0.2)], one)?.number).toBe(8);
    // sent twice in succession, each is a trial of its own
    expect(trialOf([given(5, 0.2)], one)).toBeUndefined();
    expect(trialOf([given(5, 0.2), given(6, 0.2)], one)?.number).toBe(6);
  });

  it("is told beside the trial that it was made from", () => {
    expect(verdictOf(about, row(8, 0.5), row(3, 0.75))).toBe(
      "logLoss 0.5000, better than the 0.7500 of trial 3",
    );
    expect(verdictOf({ ...about, directions: ["maximize"] }, row(8, 0.5), row(3, 0.75))).toBe(
      "logLoss 0.5000, worse than the 0.7500 of trial 3",
    );
    expect(verdictOf(about, row(8, 0.5), row(3, 0.5))).toBe("logLoss 0.5000, the same as trial 3");
    expect(verdictOf(about, row(8, 0.5), row(3, null))).toBe("logLoss 0.5000");
    expect(verdictOf(about, row(8, null), row(3, 1))).toBe("it is failed");
  });
});

it.each([
  [{ low: 1, high: 100, log: true }, 0.5, 10],
  [{ low: 1, high: 100, log: true }, 1, 100],
  [{ low: -2, high: 2, log: false }, 0.25, -1],
  [{ low: -2, high: 2, log: false }, 0, -2],
])("the place on %j at %f is %f", (axis, share, place) => {
  expect(placeAt(axis as SelectionAxis, share)).toBeCloseTo(place, 12);
});

describe("a selection along axes", () => {
  const rows = Array.from({ length: 30 }, (_, i) =>
    row(i, i / 10, {
      params: { rate: 0.001 * 1.25 ** i, units: 4 + 2 * i, optimizer: ["adam", "sgd", "<b>"][i % 3] },
    }),
  );
  const study = { ...about, trials: rows } as unknown as Parameters<typeof plotParallel>[0];
  const names = parameterNames(study);
  const axes = selectionAxes(plotParallel(study), names, about, 0);

  it("has an axis for each parameter and one for the objective, with the ends of the picture", () => {
    expect(axes.map(({ name }) => name)).toEqual(["rate", "units", "optimizer", "logLoss"]);
    expect(axes[2]).toMatchObject({ low: 0, high: 2, words: ["adam", "sgd", "<b>"] });
    expect(axes[0].log).toBe(true);
    expect(axes[0].format(axes[0].high)).toBe("1"); // not the room beyond the range
    expect(axes[2].placeOf(rows[2])).toBe(2);
  });

  it("keeps the trials within all of its ranges, and all trials without any", () => {
    const anyRange = fc.tuple(
      fc.nat(3),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
    );
    fc.assert(
      fc.property(fc.array(anyRange, { maxLength: 4 }), (ranges) => {
        let selection: Selection = new Map();
        const plain = new Map<number, readonly [number, number]>();
        for (const [axis, a, b] of ranges) {
          const range = [placeAt(axes[axis], a), placeAt(axes[axis], b)] as const;
          selection = withRange(selection, axes, axis, range);
          plain.set(axis, [Math.min(...range), Math.max(...range)]);
        }
        for (const each of rows) {
          const places = [
            Number(each.params.rate),
            Number(each.params.units),
            each.number % 3,
            each.value ?? 0,
          ];
          const expected = [...plain].every(
            ([axis, [from, to]]) => places[axis] >= from && places[axis] <= to,
          );
          expect(isSelected(axes, selection, each)).toBe(expected);
        }
      }),
      { numRuns: cases(50) },
    );
  });

  it("is empty again once an axis is whole, and leaves out trials without a place", () => {
    const some = withRange(new Map(), axes, 2, [1, 1]);
    expect(rows.filter((each) => isSelected(axes, some, each)).length).toBe(10);
    expect(isSelected(axes, some, row(40, 1, { params: {} }))).toBe(false);
    expect(withRange(some, axes, 2, [0, 2]).size).toBe(0);
    expect(withRange(some, axes, 2, undefined).size).toBe(0);
  });
});
