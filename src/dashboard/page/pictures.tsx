/** The pictures of a study, by `fettle/report`, which thins out those of many trials and says so. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { plotParetoFront } from "../../report/plots/front.js";
import { plotHistory } from "../../report/plots/history.js";
import { type OverlayTrial, plotOverlay } from "../../report/plots/overlay.js";
import type { Plot } from "../../report/plots/plot.js";
import type { StudyData } from "../../report/plots/studyData.js";
import { readCurves } from "../../search/trial/savedCurves.js";
import { isFinished, type StudyState, trialIn } from "../state/study.js";
import type { StudyAbout } from "../wire.js";
import { connection, curvesOf } from "./api.js";
import { Picture } from "./picture.js";
import { trying } from "./store.js";

interface PictureProps {
  readonly state: StudyState;
  readonly about: StudyAbout;
}

/** What a picture reads of a study. */
export const dataOf = (about: StudyAbout, trials: StudyData["trials"]): StudyData => ({
  ...{ name: about.name, space: about.space, strategy: about.strategy },
  ...{ directions: about.directions, metrics: about.metrics, trials },
});

/** Milliseconds between two pictures of a live study; of many trials each takes longer, and shows less that is new. */
const paceOf = (trials: number): number => (trials < 1000 ? 400 : 2000);

/** A plot that is made in a task of its own, so that the table need not wait, and again when what it is made of has changed. */
export function usePaced(
  make: () => Plot | undefined,
  trials: number,
  of: readonly unknown[],
): Plot | undefined {
  const [plot, setPlot] = useState<Plot>();
  const last = useRef(make);
  last.current = make;
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => {
    timer.current ??= setTimeout(
      () => {
        timer.current = undefined;
        setPlot(last.current());
      },
      plot ? paceOf(trials) : 0,
    );
  }, of);
  useEffect(() => () => clearTimeout(timer.current), []);
  return plot;
}

interface HistoryProps extends PictureProps {
  readonly objective?: number;
}

/** Each trial and the best so far, of one objective. */
export function HistoryPicture({ state, about, objective = 0 }: HistoryProps) {
  const make = (): Plot | undefined => {
    const trials = state.rows.filter(isFinished);
    return trials.length > 0 ? plotHistory(dataOf(about, trials), { objective }) : undefined;
  };
  const plot = usePaced(make, state.rows.length, [state.rows, about, objective]);
  if (!plot) return <p class="empty">{state.isReady ? "No trial has ended yet." : "Reading the trials…"}</p>;
  return <Picture plot={plot} />;
}

/** The Pareto front of a study of several objectives. */
export function FrontPicture({ state, about }: PictureProps) {
  const make = (): Plot | undefined => {
    const trials = state.rows.filter(isFinished);
    return trials.some(({ values }) => values) ? plotParetoFront(dataOf(about, trials)) : undefined;
  };
  const plot = usePaced(make, state.rows.length, [state.rows, about]);
  if (!plot) return <p class="empty">No trial is complete yet.</p>;
  return <Picture plot={plot} isTall={about.metrics.length > 2} />;
}

/** Trials of a study whose curves are drawn. */
export interface CurvesOf extends PictureProps {
  readonly trials: readonly number[];
  /** Tells its trials from those of another study. */
  readonly letter?: string;
}

interface CurvesProps {
  readonly of: readonly CurvesOf[];
  readonly isTall?: boolean;
  /** Added to the words below it. */
  readonly hint?: string;
}

/** Curves of some trials, and a choice of what is drawn where several numbers were recorded. */
export function CurvesPicture({ of, isTall = false, hint = "" }: CurvesProps) {
  const [drawn, setDrawn] = useState<readonly OverlayTrial[]>();
  const [chosen, setChosen] = useState("");
  const groups = of.map(({ state, about, trials, letter }, group) => {
    const rows = trials.flatMap((number) => trialIn(state, number) ?? []);
    const finished = rows.filter(isFinished).map(({ number }) => number);
    const isOver = state.isReady && rows.every(isFinished) && state.rows.some(isFinished);
    return { study: about.name, letter, group, finished, isOver };
  });
  const wanted = JSON.stringify(groups.map(({ study, finished }) => [study, finished]));
  const isConnected = connection.value === "open";
  useEffect(() => {
    let isOver = false;
    if (isConnected)
      void trying(async () => {
        const found = await Promise.all(groups.map(overlaid));
        if (!isOver) setDrawn(found.flat());
      });
    return () => {
      isOver = true;
    };
  }, [wanted, isConnected]);
  const names = useMemo(
    () => [...new Set(drawn?.flatMap(({ trial }) => trial.curves?.names ?? []))],
    [drawn],
  );
  const curve = [chosen, "valLoss", "loss", ...names].find((name) => names.includes(name));
  const plot = useMemo(
    () => (drawn && curve !== undefined ? plotOverlay(drawn, curve) : undefined),
    [drawn, curve],
  );
  if (!drawn) return <p class="empty">Reading the curves…</p>;
  if (!plot)
    return (
      <p class="empty no-curves">
        {groups.every(({ isOver }) => isOver) ? "No curve was recorded." : "There are no curves to show yet."}
      </p>
    );
  return (
    <div class="curves">
      {names.length > 1 && (
        <label class="choice">
          <span class="hidden">What is drawn</span>
          <select value={curve} onChange={(event) => setChosen(event.currentTarget.value)}>
            {names.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      )}
      <Picture plot={{ ...plot, description: `${plot.description} ${hint}`.trim() }} isTall={isTall} />
    </div>
  );
}

/** The trials of a study that have curves, with their names in the picture. */
async function overlaid(of: {
  readonly study: string;
  readonly letter?: string | undefined;
  readonly group: number;
  readonly finished: readonly number[];
}): Promise<readonly OverlayTrial[]> {
  const { study, letter, group, finished } = of;
  if (finished.length === 0) return [];
  const curves = await curvesOf(study, finished);
  return finished.flatMap((number): readonly OverlayTrial[] => {
    const json = curves[number];
    if (!json) return [];
    const trial = { curves: readCurves(json) };
    return [
      letter ? { name: `${letter} trial ${number}`, trial, group } : { name: `trial ${number}`, trial },
    ];
  });
}
