/** What the parameters do: pictures that a thread draws once one of them is chosen. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Plot } from "../../report/plots/plot.js";
import { countsOf, isFinished } from "../state/study.js";
import type { TrialRow } from "../wire.js";
import type { AnalysisAnswer, AnalysisRequest } from "./analysis.js";
import { ParallelPicture } from "./parallel.js";
import { Button, Card, Choice, type OfStudy } from "./parts.js";
import { Picture } from "./picture.js";
import { dataOf } from "./pictures.js";

type Which = AnalysisRequest["picture"];

const LABELS: readonly (readonly [Which, string])[] = [
  ["importances", "Importances"],
  ["parallel", "Parallel coordinates"],
  ["slice", "One parameter"],
];

/** What a picture was drawn of. */
interface Shown {
  readonly plot?: Plot;
  readonly parameters?: readonly string[];
  readonly refused?: string;
  readonly picture: Which;
  readonly objective: number;
  readonly finished: number;
}

interface AnalysisProps extends OfStudy {
  /** Is told which trials are selected in a picture; undefined for all. */
  readonly onSelect: (keeps: ((row: TrialRow) => boolean) | undefined) => void;
}

export function AnalysisCard({ state, about, onSelect }: AnalysisProps) {
  const names = Object.keys(about.space);
  const [picture, setPicture] = useState<Which>();
  const [parameter, setParameter] = useState(names[0]);
  const [objective, setObjective] = useState(0);
  const [again, setAgain] = useState(0);
  const [shown, setShown] = useState<Shown>();
  const last = useRef({ state, about });
  last.current = { state, about };
  const finished = useMemo(() => state.rows.length - countsOf(state.rows).running, [state.rows]);
  useEffect(() => {
    if (picture === undefined) return;
    const { state, about } = last.current;
    const trials = state.rows.filter(isFinished);
    const worker = new Worker("analysis.js", { type: "module" });
    setShown(undefined);
    worker.onmessage = ({ data }: MessageEvent<AnalysisAnswer>) =>
      setShown({ ...data, picture, objective, finished: trials.length });
    worker.onerror = () =>
      setShown({ refused: "The picture could not be drawn.", picture, objective, finished: trials.length });
    const request: AnalysisRequest = { study: dataOf(about, trials), picture, objective, parameter };
    worker.postMessage(request);
    return () => worker.terminate();
  }, [picture, parameter, objective, again]);
  if (names.length === 0) return null;
  const more = shown ? finished - shown.finished : 0;
  return (
    <Card title="Parameters" kind="full">
      <div class="choices">
        <fieldset class="segments">
          <legend class="hidden">Which picture</legend>
          {LABELS.map(([which, label]) => (
            <Button key={which} aria-pressed={picture === which} onClick={() => setPicture(which)}>
              {label}
            </Button>
          ))}
        </fieldset>
        {picture === "slice" && (
          <Choice
            label="Parameter"
            names={names}
            at={names.indexOf(parameter)}
            onChange={(at) => setParameter(names[at])}
          />
        )}
        {picture !== undefined && about.metrics.length > 1 && (
          <Choice label="Objective" names={about.metrics} at={objective} onChange={setObjective} />
        )}
      </div>
      {picture === undefined ? (
        <p class="empty parameters-empty">
          Choose a picture: which parameters matter, and which values do well.
        </p>
      ) : (
        <Drawing
          state={state}
          about={about}
          onSelect={onSelect}
          shown={shown?.picture === picture ? shown : undefined}
        />
      )}
      {more > 0 && (
        <p class="quiet">
          {more.toLocaleString("en")} {more === 1 ? "trial has" : "trials have"} ended since.{" "}
          <Button onClick={() => setAgain(again + 1)}>Draw again</Button>
        </p>
      )}
    </Card>
  );
}

function Drawing({ shown, ...more }: AnalysisProps & { shown: Shown | undefined }) {
  if (!shown)
    return (
      <p class="empty" role="status">
        Fitting the trials…
      </p>
    );
  if (!shown.plot) return <p class="refusal">{shown.refused}</p>;
  const { plot, parameters = [], objective } = shown;
  if (shown.picture !== "parallel") return <Picture plot={plot} />;
  return <ParallelPicture {...more} plot={plot} parameters={parameters} objective={objective} />;
}
