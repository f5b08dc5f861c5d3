/** The sections of a report, in the order in which one asks. Each is made of what is known, or left out. */
import { count, formatScore } from "../format.js";
import { plotCurves } from "../plots/curves.js";
import { plotParetoFront } from "../plots/front.js";
import { plotHistory } from "../plots/history.js";
import { importancePlot, importancesWithIntervals } from "../plots/importances.js";
import { objectiveOf, ranked } from "../plots/objective.js";
import { plotContour, plotRanks } from "../plots/pairs.js";
import { parameterAxis, parameterNames } from "../plots/parameters.js";
import type { Plot } from "../plots/plot.js";
import { plotCalibration, plotConfusion, plotPrecisionRecall, plotRoc } from "../plots/quality.js";
import { plotRates } from "../plots/rates.js";
import { plotResiduals, plotSegments } from "../plots/residuals.js";
import { plotSlice } from "../plots/slices.js";
import { plotTimeline } from "../plots/timeline.js";
import { answer, use } from "./answer.js";
import { brushed } from "./brush.js";
import { figure } from "./drawn.js";
import { facts, html, type Markup, table } from "./markup.js";
import type { Reported } from "./reported.js";

interface Section {
  readonly id: string;
  readonly title: string;
  /** Undefined where nothing is known of it. */
  readonly make: (reported: Reported) => Markup | undefined;
}

/** Slices, axes and pairs of the most important parameters. */
const [MOST_SLICES, MOST_AXES, MOST_PAIRS] = [6, 8, 3];

function figures({ draw }: Reported, plots: readonly Plot[]): Markup {
  return html`<div class="plots">${plots.map((plot) => figure(draw, plot))}</div>`;
}

function search(reported: Reported): Markup {
  const { study } = reported;
  const timed = study.trials.some(({ seconds }) => (seconds ?? 0) > 0);
  const objectives = study.directions.map((_, objective) => plotHistory(study, { objective }));
  // one name for each picture of a page
  const histories = objectives.map((plot, i) => (i === 0 ? plot : { ...plot, name: `history-${i}` }));
  return html`<p>${regret(reported)}</p>
${figures(reported, [
  ...(study.directions.length > 1 ? [plotParetoFront(study)] : []),
  ...histories,
  ...(timed && study.directions.length === 1 ? [plotHistory(study, { against: "time" })] : []),
  ...(timed ? [plotTimeline(study)] : []),
])}`;
}

/** How late the best came, which says whether more trials are likely to help. */
function regret({ study }: Reported): string {
  const best = ranked(study)[0];
  if (!best || study.directions.length > 1) return "";
  const last = study.trials[study.trials.length - 1].number;
  const since = last - best.trial.number;
  const { metric } = objectiveOf(study, 0);
  const half = ranked({ ...study, trials: study.trials.slice(0, Math.ceil(study.trials.length / 2)) })[0];
  const gained = half ? Math.abs(best.value - half.value) : undefined;
  const later =
    gained === undefined
      ? ""
      : gained === 0
        ? " The second half of the trials improved nothing."
        : ` The second half of the trials improved ${metric} by ${formatScore(gained)}.`;
  return since === 0
    ? `The last trial is the best, so more trials may well find better.${later}`
    : `The best came with trial ${best.trial.number}, and the ${count(since, "trial")} since brought nothing better.${later}`;
}

function matters(reported: Reported): Markup | undefined {
  const { study, draw } = reported;
  const complete = ranked(study);
  if (complete.length < 2) return undefined;
  const all = importancesWithIntervals(study);
  const names = all.length > 0 ? all.map(({ name }) => name) : parameterNames(study);
  const top = names.slice(0, MOST_SLICES);
  const some =
    names.length > MOST_SLICES
      ? ` Of ${names.length} parameters the ${MOST_SLICES} most important have a picture of their own.`
      : "";
  const leading = names.slice(0, MOST_PAIRS);
  const pairs = leading.flatMap((a, i) => leading.slice(i + 1).map((b) => [a, b] as const));
  const plots = pairs.map(([a, b]) => {
    const numeric = [a, b].every((name) => !parameterAxis(study, name).isChoice);
    return numeric ? plotContour(study, a, b) : plotRanks(study, a, b);
  });
  return html`<p>Importances and expected values are those of a random forest that is fitted to the complete trials.${some}</p>
<div class="plots">${figure(draw, importancePlot(study, all))}${top.map((name) => figure(draw, plotSlice(study, name)))}${plots.map((plot) => figure(draw, plot))}${brushed(draw, study, names.slice(0, MOST_AXES))}</div>`;
}

