/** The pictures of a study, by `fettle/report`, which thins out those of many trials and says so. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { plotParetoFront } from "../../report/plots/front.js";
import { plotHistory } from "../../report/plots/history.js";
import { type OverlayTrial, plotOverlay } from "../../report/plots/overlay.js";
import type { Plot } from "../../report/plots/plot.js";
import type { StudyData } from "../../report/plots/studyData.js";
import { type Kind, kindsOf, lineIn } from "../state/curves.js";
import { isFinished, trialIn } from "../state/study.js";
import type { CurveLine, StudyAbout, TrialRow } from "../wire.js";
import { connection, curvesOf } from "./api.js";
import { Choice, type OfStudy } from "./parts.js";
import { Picture } from "./picture.js";
import { trying } from "./store.js";

/** What a picture reads of a study. */
export const dataOf = (about: StudyAbout, trials: StudyData["trials"]): StudyData => {
  const { name, space, strategy, directions, metrics } = about;
  return { name, space, strategy, directions, metrics, trials };
};

/**
 * Milliseconds between two pictures of a live study; of many trials each takes longer, and shows less that is
 * new.
 */
const paceOf = (trials: number): number => (trials < 1000 ? 400 : 2000);

/**
 * A plot that is made in a task of its own, so that the table need not wait, and again when what it is made
 * of has changed.
 */
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

/** Each trial and the best so far, of one objective. */
export function HistoryPicture({ state, about, objective = 0 }: OfStudy & { objective?: number }) {
  const make = (): Plot | undefined => {
    const trials = state.rows.filter(isFinished);
    return trials.length > 0 ? plotHistory(dataOf(about, trials), { objective }) : undefined;
  };
  const plot = usePaced(make, state.rows.length, [state.rows, about, objective]);
  if (!plot) return <p class="empty">{state.isReady ? "No trial has ended yet." : "Reading the trials…"}</p>;
  return <Picture plot={plot} />;
}

/** The Pareto front of a study of several objectives. */
export function FrontPicture({ state, about }: OfStudy) {
  const make = (): Plot | undefined => {
    const trials = state.rows.filter(isFinished);
    return trials.some(({ values }) => values) ? plotParetoFront(dataOf(about, trials)) : undefined;
  };
  const plot = usePaced(make, state.rows.length, [state.rows, about]);
  if (!plot) return <p class="empty">No trial is complete yet.</p>;
  return <Picture plot={plot} isTall={about.metrics.length > 2} />;
}

/** Trials of a study whose curves are drawn. */
interface CurvesOf extends OfStudy {
  readonly trials: readonly number[];
  /** Running trials, drawn beside them where they have the same curve. */
  readonly running?: readonly number[];
  /** Tells its trials from those of another study. */
  readonly letter?: string;
}

interface CurvesProps {
  readonly of: readonly CurvesOf[];
  readonly isTall?: boolean;
  /** Added to the words below it. */
  readonly hint?: string;
}

/** Milliseconds between two looks at the curves of a running trial. */
const LOOK = 1000;

/** Curves of some trials, as they grow, and a choice of what is drawn where there are several. */
export function CurvesPicture({ of, isTall = false, hint = "" }: CurvesProps) {
  const [drawn, setDrawn] = useState<readonly DrawnTrial[]>();
  const [chosen, setChosen] = useState("");
  const groups = of.map(({ state, about, trials, running = [], letter }, group): Group => {
    const rows = [...trials, ...running].flatMap((number) => trialIn(state, number) ?? []);
    const isOver = state.isReady && rows.every(isFinished) && state.rows.some(isFinished);
    return { study: about.name, letter, group, rows, beside: new Set(running), isOver };
  });
  const wanted = JSON.stringify(
    groups.map(({ study, rows }) => [study, rows.map(({ number, status }) => [number, status])]),
  );
  const isConnected = connection.value === "open";
  useEffect(() => {
    let isOver = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let last = "";
    const look = async (): Promise<void> => {
      const found = (await Promise.all(groups.map(curvesIn))).flat();
      const text = JSON.stringify(found);
      if (isOver) return;
      // what is the same is not drawn again, since that hides what the pointer is at
      if (text !== last) setDrawn(found);
      last = text;
      // a look that fails is followed by another, when there is a connection again
      if (groups.some(({ rows }) => !rows.every(isFinished)))
        timer = setTimeout(() => void look().catch(() => {}), LOOK);
    };
    if (isConnected) void trying(look);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [wanted, isConnected]);
  const kinds = useMemo(() => (drawn ? kindsOf(drawn) : []), [drawn]);
  const titles = kinds.map(titleOf);
  const kind = kinds[Math.max(0, titles.indexOf(chosen))];
  const plot = useMemo(() => (drawn && kind ? overlayOf(drawn, kind) : undefined), [drawn, kind]);
  if (!drawn) return <p class="empty">Reading the curves…</p>;
  if (!plot)
    return (
      <p class="empty no-curves">
        {groups.every(({ isOver }) => isOver) ? "No curve was recorded." : "There are no curves to show yet."}
      </p>
    );
  return (
    <div class="curves">
      {kinds.length > 1 && (
        <Choice
          label="What is drawn"
          names={titles}
          at={titles.indexOf(titleOf(kind))}
          onChange={(at) => setChosen(titles[at])}
        />
      )}
      <Picture plot={{ ...plot, description: `${plot.description} ${hint}`.trim() }} isTall={isTall} />
    </div>
  );
}

const titleOf = ({ name, unit }: Kind): string => `${name} by ${unit}`;

interface Group {
  readonly study: string;
  readonly letter: string | undefined;
  readonly group: number;
  readonly rows: readonly TrialRow[];
  readonly beside: ReadonlySet<number>;
  readonly isOver: boolean;
}

/** A trial with its curves and its name in the picture. */
interface DrawnTrial {
  readonly name: string;
  readonly lines: readonly CurveLine[];
  /** Whether it is drawn only beside others. */
  readonly isBeside: boolean;
  readonly group?: number;
}

async function curvesIn({ study, letter, group, rows, beside }: Group): Promise<readonly DrawnTrial[]> {
  if (rows.length === 0) return [];
  const curves = await curvesOf(
    study,
    rows.map(({ number }) => number),
  );
  return rows.map(({ number }) => ({
    lines: curves[number] ?? [],
    isBeside: beside.has(number),
    ...(letter ? { name: `${letter} trial ${number}`, group } : { name: `trial ${number}` }),
  }));
}

function overlayOf(drawn: readonly DrawnTrial[], kind: Kind): Plot {
  const trials = drawn.flatMap(({ lines, isBeside, ...trial }): readonly OverlayTrial[] => {
    const curve = lineIn(lines, kind);
    return curve || !isBeside ? [{ ...trial, curve }] : [];
  });
  return plotOverlay(trials, kind.name, kind.unit);
}
