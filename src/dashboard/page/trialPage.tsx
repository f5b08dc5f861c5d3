/** One trial: its parameters, scores and curves, and what people wrote about it. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { formatDuration } from "../../report/format.js";
import { hashOf } from "../state/route.js";
import { bestOf, trialIn, valueAt } from "../state/study.js";
import type { StudyAbout, TrialRow } from "../wire.js";
import { saveNote } from "./api.js";
import { EnqueueButton } from "./enqueue.js";
import { Button, Card, type OfStudy, Params, Pill, Star, scoreOf, TextField } from "./parts.js";
import { CurvesPicture } from "./pictures.js";
import { trying, useStudy } from "./store.js";
import { Tries } from "./tries.js";

export function TrialPage({ name, number }: { name: string; number: number }) {
  const { state } = useStudy(name);
  const { about } = state;
  if (!about || !state.isReady) return <p class="empty">Reading the study…</p>;
  const row = trialIn(state, number);
  if (!row) return <p class="empty">There is no trial {number} yet.</p>;
  return <Shown key={number} state={state} about={about} row={row} />;
}

function Shown({ state, about, row }: OfStudy & { row: TrialRow }) {
  const { number } = row;
  const best = useMemo(() => bestOf(state), [state.rows]);
  const isBest = best.some((each) => each.number === number);
  const trials = useMemo(() => [number], [number]);
  const last = state.rows.at(-1)?.number ?? 0;
  return (
    <div class="page">
      <div class="title">
        <div>
          <h1>
            Trial {number} {isBest && <Star />}
          </h1>
          <p class="quiet">
            {factsOf(row).map((fact, i) => (
              <span key={fact}>
                {i > 0 && " · "}
                {fact}
              </span>
            ))}
          </p>
        </div>
        <div class="actions">
          <Pill status={row.status} />
          {number > 0 && (
            <a class="button" href={hashOf({ page: "trial", study: about.name, trial: number - 1 })}>
              Previous
            </a>
          )}
          {number < last && (
            <a class="button" href={hashOf({ page: "trial", study: about.name, trial: number + 1 })}>
              Next
            </a>
          )}
          {best[0] && !isBest && (
            <a
              class="button"
              href={hashOf({ page: "compare", study: about.name, trials: [best[0].number, number] })}
            >
              Compare with the best
            </a>
          )}
          <EnqueueButton about={about} state={state} from={row} label="Change and try" isPrimary />
        </div>
      </div>
      <Tries state={state} about={about} />
      {row.error !== undefined && <p class="refusal">{row.error}</p>}
      <div class="layout trial">
        <div class="pictures">
          <Card title="Learning curves">
            <CurvesPicture of={[{ state, about, trials }]} isTall />
          </Card>
          <Notes state={state} about={about} number={number} />
        </div>
        <div class="pictures">
          <Card title="Scores">
            <Scores about={about} row={row} />
          </Card>
          <Card title="Parameters">
            <Params about={about} row={row} />
          </Card>
        </div>
      </div>
    </div>
  );
}

function factsOf({ seconds, steps, parent, given }: TrialRow): readonly string[] {
  return [
    ...(seconds === null ? [] : [formatDuration(seconds)]),
    ...(steps === undefined ? [] : [`${steps} steps`]),
    ...(parent === undefined ? [] : [`goes on from trial ${parent}`]),
    ...(given ? ["chosen by hand"] : ["suggested by the strategy"]),
  ];
}

function Scores({ about, row }: { about: StudyAbout; row: TrialRow }) {
  return (
    <dl class="params">
      {about.metrics.map((metric, i) => (
        <div key={metric}>
          <dt>{metric}</dt>
          <dd>
            <b>{scoreOf(valueAt(row, i))}</b>
            {i === 0 && row.std !== null && <span class="quiet"> ± {scoreOf(row.std)}</span>}
          </dd>
        </div>
      ))}
      {row.scores?.map((score, fold) => (
        <div key={`fold ${String(fold)}`}>
          <dt>fold {fold + 1}</dt>
          <dd>{scoreOf(score)}</dd>
        </div>
      ))}
    </dl>
  );
}

function Notes({ state, about, number }: OfStudy & { number: number }) {
  const kept = state.notes.get(number);
  const [text, setText] = useState("");
  const [tags, setTags] = useState("");
  const [shown, setShown] = useState("");
  const [saved, setSaved] = useState<string>();
  const latest = JSON.stringify([kept?.text ?? "", kept?.tags.join(", ") ?? ""]);
  const own = JSON.stringify([text, tags]);
  const take = (): void => {
    const [text, tags] = JSON.parse(latest) as [string, string];
    setText(text);
    setTags(tags);
    setShown(latest);
  };
  // what a person is writing is not overwritten by what another page saves
  const isOwn = own !== shown && shown !== "";
  useEffect(() => {
    if (!isOwn) take();
  }, [latest]);
  const hasChanged = isOwn && latest !== shown && latest !== own;
  if (!about.actions.includes("note")) {
    if (!kept) return null;
    return (
      <Card title="Notes">
        <p class="note">{kept.text}</p>
        <Tags tags={kept.tags} />
      </Card>
    );
  }
  const save = async (event: Event): Promise<void> => {
    event.preventDefault();
    const words = tags
      .split(",")
      .map((tag) => tag.trim())
      .filter(Boolean);
    if (!(await trying(() => saveNote(about.name, { number, text, tags: words })))) return;
    setTags(words.join(", "));
    setShown(JSON.stringify([text, words.join(", ")]));
    setSaved(JSON.stringify([text, words.join(", ")]));
  };
  return (
    <Card title="Notes" aside={<Tags tags={kept?.tags ?? []} />}>
      <form class="notes" onSubmit={(event) => void save(event)}>
        <label>
          Note
          <textarea
            rows={3}
            maxLength={10_000}
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
        <TextField label="Tags, separated by commas" value={tags} onText={setTags} />
        <div class="buttons">
          <span class="quiet" role="status">
            {saved === own ? "Saved" : hasChanged ? "Another page has saved a note meanwhile." : ""}
          </span>
          {hasChanged && <Button onClick={take}>Show that</Button>}
          <Button type="submit" isPrimary>
            Save
          </Button>
        </div>
      </form>
    </Card>
  );
}

const Tags = ({ tags }: { tags: readonly string[] }) => (
  <span class="tags">
    {tags.map((tag) => (
      <span key={tag} class="tag">
        {tag}
      </span>
    ))}
  </span>
);
