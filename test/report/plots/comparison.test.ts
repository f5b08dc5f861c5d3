/** Several studies on the same axes, against the running best of each by the definition. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { plotComparison } from "../../../src/report/plots/comparison.js";
import { SERIES } from "../../../src/report/plots/palette.js";
import type { StudyData } from "../../../src/report/plots/studyData.js";
import { float } from "../../../src/search/space/builders.js";
import { cases } from "../../cases.js";
import { prop } from "../../prop.js";
import { namesOf, type Series, seriesOf, studyOf } from "./support.js";

const space = { x: float(0, 1) };
const of = (values: readonly (number | null)[], direction: "minimize" | "maximize" = "minimize") =>
  studyOf(
    space,
    values.map(
      (value) => [{ x: 0.5 }, value === null ? { status: "failed", error: "x" } : { value }] as const,
    ),
    direction,
  );
const data = (plot: ReturnType<typeof plotComparison>): Series["data"][] =>
  seriesOf(plot).map((series) => series.data);

describe("studies compared", () => {
  it("are lines that differ in colour and dashes, from the same first trial on", () => {
    const plot = plotComparison([
      { ...of([3, null, 1, 2]), name: "<b>" },
      { ...of([2, 5]), name: "other" },
    ]);
    expect(data(plot)).toEqual([
      [
        [0, 3],
        [2, 1],
        [3, 1],
      ],
      [
        [0, 2],
        [1, 2],
      ],
    ]);
    expect(namesOf(plot)).toEqual(["<b>", "other"]);
    expect(plot.description).toBe("<b>: 1.0000 at trial 2 of 4; other: 2.0000 at trial 0 of 2.");
    const styles = seriesOf(plot).map(({ lineStyle }) => lineStyle as { color: string; type?: unknown });
    expect(styles.map(({ color }) => color)).toEqual(SERIES.slice(0, 2));
    expect(new Set(styles.map(({ type }) => JSON.stringify(type))).size).toBe(2);
  });

  it("have names of their own, also where one has no complete trial", () => {
    const plot = plotComparison([of([null]), of([]), of([7])]);
    expect(namesOf(plot)).toEqual(["study (1)", "study (2)", "study (3)"]);
    expect(data(plot)).toEqual([[], [], [[0, 7]]]);
    expect(plot.description).toContain("study (1): no complete trial of 1 trial;");
  });

  it("are refused where they cannot be on the same axes", () => {
    expect(() => plotComparison([of([1])])).toThrow(/studies must be a list of 2 to 6/);
    expect(() => plotComparison([of([1]), of([1], "maximize")])).toThrow(/of the same direction/);
    expect(() => plotComparison([of([1]), of([1])], { objective: 1 })).toThrow(/objective must be/);
  });

  const values = fc.array(fc.option(fc.double({ min: -5, max: 5, noNaN: true }), { nil: null }), {
    maxLength: 20,
  });
  prop([values, values, fc.constantFrom("minimize" as const, "maximize" as const)], {
    numRuns: cases(50),
  })("have the best value up to each trial", (a, b, direction) => {
    const studies: StudyData[] = [of(a, direction), of(b, direction)];
    const lines = data(plotComparison(studies));
    for (const [i, all] of [a, b].entries())
      for (const number of all.keys()) {
        const known = all.slice(0, number + 1).filter((value) => value !== null);
        const best =
          known.length === 0 ? undefined : Math[direction === "minimize" ? "min" : "max"](...known);
        const drawn = lines[i].filter(([x]) => (x as number) <= number).at(-1)?.[1];
        expect(drawn).toEqual(best);
      }
  });
});