function training(reported: Reported): Markup | undefined {
  const { study, rates } = reported;
  const names = [...new Set(study.trials.flatMap(({ curves }) => curves?.names ?? []))];
  const recorded = names.filter((name) => ["loss", "valLoss"].includes(name));
  const chosen = recorded.length > 0 ? recorded : names.slice(0, 2);
  const top = ranked(study)
    .slice(0, 5)
    .map(({ trial }) => trial.number);
  const ofTop = names.includes("valLoss") ? "valLoss" : chosen[0];
  const reportedValues = names.length === 0 && study.trials.some(({ curve }) => curve !== undefined);
  const plots = [
    ...(top.length > 1 && ofTop !== undefined
      ? [
          {
            ...plotCurves(study, { trials: top, curve: ofTop, title: `${ofTop} of the best trials` }),
            name: "curves-best",
          },
        ]
      : []),
    ...chosen.map((curve) => plotCurves(study, { curve })),
    ...(reportedValues ? [plotCurves(study)] : []),
    ...(rates ? [plotRates(rates)] : []),
  ];
  if (plots.length === 0) return undefined;
  const ended = (status: string): number => study.trials.filter((trial) => trial.status === status).length;
  const [pruned, diverged] = [ended("pruned"), ended("diverged")];
  return html`<p>${count(pruned, "trial")} pruned early, ${diverged} diverged.</p>
${figures(reported, plots)}`;
}

function quality(reported: Reported): Markup | undefined {
  const { predictions, segments = [] } = reported;
  if (!predictions) return undefined;
  const { classes = [], probabilities } = predictions;
  const plots =
    classes.length === 0
      ? [plotResiduals(predictions)]
      : [
          plotConfusion(predictions),
          ...(probabilities
            ? [plotPrecisionRecall(predictions), plotRoc(predictions), plotCalibration(predictions)]
            : []),
        ];
  return html`<p>On ${count(predictions.truth.length, "row")} that the model has not seen.${segments.length > 0 && " Errors are told apart by the columns whose parts differ most; of many columns, some differ by chance."}</p>
${figures(reported, [...plots, ...segments.map((column) => plotSegments(predictions, column))])}`;
}

function data({ data }: Reported): Markup | undefined {
  if (!data) return undefined;
  const { name, rows, target, columns, classes = [], warnings = [] } = data;
  return html`<p>${name}: ${count(rows, "row")}, ${count(columns.length, "column")}${target !== undefined && `; predicted is ${target}`}.</p>
${
  warnings.length > 0
    ? html`<ul class="warnings">${warnings.map((warning) => html`<li>${warning}</li>`)}</ul>`
    : html`<p>No warnings: no column tells the target alone, and no rows are there twice.</p>`
}
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
  return html`<p>The same command with the same data gives the same bits, on every runtime and with any number of workers.</p>
${how?.command !== undefined && html`<pre tabindex="0"><code>${how.command}</code></pre>`}
${facts(rows)}`;
}

export const SECTIONS: readonly Section[] = [
  { id: "answer", title: "The answer", make: answer },
  { id: "use", title: "How to use it", make: use },
  { id: "search", title: "How the search went", make: search },
  { id: "matters", title: "What matters", make: matters },
  { id: "training", title: "How training went", make: training },
  { id: "quality", title: "How good the model is", make: quality },
  { id: "data", title: "The data", make: data },
  { id: "repeat", title: "How it can be repeated", make: repeat },
];
