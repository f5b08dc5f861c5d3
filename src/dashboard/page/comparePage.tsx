/** Trials of one study side by side: their curves on the same axes, and what differs. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { trialLines } from "../state/compare.js";
import { hashOf } from "../state/route.js";
import { bestAmong, trialIn } from "../state/study.js";
import { listStudies } from "./api.js";
import { ComparedTable } from "./comparedTable.js";
import { EnqueueButton } from "./enqueue.js";
import { Button, Card, Choice, TextField, TrialLink } from "./parts.js";
import { CurvesPicture } from "./pictures.js";
import { useStudy } from "./store.js";
import { Tries } from "./tries.js";

/** More columns than this need the whole width. */
const NARROW = 4;

export function ComparePage({ name, trials }: { name: string; trials: readonly number[] }) {
  const { state } = useStudy(name);
  const { about } = state;
  const rows = useMemo(
    () => trials.flatMap((number) => trialIn(state, number) ?? []),
    [state.rows, trials.join()],
  );
  if (!about || !state.isReady) return <p class="empty">Reading the study…</p>;
  const better = bestAmong(rows, about.directions) ?? rows[0];
  const missing = trials.filter((number) => !trialIn(state, number));
  return (
    <div class="page">
      <div class="title">
        <div>
          <h1>Trials {said(trials)}</h1>
          <p class="quiet">
            What differs is marked.
            {missing.length > 0 && ` There is no trial ${said(missing)} yet.`}
          </p>
        </div>
        <div class="actions">
          {better && (
            <EnqueueButton
              about={about}
              state={state}
              from={better}
              label={`Change trial ${better.number} and try`}
              isPrimary
            />
          )}
        </div>
      </div>
      <Tries state={state} about={about} />
      <div class={`layout ${rows.length > NARROW ? "stack" : "trial"}`}>
        <Card title="Learning curves">
          <CurvesPicture of={[{ state, about, trials }]} isTall />
        </Card>
        <div class="pictures">
          <Card title="Side by side">
            <ComparedTable
              label="Side by side"
              heads={rows.map(({ number }) => <TrialLink key={number} study={about.name} trial={number} />)}
              lines={trialLines(rows.map((row) => ({ about, row })))}
            />
          </Card>
          <Card title="Another trial">
            <AnotherTrial name={name} trials={trials} />
          </Card>
        </div>
      </div>
    </div>
  );
}

/** Adds a trial of this study or of another. */
function AnotherTrial({ name, trials }: { name: string; trials: readonly number[] }) {
  const [studies, setStudies] = useState<readonly string[]>([name]);
  const [study, setStudy] = useState(name);
  const [number, setNumber] = useState("");
  useEffect(() => {
    listStudies().then(
      ({ studies }) => setStudies(studies.map((each) => each.name)),
      () => {},
    );
  }, []);
  const add = (event: Event): void => {
    event.preventDefault();
    const added = Number(number);
    location.hash =
      study === name
        ? hashOf({ page: "compare", study: name, trials: [...new Set([...trials, added])] })
        : hashOf({ page: "studiesCompared", studies: [name, study], trials: [trials, [added]] });
    setNumber("");
  };
  return (
    <form class="start" onSubmit={add}>
      {studies.length > 1 && (
        <Choice
          label="Study"
          isLabelled
          names={studies}
          at={studies.indexOf(study)}
          onChange={(at) => setStudy(studies[at])}
        />
      )}
      <TextField
        label="Number of the trial"
        required
        type="number"
        min="0"
        step="1"
        value={number}
        onText={setNumber}
      />
      <Button type="submit">Add</Button>
    </form>
  );
}

/** `1, 2 and 3` */
const said = (trials: readonly number[]): string => trials.join(", ").replace(/, (\d+)$/, " and $1");
