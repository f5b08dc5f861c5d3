/** Small parts that several pages share. */
import type { ComponentChildren, ComponentProps } from "preact";
import { useState } from "preact/hooks";
import { formatScore, formatValue } from "../../report/format.js";
import { shareOf } from "../../report/plots/scale.js";
import { hashOf } from "../state/route.js";
import type { StudyState } from "../state/study.js";
import type { StudyAbout, TrialRow } from "../wire.js";

/** A study that is known: what has been received, and what it is. */
export interface OfStudy {
  readonly state: StudyState;
  readonly about: StudyAbout;
}

export function Card(props: {
  title: string;
  aside?: ComponentChildren;
  children: ComponentChildren;
  kind?: string;
}) {
  return (
    <section class={`card ${props.kind ?? ""}`}>
      <header>
        <h2>{props.title}</h2>
        {props.aside}
      </header>
      {props.children}
    </section>
  );
}

/** A button; a page has at most one that is primary. */
export const Button = ({ isPrimary, ...more }: ComponentProps<"button"> & { isPrimary?: boolean }) => (
  <button type="button" class={isPrimary ? "button primary" : "button"} {...more} />
);

/** Closes what it is in. */
export const Dismiss = ({ onClick }: { onClick: () => void }) => (
  <button type="button" class="close" aria-label="Dismiss" onClick={onClick}>
    ×
  </button>
);

type TextFieldProps = ComponentProps<"input"> & {
  readonly label: ComponentChildren;
  readonly value: string;
  readonly onText: (text: string) => void;
};

/** A field for text below its label. */
export const TextField = ({ label, onText, ...more }: TextFieldProps) => (
  <label>
    {label}
    <input onInput={(event) => onText(event.currentTarget.value)} {...more} />
  </label>
);

interface ChoiceProps {
  readonly label: string;
  /** Otherwise only readers of screens get the label. */
  readonly isLabelled?: boolean;
  readonly names: readonly string[];
  /** The chosen one. */
  readonly at: number;
  readonly onChange: (at: number) => void;
}

/** One of several names. */
export const Choice = ({ label, isLabelled = false, names, at, onChange }: ChoiceProps) => (
  <label class={isLabelled ? "" : "choice"}>
    <span class={isLabelled ? "" : "hidden"}>{label}</span>
    <select value={names[at]} onChange={(event) => onChange(event.currentTarget.selectedIndex)}>
      {names.map((name) => (
        <option key={name}>{name}</option>
      ))}
    </select>
  </label>
);

interface TableProps {
  readonly label: string;
  /** Above the names of the rows. */
  readonly corner?: string;
  readonly heads: readonly ComponentChildren[];
  readonly children: ComponentChildren;
}

/** Rows, each with its name, below heads; it scrolls by itself. */
export const Table = ({ label, corner, heads, children }: TableProps) => (
  <div class="scrolls" role="region" aria-label={label} tabIndex={0}>
    <table class="compared">
      <thead>
        <tr>
          {corner === undefined ? <td /> : <th scope="col">{corner}</th>}
          {heads.map((head, i) => (
            <th key={`${String(i)}`} scope="col">
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  </div>
);

/** A status in a word and a colour. */
export const Pill = ({ status }: { status: string }) => <span class={`pill ${status}`}>{status}</span>;

/** Marks what is best. */
export const Star = () => (
  <span class="star" role="img" aria-label="best" title="best">
    ★
  </span>
);

export const TrialLink = ({
  study,
  trial,
  children,
}: {
  study: string;
  trial: number;
  children?: ComponentChildren;
}) => <a href={hashOf({ page: "trial", study, trial })}>{children ?? `trial ${trial}`}</a>;

export const scoreOf = (value: number | null): string => formatScore(value);

/** Where a numeric value lies in the range of its parameter, from 0 to 1; undefined without a range. */
function placeOf(parameter: StudyAbout["space"][string] | undefined, value: unknown): number | undefined {
  if (!parameter || parameter.type === "choice" || typeof value !== "number") return undefined;
  return parameter.high > parameter.low ? Math.min(1, Math.max(0, shareOf(parameter, value))) : undefined;
}

/** Parameters beyond which the others are shown on demand. */
const FEW = 12;

interface ParamsProps {
  readonly about: StudyAbout;
  readonly row: TrialRow;
  /** Whether many are cut to a few at first. */
  readonly isShort?: boolean;
}

/** The parameters of a trial, each with its place in its range. */
export function Params({ about, row, isShort = false }: ParamsProps) {
  const [isOpen, setOpen] = useState(false);
  const all = Object.entries(row.params);
  const isCut = isShort && all.length > FEW;
  return (
    <>
      <ParamList about={about} entries={isCut && !isOpen ? all.slice(0, FEW - 1) : all} />
      {isCut && (
        <button type="button" class="link" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen ? "Show fewer" : `Show all ${all.length}`}
        </button>
      )}
    </>
  );
}

function ParamList({ about, entries }: { about: StudyAbout; entries: readonly [string, unknown][] }) {
  return (
    <dl class="params">
      {entries.map(([name, value]) => {
        const share = placeOf(about.space[name], value);
        return (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              {formatValue(value)}
              {share !== undefined && (
                <span class="range" aria-hidden="true">
                  <span style={{ left: `${100 * share}%` }} />
                </span>
              )}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
