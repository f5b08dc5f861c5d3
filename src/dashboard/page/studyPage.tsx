/** One study, live: where it stands, its pictures, and its trials. */
import { useMemo, useState } from "preact/hooks";
import { goalOf } from "../state/compare.js";
import { bestFew, bestOf, countsOf, standingOf, valueAt } from "../state/study.js";
import type { TrialRow } from "../wire.js";
import { AnalysisCard } from "./analysisCard.js";
import { command, download } from "./api.js";
import { EnqueueButton } from "./enqueue.js";
import { HeldCard } from "./heldCard.js";
import { Button, Card, Choice, type OfStudy, Params, Pill, scoreOf, TrialLink } from "./parts.js";
import { CurvesPicture, FrontPicture, HistoryPicture } from "./pictures.js";
import { type Followed, trying, useStudy } from "./store.js";
import { TrialTable } from "./table.js";
import { Tries } from "./tries.js";

/** Trials whose curves are drawn unless others are marked; and of those that run, the newest. */
const FEW = 5;
const FEW_RUNNING = 2;

export function StudyPage({ name }: { name: string }) {
  const { state, connection } = useStudy(name);
  const { about } = state;
  if (state.isGone) return <p class="empty">This study is not there any more.</p>;
  if (!about) return <p class="empty">Reading the study…</p>;
  return <Shown state={state} about={about} connection={connection} />;
}

type ShownProps = OfStudy & Pick<Followed, "connection">;

const SAID = { live: "live", ended: "ended", connecting: "connecting", lost: "not connected" } as const;

function Shown({ state, about, connection }: ShownProps) {
  const [marked, setMarked] = useState<readonly number[]>([]);
  const [selected, setSelected] = useState<(row: TrialRow) => boolean>();
  const [objective, setObjective] = useState(0);
  const best = useMemo(() => bestOf(state), [state.rows, about.directions]);
  const numbers = useMemo(() => new Set(best.map(({ number }) => number)), [best]);
  const few = useMemo(() => bestFew(state, FEW), [state.rows, about.directions]);
  const drawn = marked.length > 0 ? marked : few;
  const running = useMemo(
    () => state.rows.filter(({ status }) => status === "running").slice(-FEW_RUNNING),
    [state.rows],
  ).map(({ number }) => number);
  return (
    <div class="page">
      <Head state={state} about={about} connection={connection} best={best} />
      <Tries state={state} about={about} />
      <div class="layout">
        <div class="pictures">
          <Card
            title="History"
            aside={
              about.metrics.length > 1 && (
                <Choice label="Objective" names={about.metrics} at={objective} onChange={setObjective} />
              )
            }
          >
            <HistoryPicture state={state} about={about} objective={objective} />
          </Card>
          <Card title="Learning curves">
            <CurvesPicture
              of={[{ state, about, trials: drawn, running: marked.length > 0 ? [] : running }]}
              hint={marked.length > 0 ? "" : "Mark trials in the table to see theirs."}
            />
          </Card>
          {about.held && <HeldCard {...about.held} />}
          {about.metrics.length > 1 && (
            <Card title="Trade-offs" kind="full">
              <FrontPicture state={state} about={about} />
            </Card>
          )}
          {/* a function in a state is called: this one is kept */}
          <AnalysisCard state={state} about={about} onSelect={(keeps) => setSelected(() => keeps)} />
        </div>
        <Card title="Trials" kind="wide">
          <TrialTable
            about={about}
            state={state}
            best={numbers}
            onMarked={setMarked}
            {...(selected && { selected })}
          />
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
  const failure =
    finished > 0 && counts.failed === finished ? state.rows.findLast(({ error }) => error)?.error : undefined;
  const standing = standingOf(connection, about);
  const facts = [goalOf(about), about.strategy, about.seed === undefined ? "" : `seed ${about.seed}`].filter(
    Boolean,
  );
  return (
    <>
      <div class="title">
        <div>
          <h1>{about.name}</h1>
          <p class="quiet">
            <span class={`dot ${standing}`} aria-hidden="true" />
            <span role="status">{SAID[standing]}</span>
            {facts.map((fact) => (
              <span key={fact}> · {fact}</span>
            ))}
          </p>
        </div>
        <Actions about={about} state={state} from={first ?? state.rows[0]} />
      </div>
      {about.trouble !== undefined && (
        <p class="refusal" role="alert">
          {about.trouble}
        </p>
      )}
      {failure !== undefined && (
        <p class="refusal">
          {counts.failed === 1 ? "Its only trial has failed: " : "No trial has succeeded. The last failure: "}
          {failure}
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
          <p class="quiet">{othersOf(counts, state.isReady)}</p>
        </div>
        <div class="figure params-of-best">
          <h2>{isSingle ? "Best parameters" : "Parameters of the first"}</h2>
          {first ? (
            <Params about={about} row={first} isShort />
          ) : (
            <p class="quiet">No trial is complete{finished > 0 ? "." : " yet."}</p>
          )}
        </div>
      </div>
    </>
  );
}

function othersOf(counts: ReturnType<typeof countsOf>, isReady: boolean): string {
  const others = (["running", "pruned", "failed", "diverged"] as const).filter(
    (status) => counts[status] > 0,
  );
  return (
    others.map((status) => `${counts[status].toLocaleString("en")} ${status}`).join(" · ") ||
    (counts.complete > 0 ? "all complete" : isReady ? "none yet" : "")
  );
}

const LABELS = { pause: "Pause", resume: "Resume", cancel: "Cancel" } as const;

/** @param from - what a point by hand begins with */
function Actions({ about, state, from }: OfStudy & { from: TrialRow | undefined }) {
  const { name, actions, artifacts, phase } = about;
  const files = [
    ["Trials as CSV", "/trials.csv", `${name}-trials.csv`],
    ...artifacts.map((each) => [each.name, `/artifacts/${encodeURIComponent(each.name)}`, each.name]),
  ];
  return (
    <div class="actions">
      {phase !== undefined && <Pill status={phase} />}
      {(["pause", "resume", "cancel"] as const).map(
        (each) =>
          actions.includes(each) && (
            <Button key={each} onClick={() => void trying(() => command(name, each))}>
              {LABELS[each]}
            </Button>
          ),
      )}
      <EnqueueButton about={about} state={state} from={from} label="Try a point" />
      {files.map(([label, path, file]) => (
        <Button key={path} onClick={() => void trying(() => download(name, path, file))}>
          <span aria-hidden="true">↓</span>
          <span class="hidden">Download</span> {label}
        </Button>
      ))}
    </div>
  );
}
