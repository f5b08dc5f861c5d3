/** Two studies side by side: how they went, trials of both on the same axes, and where they search. */
import { useMemo, useState } from "preact/hooks";
import { plotComparison } from "../../report/plots/comparison.js";
import type { Plot } from "../../report/plots/plot.js";
import { rangeLines, studyLines, trialLines } from "../state/compare.js";
import { hashOf } from "../state/route.js";
import { bestFew, isFinished, type StudyState, trialIn } from "../state/study.js";
import type { StudyAbout } from "../wire.js";
import { ComparedTable } from "./comparedTable.js";
import { Button, Card, Table, TextField, TrialLink } from "./parts.js";
import { Picture } from "./picture.js";
import { CurvesPicture, dataOf, HistoryPicture, usePaced } from "./pictures.js";
import { useStudy } from "./store.js";

const LETTERS = ["A", "B"] as const;
const Letter = ({ of }: { of: string }) => <b class="letter">{of}</b>;
const HEADS = LETTERS.map((letter) => <Letter key={letter} of={letter} />);
/** Trials of each study that are compared unless others are named. */
const FEW = 2;
/** Of each study. */
const MOST_TRIALS = 8;

type Known = StudyState & { readonly about: StudyAbout };

interface PageProps {
  readonly names: readonly [string, string];
  readonly trials?: readonly [readonly number[], readonly number[]] | undefined;
}

export function StudiesComparedPage({ names, trials }: PageProps) {
  const states = [useStudy(names[0]).state, useStudy(names[1]).state];
  const gone = names.filter((_, i) => states[i].isGone);
  if (gone.length > 0) return <p class="empty">There is no study {gone.join(" or ")}.</p>;
  const known = states.filter((state): state is Known => state.about !== undefined && state.isReady);
  return (
    <div class="page">
      <div class="title">
        <div>
          <h1>Two studies</h1>
          <p class="pair">
            {names.map((name, i) => (
              <span key={LETTERS[i]}>
                <Letter of={LETTERS[i]} /> <a href={hashOf({ page: "study", study: name })}>{name}</a>
              </span>
            ))}
          </p>
        </div>
      </div>
      {known.length < 2 ? (
        <p class="empty">Reading the studies…</p>
      ) : (
        <Shown names={names} trials={trials} studies={known} />
      )}
    </div>
  );
}

function Shown({ names, trials: named, studies }: PageProps & { studies: readonly Known[] }) {
  const trials = studies.map((study, i) => named?.[i] ?? bestFew(study, FEW));
  const columns = studies.flatMap((study, i) =>
    trials[i].flatMap((number) => {
      const row = trialIn(study, number);
      return row ? [{ about: study.about, row, letter: LETTERS[i] }] : [];
    }),
  );
  return (
    <>
      <Card title="Best so far" kind="overlay">
        <BestSoFar studies={studies} />
      </Card>
      <div class="layout half">
        <Card title="Learning curves">
          <CurvesPicture
            of={studies.map((state, i) => ({
              state,
              about: state.about,
              trials: trials[i],
              letter: LETTERS[i],
            }))}
            isTall
          />
        </Card>
        <Card title="Trials side by side">
          <TrialsChoice key={trials.join(";")} names={names} trials={trials} />
          {columns.length > 0 && (
            <ComparedTable
              label="Trials side by side"
              heads={columns.map(({ about, row, letter }) => (
                <span key={`${letter} ${row.number}`}>
                  <Letter of={letter} />{" "}
                  <TrialLink study={about.name} trial={row.number}>
                    {row.number}
                  </TrialLink>
                </span>
              ))}
              lines={trialLines(columns)}
            />
          )}
        </Card>
        <Card title="Where they search">
          <Ranges studies={studies} />
        </Card>
        <Card title="How they went">
          <ComparedTable label="How they went" heads={HEADS} lines={studyLines(studies)} />
        </Card>
        {studies.map((state, i) => (
          <Card
            key={LETTERS[i]}
            title={names[i]}
            aside={<a href={hashOf({ page: "study", study: names[i] })}>open</a>}
          >
            <HistoryPicture state={state} about={state.about} />
          </Card>
        ))}
      </div>
    </>
  );
}

/** Which trials are compared: their numbers for each study. */
function TrialsChoice({
  names,
  trials,
}: {
  names: PageProps["names"];
  trials: readonly (readonly number[])[];
}) {
  const [texts, setTexts] = useState(trials.map((numbers) => numbers.join(", ")));
  const show = (event: Event): void => {
    event.preventDefault();
    const [one, two] = texts.map(numbersIn);
    location.hash = hashOf({ page: "studiesCompared", studies: names, trials: [one, two] });
  };
  return (
    <form class="start" onSubmit={show}>
      {LETTERS.map((letter, i) => (
        <TextField
          key={letter}
          label={`Trials of ${letter}`}
          value={texts[i]}
          inputMode="numeric"
          placeholder="such as 3, 12"
          onText={(text) => setTexts(texts.with(i, text))}
        />
      ))}
      <Button type="submit">Compare these</Button>
    </form>
  );
}

/** The numbers in a text, each once. */
const numbersIn = (text: string): readonly number[] =>
  [...new Set(text.match(/\d{1,9}/g)?.map(Number))].slice(0, MOST_TRIALS);

/** The ranges of both, with those that differ marked and drawn on a scale that holds both. */
function Ranges({ studies }: { studies: readonly Known[] }) {
  const lines = useMemo(
    () => rangeLines(studies.map(({ about }) => about.space)),
    studies.map(({ about }) => about.space),
  );
  if (lines.length === 0) return <p class="empty">Neither study tells what it searches.</p>;
  return (
    <Table label="Where they search" heads={HEADS}>
      {lines.map(({ name, texts, differs, spans }) => (
        <tr key={name} class={differs ? "differs" : ""}>
          <th scope="row">
            {name}
            {differs && <span class="hidden"> (differs)</span>}
          </th>
          {texts.map((text, i) => (
            <td key={LETTERS[i]}>
              {text}
              {differs && <Span span={spans[i]} />}
            </td>
          ))}
        </tr>
      ))}
    </Table>
  );
}

function Span({ span }: { span: readonly [number, number] | undefined }) {
  if (!span) return null;
  const [from, to] = span;
  return (
    <span class="range" aria-hidden="true">
      <span class="span" style={{ left: `${100 * from}%`, width: `${Math.max(2, 100 * (to - from))}%` }} />
    </span>
  );
}

/** Both on the same axes, where they can be: studies of one direction. */
function BestSoFar({ studies }: { studies: readonly Known[] }) {
  const plot = usePaced(
    () => comparisonOf(studies),
    studies.reduce((sum, { rows }) => sum + rows.length, 0),
    studies.flatMap(({ rows, about }) => [rows, about]),
  );
  if (plot) return <Picture plot={plot} />;
  return <p class="empty">Studies can be shown on the same axes if both minimize or both maximize.</p>;
}

function comparisonOf(studies: readonly Known[]): Plot | undefined {
  const [one, other] = studies.map(({ about, rows }, i) => ({
    ...dataOf(about, rows.filter(isFinished)),
    name: `${LETTERS[i]} ${about.name}`,
  }));
  return one.directions[0] === other.directions[0] ? plotComparison([one, other]) : undefined;
}
