/** One study, live: where it stands, its pictures, and its trials. */
import { useMemo, useState } from "preact/hooks";
import { bestFew, bestOf, countsOf, type StudyState, valueAt } from "../state/study.js";
import type { StudyAbout, TrialRow } from "../wire.js";
import { AnalysisCard } from "./analysisCard.js";
import { command, download } from "./api.js";
import { EnqueueDialog } from "./enqueue.js";
import { Card, Params, Pill, scoreOf, TrialLink } from "./parts.js";
import { CurvesPicture, HistoryPicture } from "./pictures.js";
import { trying, useStudy } from "./store.js";
import { TrialTable } from "./table.js";

/** Trials whose curves are drawn unless others are marked. */
const FEW = 5;

export function StudyPage({ name }: { name: string }) {
  const { state, connection } = useStudy(name);
  const { about } = state;
  if (state.isGone) return <p class="empty">This study is not there any more.</p>;
  if (!about) return <p class="empty">Reading the study…</p>;
  return <Shown {...{ state, about, connection }} />;
}

interface ShownProps {
  readonly state: StudyState;
  readonly about: StudyAbout;
  readonly connection: string;
}

function Shown({ state, about, connection }: ShownProps) {
  const [marked, setMarked] = useState<readonly number[]>([]);
  const best = useMemo(() => bestOf(state), [state.rows, about.directions]);
  const numbers = useMemo(() => new Set(best.map(({ number }) => number)), [best]);
  const few = useMemo(() => bestFew(state, FEW), [state.rows, about.directions]);
  const drawn = marked.length > 0 ? marked : few;
  return (
    <div class="page">
      <Head {...{ state, about, connection, best }} />
      <div class="layout">
        <div class="pictures">
          <Card title="History">
            <HistoryPicture {...{ state, about }} />
          </Card>
          <Card title="Learning curves">
            <CurvesPicture
              {...{ state, about, trials: drawn }}
              hint={marked.length > 0 ? "" : "Mark trials in the table to see theirs."}
            />
          </Card>
          <AnalysisCard {...{ state, about }} />
        </div>
        <Card title="Trials" kind="wide">
          <TrialTable {...{ about, state, best: numbers, onMarked: setMarked }} />
        </Card>
      </div>
    </div>
  );
}

function Head({ state, about, connection, best }: ShownProps & { best: readonly TrialRow[] }) {
  const counts = useMemo(() => countsOf(state.rows), [state.rows]);
  const finished = state.rows.length - counts.running;
  const [first] = best;
  const isSingle = about.directions.length === 1;
  const goal = about.directions.map((direction, i) => `${direction} ${about.metrics[i]}`).join(", ");
  const facts = [goal, about.strategy, about.seed === undefined ? "" : `seed ${about.seed}`].filter(Boolean);
  return (
    <>
      <div class="title">
        <div>
          <h1>{about.name}</h1>
          <p class="quiet">
            <span class={`dot ${connection}`} aria-hidden="true" />
            <span role="status">{connection === "live" ? "live" : connection}</span>
            {facts.map((fact) => (
              <span key={fact}> · {fact}</span>
            ))}
          </p>
        </div>
        <Actions {...{ about, from: first?.params ?? state.rows[0]?.params ?? {} }} />
      </div>
      {about.trouble !== undefined && (
        <p class="refusal" role="alert">
          {about.trouble}
        </p>
      )}
      <div class="figures">
        <div class="figure lead">
          <h2>{isSingle ? `Best ${about.metrics[0]}` : "Best trials"}</h2>
          <p class="big">{isSingle ? scoreOf(first ? valueAt(first) : null) : best.length}</p>
          {first && (
            <p class="quiet">
              {best.slice(0, 4).map(({ number }, i) => (
                <span key={number}>
                  {i > 0 && ", "}
                  <TrialLink study={about.name} trial={number} />
                </span>
              ))}
              {!isSingle && " of the Pareto front"}
            </p>
          )}
        </div>
        <div class="figure">
          <h2>Trials</h2>
          <p class="big">
            {finished.toLocaleString("en")}
            {about.budget !== undefined && <small> of {about.budget.toLocaleString("en")}</small>}
          </p>
          {about.budget !== undefined && (
            <progress
              value={Math.min(finished, about.budget)}
              max={Math.max(1, about.budget)}
              aria-label="Finished trials"
            />
          )}
          <p class="quiet">{othersOf(counts)}</p>
        </div>
        <div class="figure params-of-best">
          <h2>{isSingle ? "Best parameters" : "Parameters of the first"}</h2>
          {first ? <Params about={about} row={first} /> : <p class="quiet">No trial has ended yet.</p>}
        </div>
      </div>
    </>
  );
}

function othersOf(counts: ReturnType<typeof countsOf>): string {
  const others = (["running", "pruned", "failed", "diverged"] as const).filter(
    (status) => counts[status] > 0,
  );
  return (
    others.map((status) => `${counts[status].toLocaleString("en")} ${status}`).join(" · ") || "all complete"
  );
}

const LABELS = { pause: "Pause", resume: "Resume", cancel: "Cancel" } as const;

function Actions({ about, from }: { about: StudyAbout; from: TrialRow["params"] }) {
  const [isChoosing, setChoosing] = useState(false);
  const { name, actions, artifacts, phase } = about;
  const csv = (): Promise<boolean> => trying(() => download(name, "/trials.csv", `${name}-trials.csv`));
  return (
    <div class="actions">
      {phase !== undefined && <Pill status={phase} />}
      {(["pause", "resume", "cancel"] as const).map(
        (each) =>
          actions.includes(each) && (
            <button
              key={each}
              type="button"
              class="button"
              onClick={() => void trying(() => command(name, each))}
            >
              {LABELS[each]}
            </button>
          ),
      )}
      {actions.includes("enqueue") && (
        <button type="button" class="button" onClick={() => setChoosing(true)}>
          Try a point
        </button>
      )}
      <button type="button" class="button" onClick={() => void csv()}>
        CSV
      </button>
      {artifacts.map((artifact) => (
        <button
          key={artifact.name}
          type="button"
          class="button"
          onClick={() =>
            void trying(() =>
              download(name, `/artifacts/${encodeURIComponent(artifact.name)}`, artifact.name),
            )
          }
        >
          {artifact.name}
        </button>
      ))}
      {isChoosing && <EnqueueDialog {...{ about, from }} onClose={() => setChoosing(false)} />}
    </div>
  );
}
