/** The first sections: the answer, and how to use it. */

import { paretoFront } from "../../search/trial/pareto.js";
import { besideBaselines } from "../baselines.js";
import { count, formatScore, formatValue } from "../format.js";
import { objectiveOf, ranked } from "../plots/objective.js";
import { facts, html, type Markup, table } from "./markup.js";
import type { Reported } from "./reported.js";

/** Trials of a front that are listed. */
const MOST_LISTED = 12;

/** The best parameters, their scores and what they are worth. */
export function answer(reported: Reported): Markup {
  const { study } = reported;
  if (study.directions.length > 1) return front(reported);
  const { metric } = objectiveOf(study, 0);
  const all = ranked(study);
  const best = all[0];
  if (!best) {
    const failed = study.trials.find(({ error }) => error !== undefined);
    return html`<p class="answer">No trial is complete, so there is no answer yet.</p>
${failed && html`<p>Trial ${failed.number} failed: ${failed.error}</p>`}`;
  }
  const { trial, value } = best;
  const goal = study.directions[0] === "maximize" ? "more is better" : "less is better";
  const spread = trial.std === null ? "" : ` ± ${formatScore(trial.std)}`;
  const how =
    reported.folds === undefined
      ? `trial ${trial.number}`
      : reported.folds > 1
        ? `mean ± standard deviation of ${reported.folds} folds, trial ${trial.number}`
        : `one validation part, trial ${trial.number}`;
  return html`<p class="lead">Best ${metric} (${goal}), ${how}</p>
<p class="big">${formatScore(value)}${spread}</p>
${facts(Object.entries(trial.params).map(([name, chosen]) => [name, formatValue(chosen)] as const))}
${held(reported)}
${finalModel(reported)}
<h3>Best trials</h3>
${table(
  [
    ["trial", metric, ...(trial.std === null ? [] : ["± std"]), ...Object.keys(trial.params)],
    ...all
      .slice(0, 5)
      .map(({ trial: one, value: reached }) => [
        one.number,
        formatScore(reached),
        ...(trial.std === null ? [] : [formatScore(one.std)]),
        ...Object.keys(trial.params).map((name) => formatValue(one.params[name])),
      ]),
  ],
  "Best trials",
)}`;
}

/** Scores on held-out rows, beside models that need no tuning. */
function held({ test = {}, baselines }: Reported): Markup | undefined {
  const scores = Object.entries(test);
  if (scores.length === 0) return undefined;
  if (!baselines)
    return html`<h3>Scores on held-out rows</h3>${table([["metric", "score"], ...scores.map(([name, score]) => [name, formatScore(score)])], "Scores on held-out rows")}`;
  const linear = baselines.ahead.linear !== undefined && baselines.ahead.linear !== null;
  const rows = Object.entries(baselines.scores).map(([name, { final, interval, linear: line, constant }]) => [
    name,
    formatScore(final),
    interval ? interval.map(formatScore).join(" to ") : "",
    ...(linear ? [formatScore(line ?? null)] : []),
    formatScore(constant),
  ]);
  // the last line of the text is the verdict, in one piece at this width
  const verdict = besideBaselines(baselines, 10_000).at(-1)?.trim();
  return html`<h3>Scores on ${count(baselines.rows, "held-out row")}</h3>
${table([["metric", "this model", "95 % interval", ...(linear ? ["linear"] : []), "constant"], ...rows], "Scores on held-out rows")}
<p>${verdict}</p>`;
}

function finalModel({ ensemble, calibration, threshold, study }: Reported): Markup | undefined {
  const { metric } = objectiveOf(study, 0);
  const networks = ensemble?.members.reduce((sum, each) => sum + each.networks, 0) ?? 1;
  const rows = [
    ...(ensemble
      ? [
          [
            "networks",
            `${networks}, of trials ${ensemble.members.map(({ trial }) => trial).join(", ")}`,
          ] as const,
          [
            `${metric} of their mean`,
            `${formatScore(ensemble.score)}; of one network ${formatScore(ensemble.single)}`,
          ] as const,
        ]
      : []),
    ...(calibration
      ? [
          ["temperature", formatScore(calibration.temperature)] as const,
          [
            "expected calibration error",
            `${formatScore(calibration.error.after)}, before ${formatScore(calibration.error.before)}`,
          ] as const,
        ]
      : []),
    ...(threshold === undefined ? [] : [["decision threshold", formatScore(threshold)] as const]),
  ];
  return rows.length === 0 ? undefined : html`<h3>The final model</h3>${facts(rows)}`;
}

function front({ study }: Reported): Markup {
  const { metrics, directions } = study;
  const best = paretoFront(study.trials, directions);
  const names = [...new Set(best.flatMap(({ params }) => Object.keys(params)))];
  const part = best.length > MOST_LISTED ? `, ${MOST_LISTED} shown` : "";
  return html`<p class="answer">${count(best.length, "trial")} of ${study.trials.length} on the Pareto front of ${metrics.join(" and ")}${part}.</p>
${
  best.length > 0 &&
  table(
    [
      ["trial", ...metrics, ...names],
      ...best
        .slice(0, MOST_LISTED)
        .map(({ number, values = [], params }) => [
          number,
          ...values.map(formatScore),
          ...names.map((name) => formatValue(params[name])),
        ]),
    ],
    "Pareto front",
  )
}`;
}

/** The lines that predict. */
export function use({ use: lines = [] }: Reported): Markup | undefined {
  if (lines.length === 0) return undefined;
  return html`${lines.map(({ title, code }) => html`<h3>${title}</h3>\n<pre tabindex="0"><code>${code}</code></pre>`)}`;
}
