/** The sections of a report, in the order in which readers ask. A section without data is left out. */
import { compact, type Parts } from "../../compact.js";
import { count, formatScore, listed } from "../format.js";
import { plotCalibration } from "../plots/calibration.js";
import { plotColumns, plotDependence } from "../plots/columns.js";
import { plotCurves } from "../plots/curves.js";
import { plotParetoFront } from "../plots/front.js";
import { plotHistory } from "../plots/history.js";
import { importancePlot, importancesWithIntervals } from "../plots/importances.js";
import { objectiveOf, ranked } from "../plots/objective.js";
import { plotContour, plotRanks } from "../plots/pairs.js";
import { parameterAxis, parameterNames } from "../plots/parameters.js";
import type { Plot } from "../plots/plot.js";
import { plotConfusion, plotPrecisionRecall, plotRoc } from "../plots/quality.js";
import { plotRates, plotSweep, sweepOf } from "../plots/rates.js";
import { plotResiduals, plotSegments } from "../plots/residuals.js";
import { plotSlice } from "../plots/slices.js";
import { plotTimeline } from "../plots/timeline.js";
import { plotTraining } from "../plots/training.js";
import { answer, failures, use } from "./answer.js";
import { brushed } from "./brush.js";
import { figure } from "./drawn.js";
import { facts, html, type Markup, table } from "./markup.js";
import type { Reported } from "./reported.js";

interface Section {
  readonly id: string;
  readonly title: string;
  /** Undefined without data. */
  readonly make: (reported: Reported) => Markup | undefined;
}

/** Importances, slices, axes and pairs of the most important parameters. */
const [MOST_DRAWN, MOST_SLICES, MOST_AXES, MOST_PAIRS] = [10, 6, 8, 3];
/** A parameter that explains less has no separate picture, unless it is one of the first two. */
const LEAST_SHARE = 0.02;

function figures({ draw }: Reported, ...plots: Parts<Plot>): Markup {
  return html`<div class="plots">${compact<Plot>(...plots).map((plot) => figure(draw, plot))}</div>`;
}

/** A unique name for each picture, if there is one for each objective. */
const numbered = (plot: Plot, i: number): Plot => (i === 0 ? plot : { ...plot, name: `${plot.name}-${i}` });

function search(reported: Reported): Markup {
  const { study } = reported;
  const timed = study.trials.some(({ seconds }) => (seconds ?? 0) > 0);
  const objectives = study.directions.flatMap((_, i) => (ranked(study, i).length > 1 ? [i] : []));
  const isOne = study.directions.length === 1;
  return html`<p>${course(reported)}</p>
${figures(
  reported,
  !isOne && plotParetoFront(study),
  objectives.map((objective) => numbered(plotHistory(study, { objective }), objective)),
  timed && isOne && objectives.length > 0 && plotHistory(study, { against: "time" }),
  timed && plotTimeline(study),
)}
${objectives.length > 0 && failures(study)}`;
}

/** Fewer trials say nothing about the search. */
const LEAST_TRIALS = 5;

/** How late the best trial came: it shows whether more trials are likely to help. */
function course({ study }: Reported): string {
  const best = ranked(study)[0];
  if (!best || study.directions.length > 1) return "";
  const { metric } = objectiveOf(study, 0);
  const last = study.trials[study.trials.length - 1].number;
  const since = last - best.trial.number;
  if (ranked(study).length < LEAST_TRIALS) return `The best came with trial ${best.trial.number}.`;
  const half = ranked({ ...study, trials: study.trials.slice(0, Math.ceil(study.trials.length / 2)) })[0];
  const gained = half ? Math.abs(best.value - half.value) : undefined;
  const later =
    gained === undefined
      ? ""
      : gained === 0
        ? " The second half of the trials improved nothing."
        : ` The second half of the trials improved ${metric} by ${formatScore(gained)}.`;
  return since === 0
    ? `The last trial is the best, so more trials may well find a better one.${later}`
    : `The best came with trial ${best.trial.number}, and the ${count(since, "trial")} since then found nothing better.${later}`;
}

