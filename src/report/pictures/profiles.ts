/**
 * Performance profiles: the share of problems that each optimizer solves within a multiple of the steps of
 * the fastest.
 */
import type { BenchmarkAnalysis } from "../../benchmark/analysis.js";
import { stylesOf } from "../plots/palette.js";
import { linearScale, logScale } from "../plots/scale.js";
import { comparedPicture, lineSeries, type Picture } from "./picture.js";

export function profilesPicture(analysis: BenchmarkAnalysis): Picture {
  const optimizers = analysis.default.profiles.map(({ optimizer }) => optimizer);
  const styles = stylesOf(optimizers);
  const ratios = [analysis.default, analysis.tuned].flatMap(({ profiles }) =>
    profiles.flatMap(({ points }) => points.map(({ ratio }) => ratio)),
  );
  const x = {
    scale: logScale(1, Math.max(2, ...ratios) * 1.1),
    name: "steps to the target, as a multiple of the fastest",
  };
  const y = { scale: linearScale(0, 100), name: "% of problems" };
  return comparedPicture(
    {
      name: "profiles",
      title: "Performance profiles",
      note: "left: how often an optimizer is the fastest; right: how many problems it solves",
    },
    { x, y },
    optimizers,
    (phase) =>
      analysis[phase].profiles.map(({ optimizer, points }) => {
        const shares = points.map(({ ratio, share }) => [x.scale.at(ratio), 100 * share] as const);
        const first = shares[0]?.[0] === 0 ? [] : [[0, 0] as const];
        const last = [x.scale.high, shares.at(-1)?.[1] ?? 0] as const;
        return lineSeries(optimizer, styles.get(optimizer)!, [...first, ...shares, last], { step: "end" });
      }),
  );
}
