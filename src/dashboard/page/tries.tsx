/**
 * What became of the points that a person chose: each waits, runs, and is then told beside the trial that it
 * was made from.
 */
import { useMemo } from "preact/hooks";
import { hashOf } from "../state/route.js";
import { bestAmong, trialIn } from "../state/study.js";
import { type Try, trialOf, verdictOf } from "../state/tries.js";
import type { TrialRow } from "../wire.js";
import { saveNote } from "./api.js";
import { EnqueueButton } from "./enqueue.js";
import { Button, Dismiss, type OfStudy, TrialLink } from "./parts.js";
import { tries, trying } from "./store.js";

/** The tag of a trial that a person keeps. */
const KEEP = "keep";

export function Tries({ state, about }: OfStudy) {
  const own = tries.value.filter(({ study }) => study === about.name);
  return (
    <div class="tries" role="status">
      {own.map((one) => (
        <Tried key={`${one.after} ${one.changes}`} state={state} about={about} one={one} />
      ))}
    </div>
  );
}

function Tried({ state, about, one }: OfStudy & { one: Try }) {
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
        {better && (
          <EnqueueButton
            about={about}
            state={state}
            from={better}
            label={`Change trial ${better.number} again`}
          />
        )}
        <Dismiss onClick={forget} />
      </div>
    </div>
  );
}

/** Tags a trial, so that `tag:keep` in the table finds it. */
function Keep({ state, about, row: { number } }: OfStudy & { row: TrialRow }) {
  const { text = "", tags = [] } = state.notes.get(number) ?? {};
  const isKept = tags.includes(KEEP);
  const others = tags.filter((tag) => tag !== KEEP);
  const change = (): Promise<boolean> =>
    trying(() => saveNote(about.name, { number, text, tags: isKept ? others : [...tags, KEEP] }));
  return (
    <Button aria-pressed={isKept} onClick={() => void change()}>
      {isKept ? `Trial ${number} is kept` : `Keep trial ${number}`}
    </Button>
  );
}