function matters(reported: Reported): Markup | undefined {
  const { study, draw } = reported;
  if (ranked(study).length < 2) return undefined;
  const swept = sweepOf(study);
  if (swept)
    return html`<p>Only ${swept.parameter} differs between the trials, so this is a sweep of it.</p>
${figures(reported, [plotSweep(swept.values, swept)])}`;
  const { metric } = objectiveOf(study, 0);
  const importances = study.directions.map((_, objective) => importancesWithIntervals(study, { objective }));
  const [all] = importances;
  const names = all.length > 0 ? all.map(({ name }) => name) : parameterNames(study);
  const weighty = names.filter((_, i) => i < 2 || (all[i]?.share ?? 0) >= LEAST_SHARE).slice(0, MOST_SLICES);
  const leading = weighty.slice(0, MOST_PAIRS);
  const pairs = leading.flatMap((a, i) => leading.slice(i + 1).map((b) => [a, b] as const));
  const plots = [
    ...importances.map((each, objective) =>
      numbered(importancePlot(study, each, { objective, most: MOST_DRAWN }), objective),
    ),
    ...weighty.map((name) => plotSlice(study, name)),
    ...pairs.map(([a, b]) => {
      const numeric = [a, b].every((name) => !parameterAxis(study, name).isChoice);
      return numeric ? plotContour(study, a, b) : plotRanks(study, a, b);
    }),
  ];
  const few =
    weighty.length < names.length
      ? ` Of ${count(names.length, "parameter")} the ${weighty.length} most important have their own picture${study.directions.length > 1 ? `, for ${metric}` : ""}.`
      : "";
  return html`<p>From a random forest fitted to the complete trials. The expected value at one value of a parameter is the mean over all values of the others, so a search that found good values is usually better than that.${few}</p>
<div class="plots">${plots.map((plot) => figure(draw, plot))}${brushed(draw, study, names.slice(0, MOST_AXES))}</div>`;
}

function training(reported: Reported): Markup | undefined {
  const { study, rates, sweep } = reported;
  const names = [...new Set(study.trials.flatMap(({ curves }) => curves?.names ?? []))];
  const recorded = names.filter((name) => ["loss", "valLoss"].includes(name));
  const chosen = recorded.length > 0 ? recorded : names.slice(0, 2);
  const top = ranked(study)
    .slice(0, 5)
    .map(({ trial }) => trial.number);
  const best = study.trials.find(({ number }) => number === top[0]);
  const hasBoth = ["loss", "valLoss"].every((name) => best?.curves?.names.includes(name));
  const both = hasBoth ? best?.curves : undefined;
  const isOne = study.trials.length === 1;
  const ofTop = names.includes("valLoss") ? "valLoss" : chosen[0];
  const reportedValues = names.length === 0 && study.trials.some(({ curve }) => curve !== undefined);
  const plots = compact<Plot>(
    both && plotTraining(both, { title: isOne ? "Loss by epoch" : `Loss of trial ${top[0]}, the best` }),
    top.length > 1 &&
      ofTop !== undefined && {
        ...plotCurves(study, { trials: top, curve: ofTop, title: `${ofTop} of the best trials` }),
        name: "curves-best",
      },
    (both && isOne ? [] : chosen).map((curve) => plotCurves(study, { curve })),
    reportedValues && plotCurves(study),
    rates && plotRates(rates),
    sweep && { ...plotSweep(sweep.values, sweep), name: `swept-${sweep.parameter}` },
  );
  if (plots.length === 0) return undefined;
  const ended = (status: string): number => study.trials.filter((trial) => trial.status === status).length;
  const [pruned, diverged] = [ended("pruned"), ended("diverged")];
  const ends = compact<string>(
    pruned > 0 && `${count(pruned, "trial")} ended early, pruned`,
    diverged > 0 && `${diverged} diverged`,
  );
  return html`<p>${ends.length > 0 ? `${listed(ends)}.` : "No trial was pruned, and none diverged."}</p>
${figures(reported, plots)}`;
}

