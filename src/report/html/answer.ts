/** The first sections: the answer, and how to use it. */

import { costVectorOf, paretoFront, sparseFirst } from "../../search/trial/pareto.js";
import { heldScores } from "../baselines.js";
import { clip, count, formatScore, formatValue, listed } from "../format.js";
import { objectiveOf, type Ranked, ranked } from "../plots/objective.js";
import { parameterNames } from "../plots/parameters.js";
import type { StudyData } from "../plots/studyData.js";
import { networksOf } from "../study.js";
import { facts, html, type Markup, table } from "./markup.js";
import type { Reported } from "./reported.js";

/** The number of listed trials of a front. */
const MOST_LISTED = 12;

/** The best parameters, with their scores and baselines. */
export function answer(reported: Reported): Markup {
  const { study } = reported;
  if (study.directions.length > 1) return front(reported);
  const { metric } = objectiveOf(study, 0);
  const all = ranked(study);
  const best = all[0];
  if (!best)
    return html`<p class="answer">No trial is complete, so there is no answer yet.</p>
${failures(study)}`;
  const { trial, value } = best;
  const goal = study.directions[0] === "maximize" ? "more is better" : "less is better";
  const spread = trial.std === null ? "" : ` ± ${formatScore(trial.std)}`;
  const { folds } = reported;
  const scored =
    folds === undefined
      ? ""
      : folds === "validationData"
        ? "on validationData, "
        : folds > 1
          ? `mean ± standard deviation of ${folds} folds, `
          : "one validation part, ";
  const how = `${scored}trial ${trial.number}`;
  return html`<p class="lead">Best ${metric} (${goal}), ${how}</p>
<p class="big">${formatScore(value)}${spread}</p>
${facts(Object.entries(trial.params).map(([name, chosen]) => [name, formatValue(chosen)] as const))}
${held(reported)}
${finalModel(reported)}
${all.length > 1 && leaders(study, all.slice(0, MOST_LEADERS))}`;
}

const MOST_LEADERS = 5;

/** The best trials side by side: a row for each parameter, since there may be many. */
function leaders(study: StudyData, best: readonly Ranked[]): Markup {
  const { metric } = objectiveOf(study, 0);
  const names = parameterNames(study).filter((name) =>
    best.some(({ trial }) => Object.hasOwn(trial.params, name)),
  );
  const rows = [
    ["trial", ...best.map(({ trial }) => String(trial.number))],
    [metric, ...best.map(({ value }) => formatScore(value))],
    ...(best[0].trial.std === null ? [] : [["± std", ...best.map(({ trial }) => formatScore(trial.std))]]),
    ...names.map((name) => [name, ...best.map(({ trial }) => formatValue(trial.params[name]))]),
  ];
  return html`<h3>Best trials</h3>
${table(rows, "Best trials", true)}`;
}

/** The number of errors listed separately. */
const MOST_ERRORS = 5;

/** The errors of failed trials, the most frequent first. */
export function failures({ trials }: StudyData): Markup | undefined {
  const failed = trials.filter(({ status }) => status === "failed");
  if (failed.length === 0) return undefined;
  const numbers = new Map<string, number[]>();
  for (const { number, error = "" } of failed) {
    const [text] = error.trim().split("\n");
    const known = numbers.get(text);
    if (known) known.push(number);
    else numbers.set(text, [number]);
  }
  const kinds = [...numbers].sort((a, b) => b[1].length - a[1].length);
  const more =
    kinds.length > MOST_ERRORS &&
    html`<li>${count(kinds.length - MOST_ERRORS, "other error")}, each at least once</li>`;
  return html`<h3>Failures</h3>
<ul>${kinds
    .slice(0, MOST_ERRORS)
    .map(
      ([text, [first, ...rest]]) =>
        html`<li>Trial ${first}${rest.length > 0 && ` and ${count(rest.length, "other")}`}: ${text === "" ? "no error message" : html`<code>${clip(text, 300)}</code>`}</li>`,
    )}${more}</ul>`;
}

/** Scores on held-out rows, with those of models that need no tuning. */
function held({ test = {}, baselines, positive }: Reported): Markup | undefined {
  if (Object.keys(test).length === 0) return undefined;
  const { rows, table: lines, notes } = heldScores(test, baselines, positive);
  const title = `Scores on ${rows === undefined ? "held-out rows" : count(rows, "held-out row")}`;
  return html`<h3>${title}</h3>
${table(lines, "Scores on held-out rows")}
${notes.map((text) => html`<p>${text}</p>`)}`;
}

function finalModel({ ensemble, calibration, threshold, positive, study }: Reported): Markup | undefined {
  const { metric } = objectiveOf(study, 0);
  const rows = {
    ...(ensemble && {
      is: Object.values(networksOf(ensemble)).join(": "),
      [`${metric} of their mean`]: `${formatScore(ensemble.score)}; of one network ${formatScore(ensemble.single)}`,
    }),
    ...(calibration && {
      temperature: formatScore(calibration.temperature),
      "expected calibration error": `${formatScore(calibration.error.after)}, before ${formatScore(calibration.error.before)}`,
    }),
    ...(threshold !== undefined && {
      [`decision threshold${positive === undefined ? "" : ` of ${positive}`}`]: formatScore(threshold),
    }),
  };
  const all = Object.entries(rows);
  return all.length === 0 ? undefined : html`<h3>The final model</h3>${facts(all, true)}`;
}

function front({ study }: Reported): Markup {
  const { metrics, directions } = study;
  const best = paretoFront(study.trials, directions);
  const names = parameterNames(study).filter((name) =>
    best.some(({ params }) => Object.hasOwn(params, name)),
  );
  const costs = best.map((trial) => costVectorOf(trial, directions));
  // those far apart, in the order of the first objective
  const listedTrials = sparseFirst([...best.keys()], costs)
    .slice(0, MOST_LISTED)
    .sort((i, j) => costs[i][0] - costs[j][0] || i - j)
    .map((i) => best[i]);
  const part = best.length > MOST_LISTED ? `; ${MOST_LISTED} of them, far apart, are shown` : "";
  return html`<p class="answer">${count(best.length, "trial")} of ${study.trials.length} are on the Pareto front of ${listed(metrics)}: no other is better in all of them${part}.</p>
${
  best.length > 0 &&
  table(
    [
      ["trial", ...metrics, ...names],
      ...listedTrials.map(({ number, values = [], params }) => [
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
