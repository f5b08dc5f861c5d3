/** The pictures of a study, by `fettle/report`, which thins out those of many trials and says so. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { plotCurves } from "../../report/plots/curves.js";
import { plotHistory } from "../../report/plots/history.js";
import type { Plot } from "../../report/plots/plot.js";
import type { StudyData } from "../../report/plots/studyData.js";
import { readCurves } from "../../search/trial/savedCurves.js";
import type { TrialRecord } from "../../search/trial/trial.js";
import { isFinished, type StudyState, trialIn } from "../state/study.js";
import type { StudyAbout } from "../wire.js";
import { curvesOf } from "./api.js";
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

export function HistoryPicture({ state, about }: PictureProps) {
  const make = (): Plot | undefined => {
    const trials = state.rows.filter(isFinished);
    return trials.length > 0 ? plotHistory(dataOf(about, trials)) : undefined;
  };
  const plot = usePaced(make, state.rows.length, [state.rows, about]);
  if (!plot)
    return (
      <p class="empty picture-empty">{state.isReady ? "No trial has ended yet." : "Reading the trials…"}</p>
    );
  return <Picture plot={plot} />;
}

interface CurvesProps extends PictureProps {
  readonly trials: readonly number[];
  readonly isTall?: boolean;
  /** Added to the words below it. */
  readonly hint?: string;
}

/** Curves of some trials, and a choice of what is drawn where several numbers were recorded. */
export function CurvesPicture({ state, about, trials, isTall = false, hint = "" }: CurvesProps) {
  const [records, setRecords] = useState<readonly TrialRecord[]>();
  const [chosen, setChosen] = useState("");
  const rows = trials.flatMap((number) => trialIn(state, number) ?? []).filter(isFinished);
  const wanted = rows.map(({ number }) => number).join();
  useEffect(() => {
    let isOver = false;
    if (wanted === "") setRecords([]);
    else
      void trying(async () => {
        const curves = await curvesOf(about.name, wanted.split(",").map(Number));
        if (isOver) return;
        const found = rows.flatMap((row) => {
          const json = curves[row.number];
          return json ? [{ ...row, curves: readCurves(json) } as TrialRecord] : [];
        });
        setRecords(found);
      });
    return () => {
      isOver = true;
    };
  }, [about.name, wanted]);
  const names = useMemo(() => [...new Set(records?.flatMap(({ curves }) => curves?.names ?? []))], [records]);
  const plot = useMemo(() => {
    if (!records || records.length === 0) return undefined;
    const options = {
      trials: records.map(({ number }) => number),
      ...(names.includes(chosen) && { curve: chosen }),
    };
    const drawn = plotCurves(dataOf(about, records), options);
    // which is the best is told of all trials, and not of those that are drawn
    return {
      ...drawn,
      description: `${drawn.title}, the mean over folds, of ${said(options.trials)}. ${hint}`.trim(),
    };
  }, [records, names, chosen, about, hint]);
  if (!records) return <p class="empty picture-empty">Reading the curves…</p>;
  if (!plot) return <p class="empty picture-empty">There are no curves to show yet.</p>;
  const current = names.includes(chosen)
    ? chosen
    : (["valLoss", "loss"].find((n) => names.includes(n)) ?? names[0]);
  return (
    <div class="curves">
      {names.length > 1 && (
        <label class="choice">
          <span class="hidden">What is drawn</span>
          <select value={current} onChange={(event) => setChosen(event.currentTarget.value)}>
            {names.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      )}
      <Picture plot={plot} isTall={isTall} />
    </div>
  );
}

const said = (trials: readonly number[]): string =>
  `${trials.length === 1 ? "trial" : "trials"} ${trials.join(", ").replace(/, (\d+)$/, " and $1")}`;
