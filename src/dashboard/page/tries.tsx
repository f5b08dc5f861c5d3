/**
 * What became of the points that a person chose: each waits, runs, and is then told beside the trial that it
 * was made from.
 */
import { useMemo, useState } from "preact/hooks";
import { hashOf } from "../state/route.js";
import { bestAmong, type StudyState, trialIn } from "../state/study.js";
import { type Try, trialOf, verdictOf } from "../state/tries.js";
import type { StudyAbout, TrialRow } from "../wire.js";
import { saveNote } from "./api.js";
import { EnqueueDialog } from "./enqueue.js";
import { TrialLink } from "./parts.js";
import { tries, trying } from "./store.js";

/** The tag of a trial that a person keeps. */
const KEEP = "keep";

interface TriesProps {
  readonly state: StudyState;
  readonly about: StudyAbout;
}

export function Tries({ state, about }: TriesProps) {
  const own = tries.value.filter(({ study }) => study === about.name);
  return (
    <div class="tries" role="status">
      {own.map((one) => (
        <Tried key={`${one.after} ${one.changes}`} state={state} about={about} one={one} />
      ))}
    </div>
  );
}

function Tried({ state, about, one }: TriesProps & { one: Try }) {
  const [isChoosing, setChoosing] = useState(false);
  const row = useMemo(() => trialOf(state.rows, one), [state.rows, one]);
  const from = one.from === undefined ? undefined : trialIn(state, one.from);
  const isOver = row !== undefined && row.status !== "running";
  const better = isOver ? (bestAmong([row, ...(from ? [from] : [])], about.directions) ?? row) : undefined;
  const forget = (): void => {
    tries.value = tries.value.filter((each) => each !== one);
  };
  const hasEnded = !row && (about.phase === "done" || about.phase === "stopping");
  return (
    <div class="try">
      <p>
        {row ? (
          <>
            <TrialLink study={about.name} trial={row.number}>{`Trial ${row.number}`}</TrialLink>{" "}
          </>
        ) : (
          "Your point "
        )}
        {one.changes !== "" && `(${one.changes}) `}
        {row
          ? isOver
            ? `has ended: ${verdictOf(about, row, from)}.`
            : "is running."
          : hasEnded
            ? "was not run: the run ended before."
            : about.phase === "paused"
              ? "is next, once the run is resumed."
              : "is next. It runs as soon as a worker is free."}
      </p>
      <div class="actions">
        {row && from && (
          <a
            class="button"
            href={hashOf({ page: "compare", study: about.name, trials: [from.number, row.number] })}
          >
            {isOver ? "See both curves" : "Watch beside the other"}
          </a>
        )}
        {better && about.actions.includes("note") && <Keep state={state} about={about} row={better} />}
        {better && about.actions.includes("enqueue") && (
          <button type="button" class="button" onClick={() => setChoosing(true)}>
            Change trial {better.number} again
          </button>
        )}
        <button type="button" class="close" aria-label="Dismiss" onClick={forget}>
          ×
        </button>
      </div>
      {isChoosing && better && (
        <EnqueueDialog about={about} state={state} from={better} onClose={() => setChoosing(false)} />
      )}
    </div>
  );
}

/** Tags a trial, so that `tag:keep` in the table finds it. */
export function Keep({ state, about, row: { number } }: TriesProps & { row: TrialRow }) {
  const { text = "", tags = [] } = state.notes.get(number) ?? {};
  const isKept = tags.includes(KEEP);
  const change = (): Promise<boolean> =>
    trying(() =>
      saveNote(about.name, {
        number,
        text,
        tags: isKept ? tags.filter((tag) => tag !== KEEP) : [...tags, KEEP],
      }),
    );
  return (
    <button type="button" class="button" aria-pressed={isKept} onClick={() => void change()}>
      {isKept ? `Trial ${number} is kept` : `Keep trial ${number}`}
    </button>
  );
}
