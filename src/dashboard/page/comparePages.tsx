/** Two or more trials side by side, and two studies side by side. */
import { formatDuration, formatValue } from "../../report/format.js";
import { plotComparison } from "../../report/plots/comparison.js";
import type { Plot } from "../../report/plots/plot.js";
import { hashOf } from "../state/route.js";
import { bestOf, countsOf, isFinished, type StudyState, trialIn, valueAt } from "../state/study.js";
import type { StudyAbout, TrialRow } from "../wire.js";
import { Card, Pill, scoreOf, TrialLink } from "./parts.js";
import { Picture } from "./picture.js";
import { CurvesPicture, dataOf, HistoryPicture, usePaced } from "./pictures.js";
import { useStudy } from "./store.js";

export function ComparePage({ name, trials }: { name: string; trials: readonly number[] }) {
  const { state } = useStudy(name);
  const { about } = state;
  if (!about || !state.isReady) return <p class="empty">Reading the study…</p>;
  const rows = trials.flatMap((number) => trialIn(state, number) ?? []);
  const names = [...new Set(rows.flatMap(({ params }) => Object.keys(params)))];
  const lines: readonly Line[] = [
    { label: "status", cells: rows.map(({ status }) => status), isStatus: true },
    ...about.metrics.map((label, i) => ({ label, cells: rows.map((row) => scoreOf(valueAt(row, i))) })),
    { label: "time", cells: rows.map(({ seconds }) => (seconds === null ? "–" : formatDuration(seconds))) },
    ...names.map((label) => ({
      label,
      cells: rows.map(({ params }) => cellOf(params, label)),
      isParameter: true,
    })),
  ];
  return (
    <div class="page">
      <div class="title">
        <div>
          <h1>Trials {trials.join(", ").replace(/, (\d+)$/, " and $1")}</h1>
          <p class="quiet">Parameters that differ are marked.</p>
        </div>
      </div>
      <div class="layout trial">
        <Card title="Learning curves">
          <CurvesPicture {...{ state, about, trials }} isTall />
        </Card>
        <Card title="Side by side">
          <div class="scrolls" role="region" aria-label="Side by side" tabIndex={0}>
            <table class="compared">
              <thead>
                <tr>
                  <td />
                  {rows.map(({ number }) => (
                    <th key={number} scope="col">
                      <TrialLink study={about.name} trial={number} />
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {lines.map((line) => (
                  <Compared key={line.label} {...line} />
                ))}
              </tbody>
            </table>
          </div>
        </Card>
      </div>
    </div>
  );
}

interface Line {
  readonly label: string;
  readonly cells: readonly string[];
  readonly isParameter?: boolean;
  readonly isStatus?: boolean;
}

function Compared({ label, cells, isParameter, isStatus }: Line) {
  const differs = isParameter && new Set(cells).size > 1;
  return (
    <tr class={differs ? "differs" : ""}>
      <th scope="row">
        {label}
        {differs && <span class="hidden"> (differs)</span>}
      </th>
      {cells.map((cell, i) => (
        <td key={`${String(i)}`}>{isStatus ? <Pill status={cell} /> : cell}</td>
      ))}
    </tr>
  );
}

const cellOf = (params: TrialRow["params"], name: string): string =>
  Object.hasOwn(params, name) ? formatValue(params[name]) : "–";

export function StudiesComparedPage({ names }: { names: readonly [string, string] }) {
  const states = [useStudy(names[0]).state, useStudy(names[1]).state];
  return (
    <div class="page">
      <div class="title">
        <div>
          <h1>Two studies</h1>
          <p class="quiet">{names.join(" and ")}</p>
        </div>
      </div>
      <Overlay states={states} />
      <div class="layout half">
        {states.map((state, i) => (
          <StudyColumn key={names[i]} name={names[i]} state={state} />
        ))}
      </div>
    </div>
  );
}

/** Both on the same axes, where they can be: studies of one direction. */
function Overlay({ states }: { states: readonly StudyState[] }) {
  const plot = usePaced(
    () => comparisonOf(states),
    states.map(({ rows }) => rows.length).reduce((sum, each) => sum + each),
    states.flatMap(({ rows, about }) => [rows, about]),
  );
  return (
    <Card title="Best so far" kind="overlay">
      {plot ? (
        <Picture plot={plot} />
      ) : (
        <p class="empty">Studies can be shown on the same axes if both minimize or both maximize.</p>
      )}
    </Card>
  );
}

function comparisonOf(states: readonly StudyState[]): Plot | undefined {
  const studies = states.flatMap(({ about, rows }) =>
    about ? [dataOf(about, rows.filter(isFinished))] : [],
  );
  const [one, other] = studies;
  return other && one.directions[0] === other.directions[0] ? plotComparison(studies) : undefined;
}

function StudyColumn({ name, state }: { name: string; state: StudyState }) {
  const { about } = state;
  if (!about) return <p class="empty">Reading {name}…</p>;
  return (
    <Card title={name} aside={<a href={hashOf({ page: "study", study: name })}>open</a>}>
      <HistoryPicture {...{ state, about }} />
      <StudyFacts {...{ state, about }} />
    </Card>
  );
}

function StudyFacts({ state, about }: { state: StudyState; about: StudyAbout }) {
  const best = bestOf(state);
  const counts = countsOf(state.rows);
  const seconds = state.rows.reduce((sum, row) => sum + (row.seconds ?? 0), 0);
  const facts: readonly (readonly [string, string])[] = [
    ["strategy", about.strategy || "–"],
    ["goal", about.directions.map((direction, i) => `${direction} ${about.metrics[i]}`).join(", ")],
    [
      best.length > 1 ? "best trials" : "best",
      best.length > 1 ? `${best.length}` : scoreOf(best[0] ? valueAt(best[0]) : null),
    ],
    ["complete", counts.complete.toLocaleString("en")],
    ["pruned", counts.pruned.toLocaleString("en")],
    ["failed or diverged", (counts.failed + counts.diverged).toLocaleString("en")],
    ["time of all trials", formatDuration(seconds)],
    ...Object.entries(best[0]?.params ?? {}).map(([key, value]) => [key, formatValue(value)] as const),
  ];
  return (
    <dl class="params">
      {facts.map(([key, value]) => (
        <div key={key}>
          <dt>{key}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
