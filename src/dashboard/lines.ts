/** The curves of trials as a page draws them: recorded by epoch, or reported by step. Pure. */
import { meanByEpoch } from "../report/plots/curves.js";
import { MOST_POINTS, thinned } from "../report/plots/frame.js";
import type { CurveLine } from "../report/plots/overlay.js";
import type { Point } from "../report/plots/plot.js";
import { Curves, type CurvesJson } from "../search/trial/curves.js";
import { readCurves } from "../search/trial/savedCurves.js";
import type { Report } from "../store/storage.js";
import type { CurvesByTrial } from "./wire.js";

/** The points of a line as they arrive; a bounded number is kept. */
class GrowingLine {
  private points: readonly Point[] = [];
  private count = 0;

  constructor(
    private readonly name: string,
    private readonly unit: CurveLine["unit"],
  ) {}

  add(points: readonly Point[]): void {
    const finite = points.filter(([, value]) => Number.isFinite(value));
    this.count += finite.length;
    this.points = this.points.concat(finite);
    // only occasionally: the cost grows with the length of the line
    if (this.points.length > 2 * MOST_POINTS) this.points = thinned(this.points);
  }

  get line(): CurveLine {
    const { name, unit, count } = this;
    return { name, unit, points: thinned(this.points), count };
  }
}

const lineOf = (name: string, unit: CurveLine["unit"], points: readonly Point[]): CurveLine => {
  const line = new GrowingLine(name, unit);
  line.add(points);
  return line.line;
};

/** A trial's reports, one line per objective. */
export class ReportedLines {
  private readonly growing: readonly GrowingLine[];

  constructor(metrics: readonly string[]) {
    this.growing = metrics.map((name) => new GrowingLine(name, "step"));
  }

  add(reports: readonly Report[]): this {
    for (const [objective, line] of this.growing.entries())
      line.add(
        reports.map(({ step, value }): Point => {
          const own = Array.isArray(value) ? value[objective] : objective === 0 ? value : null;
          return [step, own ?? Number.NaN];
        }),
      );
    return this;
  }

  get lines(): readonly CurveLine[] {
    return withPoints(this.growing.map(({ line }) => line));
  }
}

/** The curves and reports of a trial's record. */
interface Kept {
  readonly curves?: Curves | CurvesJson | undefined;
  readonly curve?: readonly (number | null)[] | undefined;
}

/**
 * The lines of a trial: its curves, then its reports. Without either, the values in its record stand for
 * reports without steps.
 */
export function linesOf(
  { curves, curve = [] }: Kept,
  reported: readonly CurveLine[],
  metrics: readonly string[],
): readonly CurveLine[] {
  const known = curves === undefined || curves instanceof Curves ? curves : readCurves(curves);
  const recorded = Object.entries(known?.history ?? {}).map(([name, folds]) =>
    lineOf(name, "epoch", meanByEpoch(folds)),
  );
  const lines = withPoints([...recorded, ...reported]);
  if (lines.length > 0) return lines;
  // the values of several objectives follow one another
  const own = metrics.map((name, objective) => {
    const values = curve.filter((_, i) => i % metrics.length === objective);
    return lineOf(
      name,
      "report",
      values.map((value, i): Point => [i + 1, value ?? Number.NaN]),
    );
  });
  return withPoints(own);
}

/** Trials read at the same time: a host limits its requests. */
const AT_ONCE = 8;

/** The lines of trials by number. */
export async function linesByTrial(
  numbers: readonly number[],
  read: (number: number) => Promise<readonly CurveLine[]>,
): Promise<CurvesByTrial> {
  const found: Record<string, readonly CurveLine[]> = {};
  for (let at = 0; at < numbers.length; at += AT_ONCE) {
    const some = numbers.slice(at, at + AT_ONCE);
    const lines = await Promise.all(some.map(read));
    for (const [i, number] of some.entries()) found[number] = lines[i];
  }
  return found;
}

const withPoints = (lines: readonly CurveLine[]): readonly CurveLine[] =>
  lines.filter(({ count }) => count > 0);
