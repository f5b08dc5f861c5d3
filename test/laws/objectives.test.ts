/** What is asked of one objective is the same in whichever place it stands among several. */
import { describe, expect, it } from "vitest";
import { plotComparison } from "../../src/report/plots/comparison.js";
import { plotHistory } from "../../src/report/plots/history.js";
import { importancesWithIntervals, plotImportances } from "../../src/report/plots/importances.js";
import { plotContour, plotRanks } from "../../src/report/plots/pairs.js";
import { plotParallel } from "../../src/report/plots/parallel.js";
import { plotSlice } from "../../src/report/plots/slices.js";
import type { StudyData } from "../../src/report/plots/studyData.js";
import { float } from "../../src/search/space/builders.js";
import { studyOf } from "../report/plots/support.js";

const space = { a: float(0, 1), b: float(0, 1), c: float(0, 1) };
/** Two objectives that have nothing in common, not even their direction; some trials have none. */
const trials = Array.from({ length: 24 }, (_, i) => {
  const params = { a: (i * 0.37) % 1, b: (i * 0.61) % 1, c: (i * 0.83) % 1 };
  return { params, values: [10 * params.a + params.b ** 2, -3 * params.c + params.b], failed: i % 9 === 7 };
});
const directions = ["minimize", "maximize"] as const;
const names = ["loss", "gain"];

/** The study with its objectives in an order. */
const studyIn = (order: readonly number[]): StudyData =>
  studyOf(
    space,
    trials.map(({ params, values, failed }) => [
      params,
      failed ? { status: "failed", error: "e" } : { values: order.map((k) => values[k]) },
    ]),
    order.map((k) => directions[k]),
    order.map((k) => names[k]),
  );

const asked: Readonly<Record<string, (study: StudyData, objective: number) => unknown>> = {
  plotHistory: (study, objective) => plotHistory(study, { objective }),
  plotSlice: (study, objective) => plotSlice(study, "a", { objective }),
  plotParallel: (study, objective) => plotParallel(study, { objective }),
  plotContour: (study, objective) => plotContour(study, "a", "c", { objective }),
  plotRanks: (study, objective) => plotRanks(study, "a", "c", { objective }),
  plotImportances: (study, objective) => plotImportances(study, { objective }),
  importancesWithIntervals: (study, objective) => importancesWithIntervals(study, { objective, draws: 4 }),
  plotComparison: (study, objective) => plotComparison([study, study], { objective }),
};

describe.each(Object.entries(asked))("%s", (_, of) => {
  const outcome = (order: readonly number[], objective: number) =>
    JSON.parse(JSON.stringify(of(studyIn(order), objective)));

  it.each([0, 1])("of objective %d is what it is in the other place", (k) => {
    const here = outcome([0, 1], k);
    expect(here).toEqual(outcome([1, 0], 1 - k));
    expect(here).not.toEqual(outcome([0, 1], 1 - k));
  });
});