function quality(reported: Reported): Markup | undefined {
  const { predictions, segments = [] } = reported;
  if (!predictions) return undefined;
  const { classes = [], probabilities } = predictions;
  const ofClasses = [
    plotConfusion,
    ...(probabilities ? [plotPrecisionRecall, plotRoc, plotCalibration] : []),
  ];
  const plots = (classes.length === 0 ? [plotResiduals] : ofClasses).map((plot) => plot(predictions));
  return html`<p>On ${count(predictions.truth.length, "row")} that the model has not seen.${segments.length > 0 && " Errors are split by the columns whose parts differ most; among many columns, some differ by chance."}</p>
${figures(
  reported,
  plots,
  segments.map((column) => plotSegments(predictions, column)),
)}`;
}

function columns(reported: Reported): Markup | undefined {
  const { explanation } = reported;
  if (explanation === undefined) return undefined;
  if (typeof explanation === "string") return html`<p>${explanation}</p>`;
  const { importance, dependence } = explanation;
  const { metric, score, rows, of, groups, noInterval, columns } = importance;
  const isFew = columns.some(({ decidedBy }) => decidedBy !== undefined);
  const notes = compact<string>(
    `On ${rows < of ? `${count(rows, "row")} of ${of}` : count(rows, "row")} that the model has not seen, each column is shuffled: ${metric}, ${formatScore(score)}, becomes worse by what the column tells.`,
    noInterval !== undefined && `There are no intervals: ${noInterval}.`,
    isFew && "Few rows decide some of the intervals, which may be too narrow.",
    "It describes the model: a column may decide because it stands for another.",
  );
  const cells = groups.map(({ columns: names, importance: worse, interval }) => [
    names.join(", "),
    formatScore(worse),
    interval ? interval.map(formatScore).join(" to ") : "",
  ]);
  return html`<p>${notes.join(" ")}</p>
${figures(
  reported,
  plotColumns(importance),
  dependence.map((each) => plotDependence(each, explanation)),
)}
${groups.length > 0 && html`<h3>Columns that tell nearly the same, shuffled together</h3>${table([["columns", "worse by", "95 % interval"], ...cells], "Groups of columns")}`}`;
}

function data({ data }: Reported): Markup | undefined {
  if (!data) return undefined;
  const { name, rows, target, columns, classes = [], warnings, receipt = [] } = data;
  return html`<p>${name}: ${count(rows, "row")}, ${count(columns.length, "column")}${target !== undefined && `; the target is ${target}`}.</p>
${
  warnings &&
  (warnings.length > 0
    ? html`<ul class="warnings">${warnings.map((warning) => html`<li>${warning}</li>`)}</ul>`
    : html`<p>No warnings: no column gives away the target, and no rows are duplicated.</p>`)
}
${receipt.length > 0 && html`<h3>How it was read</h3><ul>${receipt.map((line) => html`<li>${line}</li>`)}</ul>`}
${classes.length > 0 && html`<h3>Classes</h3>${table([["class", "rows", "share"], ...classes.map((each) => [each.name, each.rows, `${((100 * each.rows) / rows).toFixed(1)} %`])], "Classes")}`}
<h3>Columns</h3>
${table([["column", "kind", "missing", "samples"], ...columns.map((column) => [column.name, column.kind, column.missing ?? "", column.samples ?? ""])], "Columns")}`;
}

function repeat({ repeat: how, study }: Reported): Markup {
  const rows = [
    ["strategy", study.strategy] as const,
    ["trials", String(study.trials.length)] as const,
    ...(how?.facts ?? []),
  ];
  return html`${how?.isSame === true && html`<p>The same command with the same data gives the same bits, on every runtime and with any number of workers.</p>`}
${how?.command !== undefined && html`<pre tabindex="0"><code>${how.command}</code></pre>`}
${facts(rows, true)}`;
}

export const SECTIONS: readonly Section[] = [
  { id: "answer", title: "The answer", make: answer },
  { id: "use", title: "How to use it", make: use },
  { id: "columns", title: "Which columns decide", make: columns },
  { id: "search", title: "How the search went", make: search },
  { id: "matters", title: "What matters", make: matters },
  { id: "training", title: "How training went", make: training },
  { id: "quality", title: "How good the model is", make: quality },
  { id: "data", title: "The data", make: data },
  { id: "repeat", title: "How to repeat it", make: repeat },
];
